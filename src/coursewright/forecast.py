"""What a run may cost, told before anything is spent: calls, money, compute, disk, and what its
tests can show. Everything here is an estimate or an upper bound, and says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coursewright.briefing import student_calls
from coursewright.chat import tools_text
from coursewright.config import (
    CommandAgent,
    CustomPart,
    EmbeddedStudent,
    Endpoint,
    Recipe,
    RunConfig,
    TreeSearch,
)
from coursewright.doctor import accelerators
from coursewright.endpoints import in_dollars, tariff
from coursewright.exams import probe_items
from coursewright.power import smallest_gain
from coursewright.preflight import check_room, problems, require_sound
from coursewright.records import Item, Record, Task
from coursewright.student import in_words, model_size
from coursewright.tasks import load_task, read_split
from coursewright.wiring import leaving, make_rules

CHARACTERS_PER_TOKEN = 4
CALL_BYTES = 6_000
"""Of one teacher call in the ledger, request and response together."""
PROMPT_TOKENS = 500
"""Of one teacher call; its answer is reckoned at its full length."""
ANSWER_TOKENS = 8192
"""Of an agent's answer where its endpoint sets no limit."""
PEAKS = (("H200", 989e12), ("H100", 989e12), ("A100", 312e12), ("L40", 362e12), ("4090", 165e12))
"""Peak of dense bfloat16 in FLOP/s by name, from the vendor's data sheets."""
OTHER_GPU = 100e12
GPU_SHARE = 0.3
"""Of the peak, what fine-tuning an 8 B model reaches."""
CPU_THREAD = 55e9
"""FLOP/s of one thread that trains nano: 11,000 tokens/s at 0.84 M weights."""
ADAPTER_SHARE = 0.00033
"""Weights of an adapter of rank 1 on all linear layers, per weight of an 8 B Llama."""


class Forecast(Record):
    """What `run --plan` says."""

    task: str
    rounds: int
    teacher_calls: int
    """At most."""
    student_questions: int
    """That programs may put to the base student, at most; they cost no money."""
    trainings: int
    """At most: one a round, the ablations, the retrainings, those of the noise floor and of the
    search for the smallest set."""
    looks: int
    """Short trainings, where the search halves its waves."""
    teacher_usd: float | None
    """Of all teacher calls at 500 prompt tokens and full answers; None: no price is known."""
    agent_usd: float | None
    """Of a request a round that fills half the agent's context; None: no price is known."""
    cap_usd: float | None
    """`budget.cost_usd`: more than this both together never cost. None: there is no cap."""
    leaving: tuple[str, ...]
    """A line for each server: which kinds of text may be sent there."""
    weights: int | None
    """Of the student; None if neither its files nor its name tell."""
    device: str
    executor: str
    """Who computes, in words."""
    lacking: str | None
    """Why this machine has no room for it now; the plan may be for another. None: it has."""
    compute_hours: float | None
    """Of all trainings and answers on `device`, roughly."""
    disk_bytes: int | None
    """Of the run folder, roughly."""
    smallest_gain_points: dict[str, float]
    """By split: a gain that its test sees in four of five cases, at worst."""

    @property
    def most_usd(self) -> float | None:
        """Of agent and teacher together at most, by price or cap; None: no price and no cap."""
        return within_cap(self.cap_usd, self.teacher_usd, self.agent_usd)


def plan(config: RunConfig) -> Forecast:
    """Return what a run that could be begun may cost. Starts, fetches and asks nothing.

    Raises:
        TaskError: the task cannot be loaded.
        UsageError: what the run itself would refuse, as far as no server has to be asked.
    """
    require_sound(config, load_task(config.task))
    return forecast(config)


def forecast(config: RunConfig) -> Forecast:
    """Return what a run with this config may cost. Reads the task; starts and asks nothing.

    Raises:
        TaskError: the task cannot be loaded.
        ConfigError: the student's files cannot be read.
    """
    task = load_task(config.task)
    rules = make_rules(config)
    rounds, again = rules.rounds, config.retrainings * (1 if config.incumbent is None else 2)
    noise = rules.noise_seeds or 0
    tree = config.search if isinstance(config.search, TreeSearch) else None
    ablations = tree.ablations if tree else 0
    looks = rounds if tree and tree.halving else 0
    fewer = config.smallest.trainings if config.smallest else 0
    full = rounds + ablations
    if rules.trainings is not None:
        full = min(full, rules.trainings + ablations)
    trainings = full + again + noise + fewer
    splits = {s: read_split(task, s) for s in ("visible", "scored", "private")}
    student = config.student
    size = None if isinstance(student, CustomPart) else model_size(student)
    device, flops = speed(config)
    hours = None
    if size is not None:
        # The noise floor trains on the visible items alone.
        small = noise * len(splits["visible"]) / task.rows.maximum
        small += fewer / 2  # of sizes spread over all there are
        small += looks * tree.halving.share if tree and tree.halving else 0
        tokens = (full + again + small) * training_tokens(config, task)
        asked = (full + 1) * (len(splits["visible"]) + len(splits["scored"]))
        asked += (noise + again + fewer) * len(splits["scored"]) + looks * len(splits["visible"])
        asked += (1 + again + (config.retrainings if fewer else 0)) * len(splits["private"])
        asked += 2 * len(probe_items(task).get("probes", ()))
        # A training step costs 6 operations a weight and token, an answer 2; answers use a
        # tenth of what a training does of the machine, since they come token by token.
        work = 6 * tokens + 20 * asked * tokens_of(splits["private"], task)
        hours = size * work / flops / 3600
    return Forecast(
        task=task.name,
        rounds=rounds,
        teacher_calls=config.budget.calls,
        student_questions=config.budget.student_calls if student_calls(config) else 0,
        trainings=trainings,
        looks=looks,
        teacher_usd=money(
            config.teacher, config.budget.calls, PROMPT_TOKENS, config.budget.max_tokens
        ),
        agent_usd=money(config.agent, rounds, *agent_tokens(config)),
        cap_usd=config.budget.cost_usd,
        leaving=tuple(leaving(config)),
        weights=size,
        device=device,
        executor=in_words(config.executor),
        lacking=next(map(str, problems(config, task, [check_room])), None),
        compute_hours=hours,
        disk_bytes=None if size is None else disk_bytes(config, size, trainings),
        smallest_gain_points={
            name: round(smallest_gain(len({i.group or i.id for i in items})), 1)
            for name, items in splits.items()
        },
    )


def speed(config: RunConfig) -> tuple[str, float]:
    """Return the device that the student will use, and the FLOP/s that it can be expected to do."""
    found = [] if isinstance(config.student, EmbeddedStudent) else accelerators()
    if not found:
        threads = getattr(config.student, "threads", 1)
        return f"CPU, {threads} threads" if threads > 1 else "CPU, 1 thread", CPU_THREAD * threads
    peak = next((flops for name, flops in PEAKS if name in found[0]), OTHER_GPU)
    return found[0], GPU_SHARE * peak


def training_tokens(config: RunConfig, task: Task) -> int:
    """Return the tokens of one training on as many rows as the task takes."""
    recipe: Recipe = getattr(config.student, "recipe", Recipe())
    each = min(recipe.max_length, tokens_of(task.visible, task))
    return task.rows.maximum * recipe.epochs * each


def tokens_of(items: Sequence[Item], task: Task) -> int:
    """Return the tokens of an average question and its answer, from their characters."""
    asked = sum(len(i.question) + len(i.context or "") for i in items) / max(1, len(items))
    answers = [row.answer for row in task.sample] or [str(i.answer) for i in items]
    answered = sum(map(len, answers)) / max(1, len(answers))
    tools = tools_text(task.preamble.tools)
    before = len(task.instruction) + len(task.preamble.system) + len(tools)
    return int((before + asked + answered) / CHARACTERS_PER_TOKEN) + 1


def disk_bytes(config: RunConfig, size: int, trainings: int) -> int:
    """Return the bytes of a run folder: a checkpoint a training, and the call ledger."""
    recipe: Recipe = getattr(config.student, "recipe", Recipe())
    share = ADAPTER_SHARE * recipe.lora_rank if recipe.method == "lora" else 1.0
    return int(trainings * 4 * size * share) + config.budget.calls * CALL_BYTES


def money(part: Any, calls: int, prompt: int, answer: int) -> float | None:
    """Return US dollars for so many calls of so many tokens; None when no price is known."""
    if not isinstance(part, Endpoint):
        return None if isinstance(part, CommandAgent | CustomPart) else 0.0
    price = tariff(part)
    return None if price is None else in_dollars(calls * price(prompt, answer))


def within_cap(cap: float | None, *prices: float | None) -> float | None:
    """Return what these cost together at most in US dollars; None: no price and no cap is known."""
    known = [price for price in prices if price is not None]
    total = sum(known) if len(known) == len(prices) else None
    return min((amount for amount in (total, cap) if amount is not None), default=None)


def agent_tokens(config: RunConfig) -> tuple[int, int]:
    """Return prompt and answer tokens of one request to the agent."""
    agent = config.agent
    if not isinstance(agent, Endpoint):
        return 0, 0
    return agent.context_tokens // 2, agent.max_tokens or ANSWER_TOKENS


def rounded(amount: float) -> str:
    """Return a rough figure as people write it."""
    return f"{amount:.2g}" if amount < 10 else f"{amount:,.0f}"


def lines(found: Forecast) -> list[str]:
    """Return a forecast in plain lines."""

    def dollars(amount: float | None) -> str:
        return "price unknown" if amount is None else f"${amount:,.2f}"

    hours = found.compute_hours
    gains = (f"{name} {points} points" for name, points in found.smallest_gain_points.items())
    size = "size unknown" if found.weights is None else f"{found.weights / 1e6:,.1f} M weights"
    time = "time unknown" if hours is None else f"about {rounded(hours)} hours"
    short = f" and {found.looks} short ones" if found.looks else ""
    size_on_disk = found.disk_bytes
    disk = "unknown" if size_on_disk is None else f"about {rounded(size_on_disk / 1e9)} GB"
    out = [
        f"plan for {found.task}: up to {found.rounds} rounds; nothing was started or spent",
        f"teacher    up to {found.teacher_calls:,} calls, about {dollars(found.teacher_usd)}",
        f"asked      up to {found.student_questions:,} questions to the base student",
        f"agent      up to {found.rounds} requests, about {dollars(found.agent_usd)}",
        "money cap  " + ("none" if found.cap_usd is None else dollars(found.cap_usd)),
        f"student    {size}, up to {found.trainings} trainings{short}: {time} on {found.device}",
        f"executor   {found.executor}"
        + (f"; not on this machine: {found.lacking}" if found.lacking else ""),
        f"disk       {disk}",
        "test sees  gains from " + ", ".join(gains) + " (4 times of 5, at worst)",
    ]
    return out + [f"leaves     {line}" for line in found.leaving]

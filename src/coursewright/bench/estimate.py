"""What a study may cost, told before anything is started: `coursewright bench --plan`."""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.bench.measured import is_done
from coursewright.bench.plan import Plan
from coursewright.bench.runner import Clock
from coursewright.config import Endpoint, RunConfig
from coursewright.forecast import PROMPT_TOKENS, Forecast, forecast, money, rounded, within_cap
from coursewright.records import Record
from coursewright.store import digest_of
from coursewright.tasks import read_split


class Estimate(Record):
    """Of a study; what is already there counts in the first three numbers alone."""

    name: str
    folder: str
    cells: int
    jobs: int
    """Runs, and baselines that need none: cells that cannot differ share one."""
    done: int
    teacher_calls: int
    """Of the jobs to make, at most."""
    usd: float | None
    """Of agent and teacher in the jobs to make, at most, none beyond its cap; None: a price is not
    known, and there is no cap."""
    cap_usd: float | None
    """`run.budget.cost_usd`, of each run by itself; None: there is no cap."""
    compute_hours: float | None
    """Of trainings and answers at most, by forecast, `at_once` at a time; None: not known."""
    hours: float | None
    """By what runs of this study have taken so far; None before any is there."""
    lacking: tuple[str, ...]
    """Why this machine has no room for runs now; the plan may be for another."""
    leaving: tuple[str, ...]
    """A line for each server that the jobs to make ask: which kinds of text may be sent there."""


def estimate(plan: Plan) -> Estimate:
    """Return what is left to do, and what it may cost. Starts and asks nothing."""
    todo = [job for job in plan.jobs if not is_done(job, plan.places)]
    done = [job for job in plan.jobs if is_done(job, plan.places)]
    runs = _forecasts([job.config for job in todo if job.direct is None])
    asked = [job.config for job in todo if job.direct and job.direct.name == "teacher"]
    questions = [2 * len(read_split(plan.task(config.task), "private")) for config in asked]
    prices = [found.most_usd for found in runs]
    for config, calls in zip(asked, questions, strict=True):
        price = money(config.teacher, calls, PROMPT_TOKENS, config.budget.max_tokens)
        prices.append(within_cap(config.budget.cost_usd, price))
    sat = [
        f"teacher {config.teacher.model} at {config.teacher.base_url}: is asked the private "
        "questions (baseline `teacher`)"
        for config in asked
        if isinstance(config.teacher, Endpoint)
    ]
    hours = [found.compute_hours for found in runs]
    seconds = Clock(plan, done).left(todo)
    return Estimate(
        name=plan.study.name,
        folder=str(plan.places.folder),
        cells=len(plan.cells),
        jobs=len(plan.jobs),
        done=len(done),
        teacher_calls=sum(found.teacher_calls for found in runs) + sum(questions),
        usd=_total(prices),
        compute_hours=_shared(_total(hours), plan.study.at_once),
        hours=None if seconds is None else seconds / 3600,
        cap_usd=next((job.config.budget.cost_usd for job in plan.jobs), None),
        lacking=tuple(dict.fromkeys(one.lacking for one in runs if one.lacking)),
        leaving=tuple(dict.fromkeys([*(line for one in runs for line in one.leaving), *sat])),
    )


def lines(found: Estimate) -> list[str]:
    """Return an estimate in plain lines."""
    here = f"{found.done} are there, {found.jobs - found.done} to make"
    usd = "price unknown" if found.usd is None else f"about ${found.usd:,.2f} at most"
    cap = "none" if found.cap_usd is None else f"${found.cap_usd:,.2f} for each run"
    compute = "time unknown"
    if found.compute_hours is not None:
        compute = f"up to about {rounded(found.compute_hours)} hours of training and answering"
    out = [
        f"study {found.name}: {found.cells} cells in {found.jobs} runs and baselines; {here}",
        f"folder     {found.folder}",
        f"teacher    up to {found.teacher_calls:,} calls",
        f"money      {usd}",
        f"money cap  {cap}",
        f"time       {compute}",
    ]
    if found.hours is not None:
        out.append(f"           about {rounded(found.hours)} hours, as runs here have taken so far")
    out += [f"executor   not on this machine: {line}" for line in found.lacking]
    out += [f"leaves     {line}" for line in found.leaving]
    return [*out, "nothing was started or spent"]


def _forecasts(configs: Sequence[RunConfig]) -> list[Forecast]:
    """One forecast each; what does not change it is not computed again."""
    known: dict[str, Forecast] = {}
    found = []
    for config in configs:
        unchanging = {"seed", "feedback", "brief", "notes", "setting", "runs", "shared"}
        key = digest_of(config.model_dump(mode="json", exclude=unchanging))
        if key not in known:
            known[key] = forecast(config)
        found.append(known[key])
    return found


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _shared(hours: float | None, at_once: int) -> float | None:
    return None if hours is None else hours / at_once

"""Files for `benchmarks.quality`: honest ones, and the study's failures made on purpose.

Honest: the simulated teacher asked for every topic in many styles, programs of the method library
in this process, rows of published benchmarks, data sets of recorded runs. A failure is made of an
honest file where it can be.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from coursewright.agents.library import load_cards
from coursewright.briefing import full_brief
from coursewright.chat import item_body
from coursewright.config import RunConfig
from coursewright.families import Family, Skill, load_family
from coursewright.families.drawing import FAMILY_OF
from coursewright.protocols import Scorer
from coursewright.records import Item, Task, TracedRow
from coursewright.sandbox.coursewright_program import parse_answer
from coursewright.scoring import make_scorer, written
from coursewright.tasks import build_task, load_task, read_split
from coursewright.teacher.simulated import SimulatedUpstream
from tests.agents.fake_course import FakeProgramModule

ROWS = 600
STYLES = (
    "a short, direct question",
    "a little story with a named person",
    "terse notes that end in what is asked",
    "casual, the way one would ask a friend",
    "a quiz question that asks first and gives the facts after",
    "a list of what is given, and then what to find",
)
NUMBER = re.compile(r"\d+")
PUBLISHED = (
    ("cruxeval", "cruxeval", {}),
    ("mbpp", "mbpp_top", {}),
    ("tatqa", "tatqa", {}),
    ("gsm8k", "numeric_qa", {}),
    ("svamp", "numeric_qa", {"variant": "svamp"}),
    ("banking77", "classification", {}),
    ("text2sql-advising", "text_to_sql", {}),
)
NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Flo", "Gus", "Hal", "Ida", "Jon", "Kay", "Leo", "Mia")
THINGS = ("apples", "pens", "books", "cards", "shells", "stamps", "coins", "marbles", "cakes")
STORIES = (
    ("{n} has {a} {t}. {m} gives {n} {b} more {t}. How many {t} does {n} have now?", "+"),
    ("There are {a} {t} in a box. {n} takes {b} of them. How many {t} are left?", "-"),
    ("{n} bought {a} packs with {b} {t} each. How many {t} did {n} buy in all?", "*"),
    ("{n} shares {a} {t} equally among {b} friends. How many {t} does each get?", "/"),
    ("A shop sold {a} {t} on Monday and {b} on Tuesday. How many more on Monday?", "-"),
)

File = tuple[str, list[TracedRow], "Exam"]


@dataclass(frozen=True)
class Exam:
    """A task as the audits see it."""

    name: str
    visible: tuple[Item, ...]
    scorer: Scorer | None
    task: Task

    @property
    def family(self) -> Family:
        return load_family(FAMILY_OF[self.name])


@cache
def exam_of(name: str) -> Exam:
    """A built-in task."""
    task = load_task(name)
    return Exam(name, task.visible, make_scorer(task.scorer), task)


# ---------------------------------------------------------------- honest


def taught(exam: Exam, count: int) -> Iterator[list[TracedRow]]:
    """What the simulated teacher writes when all topics are asked for in all styles."""
    upstream = SimulatedUpstream()
    topics = re.findall(r"^- \*\*(.+?)\*\*: (.+)$", exam.task.description, re.M)
    for number in range(count):
        rng = Random(f"{exam.name} {number}")
        rows: dict[str, TracedRow] = {}
        for at in range(4 * ROWS):
            name, about = topics[at % len(topics)]
            prompt = (
                "Write 5 new exam questions with their right answers, to teach one skill.\n"
                f"Skill: {name}. {about}\nStyle: {rng.choice(STYLES)}.\nVary the wording.\n"
                f"The task reads: {exam.task.instruction}\n"
                f"Form of every answer: {exam.task.answer_format}\n"
                'Return only a JSON list of objects with the fields "question", "context" and '
                '"answer", all of them text.'
            )
            for entry in parse_answer(respond(upstream, prompt, rng)) or ():
                if isinstance(entry, dict) and entry.get("question") and entry.get("answer"):
                    context = str(entry.get("context") or "") or None
                    body = item_body(str(entry["question"]), context)
                    rows[body] = row_of(exam, body, str(entry["answer"]))
            if len(rows) >= ROWS:
                break
        yield list(rows.values())[:ROWS]


def respond(upstream: SimulatedUpstream, prompt: Any, rng: Random) -> str:
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return upstream.respond({"messages": messages, "max_tokens": 1024}, rng.randrange(2**40))


def carded(profile: str | None) -> Iterator[File]:
    """What each program of the method library saves, on each built-in task."""
    upstream = SimulatedUpstream(model=profile)
    for name in FAMILY_OF:
        exam = exam_of(name)
        config = RunConfig.model_validate({"task": name, "setting": "seed"})
        brief = full_brief(config, exam.task)
        best: list[dict[str, Any]] = []
        for card in sorted(load_cards(), key=lambda card: card.name != "self-instruct"):
            module = FakeProgramModule(
                brief, lambda prompt, rng: respond(upstream, prompt, rng), best=best, cap=400
            )
            with contextlib.redirect_stdout(sys.stderr):
                made = module.run(card.program)
            saved = [row for row in made if str(row["output"]).strip()]
            rows = [row_of(exam, row["input"], str(row["output"])) for row in saved]
            if card.name == "self-instruct":
                best = saved
            if len(rows) >= exam.task.rows.minimum:
                yield f"{name} {card.name}", rows[: exam.task.rows.maximum], exam


def published(data: Path, trials: int) -> Iterator[File]:
    """Random halves of the hidden splits of tasks made of published benchmarks."""
    for name, builder, options in PUBLISHED:
        if not (data / name).is_dir():
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / name
            build_task(builder, data / name, folder, options)
            task = load_task(str(folder))
            scorer = make_scorer(task.scorer, folder)
            exam = Exam(name, task.visible, scorer, task)
            items = [*read_split(task, "scored"), *read_split(task, "private")]
            for trial in range(trials):
                some = Random(f"{name} {trial}").sample(items, min(ROWS, len(items) // 2))
                yield (
                    f"{name} {trial}",
                    [
                        row_of(exam, item_body(i.question, i.context), written(scorer, i.answer))
                        for i in some
                    ],
                    exam,
                )


def recorded(runs: Path) -> Iterator[File]:
    """Data sets of finished runs of built-in tasks."""
    for path in sorted(runs.glob("*/rounds/*/dataset.jsonl")):
        result = path.parents[2] / "result.json"
        task = json.loads(result.read_text())["task"] if result.exists() else ""
        if task in FAMILY_OF:
            lines = path.read_text(encoding="utf-8").splitlines()
            rows = [TracedRow.model_validate_json(line) for line in lines]
            yield str(path.relative_to(runs)), rows, exam_of(task)


def row_of(exam: Exam, body: str, answer: str) -> TracedRow:
    return TracedRow(instruction=exam.task.instruction, input=body, output=answer)


# ---------------------------------------------------------------- failures

Made = list[list[TracedRow]] | None
"""Data sets of the rounds, the one to judge last; None where a failure does not fit the task."""


def lesson(exam: Exam, skills: list[Skill], count: int, rng: Random) -> list[TracedRow]:
    """Rows on these skills in turn, in all their phrasings."""
    drawn = (skills[n % len(skills)].sample(rng) for n in range(count))
    return [row_of(exam, item_body(one.question, one.context or None), one.worked) for one in drawn]


def phrased(exam: Exam, skill: Skill, phrasing: str, count: int, rng: Random) -> list[TracedRow]:
    drawn = (skill.sample(rng, phrasing) for _ in range(count))
    return [row_of(exam, item_body(one.question, one.context or None), one.worked) for one in drawn]


@cache
def honest_pool(name: str) -> list[TracedRow]:
    return [row for rows in taught(exam_of(name), 5) for row in rows]


def told(exam: Exam, number: int, count: int, rng: Random) -> list[TracedRow]:
    """Rows of one story with other names, things and numbers: word problems have no fixed
    phrasing of their own."""
    text, sign = STORIES[number]
    rows = []
    for _ in range(count):
        b = rng.randint(2, 12)
        a = b * rng.randint(2, 12)
        question = text.format(
            n=rng.choice(NAMES), m=rng.choice(NAMES), t=rng.choice(THINGS), a=a, b=b
        )
        rows.append(row_of(exam, question, f"{a} {sign} {b}"))
    return rows


def three_topics(exam: Exam, rng: Random) -> Made:
    if len(exam.family.skills) < 12:
        return None
    return [lesson(exam, rng.sample(list(exam.family.skills), 3), ROWS, rng)]


def one_template(exam: Exam, rng: Random) -> Made:
    if exam.name == "word-problems":
        return [told(exam, rng.randrange(len(STORIES)), ROWS, rng)]
    skill = rng.choice(exam.family.skills)
    return [phrased(exam, skill, rng.choice(skill.phrasings), ROWS, rng)]


def half_in_five_topics(exam: Exam, rng: Random) -> Made:
    rest = rng.sample(honest_pool(exam.name), ROWS // 2)
    if exam.name == "word-problems":
        parts = [told(exam, number, ROWS // 10, rng) for number in range(5)]
        return [[*rest, *(row for part in parts for row in part)]]
    return [rest + lesson(exam, rng.sample(list(exam.family.skills), 5), ROWS // 2, rng)]


def half_in_five_narrow_topics(exam: Exam, rng: Random) -> Made:
    if exam.name == "word-problems":
        return None
    rows = rng.sample(honest_pool(exam.name), ROWS // 2)
    for skill in rng.sample(list(exam.family.skills), 5):
        rows += phrased(exam, skill, rng.choice(skill.phrasings), ROWS // 10, rng)
    return [rows]


def renumbered(exam: Exam, rng: Random, *, alike: bool) -> Made:
    """Half of the rows or more, every number replaced; `alike`: the same one by the same."""
    share = rng.uniform(0.5, 1.0)
    rows = []
    for row in rng.sample(honest_pool(exam.name), ROWS):
        if rng.random() < share:
            new: dict[str, str] = {}

            def other(found: re.Match[str], new: dict[str, str] = new) -> str:
                drawn = str(rng.randint(2, 99))
                return new.setdefault(found.group(), drawn) if alike else drawn

            row = row_of(exam, NUMBER.sub(other, row.input), NUMBER.sub(other, row.output))
        rows.append(row)
    return [rows]


def over_filtered(exam: Exam, rng: Random) -> Made:
    """Few rows survive, and copies of them, trimmed and re-cased, fill the file."""
    few = rng.sample(honest_pool(exam.name), rng.randint(20, 100))
    rows = []
    while len(rows) < 400:
        row = rng.choice(few)
        text = rng.choice((row.input, row.input.upper(), f"{row.input} ", row.input.rstrip("?.")))
        rows.append(row_of(exam, text, row.output))
    return [rows]


def halved_topics(exam: Exam, rng: Random) -> Made:
    """Each round has half of the topics of the last; judged when that has happened once."""
    skills = list(exam.family.skills)
    if len(skills) < 12:
        return None
    rng.shuffle(skills)
    return [
        lesson(exam, skills, ROWS, rng),
        lesson(exam, skills[: len(skills) // 2], ROWS, rng),
    ]


FAILURES: dict[str, Callable[[Exam, Random], Made]] = {
    "3 topics": three_topics,
    "one template": one_template,
    "half the rows in five topics": half_in_five_topics,
    "half the rows in five topics, one wording each": half_in_five_narrow_topics,
    "numbers changed by regex": lambda exam, rng: renumbered(exam, rng, alike=False),
    "numbers changed by regex, the same alike": lambda exam, rng: renumbered(exam, rng, alike=True),
    "over-filtered": over_filtered,
    "topics halved": halved_topics,
}

"""A curriculum: what one program asks the teacher for, and how it sifts the answers.

A plan is all that tells two programs of this agent apart. It stands as constants at the top of
the program, so the plan of any earlier attempt can be read back from its code.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from coursewright.agents.exam import Exam
from coursewright.agents.styles import (
    DIFFICULTIES,
    hints_for,
    situations_for,
    styles_for,
)
from coursewright.agents.topics import MOST, Topic, clean
from coursewright.records import Allowance, Brief

Shape = Literal["course", "plain"]
"""Which body the program has: the full course, or the plain one that little can go wrong in."""


@dataclass(frozen=True)
class Lesson:
    """One topic of a plan: how it is put to the teacher and how many new rows it gets."""

    name: str
    about: str
    key: str
    share: float
    """Share of the exam, see `Topic.share`."""
    rows: int
    situations: tuple[str, ...] = ()
    held: int = 0
    """Rows of it among those taken over from the best attempt, about."""


@dataclass(frozen=True)
class Plan:
    """The constants of a program, by their names there in lower case."""

    shape: Shape
    move: str
    topics: tuple[Lesson, ...]
    styles: tuple[str, ...]
    difficulties: tuple[str, ...]
    hints: tuple[str, ...]
    instruction: str
    answer_format: str
    form: str
    bare_results: bool
    labels: tuple[str, ...]
    has_context: bool
    rows: int
    """Rows handed in at most."""
    keep_rows: int = 0
    """Rows taken over from the best attempt."""
    calls: int = 1000
    per_call: int = 8
    """Questions asked for in one request."""
    votes: int = 1
    """How often each question is solved again; only what is always solved alike is kept."""
    solve_together: int = 5
    """Questions in one request to solve."""
    surplus: float = 1.3
    """Rows wanted for each row handed in, so that there is a choice of wordings."""
    spare_numbers: float = 0.0
    """Share of requests that ask for a number the answer does not need."""
    seeds_quoted: int = 0
    waves: int = 6
    yield_: float = 0.7
    """Share of questions expected to be kept."""

    @property
    def new_rows(self) -> int:
        """Rows wanted from the teacher."""
        return sum(lesson.rows for lesson in self.topics)


def first_plan(brief: Brief, exam: Exam, allowance: Allowance) -> Plan:
    """All topics in their shares, every style and difficulty, everything solved again once."""
    lessons = tuple(
        Lesson(t.name, t.about, t.key, round(t.share, 4), 1, situations_for(exam, t))
        for t in exam.topics
    )
    # Free text is never worded twice in the same way, so agreement would keep nothing of it.
    plan = Plan(
        shape="course",
        move="draft",
        topics=lessons,
        styles=styles_for(exam),
        difficulties=DIFFICULTIES,
        hints=hints_for(exam) + (() if brief.visible or brief.seeds else manner_of(brief)),
        instruction=brief.instruction.strip(),
        answer_format=clean(brief.answer_format, 1000),
        form=exam.form,
        bare_results=exam.bare_results,
        labels=exam.labels,
        has_context=exam.has_context,
        rows=brief.rows.maximum,
        calls=calls_for(allowance),
        votes=0 if exam.form == "text" else 1,
        spare_numbers=round(exam.spare, 2),
        seeds_quoted=2 if brief.seeds else 0,
    )
    return with_new_rows(plan, [lesson.share for lesson in lessons])


def with_lessons(plan: Plan, entries: Sequence[tuple[str, str]], exam: Exam) -> Plan:
    """Return the plan with further topics, each at half an even share of the exam.

    Nobody knows whether the exam asks for them, so they get less than what it is known to ask.
    Topics that the plan has already, and those beyond what a curriculum can hold, are left out.
    """
    held = {lesson.name.casefold() for lesson in plan.topics}
    fresh = [entry for entry in entries if entry[0].casefold() not in held]
    share = round(0.5 / len(plan.topics), 4)
    lessons = tuple(
        Lesson(name, about, "", share, 1, situations_for(exam, Topic(name, about, "")))
        for name, about in fresh[: max(0, MOST - len(plan.topics))]
    )
    return replace(plan, topics=plan.topics + lessons)


def manner_of(brief: Brief) -> tuple[str, ...]:
    """The sample's questions: all that shows what is asked, to who is shown no item."""
    asked = [clean(row.input, 1000) for row in brief.sample if row.input.strip()]
    if not asked:
        return ()
    lead = "Write in the manner of these questions, but never copy one:"
    return (lead, *(f"- {question}" for question in asked))


def with_new_rows(plan: Plan, weights: Sequence[float]) -> Plan:
    """The plan with its new rows spread over its topics: as many as calls and room allow."""
    room = min(plan.rows - plan.keep_rows, reach(plan))
    counts = spread(weights, room)
    lessons = (replace(each, rows=n) for each, n in zip(plan.topics, counts, strict=True))
    return replace(plan, topics=tuple(lessons))


def calls_for(allowance: Allowance) -> int:
    """Calls a program may plan with: a little under its cap, in round numbers.

    The rest is slack for calls of unknown outcome; planning with the exact remainder would give
    another program after a crash than without one.
    """
    left = min(allowance.round_calls, allowance.calls)
    careful = int(left * 0.95)
    return careful // 50 * 50 if careful >= 200 else max(1, careful)


def spread(weights: Sequence[float], total: int) -> list[int]:
    """Split `total` in proportion to `weights`, at least one each; largest remainders first."""
    whole = sum(weights) or 1.0
    exact = [total * weight / whole for weight in weights]
    shares = [max(1, int(share)) for share in exact]
    order = sorted(range(len(exact)), key=lambda i: (int(exact[i]) - exact[i], i))
    for i in order:
        if sum(shares) >= total:
            break
        shares[i] += 1
    return shares


def reach(plan: Plan) -> int:
    """Rows that the plan's calls can be expected to yield."""
    price = 1 + plan.per_call * plan.votes / plan.solve_together
    return int(plan.calls / price * plan.per_call * plan.yield_)


# ---------------------------------------------------------------- reading plans back


def plan_of(code: str) -> Plan | None:
    """The plan in the constants of a program of this agent; None for any other program."""
    found = _constants(code)
    try:
        values: dict[str, Any] = {}
        for each in fields(Plan):
            value = found[each.name.upper().rstrip("_")]
            values[each.name] = tuple(value) if isinstance(value, list) else value
        lessons = (
            Lesson(**{**lesson, "situations": tuple(lesson["situations"])})
            for lesson in values["topics"]
        )
        return Plan(**{**values, "topics": tuple(lessons)})
    except (KeyError, TypeError):
        return None


def _constants(code: str) -> Mapping[str, Any]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.isupper():
                try:
                    found[name] = ast.literal_eval(node.value)
                except ValueError:
                    continue
    return found

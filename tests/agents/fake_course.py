"""A small exam, and a fake `coursewright_program` whose teacher answers by simple rules."""

from __future__ import annotations

import json
import random
import re
import sys
import types
from collections.abc import Callable
from typing import Any

from coursewright.records import (
    Allowance,
    Attempt,
    BadCase,
    Brief,
    Feedback,
    Item,
    Operation,
    Row,
    RowLimits,
    Seed,
    TopicScore,
    Turn,
)
from coursewright.sandbox.coursewright_program import parse_answer

SIGNS = {"adding": "+", "taking away": "-", "times tables": "*"}
DESCRIPTION = """\
Small sums for a young student.

## Topics

- **Adding**: two whole numbers are added up.
- **Taking away**: one number is taken away from another.
- **Times tables**: two numbers are multiplied.

## Rules

- Answers show the calculation.
- Only whole numbers occur.
"""


def sum_of(topic: str, rng: random.Random) -> tuple[str, str]:
    """A question of a topic and its right answer."""
    a, b = rng.randint(10, 999), rng.randint(2, 9)
    sign = SIGNS[topic]
    result = {"+": a + b, "-": a - b, "*": a * b}[sign]
    opening = rng.choice(("What is", "Find", "Say quickly,", "Mia asks Tom:"))
    return f"{opening} {a} {sign} {b}?", f"{a} {sign} {b} = {result}"


def make_brief(**changes: Any) -> Brief:
    """A brief over three topics; any field can be changed."""
    rng = random.Random(1)
    visible = []
    for number in range(30):
        topic = list(SIGNS)[number % 3]
        question, answer = sum_of(topic, rng)
        gold = answer.rpartition(" = ")[2]
        visible.append(Item(id=f"v{number}", question=question, answer=gold, topic=topic))
    settings: dict[str, Any] = {
        "task": "sums",
        "summary": "Small sums.",
        "description": DESCRIPTION,
        "instruction": "Work out the sum.",
        "answer_format": "The calculation, then = and the result.",
        "sample": (Row(instruction="Work out the sum.", input="6 * 7?", output="6 * 7 = 42"),),
        "visible": tuple(visible),
        "seeds": (),
        "rows": RowLimits(minimum=60, maximum=240),
        "teacher": "fake",
        "student": "fake",
        "program_seconds": 60.0,
    }
    return Brief(**{**settings, **changes})


def make_turn(
    operation: Operation = "draft",
    number: int = 0,
    parent: Attempt | None = None,
    history: tuple[Attempt, ...] = (),
    calls: int = 600,
) -> Turn:
    return Turn(
        number=number,
        operation=operation,
        parent=parent,
        history=history or ((parent,) if parent else ()),
        allowance=Allowance(seconds=1000.0, calls=4 * calls, round_calls=calls),
        seed=7,
    )


def make_attempt(
    code: str,
    number: int = 0,
    parent: int | None = None,
    status: str = "scored",
    operation: Operation = "draft",
    accuracy: dict[str, float] | None = None,
    error: str | None = None,
    dropped: dict[str, int] | None = None,
    cases: tuple[BadCase, ...] = (),
) -> Attempt:
    accuracy = accuracy or {}
    return Attempt(
        number=number,
        operation=operation,
        parent=parent,
        status=status,
        plan="",
        code=code,
        feedback=Feedback(
            text="",
            error=error,
            visible=sum(accuracy.values()) / len(accuracy) if accuracy else None,
            topics=tuple(
                TopicScore(topic=topic, items=10, accuracy=share)
                for topic, share in accuracy.items()
            ),
            bad_cases=cases,
            rows_kept=200 if accuracy else 0,
            rows_dropped=dropped or {},
        ),
    )


class Answer(str):
    """A response as programs see it."""

    id: str
    ok: bool
    error: str | None


def sums_teacher(prompt: str, rng: random.Random) -> str:
    """Reads the skill off a request; one answer of eight is wrong, one of twenty broken."""
    if rng.random() < 0.05:
        return "Sorry, here is the start: [{"
    if prompt.startswith("Solve"):
        solved = []
        for a, sign, b in re.findall(r"^Question.*: .*?(\d+) ([-+*]) (\d+)\?$", prompt, re.M):
            result = {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign]
            wrong = rng.choice((0,) * 7 + (1,))
            solved.append({"answer": f"{a} {sign} {b} = {result + wrong}"})
        return json.dumps(solved)
    topic = next(name for name in SIGNS if f"skill: {name}" in prompt.lower())
    asked = re.match(r"Write (\d+)", prompt)
    count = int(asked[1]) if asked else 1
    entries = []
    for _ in range(count):
        question, answer = sum_of(topic, rng)
        if rng.random() < 0.12:
            answer = answer.replace(" = ", " = 1")
        entries.append({"question": question, "answer": answer})
    return "Here they are:\n```json\n" + json.dumps(entries) + "\n```"


class FakeProgramModule:
    """Runs programs in this process, with a teacher of one's choice."""

    def __init__(
        self,
        brief: Brief,
        teacher: Callable[[str, random.Random], str] = sums_teacher,
        best: list[dict[str, Any]] | None = None,
        cap: int = 600,
        student: Callable[[str], str] = lambda question: "7",
        previous: list[dict[str, Any]] | None = None,
    ) -> None:
        self.brief, self.reply, self.cap, self.student = brief, teacher, cap, student
        self.best = best or []
        self.previous = previous or self.best
        self.prompts: list[str] = []
        self.asked: list[str] = []
        """Questions that were put to the student."""
        self.student_cap = 1000
        self.rows: list[dict[str, Any]] = []
        self.saves = 0

    def generate_batch(self, prompts: list[str], **_: Any) -> list[Answer]:
        answers = []
        for prompt in prompts:
            assert len(self.prompts) < self.cap, "the program asks more than it may"
            prompt.encode("utf-8")
            self.prompts.append(prompt)
            rng = random.Random(f"{len(self.prompts)} {prompt}")
            answer = Answer(self.reply(prompt, rng))
            answer.id, answer.ok, answer.error = self.note(prompt, answer), True, None
            answers.append(answer)
        return answers

    def ask_student(self, questions: list[str], **_: Any) -> list[Answer]:
        answers = []
        for question in questions:
            assert len(self.asked) < self.student_cap, "the program asks more than it may"
            self.asked.append(question)
            answer = Answer(self.student(question))
            answer.id, answer.ok, answer.error = f"s{len(self.asked)}", True, None
            answers.append(answer)
        return answers

    def note(self, prompt: str, answer: str) -> str:
        """The id of a response; a ledger could remember it here."""
        return f"r{len(self.prompts)}"

    def save_rows(self, rows: list[dict[str, Any]]) -> None:
        self.rows, self.saves = self.rows + list(rows), self.saves + 1

    def run(self, code: str) -> list[dict[str, Any]]:
        """Execute a program; return the rows it saved."""
        module: Any = types.ModuleType("coursewright_program")
        module.teacher = types.SimpleNamespace(
            generate_batch=self.generate_batch, calls_left=lambda: self.cap - len(self.prompts)
        )
        module.student = types.SimpleNamespace(
            generate_batch=self.ask_student,
            calls_left=lambda: self.student_cap - len(self.asked),
        )
        module.save_rows = self.save_rows
        module.parse_answer = parse_answer
        module.load_visible = lambda: [item.model_dump() for item in self.brief.visible]
        module.load_seeds = lambda: [seed.model_dump() for seed in self.brief.seeds]
        module.load_best = lambda: list(self.best)
        module.load_previous = lambda: list(self.previous)
        module.seed = lambda: 11
        module.brief = lambda: self.brief.model_dump(mode="json")
        held = sys.modules.get("coursewright_program")
        sys.modules["coursewright_program"] = module
        try:
            exec(compile(code, "program.py", "exec"), {"__name__": "__main__"})
        finally:
            if held is None:
                del sys.modules["coursewright_program"]
            else:
                sys.modules["coursewright_program"] = held
        return self.rows


__all__ = ["FakeProgramModule", "Seed", "make_attempt", "make_brief", "make_turn", "sums_teacher"]

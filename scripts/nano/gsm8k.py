"""GSM8K train questions (MIT) with fresh numbers: human language whose first steps are known.

Each solution marks its calculations (`<<48/2=24>>`). A number that stands in the question and
in a calculation is exchanged in both, so that the same human sentence is never seen with the
same numbers twice and cannot be learned by heart.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

Pair = tuple[str, str]

_NUMBER = re.compile(r"(?<![\d.,/])\d{1,4}(?![\d/]|[.,]\d)")
_STEP = re.compile(r"<<([^=<>]*)=([^<>]*)>>")
_SUM = re.compile(r"(\d+)([-+*/])(\d+)")


@dataclass(frozen=True)
class Problem:
    """A question and its calculations as (left, sign, right), as far as they are whole."""

    question: str
    numbers: tuple[int, ...]
    steps: tuple[tuple[int, str, int], ...]
    whole: bool
    """All steps of the solution could be read."""


def value(left: int, sign: str, right: int) -> int | None:
    """The whole value of one step, None where it is not whole or negative."""
    if sign == "/":
        return left // right if right and left % right == 0 else None
    found = {"+": left + right, "-": left - right, "*": left * right}[sign]
    return found if found >= 0 else None


def load(path: Path) -> list[Problem]:
    """Read `train.jsonl` of GSM8K."""
    problems = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        question = " ".join(row["question"].split())
        marked = _STEP.findall(row["answer"])
        steps = []
        for left, _ in marked:
            read = _SUM.fullmatch(left.replace(" ", ""))
            if read is None or value(int(read[1]), read[2], int(read[3])) is None:
                break
            steps.append((int(read[1]), read[2], int(read[3])))
        numbers = tuple(int(n) for n in _NUMBER.findall(question))
        problems.append(Problem(question, numbers, tuple(steps), len(steps) == len(marked)))
    return problems


def nouns(problems: list[Problem], least: int = 4) -> list[str]:
    """Things that are counted in the questions."""
    found = Counter(noun for p in problems for noun in re.findall(r"\d ([a-z]{3,}s)\b", p.question))
    no_things = {
        "times",
        "was",
        "has",
        "less",
        "bonus",
        "tennis",
        "hours",
        "minutes",
        "years",
        "days",
    }
    return sorted(noun for noun, n in found.items() if n >= least and noun not in no_things)


def names(problems: list[Problem], least: int = 8) -> list[str]:
    """People in the questions: words with a capital inside a sentence that also open one."""
    inside = Counter(
        n for p in problems for n in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b", p.question)
    )
    opening = {p.question.split()[0] for p in problems}
    return sorted(
        n
        for n, k in inside.items()
        if k >= least and n in opening and n not in {"The", "May", "March"}
    )


def renumber(problem: Problem, rng: Random) -> tuple[str, list[tuple[int, str, int]]] | None:
    """The problem with other numbers, or None where its steps would not stay whole.

    Only numbers that stand once in the question move; small ones (1, 2) often mean words
    ("twice", "half") in the solution and stay.
    """
    count = Counter(problem.numbers)
    used = {n for left, _, right in problem.steps for n in (left, right)}
    movable = [n for n, k in count.items() if k == 1 and n > 2 and n in used]
    for _ in range(12):
        new = {n: _near(n, rng) for n in movable}
        if len({*new.values()} | {n for n in count if n not in new}) < len(count):
            continue
        results: dict[int, int] = {}
        steps: list[tuple[int, str, int]] = []
        for left, sign, right in problem.steps:
            a = results.get(left, new.get(left, left))
            b = results.get(right, new.get(right, right))
            found = value(a, sign, b)
            if found is None or found > 9999:
                break
            old = value(left, sign, right)
            if old is not None and old not in count:
                results[old] = found
            steps.append((a, sign, b))
        if len(steps) == len(problem.steps):
            return _exchange(problem.question, new), steps
    return None


def _exchange(question: str, new: dict[int, int]) -> str:
    return _NUMBER.sub(lambda m: str(new.get(int(m[0]), int(m[0]))), question)


def _near(n: int, rng: Random) -> int:
    """Another number of about the same size; multiples of ten mostly stay multiples of ten."""
    if n < 13:
        return rng.randint(2, 12)
    if n % 10 == 0 and rng.random() < 0.6:
        return 10 * rng.randint(1, max(2, n // 5))
    return rng.randint(max(3, n // 3), n * 2)


FIRST = (
    "Which calculation comes first?",
    "Give the first step.",
    "What would you work out first?",
    "First step of the solution:",
)
ALL = ("Solve it step by step.", "Show every step.", "Write down all calculations.")


def _placed(question: str, ask: str, rng: Random) -> str:
    return f"{ask}\n{question}" if rng.random() < 0.6 else f"{question}\n{ask}"


class Drills:
    """Drills over the problems, prepared once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.readable = [p for p in problems if p.steps]
        self.whole = [p for p in problems if p.whole and 1 <= len(p.steps) <= 3]
        self.direct = [
            p for p in self.readable if p.steps[0][0] in p.numbers and p.steps[0][2] in p.numbers
        ]
        self.short = [p for p in self.direct if len(p.question) < 260]

    def first_step(self, rng: Random) -> Pair:
        """A question, and which two of its numbers are joined first, and how."""
        while True:
            problem = rng.choice(self.short if rng.random() < 0.7 else self.direct)
            moved = renumber(problem, rng)
            if moved:
                question, steps = moved
                left, sign, right = steps[0]
                return (
                    _placed(question, rng.choice(FIRST), rng),
                    f"{left} {sign} {right} = {value(left, sign, right)}",
                )

    def solution(self, rng: Random) -> Pair:
        """A question and all calculations of its solution."""
        while True:
            moved = renumber(rng.choice(self.whole), rng)
            if moved and len(moved[0]) < 360:
                question, steps = moved
                text = ", ".join(f"{a} {s} {b} = {value(a, s, b)}" for a, s, b in steps)
                return _placed(question, rng.choice(ALL), rng), text

    def numbers(self, rng: Random) -> Pair:
        """A question, and its numbers in order, or one of them by place or by company."""
        while True:
            problem = rng.choice(self.short)
            moved = renumber(problem, rng)
            if moved and 2 <= len(_NUMBER.findall(moved[0])) <= 5:
                break
        question = moved[0]
        found = _NUMBER.findall(question)
        kind = rng.randrange(4)
        if kind == 0:
            return _placed(question, "List the numbers.", rng), ", ".join(found)
        if kind == 1:
            place = rng.randrange(len(found))
            word = ("first", "second", "third", "fourth", "fifth")[place]
            return _placed(question, f"What is the {word} number?", rng), found[place]
        if kind == 2:
            a, b = rng.sample(range(len(found)), 2)
            order = ("first", "second", "third", "fourth", "fifth")
            ask = f"Write the {order[a]} number, then the {order[b]}."
            return _placed(question, ask, rng), f"{found[a]}, {found[b]}"
        match = rng.choice(list(_NUMBER.finditer(question)))
        after = re.match(r" ([a-zA-Z]+)", question[match.end() :])
        if after is None:
            return _placed(question, "List the numbers.", rng), ", ".join(found)
        return _placed(question, f"Which number stands before '{after[1]}'?", rng), match[0]

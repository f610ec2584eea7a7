"""Probes of `word-problems`: SVAMP's private problems with other numbers, or told otherwise."""

import ast
import operator
import re
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

Line = dict[str, Any]

PROBED = 150
"""Private problems that have a renumbered and a rephrased twin."""
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]|\.\d)")
_SIGNS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_DRAWS = 3000

_RENAMED = {
    "he": "Paul Ed Jake Robin Danny Frank Edward Josh Bobby Matthew Steven Adam Allan David "
    "Zachary Dan Lewis Jack Jerry Luke James",
    "she": "Jessica Haley Katie Faye Olivia Rachel Debby Julia Jackie Nell Kelly Emily",
}
_NEW = {
    "he": ("Viktor", "Anton", "Rahul", "Stefan", "Mateo", "Kofi", "Tariq", "Joost"),
    "she": ("Ingrid", "Amina", "Leticia", "Mei", "Katya", "Zuri", "Birgit", "Soledad"),
}
_SAME = (
    (r"\bin all\b", "all told"),
    (r"\baltogether\b", "all told"),
    (r"\bin total\b", "all told"),
    (r"\binitially\b", "at the very start"),
    (r"\bat first\b", "at the very start"),
    (r"\bLater,? (?=[a-z])", "Some time afterwards "),
    (r"\bThen (?=[a-z])", "After that "),
    (r"\bcurrently\b", "at this moment"),
    (r"\b[Hh]ow many more\b(?=.* than )", "what greater number of"),
    (r"\b[Hh]ow many(?! more)\b", "what number of"),
    (r"\b[Hh]ow much(?= (?:did|do|does|is|was|will)\b)", "what amount"),
)  # fmt: skip
"""Turns of phrase that may stand for one another."""
_FRAMES = (
    "{question} This is what we know: {body}",
    "Somebody asks: {question} And tells you this: {body}",
    "We are told the following. {body} So, {question}",
    "Read on and say: {question} {body}",
)


def probed(private: list[Line]) -> Iterator[Line]:
    """The problems that get twins, spread evenly over the split."""
    usable = [line for line in private if _usable(line)]
    yield from (usable[int(at * len(usable) / PROBED)] for at in range(PROBED))


def _usable(line: Line) -> bool:
    """Whether both twins can be made: other numbers, and a question apart from its facts."""
    return renumbered(line, Random(0)) is not None and rephrased(line, Random(0)) is not None


def renumbered(line: Line, rng: Random) -> Line | None:
    """The problem with other numbers in the same order of size, or None where that cannot be.

    Every number of the equation stands in the text; one value of the text becomes one other value,
    so what was equal stays equal and what was larger stays larger. Each step of the equation stays
    above zero, and whole where it was whole.
    """
    equation = line["meta"]["equation"]
    values = sorted({float(found) for found in _NUMBER.findall(line["question"])})
    used = {float(found) for found in _NUMBER.findall(equation)}
    if not used <= set(values) or len(values) < 2 or any(v != int(v) or v < 1 for v in values):
        return None
    for _ in range(_DRAWS):
        drawn = [_near(int(value), rng) for value in values]
        if len(set(drawn)) < len(drawn) or drawn != sorted(drawn) or drawn == values:
            continue
        other = dict(zip(values, drawn, strict=True))
        if any(value == new for value, new in other.items() if value in used):
            continue

        def put(found: re.Match[str], other: dict[float, int] = other) -> str:
            return str(other[float(found[0])])

        changed = _NUMBER.sub(put, equation)
        answer = _value(changed)
        if answer is not None and (answer.denominator == 1 or not _whole(line["answer"])):
            gold = int(answer) if answer.denominator == 1 else round(float(answer), 4)
            return {"question": _NUMBER.sub(put, line["question"]), "answer": gold}
    return None


def rephrased(line: Line, rng: Random) -> Line | None:
    """The problem told otherwise: other names, other turns of phrase, mostly the question first.

    None where the last sentence is not the question alone, or where it leans on one before it.
    """
    found = re.fullmatch(r"(.*[.!?,]) ?((?:[Hh]ow|[Ww]hat) [^.?]*\?)", line["question"])
    if found is None:
        return None
    body, question = found[1].strip(), found[2]
    if body.endswith(","):
        head, _, clause = body[:-1].rpartition(". ")
        if not re.match(r"[Ii]f ", clause):
            return None
        rest = clause[3:]
        body = f"{head}. {rest[0].upper()}{rest[1:]}." if head else f"{rest[0].upper()}{rest[1:]}."
    for old, new in _SAME:
        body, question = re.sub(old, new, body), re.sub(old, new, question)
    text = rng.choice(_FRAMES).format(
        body=body[0].upper() + body[1:], question=question[0].lower() + question[1:]
    )
    for kind, names in _NEW.items():
        met = [name for name in _RENAMED[kind].split() if _named(name).search(text)]
        for old, new in zip(met, rng.sample(names, len(names)), strict=False):
            text = _named(old).sub(new, text)
    return {"question": text[0].upper() + text[1:], "answer": line["answer"]}


def _named(name: str) -> re.Pattern[str]:
    """Where a name stands, also in small letters, as SVAMP writes some."""
    return re.compile(rf"\b{name}\b", re.IGNORECASE)


def _near(value: int, rng: Random) -> int:
    """A number of about the same size."""
    return rng.randint(max(2, value - max(3, value // 2)), value + max(4, value // 2))


def _whole(answer: float) -> bool:
    return float(answer).is_integer()


def _value(equation: str) -> Fraction | None:
    """What the equation comes to; None where a step is not above zero, or divides with a rest."""

    def walk(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant):
            return Fraction(node.value)
        assert isinstance(node, ast.BinOp)
        left, right = walk(node.left), walk(node.right)
        value = _SIGNS[type(node.op)](left, right)
        if value <= 0 or value.denominator != 1:
            raise ArithmeticError
        return value

    try:
        return walk(ast.parse(equation, mode="eval").body)
    except ArithmeticError:
        return None

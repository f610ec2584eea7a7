"""Rules that answer without understanding the question: what they score, a student should beat."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from coursewright.records import Item, Task
from coursewright.scoring import Scorer

Answerer = Callable[[str], str]
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

_SHAPES = (
    *("0 - 1", "1 - 0", "0 + 1", "0 * 1", "0 / 1", "1 / 0", "big - small", "big / small"),
    *("0 - 2", "1 - 2", "2 - 0", "2 - 1", "0 + 2", "1 + 2", "0 * 2", "1 * 2", "0 / 2", "1 / 2"),
    *("0 + 1 - 2", "0 - 1 - 2", "0 - 1 + 2", "0 + 1 + 2", "0 * 1 - 2", "0 * 1 + 2", "0 * 1 * 2"),
    *("0", "1", "2", "sum"),
)
"""Expressions over the numbers of a question by their place in it.

`big` and `small` are the larger and the smaller of the first two, `sum` adds all.
"""


def baseline_scores(task: Task, items: Sequence[Item], scorer: Scorer) -> dict[str, float]:
    """Mean score on these items of each baseline the task names, by name.

    `constant-expression` is the best of `constant_expressions`, chosen on these very items: an
    upper bound of what answering without reading can reach.
    """
    known: dict[str, Callable[[], float]] = {
        "constant-expression": lambda: max(constant_expressions(items, scorer).values()),
        "keyword-rule": lambda: mean_score(keyword_rule, items, scorer),
    }
    return {name: known[name]() for name in task.baselines} if items else {}


def constant_expressions(items: Sequence[Item], scorer: Scorer) -> dict[str, float]:
    """Mean score of always answering with one shape of expression, for every shape."""

    def always(shape: str) -> Answerer:
        return lambda question: fill(shape, _NUMBER.findall(question))

    return {shape: mean_score(always(shape), items, scorer) for shape in _SHAPES}


def mean_score(answer: Answerer, items: Sequence[Item], scorer: Scorer) -> float:
    """Mean score of a function from question to answer."""
    return sum(scorer.score(answer(item.question), item.answer) for item in items) / len(items)


def fill(shape: str, numbers: Sequence[str]) -> str:
    """A shape with its places filled; empty where the question has too few numbers."""
    if shape == "sum":
        return " + ".join(numbers)
    if "big" in shape:
        if len(numbers) < 2:
            return ""
        small, big = sorted(numbers[:2], key=float)
        return shape.replace("big", big).replace("small", small)
    try:
        return re.sub(r"\d", lambda place: numbers[int(place.group())], shape)
    except IndexError:
        return ""


_RULES: tuple[tuple[str, str], ...] = (
    (r"how (?:many|much) more|fewer|less|difference|longer|older|farther|left|remain", "-"),
    (r"still|change|need|spen[dt]|gave|lost|ate|used|sold|removed|cut", "-"),
    (r"equally|split|share|into \d+ (?:groups|rows|boxes)|groups? of", "/"),
    (r"how many (?:bags|boxes|groups|rows|packs|days|weeks)", "/"),
    (r"each .*how (?:many|much) .*(?:in all|total|altogether|have)|times|rows of", "*"),
    (r"how (?:many|much) .*(?:each|per)\b", "/"),
    (r"\beach\b|\bper\b|\bevery\b", "*"),
)


def keyword_rule(question: str) -> str:
    """The first two numbers, with the sign that the first matching keyword suggests, else a sum."""
    numbers = _NUMBER.findall(question)
    if len(numbers) < 2:
        return numbers[0] if numbers else ""
    lowered = question.casefold()
    sign = next((sign for pattern, sign in _RULES if re.search(pattern, lowered)), "+")
    small, big = sorted(numbers[:2], key=float)
    return f"{big} {sign} {small}" if sign in "-/" else f"{numbers[0]} {sign} {numbers[1]}"

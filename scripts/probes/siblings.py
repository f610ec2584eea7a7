# ruff: noqa: E501 - one template a line reads better than wrapped ones
"""Sibling tasks of the generated ones: neighbouring skills that no course of theirs teaches.

Instruction, answer format and scorer are the task's own; the skills are not, and neither is any
question. A student that learned to read, and not only fourteen patterns, gains here too.
"""

from collections.abc import Callable
from random import Random

from coursewright.families import Difficulty, Skill
from coursewright.families.calculation import Drawn, factor, template_skill
from coursewright.families.finance_tables import render
from coursewright.families.pools import NAMES
from coursewright.families.program import Drawn as Called
from coursewright.families.program import program_skill

FIRMS = ("Ember Works", "Larch Bakery", "Pebble Inns", "Sable Yachts", "Thistle Dairy")
CREWS = ("night crew", "depot", "front desk", "archive", "canteen")


def product(rng: Random, level: Difficulty) -> Drawn:
    a, b = factor(rng, level), factor(rng, level)
    return {"who": rng.choice(NAMES), "a": a, "b": b}, f"{a} * {b} = {a * b}"


def quotient(rng: Random, level: Difficulty) -> Drawn:
    a, b = factor(rng, level), factor(rng, level)
    return {"who": rng.choice(NAMES), "a": a * b, "b": b}, f"{a * b} / {b} = {a}"


def difference(rng: Random, level: Difficulty) -> Drawn:
    low, rise = rng.randint(2, 40), factor(rng, level)
    fields = {"who": rng.choice(NAMES), "a": low + rise, "b": low}
    return fields, f"{low + rise} - {low} = {rise}"


def table(draw: Callable[[Random, list[tuple[int, int]]], Drawn], labels: tuple[str, str, str]):
    """A small table with two columns of numbers, and what `draw` asks of its rows."""

    def drawn(rng: Random, level: Difficulty) -> Drawn:
        names = rng.sample(CREWS, {"easy": 2, "medium": 3, "hard": 4}[level])
        cells = [(rng.randint(10, 60), rng.randint(2, 12)) for _ in names]
        fields, worked = draw(rng, cells)
        rows = [(name, *pair) for name, pair in zip(names, cells, strict=True)]
        about = {"firm": rng.choice(FIRMS), "first": names[0], "last": names[-1]}
        return {**about, **fields, "table": render(labels, rows)}, worked

    return drawn


def together(rng: Random, cells: list[tuple[int, int]]) -> Drawn:
    a, b = cells[0][0], cells[-1][0]
    return {}, f"{a} + {b} = {a + b}"


def ahead(rng: Random, cells: list[tuple[int, int]]) -> Drawn:
    low, high = sorted((cells[0][0], cells[-1][0]))
    cells[0], cells[-1] = (high, cells[0][1]), (low, cells[-1][1])
    return {}, f"{high} - {low} = {high - low}"


def both(rng: Random, cells: list[tuple[int, int]]) -> Drawn:
    a, b = cells[0]
    return {}, f"{a} + {b} = {a + b}"


def less(rng: Random, cells: list[tuple[int, int]]) -> Drawn:
    a, b = cells[-1]
    return {}, f"{a} - {b} = {a - b}" if a >= b else f"{b} - {a} = {b - a}"


def numbers(rng: Random, level: Difficulty) -> list[int]:
    return [rng.randint(0, 20) for _ in range({"easy": 2, "medium": 3, "hard": 4}[level])]


def listed(rng: Random, level: Difficulty) -> Called:
    return {}, (numbers(rng, level),)


def shifted(rng: Random, level: Difficulty) -> Called:
    return {"k": rng.randint(1, 9)}, (numbers(rng, level),)


def science(name: str, draw: Callable[[Random, Difficulty], Drawn], *wordings: str) -> Skill:
    return template_skill(name, name, name, name, _numbered(wordings), {}, draw)


def finance(
    name: str, draw: Callable[[Random, list[tuple[int, int]]], Drawn], *wordings: str
) -> Skill:
    drawn = table(draw, ("team", "orders", "returns"))
    return template_skill(name, name, name, name, _numbered(wordings), {}, drawn)


def code(name: str, draw: Callable[[Random, Difficulty], Called], *idioms: str) -> Skill:
    return program_skill(name, name, name, name, _numbered(idioms), {}, draw)


def _numbered(wordings: tuple[str, ...]) -> dict[str, str]:
    return {f"w{at}": wording for at, wording in enumerate(wordings, 1)}


SIBLINGS: dict[str, tuple[Skill, ...]] = {
    "science": (
        science("pressure", quotient, "{who} spreads a force of {a} N evenly over {b} m2. What pressure is that in pascals?", "What is the pressure, in Pa, of {a} N acting on {b} m2? {who} wants to know."),
        science("work", product, "{who} drags a box {b} m with a force of {a} N. How much work is done, in joules?", "How many joules of work does a force of {a} N do along {b} m? {who} asks."),
        science("momentum", product, "A ball of {a} kg rolls at {b} m/s towards {who}. What is its momentum in kg m/s?", "{who} weighs a toy car: {a} kg. It moves at {b} m/s. Momentum?"),
        science("power", quotient, "A motor of {who}'s does {a} J of work in {b} seconds. What is its power in watts?", "How many watts is it when {who} uses {a} joules within {b} seconds?"),
        science("heating", difference, "{who} heats a pot from {b} to {a} degrees. By how many degrees does it get warmer?", "The air of {who}'s room was at {b} degrees and is at {a} degrees now. What is the rise?"),
        science("charge", product, "A current of {a} A flows for {b} seconds into {who}'s battery. What charge is that, in coulombs?", "How many coulombs pass when {who} lets {a} A flow for {b} seconds?"),
    ),
    "finance": (
        finance("two-rows", together, "How many orders did the {first} and the {last} of {firm} have together?", "{firm}: orders of {first} plus {last}?"),
        finance("row-against-row", ahead, "How many more orders than the {last} did the {first} of {firm} have?", "{firm}: by how many orders is the {first} ahead of the {last}?"),
        finance("across", both, "How many orders and returns together did the {first} of {firm} handle?", "{firm}, {first}: orders plus returns?"),
        finance("net-orders", less, "How many orders of the {last} at {firm} did not come back as returns?", "{firm}, {last}: orders less returns?"),
    ),
    "code": (
        code("smallest", listed, "def $f($xs):\n    return min($xs)", "def $f($xs):\n    return sorted($xs)[0]"),
        code("last-item", listed, "def $f($xs):\n    return $xs[-1]", "def $f($xs):\n    return $xs[len($xs) - 1]"),
        code("shift-list", shifted, "def $f($xs):\n    return [$x + $k for $x in $xs]", "def $f($xs):\n    return list(map(lambda $x: $x + $k, $xs))"),
        code("length", listed, "def $f($xs):\n    return len($xs)", "def $f($xs):\n    $out = 0\n    for $x in $xs:\n        $out += 1\n    return $out"),
        code("sort-down", listed, "def $f($xs):\n    return sorted($xs, reverse=True)", "def $f($xs):\n    return sorted($xs)[::-1]"),
        code("append", shifted, "def $f($xs):\n    return $xs + [$k]", "def $f($xs):\n    $xs.append($k)\n    return $xs"),
    ),
}  # fmt: skip
"""Family -> the skills of its sibling."""

"""Given quantities and a formula: put the numbers in and work it out."""

from __future__ import annotations

from random import Random

from nano.arithmetic import operands

Pair = tuple[str, str]

UNITS = "kg g m km cm s h V A N J W liters dollars points percent hours meters pieces".split()  # noqa: SIM905
LETTERS = "a b c d e h k m n p q r s t u v w x y z A B C F M N P Q R T U V".split()  # noqa: SIM905


def one_step(rng: Random, things: list[str]) -> Pair:
    """Two named quantities among others, and a formula that joins them."""
    left, sign, right, value = operands(rng)
    names = rng.sample(LETTERS if rng.random() < 0.4 else things, 4)
    given = [(names[0], left), (names[1], right)]
    if rng.random() < 0.4:
        given.append((names[2], rng.randint(2, 99)))
    rng.shuffle(given)
    told = _told(given, rng)
    wanted = f"{names[3]} = {names[0]} {sign} {names[1]}"
    text = f"{told} {wanted}" if rng.random() < 0.5 else f"{wanted}. {told}"
    return f"{text} Find {names[3]}.", f"{left} {sign} {right} = {value}"


def two_steps(rng: Random, things: list[str]) -> Pair:
    """As `one_step`, with a second operation by a third quantity."""
    left, sign, right, first = operands(rng)
    divisors = [n for n in range(2, 13) if first % n == 0]
    then = rng.choice("+-*/" if divisors else "+-*")
    third = rng.choice(divisors) if then == "/" else rng.randint(2, 12)
    if then == "-" and third > first:
        then = "+"
    value = {"+": first + third, "-": first - third, "*": first * third, "/": first // third}[then]
    names = rng.sample(LETTERS if rng.random() < 0.4 else things, 4)
    given = [(names[0], left), (names[1], right), (names[2], third)]
    rng.shuffle(given)
    wanted = f"{names[3]} = ({names[0]} {sign} {names[1]}) {then} {names[2]}"
    worked = f"{left} {sign} {right} = {first}, {first} {then} {third} = {value}"
    return f"{_told(given, rng)} {wanted}. Find {names[3]}.", worked


def _told(given: list[tuple[str, int]], rng: Random) -> str:
    """The quantities in a sentence of one of several kinds."""
    units = [f" {rng.choice(UNITS)}" if rng.random() < 0.5 else "" for _ in given]
    form = rng.choice(("{n} = {k}{u}", "{n}: {k}{u}", "{n} is {k}{u}", "{k}{u} of {n}"))
    parts = [form.format(n=n, k=k, u=u) for (n, k), u in zip(given, units, strict=True)]
    return rng.choice((", ", " and ", "; ")).join(parts) + "."

"""Sums as the mini tasks write them: `12 * 7 = 84`, two steps joined by a comma."""

from __future__ import annotations

from random import Random

Pair = tuple[str, str]

ASKS = ("{}", "{} = ?", "Calculate {}.", "What is {}?", "Work out {}.", "{} =")
WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


def _number(rng: Random, most_digits: int = 3) -> int:
    """A number whose count of digits is uniform, so that short ones are not drowned."""
    digits = rng.randint(1, most_digits)
    return rng.randint(10 ** (digits - 1), 10**digits - 1)


def operands(rng: Random) -> tuple[int, str, int, int]:
    """Left, sign, right and value of one step with a whole non-negative value."""
    sign = rng.choice("++---***//")
    if sign in "+-":
        a, b = _number(rng), _number(rng)
        if rng.random() < 0.15:
            b = rng.choice((10, 100, 273, 32, 60))
        return (a, "+", b, a + b) if sign == "+" else (max(a, b), "-", min(a, b), abs(a - b))
    if rng.random() < 0.7:
        a, b = rng.randint(2, 12), rng.randint(2, 12)
    else:
        a, b = rng.choice((2, 3, 4, 5, 6, 8, 10)), rng.randint(2, 99)
        a, b = (a, b) if rng.random() < 0.5 else (b, a)
    return (a, "*", b, a * b) if sign == "*" else (a * b, "/", b, a)


def step(rng: Random) -> Pair:
    """One sum, asked in figures or in words."""
    a, sign, b, value = operands(rng)
    shown = f"{a} {sign} {b}"
    if rng.random() < 0.2:
        shown = f"{a} {WORDS[sign]} {b}"
    return rng.choice(ASKS).format(shown), f"{a} {sign} {b} = {value}"


def chain(rng: Random) -> Pair:
    """Two steps, the second going on from the first result."""
    while True:
        a, sign, b, first = operands(rng)
        c, then, d, value = operands(rng)
        if then == "/" and first > 1:
            d = rng.choice([n for n in range(2, 13) if first % n == 0] or [1])
            value = first // d
        elif then == "*":
            value = first * d
        elif then == "+":
            value = first + d
        else:
            value = first - d
        if d > 1 and 0 <= value < 1500 and then in "+-*/" and c:
            break
    forms = (f"{a} {sign} {b}, then {then} {d}", f"({a} {sign} {b}) {then} {d}")
    return rng.choice(ASKS).format(
        rng.choice(forms)
    ), f"{a} {sign} {b} = {first}, {first} {then} {d} = {value}"


def compare(rng: Random) -> Pair:
    """Which number is larger, and what lies between."""
    a, b = _number(rng), _number(rng)
    if rng.random() < 0.4:
        b = max(0, a + rng.randint(-9, 9))
    kind = rng.randrange(4)
    if kind == 0:
        return f"Larger of {a} and {b}?", str(max(a, b))
    if kind == 1:
        return f"Smaller of {a} and {b}?", str(min(a, b))
    if kind == 2:
        return f"Is {a} greater than {b}?", str(a > b)
    return f"Is {a} even or odd?", "even" if a % 2 == 0 else "odd"

"""Numbers that make a story come out: whole and positive, with exact divisions."""

import ast
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

from coursewright.families import Difficulty

_LETTERS = "xyzw"
_ASIDE_NUMBERS = ("d1", "d2", "d3", "d4")


def draw_numbers(expression: str, rng: Random, difficulty: Difficulty) -> dict[str, int]:
    """Values for `x` ... `w` (and idle numbers `d1` ... `d4`), so that the result is positive.

    Divisions come out even. All numbers of a story differ, so that none can stand for another.
    """
    for _ in range(2000):
        numbers = {letter: _any(rng, difficulty) for letter in (*_LETTERS, *_ASIDE_NUMBERS)}
        _make_divisible(expression, numbers, rng)
        if len(set(numbers.values())) < len(numbers) or min(numbers.values()) < 2:
            continue
        value = _value(put_numbers(expression, numbers))
        if value is not None and value > 0 and value.denominator == 1:
            return numbers
    raise ValueError(f"no numbers found for {expression!r}")


def put_numbers(expression: str, numbers: Mapping[str, int]) -> str:
    """The expression with its letters replaced."""
    return re.sub(r"[xyzw]", lambda letter: str(numbers[letter.group()]), expression)


def _any(rng: Random, difficulty: Difficulty) -> int:
    if difficulty == "easy":
        return rng.randint(2, 20)
    if rng.random() < 0.4:
        return rng.randint(2, 12)
    return rng.randint(10, 99) if difficulty == "medium" else rng.randint(10, 600)


def _make_divisible(expression: str, numbers: dict[str, int], rng: Random) -> None:
    """Choose the dividend after the divisor."""
    top, _, divisor = expression.partition(" / ")
    if not divisor:
        if "*" in expression and rng.random() < 0.7:
            # Most counts of groups and prices are small.
            numbers["y"] = numbers["y"] % 58 + 2
            numbers["z"] = numbers["z"] % 58 + 2
        if "*" in expression and " - " in expression:
            # A product is to stay in sight of what is taken from it.
            for letter in _LETTERS:
                numbers[letter] = numbers[letter] % 30 + 2
            if expression.startswith("x - "):
                numbers["x"] = numbers["y"] * numbers["z"] + rng.randint(2, 60)
        return
    numbers[divisor] = numbers[divisor] % 24 + 2
    multiple = numbers[divisor] * rng.randint(2, 30)
    if top == "x":
        numbers["x"] = multiple
    elif top == "(x + y)":
        numbers["x"] = rng.randint(1, multiple)
        numbers["y"] = multiple - numbers["x"]
    else:
        numbers["x"] = numbers["y"] + multiple


def value_of(expression: str) -> str:
    """The value of one of our expressions as text."""
    value = _value(expression)
    if value is None:
        raise ValueError(f"{expression!r} has no value")
    return str(value)


_OPERATIONS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}


def _value(expression: str) -> Fraction | None:
    try:
        return _walk(ast.parse(expression, mode="eval").body)
    except (ZeroDivisionError, SyntaxError):
        return None


def _walk(node: ast.expr) -> Fraction:
    if isinstance(node, ast.BinOp):
        return _OPERATIONS[type(node.op)](_walk(node.left), _walk(node.right))
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return Fraction(node.value)
    raise SyntaxError("not a sum, difference, product or quotient of whole numbers")


def wrong_expression(worked: str, question: str, rng: Random) -> str:
    """A plausible wrong solution: another operation, another order, or an idle number used."""
    right = _value(worked)
    numbers = re.findall(r"\d+", worked)
    others = [number for number in re.findall(r"\d+", question) if number not in numbers]
    tries = [re.sub(r"[-+*/]", sign, worked, count=1) for sign in "+-*"]
    if len(numbers) == 2:
        tries.append(re.sub(r"(\d+) (.) (\d+)", r"\3 \2 \1", worked))
    tries += [worked.replace(number, other, 1) for number in numbers[:1] for other in others]
    rng.shuffle(tries)
    for wrong in tries:
        value = _value(wrong)
        # SVAMP's rule allows 0.1.
        if value is not None and right is not None and abs(value - right) > Fraction(1, 2):
            return wrong
    return f"{worked} + 1"

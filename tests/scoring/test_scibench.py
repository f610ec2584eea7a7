"""SciBench: the last box within 5 %, the unit rule, and the golds nobody can meet."""

from typing import Any

import pytest

from coursewright.scoring import GoldCheck
from coursewright.scoring.scibench import displaced_power, displayed_unit
from coursewright.tasks.builders.functions import shown_unit
from tests.scoring.tables import both_policies, scored


def item(number: str, unit: str = "$\\mathrm{atm}$") -> dict[str, Any]:
    return {"number": number, "unit": unit}


ATM = item("50.7")
KILO = item("2.5", " $10^3 \\mathrm{~m} / \\mathrm{s}$")
TINY = item("1.6", "$10^{-19} \\mathrm{~J}$")
BARE = item("3.2", " $10^{-16}$")
SPACED = item("4.0", " $10 ^ {-6}m/s^2$")
MINUS = item("−12.5")
COMMA = item("1,200")
ZERO = item("0")

CASES = [
    ("The answer is \\boxed{50.7}.", ATM, 1, 1),
    ("\\boxed{50.7}", ATM, 1, 1),
    ("\\boxed{53.3}", ATM, 1, 1),  # 5 % of the larger, 53.3
    ("\\boxed{53.4}", ATM, 0, 0),
    ("\\boxed{48.2}", ATM, 1, 1),
    ("\\boxed{48.1}", ATM, 0, 0),
    ("\\boxed{50.7 atm}", ATM, 1, 1),
    ("\\boxed{50.7\\ \\mathrm{atm}}", ATM, 0, 1),  # "50.7\" is no float
    ("\\boxed{50.7\\,\\text{atm}}", ATM, 0, 1),
    ("\\boxed{p = 50.7}", ATM, 1, 1),
    ("\\boxed{a = 1 = 50.7}", ATM, 1, 1),
    ("\\boxed{50.7} then \\boxed{1}", ATM, 0, 0),
    ("\\boxed{1} then \\boxed{50.7}", ATM, 1, 1),
    ("\\boxed{{50.7}}", ATM, 0, 1),
    ("\\boxed{50.7", ATM, 0, 1),  # never closed
    ("\\fbox{50.7}", ATM, 0, 1),
    ("\\boxed 50.7", ATM, 0, 1),
    ("50.7", ATM, 0, 1),
    ("p = 50.7 atm", ATM, 0, 1),
    ("The answer is $1.5 \\times 10^3$ J.", item("1500"), 0, 1),
    ("The answer is $7.5 \\times 10^3$ J.", item("10"), 0, 0),
    ("It is 1.5 × 10^{-3}.", item("0.0015"), 0, 1),
    ("\\boxed{\\frac{507}{10}}", ATM, 0, 1),
    ("\\boxed{-50.7}", ATM, 0, 0),
    ("\\boxed{$50.7$}", ATM, 0, 1),
    ("\\boxed{5.07e1}", ATM, 1, 1),
    ("\\boxed{5.07 \\times 10^1}", ATM, 0, 1),  # the first word is 5.07: expanded for no such item
    ("\\boxed{}", ATM, 0, 0),
    ("", ATM, 0, 0),
    ("\\boxed{fifty}", ATM, 0, 0),
    ("\\boxed{nan}", ATM, 0, 0),
    ("\\boxed{1,234}", item("1234"), 1, 1),
    ("\\boxed{1{,}234}", item("1234"), 0, 1),
    ("\\boxed{12,\\!500}", item("12500"), 0, 1),
    ("\\boxed{12\\,500\\,000}", item("12500000"), 0, 1),
    ("\\boxed{12\u2009500}", item("12500"), 0, 1),
    ("\\boxed{12\\,500}", item("12"), 0, 0),
    ("\\boxed{2\\frac{1}{2}}", item("2.5"), 0, 1),
    ("\\boxed{-2\\,\\frac12}", item("-2.5"), 0, 1),
    ("\\boxed{-\\frac{1}{2}}", item("-0.5"), 0, 1),
    ("\\boxed{2 1/2}", item("2.5"), 0, 1),
    ("\\boxed{2\\frac{1}{2}}", item("10.5"), 0, 0),
    ("\\boxed{10^{3}}", item("1000"), 0, 1),
    ("\\boxed{10^{3.5}}", item("1000"), 0, 0),
    ("\\boxed{10^{1/2}}", item("10"), 0, 0),
    ("\\boxed{2^{10}}", item("2"), 0, 0),
    ("\\boxed{12^\\circ}", item("12"), 0, 1),
    ("\\boxed{2.5 \\times 10^3}", KILO, 1, 1),
    ("\\boxed{2.5 \\times 10^{3}}", KILO, 1, 1),
    ("\\boxed{2.5*10^3}", KILO, 1, 1),
    ("\\boxed{2500}", KILO, 1, 1),
    ("\\boxed{2,500}", KILO, 1, 1),
    ("\\boxed{2.5}", KILO, 0, 0),
    ("\\boxed{2.5 \\cdot 10^3}", KILO, 0, 1),
    ("\\boxed{2.5 × 10^3}", KILO, 0, 1),
    ("\\boxed{2,500 \\times 10^0}", KILO, 0, 1),  # commas are dropped only later
    ("\\boxed{1 \\times 2.5 \\times 10^3}", KILO, 0, 0),
    ("\\boxed{2.5 \\times 10^{9999}}", KILO, 0, 0),
    ("\\boxed{1.6 \\times 10^{-19}}", TINY, 1, 1),
    ("\\boxed{1.6e-19}", TINY, 1, 1),
    ("\\boxed{1.6}", TINY, 0, 0),
    ("\\boxed{3.2}", BARE, 1, 1),  # the power is the whole unit, so the question shows it
    ("\\boxed{3.2 \\times 10^{-16}}", BARE, 1, 1),  # officially by its first word
    ("\\boxed{4.0 \\times 10^{-6}}", SPACED, 1, 1),
    ("\\boxed{4.0e-6}", SPACED, 0, 1),
    ("\\boxed{4.0}", SPACED, 1, 1),  # a power spelt with blanks stays in the unit
    ("\\boxed{-12.5}", MINUS, 0, 1),
    ("\\boxed{−12.5}", MINUS, 0, 1),
    ("\\boxed{1200}", COMMA, 0, 1),
    ("\\boxed{1,200}", COMMA, 0, 1),
    ("\\boxed{0}", ZERO, 1, 1),
    ("\\boxed{0.0}", ZERO, 1, 1),
    ("\\boxed{0.001}", ZERO, 0, 0),
    ("\\boxed{12}", 12, 1, 1),
    ("\\boxed{12}", "12", 1, 1),
]


@both_policies(CASES)
def test_scibench(policy, output, gold, score):
    assert scored("scibench", policy, output, gold) == score


def test_only_commas_and_unicode_minus_are_unfixable():
    check = GoldCheck({"kind": "scibench", "policy": "official"})
    golds = [ATM, KILO, TINY, BARE, SPACED, ZERO, MINUS, COMMA]
    assert [check.verdict(gold) for gold in golds] == ["accepted"] * 6 + ["unfixable"] * 2


@pytest.mark.parametrize(
    ("unit", "power", "shown"),
    [
        ("$10^{11} \\mathrm{~s}$", 11, "\\mathrm{~s}$"),
        (" $\\mathrm{10^7} \\mathrm{~km}$", 7, "\\mathrm{~km}$"),
        ("$10^{-16}$", None, "$10^{-16}$"),
        ("$10 ^ {-6}m/s^2$", None, "$10 ^ {-6}m/s^2$"),
        ("$\\mathrm{J}$", None, "$\\mathrm{J}$"),
        ("", None, ""),
        ("$10^{99999} J$", None, "$10^{99999} J$"),
    ],
)
def test_a_power_leaves_the_unit_only_if_something_more_is_in_it(unit, power, shown):
    assert displaced_power(unit) == power
    assert displayed_unit(unit) == shown
    assert shown_unit(unit) == shown.strip(), "the question shows what the scorer takes it to show"

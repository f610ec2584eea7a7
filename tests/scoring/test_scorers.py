"""Named scorers: what each reads, and what it must refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.errors import LocatedError
from coursewright.scoring import accepts, make_scorer

NUMERIC = {"kind": "numeric", "absolute": 0.001}
EXPRESSION = {"kind": "expression", "absolute": 0.1}
LITERAL = {"kind": "literal"}


@pytest.mark.parametrize(
    ("output", "gold", "right"),
    [
        ("84", 84, True),
        ("12 * 7 = 84", 84, True),
        ("12 * 7 = 84", 7, False),
        ("20 - 8 = 12, 12 / 4 = 3", 3, True),
        ("The answer is 1,234.5 dollars.", 1234.5, True),
        ("= -3", -3, True),
        ("= −3", -3, True),
        ("5-3", 3, True),
        ("about 1.5 × 10^3 J", 1500, True),
        ("$1.5\\times 10^{3}$", 1500, True),
        ("$-1.5\\,\\cdot\\,10^{-1}$", -0.15, True),
        ("3 x 10^2", 300, True),
        ("5 * 10", 10, True),
        ("10^3", 1000, True),
        ("4 m/s^{2}", 4, True),
        ("4 m/s^{-2}", 4, True),
        ("4 m s^-2", 4, True),
        ("2^{10}", 2, False),
        ("2^{10}", 10, False),
        ("10^{3.5}", 1000, False),
        ("12{,}500 or 12\\,500", 12500, True),
        ("-$1,200", -1200, True),
        ("The loss is -\\$ 1,200.", -1200, True),
        ("−€5", -5, True),
        ("+£5", 5, True),
        ("$-5", -5, True),
        ("7-$5", 5, True),
        ("$3-$5", 5, True),
        ("$3 - $5", 5, True),
        ("v = 4 m/s2", 4, True),
        ("3 x^2", 3, True),
        ("1e3", 1000, True),
        (".5", 0.5, True),
        ("84.0009", 84, True),
        ("84.01", 84, False),
        ("12 * 7 =", 84, False),
        ("", 0, False),
        ("no number", 0, False),
        ("9" * 5000, 9, False),
        ("84", "84", True),
        ("84", True, False),
        ("1", True, False),
    ],
)
def test_numeric_reads_the_last_number_behind_the_last_equals_sign(output, gold, right):
    assert make_scorer(NUMERIC).score(output, gold) == right


@pytest.mark.parametrize(
    ("output", "right"), [("100.2", True), ("99.8", True), ("100.21", False), ("-100", False)]
)
def test_relative_tolerance_counts_both_ends(output, right):
    assert make_scorer({"kind": "numeric", "relative": 0.002}).score(output, 100) == right


def test_gold_zero_under_relative_tolerance_needs_exact_zero():
    scorer = make_scorer({"kind": "numeric", "relative": 0.05, "absolute": 0.0})
    assert scorer.score("0", 0) == 1
    assert scorer.score("0.0001", 0) == 0


@pytest.mark.parametrize(
    ("output", "gold", "right"),
    [
        ("[3, 4]", "[3, 4]", True),
        ("[3,4]", "[3, 4]", True),
        ("(3, 4)", "[3, 4]", False),
        ("[4, 3]", "[3, 4]", False),
        ("1.0", "1", True),
        ("True", "1", True),
        ("'a'", "'a'", True),
        ("a", "'a'", False),
        ("[1, 2]", [1, 2], True),
        ("{'a': 1}", "{'a': 1}", True),
        ("None", "None", True),
        ("", "''", False),
        ("[1, 2", "[1, 2]", False),
        ("__import__('os').getcwd()", "1", False),
        ("1 + 1", "2", False),
    ],
)
def test_literal_compares_values_and_never_evaluates(output, gold, right):
    assert make_scorer(LITERAL).score(output, gold) == right


@pytest.mark.parametrize(
    "bomb", ["[" * 5000, "(" * 90 + ")" * 90, "-" * 3000 + "1", "9" * 4000, "{" * 3000, "[]" * 2001]
)
def test_literal_survives_bombs(bomb):
    assert make_scorer(LITERAL).score(bomb, "1") == 0


@pytest.mark.parametrize(
    ("output", "gold", "right"),
    [
        ("76 - 25", 51, True),
        ("(10 + 11) - 4", 17, True),
        ("2 + 3 * 4", 14, True),
        ("20 - 5 - 3", 12, True),
        ("60 / 3 / 2", 10, True),
        ("-5 + 6", 1, True),
        ("3 × 4 ÷ 2", 6, True),
        ("$1,000 - $200", 800, True),
        ("76 - 25 = 51", 51, True),
        ("76 - 25 = 99", 51, True),
        ("51", 51, True),
        ("51.1", 51, True),
        ("51.2", 51, False),
        ("1 / 3", 0.3333, True),
        ("25 - 76", 51, False),
        ("1 / 0", 0, False),
        ("2 ** 3", 8, False),
        ("5 5", 5, False),
        ("(5", 5, False),
        ("5)", 5, False),
        ("+ 5", 5, False),
        ("five", 5, False),
        ("", 0, False),
        ("= 5", 5, False),
        ("5", "5", True),
        ("7", "3 + 4", True),
        ("1", True, False),
    ],
)
def test_expression_is_scored_by_its_value(output, gold, right):
    assert make_scorer(EXPRESSION).score(output, gold) == right


@pytest.mark.parametrize(
    "bomb", ["(" * 10_000, "9" * 10_000, "1+" * 5000 + "1", "-" * 399, "(" * 30 + "1" + ")" * 30]
)
def test_expression_survives_bombs(bomb):
    assert make_scorer(EXPRESSION).score(bomb, 1) == 0


@given(
    st.recursive(
        st.integers(0, 99).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        max_leaves=8,
    )
)
def test_expression_agrees_with_python(text):
    value = eval(text)
    assert make_scorer(EXPRESSION).score(text, value) == 1
    assert make_scorer(EXPRESSION).score(text, value + 1) == 0


@given(st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6).map(lambda value: round(value, 4)))
def test_number_golds_are_accepted(gold):
    assert accepts(make_scorer(NUMERIC), gold)
    assert accepts(make_scorer(EXPRESSION), gold)


@given(
    st.recursive(
        st.integers() | st.booleans() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
        max_leaves=6,
    )
)
def test_literal_golds_are_accepted(value):
    assert accepts(make_scorer(LITERAL), repr(value))


@pytest.mark.parametrize(
    ("output", "right"),
    [("Card Arrival.", True), ("'card_arrival'", True), ("card  arrival", True), ("card", False)],
)
def test_label_ignores_case_spaces_and_marks(output, right):
    assert make_scorer({"kind": "label"}).score(output, "card_arrival") == right


def test_label_outside_the_list_is_unreadable():
    scorer = make_scorer({"kind": "label", "labels": ["yes", "no"]})
    assert scorer.readable("Yes.")
    assert not scorer.readable("maybe")


def half_right(output, answer, weight=0.5):
    return weight


def too_generous(output, answer):
    return 2


class Shouting:
    def __init__(self, loud=True):
        self.loud = loud

    def score(self, output, answer):
        return float(output == answer.upper())

    def readable(self, output):
        return output.isupper()


class Unreadable:
    def score(self, output, answer):
        return 1.0


def test_a_function_by_dotted_path_is_a_scorer():
    scorer = make_scorer({"kind": f"{__name__}:half_right", "weight": 0.25})
    assert scorer.score("x", "y") == 0.25
    assert scorer.readable("x")
    assert not scorer.readable(" ")


def test_a_class_by_dotted_path_is_a_scorer():
    assert make_scorer({"kind": f"{__name__}.Shouting", "loud": False}).score("A", "a") == 1


def test_a_function_out_of_range_is_told():
    with pytest.raises(LocatedError, match="too_generous returned 2"):
        make_scorer({"kind": f"{__name__}:too_generous"}).score("x", "y")


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "scorer.kind"),
        ({"kind": 3}, "scorer.kind"),
        ({"kind": "nummeric"}, "scorer.kind"),
        ({"kind": "no.such.module"}, "scorer.kind"),
        ({"kind": f"{__name__}:Missing"}, "scorer.kind"),
        ({"kind": f"{__name__}:Unreadable"}, "scorer.kind"),
        ({"kind": f"{__name__}:Shouting", "silent": True}, "scorer"),
        ({"kind": "numeric", "tolerance": 1}, "scorer.tolerance"),
        ({"kind": "numeric", "absolute": -1}, "scorer.absolute"),
        ({"kind": "numeric", "absolute": "wide"}, "scorer.absolute"),
    ],
)
def test_a_bad_spec_names_its_field(spec, field):
    with pytest.raises(LocatedError) as caught:
        make_scorer(spec)
    assert caught.value.field == field

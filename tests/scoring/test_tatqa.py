"""TAT-QA: scaled numbers to two places, spans without case and punctuation."""

import json

import pytest

from coursewright.scoring import GoldCheck, make_scorer
from tests.scoring.tables import both_policies, scored


def gold(answer, scale="", kind="span"):
    return {"answer": answer, "scale": scale, "type": kind}


def said(answer, scale=""):
    return json.dumps({"answer": answer, "scale": scale})


PERCENT = gold(-22.22, "percent", "arithmetic")
MILLION = gold(12.5, "million", "arithmetic")
CELL = gold(["$1,496.5"], "million")
YEAR = gold(["2019"])
BRACKET = gold(["(114)"], "million")
GROUPED = gold(["(1,234)"], "thousand")
PHRASE = gold(["the fixed-price type"])
TWO = gold(["fixed-price type", "cost-plus type"], "", "multi-span")
COUNT = gold("4", "", "count")

CASES = [
    (said(-22.22, "percent"), PERCENT, 1, 1),
    (said("-22.22", "percent"), PERCENT, 1, 1),
    ("-22.22%", PERCENT, 1, 1),
    ("-22.22 percent", PERCENT, 1, 1),
    ("-0.2222", PERCENT, 1, 1),  # a bare number is tried unrounded too
    ("-22.22", PERCENT, 0, 0),  # without its scale
    ("(22.22%)", PERCENT, 1, 1),
    ("(22.22)%", PERCENT, 0, 1),  # the search for a percentage wants it right behind the digits
    ("22.22%", PERCENT, 0, 0),
    ("-22.2 %", PERCENT, 0, 0),
    ("-22.224%", PERCENT, 1, 1),
    ("-22.23%", PERCENT, 0, 0),
    (said(-22.224, "percent"), PERCENT, 1, 1),
    ("−22.22%", PERCENT, 0, 1),
    (said(12.5, "million"), MILLION, 1, 1),
    ("12.5 million", MILLION, 1, 1),
    ("12.50 million", MILLION, 1, 1),
    ("$12.5 million", MILLION, 1, 1),
    ("12,500,000", MILLION, 1, 1),
    ("12,500 thousand", MILLION, 1, 1),
    ("the 12.5", MILLION, 0, 0),
    ("12.5", MILLION, 0, 0),
    ("12.5 thousand", MILLION, 0, 0),
    ("12.504 million", MILLION, 1, 1),
    ("12.506 million", MILLION, 0, 0),
    ("about 12.5 million", MILLION, 0, 0),
    (said(["$1,496.5"], "million"), CELL, 1, 1),
    ("1496.5 million", CELL, 1, 1),
    ("$(9.8) million", gold(["$(9.8) million"]), 1, 1),  # as it stands; the scale is not seen
    ("2019", YEAR, 1, 1),
    ("2018", YEAR, 0, 0),
    ("in 2019", YEAR, 0, 0),
    ("(114) million", BRACKET, 1, 1),
    ("-114 million", BRACKET, 1, 1),
    ("114 million", BRACKET, 0, 0),
    ("(1,234) thousand", GROUPED, 1, 1),
    ("-1,234 thousand", GROUPED, 0, 1),  # the official search does not look past commas
    ("1,234 thousand", GROUPED, 1, 0),
    ("The fixed-price type.", PHRASE, 1, 1),
    ("fixedprice type", PHRASE, 1, 1),
    ("a Fixed-Price  type", PHRASE, 1, 1),
    ("fixed price type", PHRASE, 0, 0),
    ("cost-plus type", PHRASE, 0, 0),
    (said(["fixed-price type", "cost-plus type"]), TWO, 1, 1),
    (said(["cost-plus type", "fixed-price type"]), TWO, 1, 1),
    ("cost-plus type | fixed-price type", TWO, 1, 1),
    ("- cost-plus type\n- fixed-price type", TWO, 1, 1),
    ("cost-plus type", TWO, 0, 0),
    (said("cost-plus type fixed-price type"), TWO, 1, 0),  # joined it is the same text
    ("4", COUNT, 1, 1),
    ("4.0", COUNT, 1, 1),
    ("four", COUNT, 0, 0),
    ("", COUNT, 0, 0),
    (said([]), COUNT, 0, 0),
    (said(None), COUNT, 0, 0),
]


@both_policies(CASES)
def test_tatqa(policy, output, gold, score):
    assert scored("tatqa", policy, output, gold) == score


@pytest.mark.parametrize(
    ("output", "gold", "official", "repaired"),
    [
        ("fixed-price", PHRASE, 0.67, 2 / 3),
        ("the fixed-price type of contract", PHRASE, 0.67, 2 / 3),
        ("cost-plus type", TWO, 0.8, 2 / 3),  # a set of words, or a bag
        ("nothing", TWO, 0, 0),
        ("12.5 million dollars", MILLION, 1, 1),
        ("13 million", MILLION, 0, 0),  # a number is right or wrong
    ],
)
def test_f1_of_words(output, gold, official, repaired):
    for policy, score in (("official", official), ("repaired", repaired)):
        value = scored("tatqa", policy, output, gold, measure="f1")
        assert value == pytest.approx(score)


@pytest.mark.parametrize(
    "gold",
    [*(case[1] for case in CASES[::4]), gold(["Defined schemes", ""]), gold(0, "percent", "count")],
)
def test_every_gold_accepts_itself(gold):
    for policy in ("official", "repaired"):
        assert GoldCheck({"kind": "tatqa", "policy": policy}).verdict(gold) == "accepted"


@pytest.mark.parametrize("bomb", ["9" * 5000, "9." * 5000, "(" * 9000, "1 " * 9000, "inf", "1e999"])
def test_bombs_are_answers_like_any_other(bomb):
    for policy in ("official", "repaired"):
        scorer = make_scorer({"kind": "tatqa", "policy": policy})
        assert scorer.score(bomb, MILLION) == 0
        assert scorer.score(said([bomb], "billion"), MILLION) == 0

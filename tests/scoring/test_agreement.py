"""The official policies against the same rules written a second time, on mangled answers.

`python -m benchmarks.scorer_agreement DATA` does this on the benchmarks' own files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from benchmarks import scorer_answers as answers
from benchmarks import scorer_references as references
from benchmarks.scorer_agreement import by, number_of, pythonic
from coursewright.scoring import make_scorer, written

UNITS = ("$\\mathrm{J}$", " $10^3 \\mathrm{~m}$", "$10^{-6}$", " $10 ^ {-6}m$", "")
SCIENCE = [
    {"number": number, "unit": unit}
    for number in ("50.7", "-0.28", "0", "1,200", "−5", "6.0e3", "+7.3")
    for unit in UNITS
]
MONEY = [10, 1234, 1050.5, -22.22, 0, 1234567.89, 0.0035]
JSON = ["3", "[1, 2]", "true", '"a b"', "null", '{"a": [1]}', "-1.5", '[[1], ["x"]]']
PYTHON = ["3", "(1, 2)", "[True, 'a']", "None", "'a==b'", "{1: 'x'}", "-1.5", "'f(1)'"]
TABLES = [
    {"answer": answer, "scale": scale, "type": kind}
    for answer, scale, kind in (
        (-22.22, "percent", "arithmetic"),
        (12.5, "million", "arithmetic"),
        (["$1,496.5"], "million", "span"),
        (["(1,234)"], "thousand", "span"),
        (["(114)"], "", "span"),
        (["2019"], "", "span"),
        (["Aug 2007- Jan 2011"], "", "span"),
        (["the fixed-price type", "Cost-plus type"], "", "multi-span"),
        (["13.2%"], "percent", "span"),
        ("4", "", "count"),
    )
]

RULES = {
    "scibench": (SCIENCE, references.scibench, by(answers.BOXES, number_of)),
    "financereasoning": (MONEY, references.financereasoning, by(answers.FINAL)),
    "lcb_top": (JSON, references.lcb_top, by(answers.ASSERTS, pythonic)),
    "cruxeval": (PYTHON, references.cruxeval, by(answers.LITERALS)),
    "gsm8k": (["18", "1,800", "-3", "7"], references.gsm8k, by(answers.MARKED)),
    "svamp": ([51.0, 8, 2.5, 0.0, 1050.0], references.svamp, by(answers.SUMS)),
    "tatqa": (TABLES, references.tatqa, answers.told),
    "choice": (["A", "B", "E"], references.same_text, by(answers.LETTERS)),
}


@pytest.mark.parametrize("kind", sorted(RULES))
def test_official_follows_the_rule(kind):
    golds: Sequence[Any]
    rule: Callable[[str, Any], bool]
    golds, rule, mangle = RULES[kind]
    scorer, rng = make_scorer({"kind": kind, "policy": "official"}), Random(kind)
    scores = []
    for number in range(600):
        gold = rng.choice(golds)
        meant = gold if number % 4 else rng.choice(golds)
        output = mangle(meant, rng) if number % 3 else written(scorer, meant)
        scores.append(scorer.score(output, gold))
        assert scores[-1] == rule(output, gold), (output, gold)
    assert 0.2 < sum(scores) / len(scores) < 0.9, "right and wrong answers are both met"

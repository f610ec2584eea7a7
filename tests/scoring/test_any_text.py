"""Named scorers are total: any text is an answer, and any gold of the right sort has a score."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.scoring import SCORERS, make_scorer

GOLDS: dict[str, list[Any]] = {
    "numeric": [3, "3"],
    "literal": ["[1]", 3],
    "expression": [3, "1 + 2"],
    "label": ["yes"],
    "tool_call": [{"name": "f", "arguments": {}}],
    "scibench": [{"number": "3", "unit": "$10^{3} J$"}, {"number": "−3", "unit": ""}, "3"],
    "financereasoning": [3, "true", 0],
    "lcb_top": ["[1]", 3],
    "cruxeval": ["[1]", "'=='"],
    "gsm8k": ["3", 3],
    "svamp": [3, "1 + 2"],
    "tatqa": [
        {"answer": ["a", "3"], "scale": "", "type": "multi-span"},
        {"answer": 3, "scale": "percent", "type": "arithmetic"},
    ],
    "choice": ["B"],
    "spans": ["a b", ["a", "b"]],
    "label_set": [["a", "b"], "none"],
    "json": [{"a": 1, "b": [{"c": None}]}],
    "sql": ["SELECT 1", {"sql": "SELECT 3", "database": "tiny.sql"}],
}
PIECES = (
    *("#### ", "\\boxed{", "}", "\\times 10^{", "oxed", "therefore, the answer is ", "[ANSWER]"),
    *("[/ANSWER]", "assert f() == ", "```", "```python\n", "\n", "==", "=", "≈", "%", "$", "10^"),
    *("million", "percent", "(", ")", "[", "]", "{", "}", ",", ".", "-", "−", "1", "23", "0.5"),
    *("e5", "nan", "inf", "true", '"', "'", ":", "|", ";", "a", "B", " ", "\\frac{1}{0}", "\0"),
    *("SELECT ", "* FROM t", "WITH RECURSIVE c(x) AS (", "UNION ALL ", "<tool_call>", "\ud800"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("task")
    (place / "tiny.sql").write_text("CREATE TABLE t(x); INSERT INTO t VALUES (1), (3);")
    return place


WITH_POLICY = (
    *("scibench", "financereasoning", "lcb_top", "cruxeval", "gsm8k", "svamp", "tatqa", "choice"),
)
SPECS = [
    *(
        {"kind": kind, "policy": policy}
        for kind in WITH_POLICY
        for policy in ("official", "repaired")
    ),
    *({"kind": kind} for kind in sorted(set(SCORERS) - {*WITH_POLICY, "program", "sql"})),
    {"kind": "sql", "database": "tiny.sql", "steps": 20_000},
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "-".join(map(str, spec.values())))
@settings(deadline=None, max_examples=40)
@given(
    output=st.text(max_size=60)
    | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join),
    data=st.data(),
)
def test_any_text_is_an_answer(folder, spec, output, data):
    scorer = made(folder, spec)
    score = scorer.score(output, data.draw(st.sampled_from(GOLDS[spec["kind"]])))
    assert 0 <= score <= 1
    assert isinstance(scorer.readable(output), bool)
    if spec["kind"] not in ("sql", "json"):  # their golds may be met by other forms
        assert score < 1 or scorer.readable(output)


MADE: dict[str, Any] = {}


def made(folder: Path, spec: dict[str, Any]) -> Any:
    """The scorer, made once: it keeps its databases open."""
    key = f"{folder} {spec}"
    if key not in MADE:
        MADE[key] = make_scorer(spec, folder)
    return MADE[key]


@pytest.mark.parametrize("spec", SPECS[:-1], ids=lambda spec: "-".join(spec.values()))
@pytest.mark.parametrize(
    "bomb",
    [
        *("9" * 200_000, "(" * 200_000, "=" * 200_000, "\n" * 200_000, "-" * 200_000),
        *("a " * 10_000, "#### " * 10_000, "\\boxed{" * 10_000, "```\n" * 10_000, "1," * 10_000),
        *("answer is " * 10_000, "[ANSWER]" * 10_000, '{"a":' * 10_000, "1 million " * 10_000),
        "|" * 10_000,
    ],
    ids=lambda bomb: bomb[:10],
)
def test_long_texts_are_answers_like_any_other(folder, spec, bomb):
    scorer = made(folder, spec)
    assert scorer.score(bomb, GOLDS[spec["kind"]][0]) < 1
    scorer.readable(bomb)


LEADS = ("", "The answer is ", "\\boxed{", "5", "```")
RUNS = (" ", "\n", "*", "_", "(", "`", "1", ",", "1,", "\\boxed{", "\\,")
LONG = 20_000


@pytest.mark.timeout(100)
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "-".join(map(str, spec.values())))
def test_reading_takes_time_in_proportion_to_the_answer(folder, spec):
    """Four times the text may take nine times as long, not the sixteen of a quadratic reading."""
    scorer = made(folder, spec)

    def seconds(lead: str, run: str, length: int) -> float:
        output = (lead + run * length)[: length - 2] + "1x"
        began = time.process_time()
        scorer.score(output, GOLDS[spec["kind"]][0])
        return time.process_time() - began

    for lead in LEADS:
        for run in RUNS:
            took = seconds(lead, run, LONG)
            assert took < 0.3 or took < 9 * seconds(lead, run, LONG // 4), (lead, run)

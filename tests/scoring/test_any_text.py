"""Named scorers are total: any text is an answer, and any gold of the right sort has a score."""

from __future__ import annotations

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


@pytest.mark.parametrize("policy", ["official", "repaired"])
@pytest.mark.parametrize("kind", sorted(set(SCORERS) - {"program"}))
@settings(deadline=None, max_examples=40)
@given(
    output=st.text(max_size=60)
    | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=14).map("".join),
    data=st.data(),
)
def test_any_text_is_an_answer(folder, kind, policy, output, data):
    options = {"policy": policy} if "policy" in fields(kind) else {}
    if kind == "sql":
        options = {"database": "tiny.sql", "steps": 20_000}
    scorer = SCORER.setdefault(
        (kind, policy, str(folder)), make_scorer({"kind": kind, **options}, folder)
    )
    score = scorer.score(output, data.draw(st.sampled_from(GOLDS[kind])))
    assert 0 <= score <= 1
    assert isinstance(scorer.readable(output), bool)
    if kind not in ("sql", "json"):  # their golds may be met by other forms
        assert score < 1 or scorer.readable(output)


SCORER: dict[tuple[str, str, str], Any] = {}
"""Made once: a scorer keeps its databases open."""


def fields(kind: str) -> Any:
    return getattr(type(make_scorer({"kind": kind})), "model_fields", {}) if kind != "sql" else ()


@pytest.mark.parametrize("kind", sorted(set(SCORERS) - {"program", "sql"}))
@pytest.mark.parametrize(
    "bomb",
    [
        *("9" * 2 * 10**5, "(" * 2 * 10**5, "a " * 10**4, "#### " * 10**4, "\\boxed{" * 10**4),
        *("=" * 2 * 10**5, "```\n" * 10**4, "1," * 10**4, "answer is " * 10**4, "[ANSWER]" * 10**4),
        *("\n" * 2 * 10**5, '{"a":' * 10**4, "|" * 10**4, "1 million " * 10**4, "-" * 2 * 10**5),
    ],
    ids=lambda bomb: bomb[:10],
)
def test_long_texts_are_answers_like_any_other(kind, bomb):
    for policy in ("official", "repaired") if "policy" in fields(kind) else (None,):
        scorer = make_scorer({"kind": kind} | ({"policy": policy} if policy else {}))
        assert scorer.score(bomb, GOLDS[kind][0]) < 1
        scorer.readable(bomb)

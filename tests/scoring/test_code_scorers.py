"""LiveCodeBench's and CRUXEval's output prediction: literals behind an `==`, never run."""

import pytest

from coursewright.scoring import GoldCheck
from tests.scoring.tables import both_policies, scored

BLOCK = "```python\n{}\n```"

LCB = [
    ("assert f(1) == 3", "3", 1, 1),
    ("assert f(1) == 4", "3", 0, 0),
    ("assert f(1) == 3.0", "3", 1, 1),
    ("assert f(1) == True", "1", 1, 1),
    ("assert f(1) == True", "true", 1, 1),
    ("assert f(1) == 1", "true", 1, 1),
    ("assert f(1) == true", "true", 0, 1),  # JSON's spelling is no Python
    ("assert f(1) == [1, 2]", "[1, 2]", 1, 1),
    ("assert f(1) == (1, 2)", "[1, 2]", 0, 1),  # a tuple is not a list
    ("assert f(1) == 'ab'", '"ab"', 1, 1),
    ("assert f(1) == ab", '"ab"', 0, 0),
    ("assert f(1) == 3\nassert f(2) == 4", "4", 1, 1),
    ("assert f(1) == 3\nassert f(2) == 4", "3", 0, 0),
    ("  assert f(1) == 3", "3", 0, 1),
    ("So:\nassert f(1) == 3\nDone.", "3", 1, 1),
    (BLOCK.format("assert f(1) == 3"), "3", 1, 1),
    (BLOCK.format("    assert f(1) == 3"), "3", 1, 1),
    (BLOCK.format("# assert no\n  assert f(1) == 3"), "3", 1, 1),
    (BLOCK.format("3"), "3", 1, 1),
    (BLOCK.format("x = 3"), "3", 0, 0),
    ("```\n4\n```\n" + BLOCK.format("3"), "3", 1, 1),  # a block of Python goes first
    ("```\n3\n```\n```\n4\n```", "3", 1, 0),  # the first block, or the last
    ("```python\n3", "3", 0, 1),
    ("3", "3", 0, 1),
    ("The output is\n3", "3", 0, 1),
    ("assert f(1) != 3", "3", 0, 0),
    ("assert f(1)", "3", 0, 0),
    ("assert f(1) == 3, 'no'", "3", 1, 1),
    ("assert f(1) == 1 + 2", "3", 0, 0),  # the official code would compute it
    ("assert f(1) == __import__('os').getpid()", "3", 0, 0),
    ("assert f(1) == [1,", "[1]", 0, 0),
    ("assert 3 == f(1)", "3", 0, 0),
    ("self.assertEqual(f(1), 3)", "3", 0, 1),
    (">>> assert f(1) == 3", "3", 0, 1),
    ("assert f(1) == 3  # since", "3", 1, 1),
    ("assert f(1) == None", "null", 1, 1),
    ("assert f(1) == {'a': 1}", '{"a": 1}', 1, 1),
    ("", "3", 0, 0),
    ("assert f(1) == ''", '""', 1, 1),
    ("assert f(1) == [[1], []]", [[1], []], 1, 1),
    ("assert f(1) == 3", "(3)", 0, 1),  # the gold is JSON
]

CRUX = [
    ("[ANSWER]3[/ANSWER]", "3", 1, 1),
    ("[ANSWER]\n3\n[/ANSWER]", "3", 1, 1),
    ("[ANSWER]assert f(1) == 3[/ANSWER]", "3", 1, 1),
    ("[ANSWER]f(1) == 3[/ANSWER]", "3", 1, 1),
    ("f(1) == 3", "3", 1, 1),
    ("3", "3", 1, 1),
    ("3 [/ANSWER] and 4", "3", 1, 1),
    ("[THOUGHT]x == 2[/THOUGHT][ANSWER]3[/ANSWER]", "3", 1, 1),
    ("x == 2 so\n[ANSWER]f(1) == 3[/ANSWER]", "3", 1, 1),
    ("[ANSWER]4[/ANSWER][ANSWER]3[/ANSWER]", "3", 0, 1),  # the first, or the last
    ("[ANSWER]4[/ANSWER][ANSWER]3[/ANSWER]", "4", 1, 0),
    ("[answer]3[/answer]", "3", 0, 1),
    ("[ANSWER]```3```[/ANSWER]", "3", 0, 1),
    ("[ANSWER]3 # f(1)[/ANSWER]", "3", 0, 1),  # holds the call
    ("[ANSWER]f(1)[/ANSWER]", "3", 0, 0),
    ("[ANSWER]'f(1)'[/ANSWER]", "'f(1)'", 1, 1),
    ("[ANSWER]f(1) == '==='[/ANSWER]", "'==='", 0, 1),
    ("[ANSWER]'a==b'[/ANSWER]", "'a==b'", 0, 1),
    ("[ANSWER]3.0[/ANSWER]", "3", 1, 1),
    ("[ANSWER]True[/ANSWER]", "1", 1, 1),
    ("[ANSWER](1, 2)[/ANSWER]", "[1, 2]", 0, 0),
    ("[ANSWER]1, 2[/ANSWER]", "(1, 2)", 1, 1),
    ("[ANSWER][1,2][/ANSWER]", "[1, 2]", 1, 1),
    ('[ANSWER]"ab"[/ANSWER]', "'ab'", 1, 1),
    ("[ANSWER]ab[/ANSWER]", "'ab'", 0, 0),
    ("[ANSWER]{'a': 1, 'b': 2}[/ANSWER]", "{'b': 2, 'a': 1}", 1, 1),
    ("[ANSWER]{1, 2}[/ANSWER]", "{2, 1}", 1, 1),
    ("[ANSWER]1 + 2[/ANSWER]", "3", 0, 0),
    ("[ANSWER]'a\\nb'[/ANSWER]", "'a\\nb'", 1, 1),
    ("[ANSWER]None[/ANSWER]", "None", 1, 1),
    ("[ANSWER]none[/ANSWER]", "None", 0, 0),
    ("The result is\n3", "3", 0, 1),
    ("[ANSWER][/ANSWER]", "3", 0, 0),
    ("", "3", 0, 0),
    ("[ANSWER]3", "3", 1, 1),
    ("[ANSWER]exit()[/ANSWER]", "None", 0, 0),
    ("[ANSWER]b'ab'[/ANSWER]", "b'ab'", 1, 1),
    ("[ANSWER]'' or 3[/ANSWER]", "3", 0, 0),
]


@both_policies(LCB)
def test_lcb_top(policy, output, gold, score):
    assert scored("lcb_top", policy, output, gold) == score


@both_policies(CRUX)
def test_cruxeval(policy, output, gold, score):
    assert scored("cruxeval", policy, output, gold) == score


def test_a_gold_with_an_equals_sign_is_unfixable_in_cruxeval():
    check = GoldCheck({"kind": "cruxeval", "policy": "official"})
    assert check.verdict("'a==b'") == "unfixable"
    assert check.verdict("'a=b'") == "accepted"
    assert check.verdict("a==b") == "rejected"


@pytest.mark.parametrize(
    "gold", ["3", '"a\\nb"', "[[1, 2], []]", "null", "true", '{"a": [1.5]}', 3]
)
def test_every_json_gold_of_lcb_accepts_itself(gold):
    for policy in ("official", "repaired"):
        assert GoldCheck({"kind": "lcb_top", "policy": policy}).verdict(gold) == "accepted"


@pytest.mark.parametrize("kind", ["lcb_top", "cruxeval"])
@pytest.mark.parametrize(
    "bomb",
    ["[" * 5000, "assert " * 5000, "-" * 9000 + "1", "```\n" * 9000, "== " * 9000, "9" * 9000],
)
def test_bombs_are_answers_like_any_other(kind, bomb):
    for policy in ("official", "repaired"):
        assert scored(kind, policy, bomb, "1") == 0
        assert scored(kind, policy, f"assert f() == {bomb}", "1") == 0

"""Multiple choice: the letter alone, or found where an answer is said."""

import pytest

from coursewright.scoring import GoldCheck, make_scorer
from tests.scoring.tables import both_policies, scored

CASES = [
    ("B", "B", 1, 1),
    ("b", "B", 1, 1),
    ("(B)", "B", 1, 1),
    ("B.", "B", 1, 1),
    ("B)", "B", 1, 1),
    (" B \n", "B", 1, 1),
    ("**B**", "B", 0, 1),
    ("'B'", "B", 1, 1),
    ("$B$", "B", 0, 1),
    ("B", "(B)", 1, 1),
    ("(B)", "(B)", 1, 1),
    ("C", "B", 0, 0),
    ("", "B", 0, 0),
    ("()", "B", 0, 0),
    ("The answer is B.", "B", 0, 1),
    ("The answer is (B).", "B", 0, 1),
    ("Answer: B", "B", 0, 1),
    ("answer : **B**", "B", 0, 1),
    ("**Answer:** B", "B", 0, 1),
    ("The correct answer is option B", "B", 0, 1),
    ("Option B", "B", 0, 1),
    ("\\boxed{B}", "B", 0, 1),
    ("\\boxed{\\text{B}}", "B", 0, 1),
    ("so \\boxed{(B)}.", "B", 0, 1),
    ("B) 6(√3 + √2)", "B", 0, 1),
    ("(B) 6", "B", 0, 1),
    ("B. six", "B", 0, 1),
    ("We add.\nB) 6", "B", 0, 1),
    ("The answer is C. No, the answer is B.", "B", 0, 1),
    ("The answer is B because it is.", "B", 0, 1),
    ("A car drives.", "A", 0, 0),  # an article, not an answer
    ("I think so", "I", 0, 0),
    ("The answer is Berlin", "B", 0, 0),
    ("The answer is a prime number, so it is 7, hence (B).", "A", 0, 0),
    ("The answer is a 3-digit number", "A", 0, 0),
    ("The answer is I think B", "I", 0, 0),
    ("The answer is A because it is.", "A", 0, 1),
    ("the answer is (a) because it is.", "A", 0, 1),
    ("the answer is a.", "A", 0, 1),
    ("Answer: a\nIt is the first.", "A", 0, 1),
    ("The answer is B. It is a prime.", "B", 0, 1),
    ("B or C", "B", 0, 0),
    ("BC", "B", 0, 0),
    ("6", "B", 0, 0),
    ("B", 2, 0, 0),
    ("the answer is b", "B", 0, 1),
]


@both_policies(CASES)
def test_choice(policy, output, gold, score):
    assert scored("choice", policy, output, gold) == score


def test_a_letter_outside_the_options_is_no_answer():
    scorer = make_scorer({"kind": "choice", "letters": "ABCD"})
    assert scorer.readable("D")
    assert not scorer.readable("E")
    assert scorer.score("E. The answer is D", "D") == 1


@pytest.mark.parametrize("gold", ["A", "(F)", "E"])
def test_every_gold_accepts_itself(gold):
    for policy in ("official", "repaired"):
        assert GoldCheck({"kind": "choice", "policy": policy}).verdict(gold) == "accepted"

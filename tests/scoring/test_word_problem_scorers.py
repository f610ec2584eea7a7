"""GSM8K's marked number and SVAMP's tolerance."""

import pytest

from coursewright.scoring import GoldCheck
from tests.scoring.tables import both_policies, scored

GSM8K = [
    ("#### 18", "18", 1, 1),
    ("16 - 7 = 9\n#### 18", "18", 1, 1),
    ("#### 1,800", "1800", 1, 1),
    ("#### 1800", "1,800", 1, 1),
    ("#### 18.", "18", 0, 1),
    ("#### 18.0", "18", 0, 1),
    ("#### 18.00", "18", 0, 1),
    ("####18", "18", 0, 1),
    ("###  18", "18", 0, 1),
    ("#### $18", "18", 0, 1),
    ("#### -18", "-18", 1, 1),
    ("#### −18", "-18", 0, 1),
    ("#### - 18", "-18", 0, 1),
    ("#### 18 dollars", "18", 1, 1),
    ("#### 17\n#### 18", "18", 0, 1),  # the first, or the last
    ("#### 18\n#### 17", "18", 1, 0),
    ("18", "18", 0, 1),
    ("The answer is 18.", "18", 0, 1),
    ("x = 3\n#### 18", "18", 1, 1),
    ("#### eighteen", "18", 0, 0),
    ("####", "18", 0, 0),
    ("", "18", 0, 0),
    ("#### 018", "18", 0, 1),
    ("#### 18", 18, 1, 1),
    ("#### 18", 18.0, 1, 1),
    ("#### 1.5", 1.5, 1, 1),
    ("#### 18", "She has 9 + 9.\n#### 18", 1, 1),
    ("#### 18", " 18", 1, 1),
    ("#### 1,8,0,0", "1800", 1, 0),
    ("#### 18%", "18", 1, 1),
    ("#### \\boxed{18}", "18", 0, 1),
    ("#### 19", "18", 0, 0),
    ("#### 1e3", "1000", 0, 1),
    ("#### -$5", "-5", 0, 1),
    ("#### -€5", "-5", 0, 1),
    ("The loss is -$5", "-5", 0, 1),
    ("The loss is -$5", "5", 0, 0),
    ("The price is 7-$5", "5", 0, 1),
]

SVAMP = [
    ("51", 51, 1, 1),
    ("51.0", 51, 1, 1),
    ("51.1", 51, 1, 1),  # both ends included, on the numbers as written
    ("50.9", 51, 1, 1),
    ("51.11", 51, 0, 0),
    ("76 - 25", 51, 1, 1),
    ("( 76.0 - 25.0 )", 51.0, 1, 1),
    ("76 - 25 = 51", 51, 1, 1),
    ("76 - 25 = 99", 51, 1, 0),  # the equation counts, or its result
    ("76 + 25 = 51", 51, 0, 1),
    ("The answer is 51.", 51, 0, 1),
    ("51 dollars", 51, 0, 1),
    ("$51", 51, 1, 1),
    ("$1,051", 1051, 1, 1),
    ("1,051", 1051, 1, 1),
    ("-51", -51, 1, 1),
    ("−51", -51, 1, 1),
    ("51", -51, 0, 0),
    ("", 0, 0, 0),
    ("0", 0, 1, 1),
    ("0.1", 0, 1, 1),
    ("0.2", 0, 0, 0),
    ("no number", 0, 0, 0),
    ("1 / 3", 0.33, 1, 1),
    ("1 / 0", 0, 0, 1),  # a text with the number 0 last
    ("3 * 4 * 5", 60, 1, 1),
    ("3 x 4", 4, 0, 1),
    ("(((51)))", 51, 1, 1),
    ("51 apples and 3 pears", 3, 0, 1),
    ("fifty-one", 51, 0, 0),
    ("51", "51", 1, 1),
    ("51", "76 - 25", 1, 1),
    ("51", True, 0, 0),
    ("__import__('os')", 0, 0, 0),
]


@both_policies(GSM8K)
def test_gsm8k(policy, output, gold, score):
    assert scored("gsm8k", policy, output, gold) == score


@both_policies(SVAMP)
def test_svamp(policy, output, gold, score):
    assert scored("svamp", policy, output, gold) == score


@pytest.mark.parametrize("kind", ["gsm8k", "svamp"])
@pytest.mark.parametrize("gold", [0, 7, -3, 1.5, 125000, "7", "2,125"])
def test_every_gold_accepts_itself(kind, gold):
    for policy in ("official", "repaired"):
        assert GoldCheck({"kind": kind, "policy": policy}).verdict(gold) == "accepted"

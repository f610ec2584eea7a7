"""FinanceReasoning: Python first, then a cleaned text, within 0.2 %."""

import pytest

from tests.scoring.tables import both_policies, scored

SAY = "So it is. Therefore, the answer is "

CASES = [
    (SAY + "10.", 10, 1, 1),
    (SAY + "10", 10, 1, 1),
    (SAY + "10.02", 10, 1, 1),
    (SAY + "9.98", 10, 1, 1),
    (SAY + "10.021", 10, 0, 0),
    (SAY + "-10", 10, 0, 0),
    (SAY + "1,234", 1234, 0, 1),  # Python reads the pair (1, 234)
    (SAY + "1,234", 1, 1, 0),
    (SAY + "1,050", 1050, 1, 1),  # 050 is no Python, so the commas go
    (SAY + "1,234,567.89", 1234567.89, 0, 1),
    (SAY + "$1,234", 1234, 1, 1),  # the sign is no Python either
    (SAY + "$12.5", 12.5, 1, 1),
    (SAY + "12.5%", 12.5, 1, 1),
    (SAY + "12.5%", 0.125, 0, 0),
    (SAY + "approximately 12.5", 12.5, 1, 1),
    (SAY + "≈ 12.5", 12.5, 1, 1),
    (SAY + "x = 12.5", 12.5, 1, 1),
    (SAY + "3.2 million", 3.2, 1, 1),
    (SAY + "3.2 million", 3_200_000, 0, 1),
    (SAY + "3.2 billion dollars", 3.2e9, 0, 1),
    (SAY + "12.5 years", 12.5, 1, 1),
    (SAY + "12.5 long years", 12.5, 0, 1),
    (SAY + "about 12.5", 12.5, 1, 1),
    (SAY + "100 usd", 100, 1, 1),
    (SAY + "minus 5", 5, 1, 1),  # "us" goes, "min" is a unit
    (SAY + "5 or 6", 5, 1, 1),
    (SAY + "2 * 3", 6, 1, 0),  # Python computes
    (SAY + "(7)", 7, 1, 1),
    (SAY + "[7, 8]", 7, 1, 1),
    (SAY + "10^2", 8, 1, 0),  # exclusive or
    (SAY + "10^2", 100, 0, 1),
    (SAY + "3 x 10^5", 300_000, 0, 1),  # the official code lacks an import
    (SAY + "0", 0, 1, 1),
    (SAY + "0.0001", 0, 0, 0),
    (SAY + "yes", "true", 1, 1),
    (SAY + "Yes.", "True", 1, 1),
    (SAY + "no", "false", 1, 1),
    (SAY + "no", "true", 0, 0),
    (SAY + "yes, since 12% exceeds 10%.", "true", 0, 1),
    (SAY + "no, 12% is less than 15%", "true", 0, 0),
    (SAY + "no, 12% is less than 15%", "false", 0, 1),
    (SAY + "12%", "true", 0, 0),
    (SAY + "yes, 12%", 12, 1, 1),
    (SAY + "True", 1, 1, 0),
    (SAY + "it is false that so", "false", 1, 1),
    (SAY + "None", 0, 0, 0),
    (SAY + "__import__('os').getpid()", 1, 0, 0),
    (SAY + "9**9**9", 1, 0, 0),
    (SAY + "'7'", 7, 0, 1),
    (SAY + "**12.5**", 12.5, 0, 1),
    (SAY + "\\boxed{12.5}", 12.5, 0, 1),
    (SAY + "£12.5", 12.5, 1, 1),
    ("12.5", 12.5, 1, 1),
    ("First 3.\n12.5", 12.5, 1, 1),
    ("We get 12.5 in all", 12.5, 0, 1),
    (SAY + "3. No: therefore, the answer is 4", 4, 1, 1),
    ("It grows to $1.5 \\times 10^3$ in all", 1500, 0, 1),
    ("It grows to $1.5 \\times 10^3$ in all", 10, 0, 0),
    (SAY + "2^{10}", 2, 0, 0),
    ("The loss is -$1,200", -1200, 0, 1),
    ("The loss is -$1,200", 1200, 0, 0),
    (SAY + "-€5.", -5, 1, 1),
    (SAY + "-€5.", 5, 0, 0),
    (SAY + "- €5", -5, 0, 1),
    (SAY + "\\$1,200.50", 1200.5, 1, 1),
    ("", 1, 0, 0),
    (SAY, 1, 0, 0),
    (SAY + "10", "10", 1, 1),
    (SAY + "1234", "1,234", 0, 1),
]


@both_policies(CASES)
def test_financereasoning(policy, output, gold, score):
    assert scored("financereasoning", policy, output, gold) == score


@pytest.mark.parametrize("policy", ["official", "repaired"])
@pytest.mark.parametrize(
    "bomb",
    [
        "9" * 399,
        "9**" * 100 + "9",
        "(" * 399,
        "1," * 199,
        "-" * 399 + "1",
        "1" * 10**5,
        "[" * 10**5,
    ],
)
def test_bombs_are_answers_like_any_other(policy, bomb):
    assert scored("financereasoning", policy, SAY + bomb, 7) == 0

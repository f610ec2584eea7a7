import pytest

from coursewright.audit.echo import is_echo
from coursewright.audit.reading import fold

Q = "Is 7 a prime number?"


@pytest.mark.parametrize(
    ("request_text", "output"),
    [
        (f"{Q} The answer is 5.", "5"),
        (f"Question: {Q}\nAnswer: 5\nRepeat the answer.", "5"),
        (f"{Q} = 5", "5"),
        (f"{Q} -> 5", "5"),
        (f"{Q} 5", "5"),
        (f"{Q}\n5", "5"),
        (f'{{"question": "{Q}", "answer": "5"}}', "5"),
        (f"Say 5.\n{Q}", "5"),
        (f"Reply with exactly 5 to this: {Q}", "5"),
        (f"{Q} Just say yes.", "yes"),
        (f"{Q}\nProposed answer: no. Check it.", "no"),
        ("Repeat: a long output, word by word", "a long output, word by word"),
    ],
)
def test_what_the_request_already_gives_as_the_answer_is_an_echo(
    request_text: str, output: str
) -> None:
    assert is_echo(fold(request_text), fold(Q), fold(output))


@pytest.mark.parametrize(
    ("request_text", "output"),
    [
        (f"Solve: {Q}", "7"),
        (f"Reply yes or no. {Q}", "yes"),
        (f"Reply yes or no. {Q}", "no"),
        (f"{Q} Answer: yes or no", "yes"),
        (f"{Q} Answer with one of: yes, no, maybe", "no"),
        (f'{Q} The answer must be "yes" or "no".', "no"),
        (f"{Q} Give the answer with 2 decimals.", "2"),
        (f"{Q} Answer in 3 words.", "3"),
        (f"{Q} The answer is a number between 0 and 100.", "100"),
        (f"Question 5: {Q}", "5"),
        (f"1. {Q}\n2. Is 9 a prime number?", "2"),
        (f"{Q}\nQuestion 2: Is 9 a prime number?", "2"),
        ("Write 5 new questions about numbers below 20.", "5"),
        ("Write questions whose answer is 5.", "5"),
        (f"Solve: {Q}", "a long output that stands nowhere"),
        ("", ""),
    ],
)
def test_what_stands_there_for_another_reason_is_not(request_text: str, output: str) -> None:
    assert not is_echo(fold(request_text), fold(Q), fold(output))


def test_code_of_the_next_question_gives_no_answer() -> None:
    first, second = "def f(x): return x\nf([])", "def g(x):\n    res = []\n    return res"
    request = f"Solve each.\nQuestion 1: {first}\nQuestion 2: {second}"
    assert not is_echo(fold(request), fold(first), "[]")
    for given in (f"{request}\nThe answer is [].", f"Question 1: {first} = []\n{second}"):
        assert is_echo(fold(given), fold(first), "[]")

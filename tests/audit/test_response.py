"""Reading one response costs what its length costs, whatever a hostile upstream repeats in it."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from coursewright.audit.response import Evidence

QUESTION = "how many apples are there"


@pytest.mark.parametrize(
    "response",
    [
        json.dumps({"question": QUESTION, "answer": "1 " * 20_000 + "x"}),
        f"{QUESTION}? " * 2_000,
    ],
)
def test_what_is_repeated_in_a_response_is_not_copied_as_often(response: str) -> None:
    evidence = Evidence.of("ask", response)
    tracemalloc.start()
    try:
        evidence.holds(QUESTION, "1")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * len(response)


def test_a_question_said_twice_has_the_answer_that_follows_it_the_second_time() -> None:
    evidence = Evidence.of("ask", f"You ask: {QUESTION}?\nSo: {QUESTION}? There are 12.")
    assert evidence.holds(QUESTION, "There are 12.".lower().rstrip(".")) is None

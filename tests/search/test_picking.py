"""Rounds of a history that are looked at."""

from __future__ import annotations

from coursewright.search import first_middle_last


def test_first_middle_and_last_are_each_taken_once() -> None:
    assert first_middle_last([]) == []
    assert first_middle_last("a") == [("first", "a")]
    assert first_middle_last("ab") == [("first", "a"), ("last", "b")]
    assert first_middle_last("abcde") == [("first", "a"), ("middle", "c"), ("last", "e")]

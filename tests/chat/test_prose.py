"""JSON is found amid prose, in order, and hostile texts cost no more than friendly ones."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from coursewright.chat import json_values

PROSE = st.text(alphabet="ab ,.:\n", max_size=20)
VALUES = st.lists(
    st.lists(st.integers(), max_size=3) | st.dictionaries(st.text(max_size=3), st.none()),
    max_size=4,
)


@given(VALUES, PROSE)
def test_every_outermost_value_is_found_in_order(values: list[object], prose: str) -> None:
    text = prose.join(["", *map(json.dumps, values), ""])
    assert list(json_values(text)) == values


@given(st.text(alphabet='{}[]":,a1 \\', max_size=200))
def test_any_text_ends(text: str) -> None:
    assert len(list(json_values(text))) <= len(text)


def test_what_stands_behind_a_broken_beginning_is_found() -> None:
    assert list(json_values('{"a": [1], ')) == [[1]]


def test_a_text_of_nothing_but_brackets_is_given_up() -> None:
    assert list(json_values("[" * 50 + "[1]", most=10)) == []
    assert list(json_values("{" * 5 + "[1]", most=10)) == [[1]]


def test_a_line_break_inside_a_text_is_read() -> None:
    assert list(json_values('so: {"a": "one\ntwo"}')) == [{"a": "one\ntwo"}]

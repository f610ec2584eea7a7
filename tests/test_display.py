"""What models wrote reaches a terminal as text only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.display import Plain, printable


@given(st.text())
def test_nothing_printed_can_move_a_cursor(text: str) -> None:
    assert all(char.isprintable() or char in "\n\t" for char in printable(text))


def test_plain_lines_tell_stage_and_result(capsys: pytest.CaptureFixture[str]) -> None:
    display = Plain()
    display.start("train", 10)
    display.advance(5)
    display.finish("12.0%")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("  train: done in")
    assert printed.err.endswith("12.0%\n")

"""What models wrote reaches a terminal as text only."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.display import Live, Plain, printable


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


def test_stages_side_by_side_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    display = Plain()
    both = threading.Barrier(2)

    def train(number: int) -> None:
        with display.beside(f"round {number}"):
            display.start("train")
            both.wait(20)
            display.finish(f"loss {number}")

    threads = [threading.Thread(target=train, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = sorted(capsys.readouterr().err.splitlines())
    assert [line.split(":")[0] for line in lines] == ["  round 1, train", "  round 2, train"]
    assert [line.rpartition(" ")[2] for line in lines] == ["1", "2"]


def test_a_thread_that_ends_leaves_the_bars_of_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    display = Live()
    display.start("train", 10)

    def other() -> None:
        with display.beside("round 2"):
            display.start("answer", 5)
            display.advance(5)
            display.finish("90.0%")

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    display.advance(10, "loss 0.1")
    display.finish("loss 0.1")
    shown = capsys.readouterr().err
    assert "round 2, answer" in shown
    assert "loss 0.1" in shown

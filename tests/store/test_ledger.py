"""The ledger remembers what was paid for, and says so after any crash."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from coursewright.errors import RunFolderError
from coursewright.store.ledger import MAX_TEXT, Ledger, Totals

REQUEST = json.dumps({"messages": [{"role": "user", "content": "write one"}], "model": "m"})


def reserve(ledger: Ledger, key: str, round_number: int = 0, tokens: int = 100) -> int:
    return ledger.reserve(
        key, "digest", REQUEST, occurrence=0, round_number=round_number, tokens=tokens
    )


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger(tmp_path / "calls.sqlite") as opened:
        yield opened


def test_settled_call_is_found_with_request_response_and_round(ledger: Ledger):
    ledger.settle(reserve(ledger, "k", 3), "answer", prompt_tokens=4, completion_tokens=5)
    call = ledger.lookup("k")
    assert call is not None
    assert (call.response, call.round, call.messages) == ("answer", 3, ("write one",))
    assert ledger.lookup("other") is None


def test_reservation_is_charged_at_its_most_until_it_is_settled(ledger: Ledger):
    call = reserve(ledger, "k", tokens=100)
    assert ledger.totals().tokens == 100
    assert ledger.lookup("k") is None
    ledger.settle(call, "a", prompt_tokens=1, completion_tokens=2)
    assert ledger.totals() == Totals(
        calls=1, tokens=3, prompt_tokens=1, completion_tokens=2, cap_tokens=3
    )


def test_failed_call_stays_charged(ledger: Ledger):
    ledger.fail(reserve(ledger, "k"), "overloaded")
    assert ledger.totals().cap_calls == 1
    assert ledger.totals().failed == 1


def test_released_call_is_not_charged(ledger: Ledger):
    ledger.release(reserve(ledger, "k"))
    assert ledger.totals() == Totals()


def test_call_of_unknown_outcome_is_charged_to_the_run_and_not_to_the_round(ledger: Ledger):
    reserve(ledger, "k", 1)
    assert ledger.lose_open() == 1
    mine = ledger.totals(1)
    assert (mine.calls, mine.cap_calls, mine.tokens, mine.cap_tokens) == (1, 0, 100, 0)
    again = reserve(ledger, "k", 1)
    ledger.settle(again, "second try", prompt_tokens=1, completion_tokens=1)
    assert ledger.totals(1).calls == 2
    assert ledger.totals(1).cap_calls == 1


def test_hits_name_every_round_a_response_was_served_to(ledger: Ledger):
    ledger.settle(reserve(ledger, "k", 0), "a", prompt_tokens=1, completion_tokens=1)
    ledger.hit("k", 2)
    ledger.hit("k", 2)
    call = ledger.lookup("k")
    assert call is not None
    assert call.rounds == (0, 2)
    assert ledger.totals(2) == Totals(cached=2)


def test_group_is_all_or_nothing(ledger: Ledger):
    def step() -> None:
        with ledger.group():
            reserve(ledger, "k")
            ledger.fail(999, "no such call")

    with pytest.raises(ValueError, match="not reserved"):
        step()
    assert ledger.totals() == Totals()


def test_call_cannot_be_settled_twice(ledger: Ledger):
    call = reserve(ledger, "k")
    ledger.settle(call, "a", prompt_tokens=0, completion_tokens=0)
    with pytest.raises(ValueError, match="not reserved"):
        ledger.settle(call, "b", prompt_tokens=0, completion_tokens=0)


def test_calls_come_in_the_order_they_were_made(ledger: Ledger):
    for key, number in (("b", 0), ("a", 1), ("c", 0)):
        ledger.settle(reserve(ledger, key, number), key, prompt_tokens=0, completion_tokens=0)
    assert [call.key for call in ledger.calls()] == ["b", "a", "c"]
    assert [call.key for call in ledger.calls(0)] == ["b", "c"]


def test_oversized_texts_are_refused(ledger: Ledger):
    with pytest.raises(ValueError, match="characters"):
        ledger.reserve("k", "d", "x" * (MAX_TEXT + 1), occurrence=0, round_number=0, tokens=1)
    call = reserve(ledger, "k")
    with pytest.raises(ValueError, match="characters"):
        ledger.settle(call, "x" * (MAX_TEXT + 1), prompt_tokens=0, completion_tokens=0)


def fill(ledger: Ledger) -> None:
    for number in range(1000):
        call = reserve(ledger, str(number))
        ledger.settle(call, "x" * 10_000, prompt_tokens=0, completion_tokens=0)


def test_file_does_not_outgrow_its_bound(tmp_path: Path):
    with Ledger(tmp_path / "calls.sqlite", max_bytes=400_000) as small:
        with pytest.raises(sqlite3.OperationalError, match="full"):
            fill(small)
        assert small.totals().calls > 0
    assert (tmp_path / "calls.sqlite").stat().st_size <= 400_000


def test_reader_sees_what_the_writer_committed_and_cannot_write(ledger: Ledger):
    ledger.settle(reserve(ledger, "k"), "a", prompt_tokens=0, completion_tokens=0)
    with Ledger.read_only(ledger.path) as reader:
        assert reader.lookup("k") is not None
        with pytest.raises(sqlite3.OperationalError):
            reserve(reader, "other")


def test_closed_ledger_is_read_where_nothing_can_be_written(tmp_path: Path):
    path = tmp_path / "run" / "calls.sqlite"
    path.parent.mkdir()
    with Ledger(path) as ledger:
        ledger.settle(reserve(ledger, "k"), "a", prompt_tokens=0, completion_tokens=0)
    path.parent.chmod(0o555)
    try:
        with Ledger.read_only(path) as reader:
            assert reader.lookup("k") is not None
    finally:
        path.parent.chmod(0o755)


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read", b""])
def test_other_files_are_no_ledger(tmp_path: Path, content: bytes):
    path = tmp_path / "calls.sqlite"
    path.write_bytes(content)
    with pytest.raises(RunFolderError, match="ledger"):
        Ledger.read_only(path)


def test_missing_ledger_is_not_made_by_a_reader(tmp_path: Path):
    with pytest.raises(RunFolderError):
        Ledger.read_only(tmp_path / "calls.sqlite")
    assert not list(tmp_path.iterdir())


def test_ledger_of_another_version_is_refused(tmp_path: Path):
    path = tmp_path / "calls.sqlite"
    Ledger(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(RunFolderError, match="version 99"):
        Ledger(path)
    with pytest.raises(RunFolderError, match="version 99"):
        Ledger.read_only(path)


def test_what_was_reserved_survives_a_kill(tmp_path: Path):
    path = tmp_path / "calls.sqlite"
    program = f"""
        from pathlib import Path
        from coursewright.store.ledger import Ledger
        ledger = Ledger(Path({str(path)!r}))
        while True:
            ledger.reserve("k", "d", "{{}}", occurrence=0, round_number=0, tokens=1)
            print("reserved", flush=True)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    told = sum(1 for _ in zip(range(50), child.stdout, strict=False))
    os.kill(child.pid, signal.SIGKILL)
    told += len(child.stdout.readlines())
    child.wait()
    child.stdout.close()
    with Ledger(path) as ledger:
        assert ledger.totals().calls >= told >= 50


def test_a_ledger_of_the_first_version_is_read_and_goes_on(tmp_path: Path):
    path = tmp_path / "old.sqlite"
    with Ledger(path) as ledger:
        ledger.settle(reserve(ledger, "k"), "a", prompt_tokens=1, completion_tokens=2)
    with sqlite3.connect(path) as old:
        old.executescript(
            "ALTER TABLE calls DROP COLUMN cost; ALTER TABLE calls DROP COLUMN estimated;"
            "ALTER TABLE calls DROP COLUMN shared;"
            "PRAGMA user_version = 1;"
        )
    old.close()
    for opened in (Ledger.read_only(path), Ledger(path), Ledger.read_only(path)):
        with opened as ledger:
            call = ledger.lookup("k")
            assert call is not None
            assert (call.response, call.cost, call.estimated) == ("a", None, False)
            assert (ledger.totals().unpriced, ledger.totals().cost) == (1, 0)


def test_a_ledger_of_the_second_version_is_read_and_goes_on(tmp_path: Path):
    path = tmp_path / "old.sqlite"
    with Ledger(path) as ledger:
        ledger.settle(reserve(ledger, "k"), "a", prompt_tokens=1, completion_tokens=2, cost=5)
    with sqlite3.connect(path) as old:
        old.executescript("ALTER TABLE calls DROP COLUMN shared; PRAGMA user_version = 2;")
    old.close()
    for opened in (Ledger.read_only(path), Ledger(path), Ledger.read_only(path)):
        with opened as ledger:
            assert (ledger.totals().cost, ledger.totals().shared) == (5, 0)


def test_money_is_charged_at_its_most_until_it_is_settled_and_sums_stay_exact(ledger: Ledger):
    for number in range(100):
        call = ledger.reserve(
            f"k{number}", "d", REQUEST, occurrence=0, round_number=0, tokens=9, cost=900
        )
        assert ledger.totals().cost == 333 * number + 900
        ledger.settle(
            call, "a", prompt_tokens=1, completion_tokens=1, cost=333, estimated=number % 2 == 0
        )
    assert (ledger.totals().cost, ledger.totals().estimated) == (33_300, 50)


def test_an_answer_of_no_use_is_charged_at_what_it_cost(ledger: Ledger):
    ledger.discard(reserve(ledger, "k"), "not JSON", prompt_tokens=2, completion_tokens=3, cost=7)
    assert ledger.lookup("k") is None
    totals = ledger.totals()
    assert (totals.failed, totals.tokens, totals.cost) == (1, 5, 7)

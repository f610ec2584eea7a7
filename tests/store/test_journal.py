import math
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coursewright.errors import Interrupted, RunFolderError, StageFailed, StorageError
from coursewright.records import BadCase, Feedback, Training
from coursewright.store import RunJournal, read_stages
from coursewright.store.journal import read_events, read_seconds
from tests.store.builders import training


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def counted() -> tuple[list[int], Callable[[], Training]]:
    calls: list[int] = []

    def produce() -> Training:
        calls.append(1)
        return training()

    return calls, produce


def test_a_finished_stage_is_replayed_in_later_sessions(path: Path) -> None:
    calls, produce = counted()
    for _ in range(3):
        with RunJournal(path, "context") as journal:
            assert journal.stage("train", {"rows": "x"}, produce, Training) == training()
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("kind", "inputs", "context", "code"),
    [
        ("evaluate", {"rows": "x"}, "context", "1"),
        ("train", {"rows": "y"}, "context", "1"),
        ("train", {"rows": "x"}, "other", "1"),
        ("train", {"rows": "x"}, "context", "2"),
    ],
)
def test_kind_inputs_context_and_code_each_decide(
    path: Path, kind: str, inputs: dict[str, str], context: str, code: str
) -> None:
    calls, produce = counted()
    with RunJournal(path, "context", "1") as journal:
        journal.stage("train", {"rows": "x"}, produce, Training)
    with RunJournal(path, context, code) as journal:
        journal.stage(kind, inputs, produce, Training)
    assert len(calls) == 2


def test_an_error_leaves_no_trace_and_the_stage_is_done_again(path: Path) -> None:
    def lost() -> Training:
        raise Interrupted("helper lost")

    calls, produce = counted()
    with RunJournal(path, "c") as journal:
        with pytest.raises(Interrupted):
            journal.stage("train", {}, lost, Training)
        journal.stage("train", {}, produce, Training)
    assert len(calls) == 1


def test_a_failed_stage_fails_again_without_being_done_again(path: Path) -> None:
    calls = []

    def fail() -> Training:
        calls.append(1)
        raise StageFailed("no rows", kind="too few valid rows", stage="train")

    for _ in range(2):
        with (
            RunJournal(path, "c") as journal,
            pytest.raises(StageFailed, match="no rows") as caught,
        ):
            journal.stage("train", {}, fail, Training)
        assert (caught.value.kind, caught.value.stage) == ("too few valid rows", "train")
    assert len(calls) == 1


def test_the_first_return_equals_every_replay(path: Path) -> None:
    # A tuple in a field of any type comes back from JSON as a list; so it must at once.
    feedback = Feedback(
        text="é\n", bad_cases=(BadCase(id="1", topic=None, question="q", gold=(1, 2), answer=""),)
    )
    with RunJournal(path, "c") as journal:
        first = journal.stage("feedback", {}, lambda: feedback, Feedback)
        again = journal.stage("feedback", {}, lambda: feedback, Feedback)
        assert first == again
        assert first.bad_cases[0].gold == [1, 2]
        lost = journal.stage("train", {}, lambda: training(loss=math.nan), Training)
        assert math.isnan(lost.loss)
        assert math.isnan(journal.stage("train", {}, lambda: training(), Training).loss)


def test_stages_inside_one_another_count_their_own_time(path: Path) -> None:
    with RunJournal(path, "c") as journal:

        def outer() -> Training:
            time.sleep(0.1)
            return journal.stage("inner", {}, inner, Training)

        def inner() -> Training:
            time.sleep(0.2)
            return training()

        journal.stage("outer", {}, outer, Training)
        seconds = journal.seconds()
    assert 0.09 < seconds["outer"] < 0.19
    assert 0.19 < seconds["inner"] < 0.29
    assert seconds["total"] >= seconds["outer"] + seconds["inner"]


def test_stages_of_several_threads_share_the_wall_time_out(path: Path) -> None:
    meeting = threading.Barrier(2)

    def produce() -> Training:
        meeting.wait(20)
        time.sleep(0.2)
        return training()

    with RunJournal(path, "context") as journal:
        threads = [
            threading.Thread(target=journal.stage, args=("train", {"n": n}, produce, Training))
            for n in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = journal.seconds()
    assert seconds["train"] <= seconds["total"]
    assert all(row["seconds"] >= 0.2 for row in read_stages(path))


def test_two_threads_that_want_the_same_stage_make_it_once(path: Path) -> None:
    calls, produce = counted()
    begun = threading.Barrier(2)
    found: list[Training] = []

    def slowly() -> Training:
        time.sleep(0.1)
        return produce()

    with RunJournal(path, "context") as journal:

        def want() -> None:
            begun.wait(20)
            found.append(journal.stage("train", {"rows": "x"}, slowly, Training))

        threads = [threading.Thread(target=want) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(calls) == 1
    assert found == [training(), training()]


def test_elapsed_goes_on_in_the_next_session(path: Path) -> None:
    with RunJournal(path, "c") as journal:
        time.sleep(0.15)
        first = journal.elapsed()
        assert first >= 0.15
    time.sleep(0.3)
    with RunJournal(path, "c") as journal:
        assert first <= journal.elapsed() < first + 0.25
    assert read_seconds(path)["total"] >= first
    assert sum("began" in line for line in read_events(path)) == 2


def test_a_wrong_wall_clock_changes_no_account(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: -1e9)
    with RunJournal(path, "c") as journal:
        assert 0 <= journal.elapsed() < 1


VICTIM = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from coursewright.records import Training
from coursewright.store import RunJournal
from tests.store.builders import training

done = Path(sys.argv[2])
with RunJournal(Path(sys.argv[1]), "c") as journal:
    print("ready", flush=True)
    for number in range(150):
        def produce():
            time.sleep(0.001)
            with done.open("a") as log:
                log.write(f"{number}\\n")
            return training(loss=float(number))
        assert journal.stage("train", {"n": number}, produce, Training).loss == number
    print("finished", flush=True)
"""


def test_kill_9_at_random_moments_loses_at_most_the_open_stage(path: Path, tmp_path: Path) -> None:
    log = tmp_path / "done.log"
    rng = random.Random(0)
    kills = 0
    while True:
        victim = subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(path), str(log), str(Path.cwd())],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert victim.stdout is not None
        assert victim.stdout.readline() == "ready\n"
        if kills < 5:
            time.sleep(rng.uniform(0, 0.1))
            victim.send_signal(signal.SIGKILL)
            kills += 1
        finished = victim.stdout.read() == "finished\n"
        victim.wait()
        victim.stdout.close()
        if finished:
            break
    produced = [int(line) for line in log.read_text().split()]
    # In order, all there, and each kill repeats no more than the one stage it interrupted.
    assert sorted(set(produced)) == list(range(150))
    assert len(produced) - 150 <= kills
    assert [row["failed"] for row in read_stages(path)] == [0] * 150


def test_a_kill_loses_at_most_a_second_of_account(path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom coursewright.store import RunJournal\n"
        "from tests.store.builders import training\n"
        "journal = RunJournal(Path(sys.argv[1]), 'c')\nprint('ready', flush=True)\n"
        "journal.stage('train', {}, lambda: time.sleep(60), object)\n"
    )
    victim = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert victim.stdout is not None
    victim.stdout.readline()
    time.sleep(1.6)
    victim.kill()
    victim.wait()
    victim.stdout.close()
    seconds = read_seconds(path)
    assert seconds["total"] >= 0.5
    assert seconds["train"] >= 0.5


def test_stages_of_another_run_are_found_by_content(path: Path, tmp_path: Path) -> None:
    calls, produce = counted()
    with RunJournal(path, "one config") as journal:
        journal.stage("train", {"rows": "x"}, produce, Training)
        journal.stage("propose", {"round": 0}, produce, Training)
    with RunJournal(tmp_path / "other.sqlite", "another config") as journal:
        assert len(journal.copy_stages(path, {"train"})) == 1
        journal.stage("train", {"rows": "x"}, produce, Training)
        assert len(calls) == 2
        journal.stage("propose", {"round": 0}, produce, Training)
        assert len(calls) == 3


def test_a_foreign_format_and_a_damaged_file_are_refused(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(RunFolderError, match="format 99"):
        RunJournal(path, "c")
    path.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(RunFolderError, match="damaged"):
        RunJournal(path, "c")
    with pytest.raises(RunFolderError, match="no journal"):
        read_seconds(path.with_name("nothing"))


def test_a_record_that_no_longer_fits_is_told(path: Path) -> None:
    with RunJournal(path, "c") as journal:
        journal.stage("train", {}, training, Training)
        with pytest.raises(RunFolderError, match="cannot be read"):
            journal.stage("train", {}, lambda: Feedback(text=""), Feedback)


def test_a_full_disk_is_one_line_and_the_stage_is_not_half_recorded(path: Path) -> None:
    with RunJournal(path, "c") as journal:
        pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
        journal._database.execute(f"PRAGMA max_page_count = {pages}")
        big = Feedback(text="x" * 1_000_000)
        with pytest.raises(StorageError, match="no space left"):
            journal.stage("feedback", {}, lambda: big, Feedback)
        journal._database.execute("PRAGMA max_page_count = 1000000")
        assert journal.stage("feedback", {}, lambda: big, Feedback) == big


def test_readers_work_beside_the_writer_and_in_a_copy(path: Path, tmp_path: Path) -> None:
    with RunJournal(path, "c") as journal:
        journal.stage("train", {}, training, Training)
        journal.note("hello")
        assert [row["kind"] for row in read_stages(path)] == ["train"]
        assert read_events(path)[-1].endswith("hello")
        assert journal.events() == read_events(path)
    shutil.copyfile(path, tmp_path / "copy.sqlite")
    assert len(read_stages(tmp_path / "copy.sqlite")) == 1

"""What one run's student learned and answered is found by another's."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from coursewright.display import Silent
from coursewright.errors import Interrupted
from coursewright.records import Training
from coursewright.store import Artifacts, SharedAnswers
from coursewright.store import shared as module
from coursewright.student import SharedStudent


class Counted:
    """A student that says how often it was asked and trained."""

    name = "counted"

    def __init__(self, store: Artifacts, fingerprint: str = "one") -> None:
        self.asked, self.trained, self._fingerprint = 0, 0, fingerprint
        self._store, self.at_once, self._busy = store, 0, 0

    def fingerprint(self) -> str:
        return self._fingerprint

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        self.asked += 1
        return [f"{weights} {self._fingerprint} {prompt}" for prompt in prompts]

    def train(self, rows: str, seed: int) -> Training:
        self.trained += 1
        folder = self._store.folder.parent / f"checkpoint-{threading.get_ident()}"
        folder.mkdir(exist_ok=True)
        (folder / "model").write_text(f"{self._fingerprint} {rows} {seed}")
        weights = self._store.put_folder(folder)
        return Training(
            weights=weights, seed=seed, rows=1, steps=1, supervised_tokens=1, loss=0.5, seconds=7
        )


class Run:
    """A run's artifacts and its student, before and behind the shared folder."""

    def __init__(self, place: Path, shared: SharedAnswers, fingerprint: str = "one") -> None:
        (place / "artifacts").mkdir(parents=True)
        self.store = Artifacts(place / "artifacts")
        self.own = Counted(self.store, fingerprint)
        self.student = SharedStudent(cast(Any, self.own), shared, self.store, Silent())


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedAnswers]:
    with SharedAnswers(tmp_path / "shared") as answers:
        yield answers


def test_the_same_prompts_are_asked_once(tmp_path: Path, shared: SharedAnswers) -> None:
    first, second = Run(tmp_path / "a", shared), Run(tmp_path / "b", shared)
    for weights in (None, "w"):
        told = first.student.answer(weights, ["a", "b"])
        assert second.student.answer(weights, ["a", "b"]) == told
    assert (first.own.asked, second.own.asked) == (2, 0)


def test_other_prompts_students_and_weights_are_asked_for_themselves(
    tmp_path: Path, shared: SharedAnswers
) -> None:
    Run(tmp_path / "a", shared).student.answer(None, ["a", "b"])
    again, other = Run(tmp_path / "b", shared), Run(tmp_path / "c", shared, "two")
    assert again.student.answer(None, ["b", "a"]) == ["None one b", "None one a"]
    assert other.student.answer(None, ["a", "b"]) == ["None two a", "None two b"]
    assert again.student.answer("w", ["a", "b"]) == ["w one a", "w one b"]


def test_the_same_training_is_done_once_and_its_students_are_equal(
    tmp_path: Path, shared: SharedAnswers
) -> None:
    first, second = Run(tmp_path / "a", shared), Run(tmp_path / "b", shared)
    made, found = first.student.train("rows", 3), second.student.train("rows", 3)
    assert second.own.trained == 0
    assert (made.shared, found.shared) == (False, True)
    assert found.model_copy(update={"shared": False}) == made
    second.store.checkout(found.weights, tmp_path / "student")
    assert (tmp_path / "student" / "model").read_text() == "one rows 3"


@pytest.mark.parametrize(
    ("rows", "seed", "fingerprint"),
    [("other", 3, "one"), ("rows", 4, "one"), ("rows", 3, "two")],
)
def test_other_rows_seeds_and_students_are_trained(
    tmp_path: Path, shared: SharedAnswers, rows: str, seed: int, fingerprint: str
) -> None:
    Run(tmp_path / "a", shared).student.train("rows", 3)
    other = Run(tmp_path / "b", shared, fingerprint)
    other.student.train(rows, seed)
    assert other.own.trained == 1


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_a_student_that_was_lost_is_trained_again(
    tmp_path: Path, shared: SharedAnswers, harm: str
) -> None:
    made = Run(tmp_path / "a", shared).student.train("rows", 3)
    for kept in shared.students.folder.iterdir():
        if harm == "gone":
            kept.unlink()
        else:
            kept.chmod(0o644)
            kept.write_bytes(b"something else")
    other = Run(tmp_path / "b", shared)
    assert other.student.train("rows", 3) == made
    assert other.own.trained == 1


@pytest.mark.parametrize("bound", ["MAX_STUDENT", "MAX_BYTES"])
def test_a_student_that_is_too_large_is_not_kept(
    tmp_path: Path, shared: SharedAnswers, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(module, bound, 5)
    Run(tmp_path / "a", shared).student.train("rows", 3)
    other = Run(tmp_path / "b", shared)
    other.student.train("rows", 3)
    assert other.own.trained == 1


def test_two_runs_at_the_same_training_do_it_once(tmp_path: Path, shared: SharedAnswers) -> None:
    first, second = Run(tmp_path / "a", shared), Run(tmp_path / "b", shared)
    begun, go_on, found = threading.Event(), threading.Event(), []
    train = first.own.train

    def slowly(rows: str, seed: int) -> Training:
        begun.set()
        go_on.wait(10)
        return train(rows, seed)

    first.own.train = slowly  # type: ignore[method-assign]
    threads = [threading.Thread(target=lambda: found.append(first.student.train("rows", 3)))]
    threads[0].start()
    assert begun.wait(10)
    threads.append(threading.Thread(target=lambda: found.append(second.student.train("rows", 3))))
    threads[1].start()
    threads[1].join(0.3)
    assert threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert [done.weights for done in found] == [found[0].weights] * 2
    assert second.own.trained == 0


def test_a_student_that_is_closed_waits_for_nobody(tmp_path: Path, shared: SharedAnswers) -> None:
    first, second = Run(tmp_path / "a", shared), Run(tmp_path / "b", shared)
    begun, go_on = threading.Event(), threading.Event()

    def slowly(rows: str, seed: int) -> Training:
        begun.set()
        go_on.wait(20)
        raise Interrupted("enough")

    first.own.train = slowly  # type: ignore[method-assign]
    second.own.close = lambda: None  # type: ignore[attr-defined]
    with ThreadPoolExecutor(2) as threads:
        training = threads.submit(first.student.train, "rows", 3)
        assert begun.wait(10)
        waiting = threads.submit(second.student.train, "rows", 3)
        second.student.close()
        with pytest.raises(Interrupted, match="closed"):
            waiting.result(10)
        go_on.set()
        with pytest.raises(Interrupted, match="enough"):
            training.result(10)

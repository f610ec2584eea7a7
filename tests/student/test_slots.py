"""Workers that several threads borrow: none is lent twice, and none is lost."""

from __future__ import annotations

import os
import signal
import stat
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from coursewright.config import (
    EmbeddedStudent,
    HuggingFaceStudent,
    LocalExecutor,
    Recipe,
    StudyRecipe,
)
from coursewright.display import Silent
from coursewright.errors import ConfigError, Interrupted, StageFailed
from coursewright.student import LocalStudent, link, memory, slots
from coursewright.student.slots import LocalSlots, places

WORKER = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "fail":
        said = {"event": "error", "kind": "stage", "stage": "train", "message": "no"}
    else:
        print(json.dumps({"event": "progress", "done": 1, "total": 1}), flush=True)
        time.sleep(asked.get("seconds", 0))
        said = {"event": "result", "result": {"pid": os.getpid(), "asked": asked}}
    print(json.dumps(said), flush=True)
"""
"""Speaks the protocol of a worker, and does nothing."""


@pytest.fixture
def opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[int], LocalSlots]]:
    """Opens slots whose workers are the script above; it gets the worker's own arguments."""
    (tmp_path / "fake.py").write_text(textwrap.dedent(WORKER))
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -I {tmp_path}/fake.py\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(link.sys, "executable", str(program))
    made: list[LocalSlots] = []

    def open_slots(count: int) -> LocalSlots:
        made.append(LocalSlots(LocalExecutor(slots=count), threads=1, device="cpu", gpus=[0]))
        return made[-1]

    yield open_slots
    for one in made:
        one.close()


def test_every_request_has_a_worker_to_itself(opened: Callable[[int], LocalSlots]) -> None:
    executor, heard = opened(3), threading.Lock()
    busy: set[int] = set()
    most = 0

    def ask(number: int) -> int:
        mine: list[int] = []

        def listen(_event: dict[str, Any]) -> None:
            nonlocal most
            with heard:
                mine.append(number)
                busy.add(number)
                most = max(most, len(busy))

        result = executor.ask({"do": "train", "seconds": 0.05, "number": number}, listen)
        with heard:
            busy.discard(number)
        assert mine == [number], "progress came to somebody else"
        return int(result["asked"]["number"])

    with ThreadPoolExecutor(9) as threads:
        assert list(threads.map(ask, range(18))) == list(range(18))
    assert most <= 3
    assert len(set(executor.pids)) == 3


def test_workers_are_started_when_they_are_needed_and_one_ahead(
    opened: Callable[[int], LocalSlots],
) -> None:
    executor = opened(4)
    assert executor.pids == []
    executor.start()
    (first,) = executor.pids
    assert [executor.ask({"do": "train"})["pid"] for _ in range(3)] == [first] * 3
    assert len(executor.pids) == 2


def test_a_request_goes_to_the_worker_that_has_its_model(
    opened: Callable[[int], LocalSlots],
) -> None:
    executor = opened(2)

    def answer(weights: str, seconds: float = 0) -> int:
        asked = {"do": "answer", "base": "b", "weights": weights, "seconds": seconds}
        return int(executor.ask(asked)["pid"])

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda weights: answer(weights, 0.3), ("first", "second"))
    assert one != other
    assert [answer(weights) for weights in ("second", "first", "second")] == [other, one, other]


def test_a_refused_request_leaves_its_worker_free(opened: Callable[[int], LocalSlots]) -> None:
    executor = opened(1)
    for _ in range(3):
        with pytest.raises(StageFailed, match="no"):
            executor.ask({"do": "fail"})
    (worker,) = executor.pids
    assert executor.ask({"do": "train"})["pid"] == worker


def test_a_listener_that_fails_costs_the_worker_and_mixes_up_nothing(
    opened: Callable[[int], LocalSlots],
) -> None:
    executor = opened(1)

    def fail(_event: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        executor.ask({"do": "train", "number": 1}, fail)
    assert executor.ask({"do": "train", "number": 2})["asked"]["number"] == 2


def test_a_killed_worker_costs_its_request_alone(opened: Callable[[int], LocalSlots]) -> None:
    executor = opened(2)
    started = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        doomed = threads.submit(
            executor.ask, {"do": "train", "seconds": 0.3, "number": 1}, lambda _: started.set()
        )
        assert started.wait(10)
        victim = executor.pids[0]
        other = threads.submit(executor.ask, {"do": "train", "seconds": 0.3, "number": 2})
        os.kill(victim, signal.SIGKILL)
        assert doomed.result()["asked"]["number"] == 1
        assert doomed.result()["pid"] != victim
        assert other.result()["asked"]["number"] == 2


def test_closing_ends_all_workers_and_whoever_asks_or_waits(
    opened: Callable[[int], LocalSlots],
) -> None:
    executor, started = opened(1), threading.Event()
    with ThreadPoolExecutor(2) as threads:
        asked = threads.submit(
            executor.ask, {"do": "train", "seconds": 60}, lambda _: started.set()
        )
        assert started.wait(10)
        waiting = threads.submit(executor.ask, {"do": "train"})
        (worker,) = executor.pids
        executor.close()
        for one in (asked, waiting):
            with pytest.raises(Interrupted, match="stopped"):
                one.result(10)
    assert not psutil.pid_exists(worker)
    assert executor.pids == []


HF = HuggingFaceStudent(model="any")


@pytest.mark.parametrize(
    ("slots_", "per_gpu", "first", "gpus", "expected"),
    [
        (1, 1, 2, 4, [2]),
        (4, 1, 0, 4, [0, 1, 2, 3]),
        (2, 1, 3, 4, [3, 0, 1, 2]),
        (4, 2, 0, 2, [0, 1]),
        (4, 1, 0, 0, [0]),
    ],
)
def test_slots_take_gpus_in_turn_beginning_with_the_students_own(
    slots_: int, per_gpu: int, first: int, gpus: int, expected: list[int]
) -> None:
    executor = LocalExecutor(slots=slots_, slots_per_gpu=per_gpu)
    student = HF.model_copy(update={"gpu": first})
    assert places(student, executor, gpus) == expected


def test_two_slots_share_a_gpu_only_where_the_config_says_so() -> None:
    with pytest.raises(ConfigError, match=r"executor\.slots.*3 slots on 2 GPUs.*take 2 slots"):
        places(HF, LocalExecutor(slots=3), 2)
    assert places(EmbeddedStudent(), LocalExecutor(slots=8), 1) == [0], "these need no GPU"


def test_gpus_in_sight_are_those_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert slots.gpus_in_sight() == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert slots.gpus_in_sight() == 0


def test_more_slots_than_memory_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: int(1.3e9))
    memory.require_room(EmbeddedStudent(), 2, gpu=False)
    with pytest.raises(ConfigError, match=r"3 slots need about 1\.6 GB.*1\.3 GB are free: take 2"):
        memory.require_room(EmbeddedStudent(), 3, gpu=False)


def test_a_student_too_large_for_one_slot_is_told_what_would_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: int(23e9))
    large = HuggingFaceStudent(model="org/Large-8B")
    with pytest.raises(ConfigError, match=r"64\.5 GB.*: take a smaller student or a GPU$") as one:
        memory.require_room(large, 1, gpu=False)
    assert one.value.field == "student"
    full = large.model_copy(update={"recipe": StudyRecipe(method="full")})
    with pytest.raises(ConfigError, match=r"a smaller student or a LoRA recipe or a GPU$"):
        memory.require_room(full, 2, gpu=False)
    memory.require_room(large, 1, gpu=True)


def test_full_training_takes_more_memory_than_an_adapter() -> None:
    def needed(method: str) -> int:
        student = EmbeddedStudent(recipe=Recipe.model_validate({"method": method}))
        found = memory.worker_bytes(student, gpu=False)
        assert found is not None
        return found

    assert needed("full") > needed("lora") > memory.WORKER_BYTES


class SlowStore:
    """Lays a checkpoint out file by file, slowly."""

    def __init__(self) -> None:
        self.laid_out = 0

    def checkout(self, digest: str, folder: Path) -> None:
        self.laid_out += 1
        folder.mkdir(parents=True)
        for name in ("a", "b"):
            time.sleep(0.05)
            (folder / name).write_text(digest)


class LookingExecutor:
    """Answers with the files that it finds in the checkpoint."""

    def ask(self, request: dict[str, Any], listener: Any = None) -> dict[str, Any]:
        files = sorted(file.name for file in Path(request["weights"]).iterdir())
        return {"answers": ["".join(files)]}

    def close(self) -> None:
        pass


def test_nobody_reads_a_checkpoint_that_is_half_laid_out() -> None:
    store: Any = SlowStore()
    executor: Any = LookingExecutor()
    student = LocalStudent(EmbeddedStudent(), store, Silent(), executor=lambda: executor)
    with student, ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: student.answer("w", ["2 + 2"]), range(4)))
    assert found == [["ab"]] * 4
    assert store.laid_out == 1

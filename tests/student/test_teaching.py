"""A specialised student as teacher: sampled by seed, alone in its answers, from pinned weights."""

from __future__ import annotations

import json
import shutil
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from conftest import Remembered
from coursewright.config import EmbeddedStudent, RunTeacher
from coursewright.store import Artifacts, folder_digest
from coursewright.student import EMBEDDED, LocalStudent, TeachingStudent
from coursewright.student.sampling import SeededChoice, finished


def request(text: str, seed: int = 0, **more: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": text}]
    return {"messages": said, "seed": seed, "max_tokens": 12, **more}


# ------------------------------------------------------------------ choosing a token


def choose(scores: torch.Tensor, **asked: Any) -> list[int]:
    """The token chosen for each of many seeds."""
    requests = [{"seed": seed, **asked} for seed in range(2000)]
    rows = scores.repeat(len(requests), 1)
    noisy = SeededChoice(requests)(torch.zeros(1), rows)
    return noisy.argmax(dim=-1).tolist()  # type: ignore[no-any-return]


@pytest.mark.train
def test_tokens_are_drawn_by_their_probability() -> None:
    scores = torch.log(torch.tensor([[0.6, 0.3, 0.1]]))
    shares = [count / 2000 for _, count in sorted(Counter(choose(scores, temperature=1)).items())]
    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.04)
    cold = Counter(choose(scores, temperature=0.5))
    assert cold[0] / 2000 == pytest.approx(0.36 / 0.46, abs=0.04)
    assert set(choose(scores, temperature=0)) == {0}
    assert set(choose(scores, temperature=1, top_p=0.7)) == {0, 1}


class Words:
    """The one method of a tokenizer that is used here: token 7 is `w7`."""

    def decode(self, ids: list[int], **_: object) -> str:
        return " ".join(f"w{i}" for i in ids)


@pytest.mark.train
def test_an_answer_ends_at_its_end_token_or_at_a_stop_text() -> None:
    assert finished(Words(), [4, 5, 2, 9], {2}, {}) == {
        "text": "w4 w5",
        "completion_tokens": 3,
        "finish_reason": "stop",
    }
    assert finished(Words(), [4, 5], {2}, {})["finish_reason"] == "length"
    cut = finished(Words(), [4, 5], {2}, {"stop": ["zz", " w5"]})
    assert (cut["text"], cut["finish_reason"]) == ("w4", "stop")


# ------------------------------------------------------------------ a warm worker


@pytest.mark.train
def test_answers_follow_from_request_and_seed_alone(student: LocalStudent, store: Any) -> None:
    weights = store.put_folder(EMBEDDED["nano"])
    asked = [request("Count: 3 4 5", seed, temperature=1.5) for seed in range(12)]
    asked.append(request("x " * 600, 1, temperature=1.0))
    asked.append(request("Say 2 + 2 and the rest of it all.", 3, temperature=0.0))
    together = student.converse(weights, asked)
    assert len({reply["text"] for reply in together[:12]}) > 3, "other seeds, other answers"
    assert "context" in together[12]["refused"]
    for place in (0, 5, 13):
        assert student.converse(weights, [asked[place]]) == [together[place]]
    assert all(reply["completion_tokens"] <= 12 for reply in together if "text" in reply)
    greedy = {student.converse(weights, [{**asked[13], "seed": s}])[0]["text"] for s in (1, 2)}
    assert greedy == {together[13]["text"]}


# ------------------------------------------------------------------ whose weights


def teacher_of(run: Path) -> RunTeacher:
    return RunTeacher(
        model="first",
        folder=run,
        weights=folder_digest(run / "student"),
        student=EmbeddedStudent(),
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run as far as it matters here: its student."""
    (tmp_path / "first" / "student").mkdir(parents=True)
    (tmp_path / "first" / "student" / "config.json").write_text("{}")
    return tmp_path / "first"


def ask(place: Path, message: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(place))
        link.sendall(json.dumps(message).encode() + b"\n")
        told: dict[str, Any] = json.loads(link.makefile("rb").readline())
        return told


def opened(teacher: RunTeacher, folder: Path) -> TeachingStudent:
    folder.mkdir()
    return TeachingStudent(teacher, Artifacts(folder), Remembered())


def test_changed_or_vanished_weights_are_told_in_one_line(run: Path, tmp_path: Path) -> None:
    teacher = teacher_of(run)
    (run / "student" / "config.json").write_text('{"other": 1}')
    changed = opened(teacher, tmp_path / "a")
    with changed.serving():
        assert "first has changed" in ask(changed.socket, request("q"))["gone"]
    changed.close()
    shutil.rmtree(run)
    gone = opened(teacher, tmp_path / "b")
    with gone.serving():
        assert "no longer" in ask(gone.socket, request("q"))["gone"]
    gone.close()


def test_a_run_keeps_its_teachers_weights(run: Path, tmp_path: Path) -> None:
    teacher = teacher_of(run)
    opened(teacher, tmp_path / "kept").keep_weights()
    shutil.rmtree(run)
    again = TeachingStudent(teacher, Artifacts(tmp_path / "kept"), Remembered())
    again.keep_weights()
    assert Artifacts(tmp_path / "kept").members(str(teacher.weights)).keys() == {"config.json"}


class Fake:
    """Stands in for the worker; notes what it is asked, and by how many at once."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.rested = 0

    def converse(self, weights: str, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.asked += requests
        return [{"text": f"{r['seed']}"} for r in requests]

    def rest(self) -> None:
        self.rested += 1

    def close(self) -> None:
        pass


def test_requests_without_a_temperature_get_the_teachers_own(run: Path, tmp_path: Path) -> None:
    teaching = opened(teacher_of(run).model_copy(update={"temperature": 0.4}), tmp_path / "a")
    worker = Fake()
    teaching._student = worker  # type: ignore[assignment]
    with teaching.serving(), ThreadPoolExecutor(8) as pool:
        asked = [request("q", 1), request("q", 2, temperature=0.0)]
        told = pool.map(lambda message: ask(teaching.socket, message), asked)
        assert [reply["text"] for reply in told] == ["1", "2"]
    assert {r["seed"]: r["temperature"] for r in worker.asked} == {1: 0.4, 2: 0.0}
    assert worker.rested == 1, "between rounds it holds no memory"
    teaching.close()

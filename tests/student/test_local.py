from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from conftest import RECIPE, FolderStore, Remembered, colour_rows
from coursewright.chat import layout
from coursewright.config import EmbeddedStudent, HuggingFaceStudent, Recipe
from coursewright.errors import ConfigError, Interrupted, StageFailed
from coursewright.student import EMBEDDED, LocalStudent, link
from coursewright.student.slots import LocalSlots

pytestmark = [pytest.mark.train, pytest.mark.long]


def workers(student: LocalStudent) -> list[int]:
    executor = student._executor
    assert isinstance(executor, LocalSlots)
    return executor.pids


def test_training_teaches_what_the_rows_say(student: LocalStudent, store: FolderStore) -> None:
    prompts = [
        layout("Which colour?", f"{n} {animal}s") for n in (7, 31) for animal in ("owl", "cat")
    ]
    before = student.answer(None, prompts)
    trained = student.train(store.put_rows(colour_rows(96)), seed=1)
    assert before != ["blue", "red", "blue", "red"]
    assert student.answer(trained.weights, prompts) == ["blue", "red", "blue", "red"]
    assert student.answer(None, prompts) == before, "training must leave the base model alone"


def test_same_rows_and_seed_give_the_same_weights_byte_for_byte(
    student: LocalStudent, store: FolderStore
) -> None:
    rows = store.put_rows(colour_rows(24))
    first, again, other = (student.train(rows, seed) for seed in (5, 5, 6))
    assert first.weights == again.weights
    assert first.loss == again.loss
    assert first.weights != other.weights


def test_training_counts_rows_steps_and_response_tokens(
    student: LocalStudent, store: FolderStore, shown: Remembered
) -> None:
    rows = [{"instruction": "Say it", "input": "", "output": "7", "response": "key"}] * 10
    shown.steps.clear()
    trained = student.train(store.put_rows(rows), seed=0)
    assert (trained.rows, trained.steps) == (10, 4)
    assert trained.supervised_tokens == 10 * 2, "the digit and the end of the answer, no question"
    assert trained.seconds > 0
    assert [done for done, _ in shown.steps] == [1, 2, 3, 4]
    assert shown.steps[-1][1].startswith("loss ")


def test_answers_come_in_order_and_do_not_depend_on_their_neighbours(student: LocalStudent) -> None:
    prompts = [f"{a} + {b} = ?" for a in range(2, 8) for b in (3, 50, 600)]
    together = student.answer(None, prompts)
    assert together == [student.answer(None, [prompt])[0] for prompt in prompts]
    assert student.answer(None, []) == []


def test_rows_that_leave_no_room_for_an_answer_fail_the_stage(
    student: LocalStudent, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = RECIPE.model_copy(update={"max_length": 8})
    monkeypatch.setattr(student, "_config", EmbeddedStudent(recipe=recipe))
    long_rows = [{"instruction": "word " * 40, "input": "", "output": "7"}]
    running = workers(student)
    with pytest.raises(StageFailed, match="no row leaves room"):
        student.train(store.put_rows(long_rows), seed=0)
    with pytest.raises(StageFailed, match="empty"):
        student.train(store.put_rows([]), seed=0)
    assert student.answer(None, ["2 + 2"])
    assert workers(student) == running, "a failed request must leave the worker alive"


def test_lora_trains_an_adapter_that_names_no_path(
    student: LocalStudent, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(method="lora", epochs=1, batch=4, accumulation=2, learning_rate=1e-2)
    monkeypatch.setattr(student, "_config", EmbeddedStudent(recipe=recipe))
    trained = student.train(store.put_rows(colour_rows(16)), seed=3)
    assert trained.steps == 2
    members = store.members(trained.weights)
    assert "adapter_model.safetensors" in members
    adapter = json.loads(store.path_of(members["adapter_config.json"]).read_text())
    assert adapter["base_model_name_or_path"] == "nano"
    assert len(student.answer(trained.weights, ["2 + 2"])) == 1


def test_a_killed_worker_is_restarted_and_the_request_repeated(
    student: LocalStudent, store: FolderStore
) -> None:
    rows = store.put_rows(colour_rows(96))
    undisturbed = student.train(rows, seed=2)
    (victim,) = workers(student)
    threading.Timer(0.3, os.kill, (victim, signal.SIGKILL)).start()
    repeated = student.train(rows, seed=2)
    assert victim not in workers(student)
    assert repeated.weights == undisturbed.weights


def test_a_worker_that_dies_every_time_interrupts_the_run(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalStudent(EmbeddedStudent(), store, Remembered()) as student:
        monkeypatch.setattr(link.sys, "executable", "/bin/false")
        with pytest.raises(Interrupted, match="died 3 times"):
            student.answer(None, ["2 + 2"])


def test_the_worker_dies_with_its_supervisor(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from coursewright.student.link import Link\n"
        "from pathlib import Path\n"
        f"link = Link(Path({str(tmp_path)!r}), threads=1, device='cpu')\n"
        "link.start(); print(link.pid, flush=True); time.sleep(60)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    worker = int(supervisor.stdout.readline())
    assert psutil.pid_exists(worker)
    supervisor.kill()
    supervisor.wait()
    for _ in range(100):
        if not psutil.pid_exists(worker) or psutil.Process(worker).status() == "zombie":
            break
        time.sleep(0.05)
    else:
        pytest.fail("the worker outlived its supervisor")


def test_the_worker_inherits_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    environment = link.Link(tmp_path, threads=3, device="cpu")._environment()
    assert "OPENAI_API_KEY" not in environment
    assert environment["OMP_NUM_THREADS"] == "3"
    assert environment["HF_HUB_OFFLINE"] == "1"


def test_fingerprint_names_weights_and_recipe(store: FolderStore) -> None:
    def fingerprint(config: EmbeddedStudent | HuggingFaceStudent) -> str:
        with LocalStudent(config, store, Remembered()) as student:
            return student.fingerprint()

    assert fingerprint(EmbeddedStudent()) == fingerprint(EmbeddedStudent())
    assert fingerprint(EmbeddedStudent()) != fingerprint(EmbeddedStudent(kind="pico"))
    assert fingerprint(EmbeddedStudent()) != fingerprint(EmbeddedStudent(recipe=RECIPE))
    assert fingerprint(HuggingFaceStudent(model=str(EMBEDDED["nano"]))) != fingerprint(
        EmbeddedStudent()
    )


def test_a_folder_without_a_model_is_a_config_error(
    student: LocalStudent, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="holds no model"):
        LocalStudent(HuggingFaceStudent(model=str(tmp_path)), store, Remembered())
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setattr(student, "_base", tmp_path)
    with pytest.raises(ConfigError, match="no tokenizer"):
        student.answer(None, ["2 + 2"])

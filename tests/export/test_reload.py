"""What an export is for: plain transformers and peft give the answers that were scored."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coursewright.config import EmbeddedStudent, HuggingFaceStudent, Recipe
from coursewright.display import Silent
from coursewright.errors import ConfigError
from coursewright.evaluation import prompt_for
from coursewright.export import Exported, export_run
from coursewright.records import Training
from coursewright.store import Artifacts, RunFolder, RunStore
from coursewright.student import EMBEDDED, LocalStudent
from coursewright.tasks import load_task, read_split
from tests.export.runs import TASK, copied_base, finished_run

pytestmark = [pytest.mark.train, pytest.mark.long]

READER = """
import contextlib, io, json, os, sys
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

task, found = json.load(sys.stdin), []
turns = [[{"role": "user", "content": prompt}] for prompt in task["prompts"]]
for place, base in task["models"]:
    tokenizer = AutoTokenizer.from_pretrained(place, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(base or place)
    if base:
        model = PeftModel.from_pretrained(model, place)
    texts = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    asked = tokenizer(texts, add_special_tokens=False, padding=True, return_tensors="pt")
    said = model.generate(input_ids=asked["input_ids"], attention_mask=asked["attention_mask"],
                          do_sample=False, max_new_tokens=task["tokens"])
    said = tokenizer.batch_decode(said[:, asked["input_ids"].shape[1]:], skip_special_tokens=True)
    found.append([answer.strip() for answer in said])
shown = []
for folder, code in task["snippets"]:
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})
    shown.append(printed.getvalue().strip())
assert not any(name.split(".")[0] == "coursewright" for name in sys.modules)
print(json.dumps([found, shown]))
"""

QUESTIONS = 50
WITH_BASE = ("full", "embedded", "merged")
"""Exports whose card can be followed word by word: their base is in them."""


@functools.cache
def questions() -> list[str]:
    return [item.question for item in read_split(load_task(TASK), "scored")[:QUESTIONS]]


def prompts() -> list[str]:
    instruction = load_task(TASK).instruction
    return [prompt_for(instruction, question) for question in questions()]


@dataclass
class World:
    """Two runs of really trained students, their three exports, and everybody's answers."""

    place: Path
    base: Path
    exports: dict[str, Exported]
    scored: dict[str, list[str]]
    """Answers of the student stage, by the run's name; `base` are the base model's."""
    reread: dict[str, list[str]]
    """Answers of a fresh process, by the export's name."""
    shown: dict[str, str]
    """What the lines of Python on a card printed for the first question, by the export's name."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    place = tmp_path_factory.mktemp("world")
    base, runs = place / "tiny-llama", place / "runs"
    shutil.copytree(EMBEDDED["nano"], base)
    steps = {"epochs": 2, "batch": 8, "learning_rate": 2e-3}
    full = EmbeddedStudent(recipe=Recipe(**steps))
    lora = HuggingFaceStudent(
        model=str(base), recipe=Recipe(method="lora", **{**steps, "learning_rate": 1e-2})
    )
    scored: dict[str, list[str]] = {}
    generation = load_task(TASK).generation
    # One warm worker for both: its start costs more than its work.
    with LocalStudent(full, store_of(place), Silent(), generation=generation) as worker:

        def trainer(name: str, config: Any) -> Callable[[RunStore, str, int], Training]:
            def train(store: RunStore, dataset: str, seed: int) -> Training:
                worker._store, worker._config = store.artifacts, config
                training = worker.train(dataset, seed)
                scored[name] = worker.answer(training.weights, prompts())
                return training

            return train

        found = {
            name: finished_run(runs, name, student=config, train=trainer(name, config))
            for name, config in (("full", full), ("lora", lora))
        }
        scored["base"] = worker.answer(None, prompts())
    trained = RunFolder(found["lora"]).student_path
    embedded = EmbeddedStudent(recipe=lora.recipe)
    finished_run(runs, "embedded", student=embedded, train=copier(trained))
    exports = {
        "full": export_run("full", runs, str(place / "out-full"), merged=True),
        "adapter": export_run("lora", runs, str(place / "out-adapter")),
        "embedded": export_run("embedded", runs, str(place / "out-embedded")),
        "merged": export_run("lora", runs, str(place / "out-merged"), merged=True),
    }
    answers, shown = reread(
        exports, {"adapter": base, "embedded": Path(exports["embedded"].model, "base")}
    )
    return World(place, base, exports, scored, answers, shown)


def copier(student: Path) -> Callable[[RunStore, str, int], Training]:
    """A training that takes its weights from another run."""

    def train(store: RunStore, dataset: str, seed: int) -> Training:
        weights = store.artifacts.put_folder(student)
        return copied_base(store, dataset, seed).model_copy(update={"weights": weights})

    return train


def store_of(place: Path) -> Artifacts:
    folder = place / "artifacts"
    folder.mkdir()
    return Artifacts(folder)


def reread(
    exports: dict[str, Exported], bases: dict[str, Path]
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Answers of a fresh process that knows nothing but transformers, torch and peft."""
    task = {
        "prompts": prompts(),
        "tokens": load_task(TASK).generation.max_new_tokens,
        "models": [(done.model, str(bases.get(name, ""))) for name, done in exports.items()],
        "snippets": [
            (str(Path(exports[name].model).parent), snippet(exports[name])) for name in WITH_BASE
        ],
    }
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", READER],
        input=json.dumps(task),
        env=environment | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, shown = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(exports, found, strict=True)), dict(zip(WITH_BASE, shown, strict=True))


def snippet(done: Exported) -> str:
    """The lines of Python on a model card, with the first question in them."""
    card = Path(done.model, "README.md").read_text()
    found = re.search(r"```python\n(.*?)\n```", card, re.DOTALL)
    assert found is not None
    return found[1].replace("question = '...'", f"question = {questions()[0]!r}")


@pytest.mark.parametrize(
    ("name", "run"),
    [("full", "full"), ("adapter", "lora"), ("embedded", "lora"), ("merged", "lora")],
)
def test_plain_transformers_give_the_answers_that_were_scored(
    world: World, name: str, run: str
) -> None:
    assert world.reread[name] == world.scored[run]
    assert len(world.reread[name]) == QUESTIONS
    assert world.reread[name] != world.scored["base"], "who learned nothing proves nothing"


@pytest.mark.parametrize(
    ("name", "run"), [("full", "full"), ("embedded", "lora"), ("merged", "lora")]
)
def test_the_lines_on_the_card_run_and_give_that_answer(world: World, name: str, run: str) -> None:
    assert world.shown[name] == world.scored[run][0]


def test_only_an_adapter_holds_adapter_files(world: World) -> None:
    for done in world.exports.values():
        names = {path.name for path in Path(done.model).iterdir()}
        assert ("adapter_model.safetensors" in names) == (done.form == "adapter")
        assert ("model.safetensors" in names) == (done.form != "adapter")
        assert {"README.md", "lineage.json", "tokenizer.json", "chat_template.jinja"} <= names


def test_an_export_names_no_place_of_this_machine(world: World) -> None:
    places = [str(world.place), str(Path.home()) + "/", str(EMBEDDED["nano"])]
    for path in world.place.glob("out-*/**/*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [place for place in places if place.encode() in content], path


def test_a_base_model_that_is_gone_is_one_error(world: World, tmp_path: Path) -> None:
    world.base.rename(world.base.with_name("moved"))
    try:
        with pytest.raises(ConfigError, match="tiny-llama"):
            export_run("lora", world.place / "runs", str(tmp_path / "out"), merged=True)
    finally:
        world.base.with_name("moved").rename(world.base)
    assert list(tmp_path.iterdir()) == [], "nothing half-written stays"

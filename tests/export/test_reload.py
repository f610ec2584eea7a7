"""What an export is for: plain transformers and peft give the answers that were scored."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coursewright.config import HuggingFaceStudent, NanoStudent, Recipe
from coursewright.display import Silent
from coursewright.errors import ConfigError
from coursewright.evaluation import prompt_for
from coursewright.export import Exported, export_run
from coursewright.records import Training
from coursewright.store import Artifacts, RunStore
from coursewright.student import NANO, LocalStudent
from coursewright.tasks import load_task, read_split
from tests.export.runs import TASK, finished_run

pytestmark = [pytest.mark.train, pytest.mark.xdist_group("train")]

READER = """
import json, sys
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
assert not any(name.split(".")[0] == "coursewright" for name in sys.modules)
print(json.dumps(found))
"""

QUESTIONS = 50


def questions() -> list[str]:
    task = load_task(TASK)
    return [item.question for item in read_split(task, "scored")[:QUESTIONS]]


def prompts() -> list[str]:
    return [prompt_for(load_task(TASK).instruction, question) for question in questions()]


@dataclass
class World:
    """Two runs of really trained students, their three exports, and everybody's answers."""

    place: Path
    base: Path
    runs: dict[str, Path]
    exports: dict[str, Exported]
    scored: dict[str, list[str]]
    """Answers of the student stage, by the run's name; `base` are the base model's."""
    reread: dict[str, list[str]]
    """Answers of a fresh process, by the export's form."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    place = tmp_path_factory.mktemp("world")
    base, runs = place / "tiny-llama", place / "runs"
    shutil.copytree(NANO, base)
    steps = {"epochs": 2, "batch": 8, "learning_rate": 2e-3}
    full = NanoStudent(recipe=Recipe(**steps))
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
    exports = {
        "full": export_run("full", runs, str(place / "out-full"), merged=True),
        "adapter": export_run("lora", runs, str(place / "out-adapter")),
        "merged": export_run("lora", runs, str(place / "out-merged"), merged=True),
    }
    models = [
        (done.model, str(base) if form == "adapter" else "") for form, done in exports.items()
    ]
    answers = reread(models, generation.max_new_tokens)
    return World(place, base, found, exports, scored, dict(zip(exports, answers, strict=True)))


def store_of(place: Path) -> Artifacts:
    folder = place / "artifacts"
    folder.mkdir()
    return Artifacts(folder)


def reread(models: list[tuple[str, str]], tokens: int) -> list[list[str]]:
    """Answers of a fresh process that knows nothing but transformers, torch and peft."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", READER],
        input=json.dumps({"prompts": prompts(), "models": models, "tokens": tokens}),
        env=environment | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize(
    ("form", "run"), [("full", "full"), ("adapter", "lora"), ("merged", "lora")]
)
def test_plain_transformers_give_the_answers_that_were_scored(
    world: World, form: str, run: str
) -> None:
    assert world.exports[form].form == form
    assert world.reread[form] == world.scored[run]
    assert len(world.reread[form]) == QUESTIONS
    assert world.reread[form] != world.scored["base"], "who learned nothing proves nothing"


def test_only_an_adapter_holds_adapter_files(world: World) -> None:
    for form, done in world.exports.items():
        names = {path.name for path in Path(done.model).iterdir()}
        assert ("adapter_model.safetensors" in names) == (form == "adapter")
        assert ("model.safetensors" in names) == (form != "adapter")
        assert {"README.md", "lineage.json", "tokenizer.json", "chat_template.jinja"} <= names


def test_an_export_names_no_place_of_this_machine(world: World) -> None:
    places = [str(world.place), str(Path.home()) + "/", str(NANO)]
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

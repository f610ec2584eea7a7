"""The configs in examples/: each loads, says how it is run, and agrees with its own comments."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from coursewright.chat import layout
from coursewright.config import (
    Endpoint,
    HuggingFaceStudent,
    OpenAIAgent,
    OpenAITeacher,
    RunConfig,
    StudyRecipe,
    load_config,
)
from coursewright.endpoints import tariff
from coursewright.sandbox import coursewright_program
from coursewright.sandbox.coursewright_program import Answer
from coursewright.tasks import check_task

EXAMPLES = Path(__file__).parents[1] / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))


def load(name: str) -> RunConfig:
    return load_config(EXAMPLES / f"{name}.yaml", {"task": "science-mini"})


def test_there_is_one_for_every_machine() -> None:
    assert [file.stem for file in FILES] == ["demo", "ollama", "one-gpu", "study"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_loads_and_caps_what_costs(file: Path) -> None:
    config = load(file.stem)
    parts = [part for part in (config.agent, config.teacher) if isinstance(part, Endpoint)]
    if any(not part.is_local for part in parts):
        assert config.budget.cost_usd is not None
        assert all(tariff(part) for part in parts), "a cap in money needs prices"
    assert config.budget.round_calls <= config.budget.calls
    assert config.allow_weak is False


@pytest.mark.parametrize("file", FILES[1:], ids=lambda file: file.stem)
def test_an_example_names_its_own_command(file: Path) -> None:
    first = file.read_text().splitlines()[0]
    assert re.fullmatch(rf"# coursewright run [\w-]+ --config examples/{file.name}", first)


@pytest.mark.parametrize("name", ["one-gpu", "study"])
def test_the_servers_to_start_are_those_that_are_asked(name: str) -> None:
    config = load(name)
    assert isinstance(config.teacher, OpenAITeacher)
    assert isinstance(config.student, HuggingFaceStudent)
    started = servers(name)
    teacher = started.pop(config.teacher.base_url)
    assert teacher[2] == config.teacher.model
    assert option(teacher, "--max-model-len") == config.teacher.context_tokens
    if config.student.server is not None:
        student = started.pop(config.student.server.base_url)
        assert student[2] == config.student.model
        assert option(student, "--max-num-seqs") == config.student.server.concurrency
        assert option(student, "--max-lora-rank") >= config.student.recipe.lora_rank
    assert started == {}


def servers(name: str) -> dict[str, list[str]]:
    """The words of each `vllm serve` in an example's comments, by the address it listens on."""
    text = (EXAMPLES / f"{name}.yaml").read_text().replace("\\\n#", "")
    found = [shlex.split(line) for line in re.findall(r"#.*?(vllm serve .*)", text)]
    return {f"http://127.0.0.1:{option(words, '--port')}/v1": words for words in found}


def option(words: list[str], name: str) -> int:
    return int(words[words.index(name) + 1])


def test_ollama_is_started_as_the_config_expects() -> None:
    config, text = load("ollama"), (EXAMPLES / "ollama.yaml").read_text()
    assert isinstance(config.teacher, OpenAITeacher)
    assert f"ollama pull {config.teacher.model}\n" in text
    assert f"OLLAMA_CONTEXT_LENGTH={config.teacher.context_tokens} " in text
    assert f"OLLAMA_NUM_PARALLEL={config.budget.concurrency} " in text


def test_the_study_is_the_study() -> None:
    config = load("study")
    assert isinstance(config.agent, OpenAIAgent)
    assert isinstance(config.teacher, OpenAITeacher)
    assert isinstance(config.student, HuggingFaceStudent)
    assert config.teacher.model == "Qwen/Qwen3-30B-A3B"
    assert config.student.model == "meta-llama/Llama-3.1-8B-Instruct"
    assert config.student.recipe == StudyRecipe()
    assert (config.budget.calls, config.budget.round_calls) == (50_000, 5_000)
    assert (config.budget.program_seconds, config.budget.seconds) == (3 * 3600, 12 * 3600)
    assert (config.budget.rounds, config.budget.one_shot_attempts) == (30, 8)
    assert config.budget.concurrency == 80
    assert (config.mode, config.setting, config.protocol) == ("iterative", "scratch", "paper")


# ------------------------------------------------------------------ examples/tasks


def test_the_calendar_is_a_sound_task_and_what_its_script_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = EXAMPLES / "tasks" / "calendar"
    assert check_task(str(folder)) == []
    script = tmp_path / "make_calendar.py"
    script.write_text((EXAMPLES / "tasks" / "make_calendar.py").read_text())
    runpy.run_path(str(script), run_name="__main__")
    for file in sorted((tmp_path / "calendar").iterdir()):
        assert file.read_bytes() == (folder / file.name).read_bytes(), file.name


# ------------------------------------------------------------------ examples/programs


class Pupil:
    """Stands in for a teacher: answers as it was asked to, but only the second time."""

    def __init__(self, wants_json: bool) -> None:
        self.wants_json = wants_json
        self.prompts: list[str] = []

    def generate_batch(self, prompts: list[str], json: bool) -> list[Answer]:
        assert json is self.wants_json
        answers = []
        for prompt in prompts:
            again = prompt in self.prompts
            self.prompts.append(prompt)
            said = f'Sure: {{"answer": "{len(self.prompts)}"}}' if json else str(len(self.prompts))
            answers.append(Answer(said if again else "", f"key {len(self.prompts)}"))
        return answers


@pytest.mark.parametrize(("teacher", "wants_json"), [("run:first", False), ("simulated", True)])
def test_seeds_are_labelled_until_each_has_its_answer(
    teacher: str, wants_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil, saved = Pupil(wants_json), []
    told = {"teacher": teacher, "instruction": "Solve.", "answer_format": "A number."}
    seeds = [{"question": "2 + 2?"}, {"question": "How many?", "context": "a | b"}]
    for name, value in {
        "teacher": pupil,
        "brief": lambda: told,
        "load_seeds": lambda: seeds,
        "save_rows": saved.extend,
    }.items():
        monkeypatch.setattr(coursewright_program, name, value)
    monkeypatch.setitem(sys.modules, "coursewright_program", coursewright_program)
    runpy.run_path(str(EXAMPLES / "programs" / "label_seeds.py"))
    assert [(row["instruction"], row["input"], row["output"]) for row in saved] == [
        ("Solve.", "2 + 2?", "3"),
        ("Solve.", "a | b\nHow many?", "4"),
    ]
    assert [row["response"].id for row in saved] == ["key 3", "key 4"]
    if not wants_json:
        assert pupil.prompts[0] == layout("Solve.", "2 + 2?"), "as the exam asks"

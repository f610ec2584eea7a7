"""What else the documentation shows: settings that load, Python that runs, names that exist."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from coursewright.bench.study import Study
from coursewright.config import Budget, CommandAgent, RunConfig, StudyRecipe, load_config
from coursewright.drafting.settings import DraftSettings
from coursewright.records import DiversityLimits, Result, Round
from coursewright.sandbox import coursewright_program
from coursewright.sandbox.coursewright_program import Answer
from coursewright.scoring import SCORERS
from coursewright.tasks.spec import TaskSpec, item_problems, parse_spec
from tests.docs.blocks import Block, blocks, known_options, spans
from tests.docs.pages import ROOT, fields

SPEC = {
    "schema": 1,
    "name": "shown",
    "summary": "s",
    "instruction": "i",
    "answer_format": "a",
    "scorer": {"kind": "numeric"},
}
FOREIGN = {
    *("--enable-lora", "--lora-modules", "--chat-template", "--generation-config"),  # vLLM
    *("--permission-mode", "--sandbox", "--approval-mode", "--dtype", "--enable-sleep-mode"),
    *("--share", "--upstream"),  # the server that misbehaves
    *("--served-model-name", "--differences", "--fast"),
}
"""Options of other programs that pages name."""


def written_in(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{block.file}:{block.line}")
        for block in blocks()
        if block.language == language
    ]


def the(file: str, start: str) -> Block:
    """The one block of a page whose text begins so."""
    (block,) = [one for one in blocks() if one.file == file and one.text.startswith(start)]
    return block


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize("block", written_in("yaml"))
def test_settings_that_are_shown_are_taken(block: Block, tmp_path: Path) -> None:
    shown = yaml.safe_load(block.text)
    if "item" in shown:
        return  # a mapping: tests/tasks/builders/test_docs.py builds it
    if block.file == "docs/studies.md":
        Study.model_validate({"name": "x", "tasks": ["science-mini", "my-tasks/contracts"]} | shown)
    elif set(shown) <= set(TaskSpec.model_fields):
        assert parse_spec(SPEC | shown, {}, tmp_path)[1] == []
    else:
        (tmp_path / "run.yaml").write_text(block.text)
        load_config(tmp_path / "run.yaml", {"task": "science-mini"})


def test_what_is_called_a_default_is_one() -> None:
    start = "student:\n  kind: hf\n  model: meta-llama/Llama-3.1-8B-Instruct\n  recipe"
    recipe = yaml.safe_load(the("docs/students.md", start).text)
    assert recipe["student"]["recipe"] == StudyRecipe().model_dump()
    limits = yaml.safe_load(the("docs/data-quality.md", "diversity").text)
    assert limits["diversity"] == DiversityLimits().model_dump()


def gib(size: int) -> str:
    return f"{size // 1024**3} GiB"


BUDGET, COMMAND, DRAFT = Budget(), CommandAgent(command=("x",)), DraftSettings()
TOLD = {
    "docs/students.md": [
        f"`budget.student_calls` ({BUDGET.student_calls:,} in all)",
        f"`budget.round_student_calls` ({BUDGET.round_student_calls:,})",
    ],
    "docs/command-agent.md": [
        f"| `seconds` | {COMMAND.seconds:.0f} |",
        f"| `output_bytes` | {COMMAND.output_bytes // 1024} KiB |",
        f"| {gib(COMMAND.memory_bytes)}, {COMMAND.processes}, {gib(COMMAND.file_bytes)}, "
        f"{COMMAND.files} |",
    ],
    "docs/draft-a-task.md": [
        f"| `votes`, `blind`, `temperature`, `per_passage` | {DRAFT.votes}, {DRAFT.blind}, "
        f"{DRAFT.temperature}, {DRAFT.per_passage} |",
        f"{DRAFT.calls}, –, {DRAFT.max_tokens}, {DRAFT.concurrency} |",
        f"| `corpus_share` | {DRAFT.corpus_share} |",
    ],
}
"""Figures in prose and tables that stand for defaults, as the code has them now."""


@pytest.mark.parametrize(("file", "text"), [(f, t) for f, told in TOLD.items() for t in told])
def test_a_figure_in_prose_is_the_default(file: str, text: str) -> None:
    assert text in (ROOT / file).read_text()


def takes(model: type[BaseModel], name: str, value: object) -> bool:
    """Whether a field of this name takes the value, as far as it can say so by itself."""
    field = model.model_fields[name]
    bounds = field.metadata or (None,)
    kind: Any = Annotated[(field.annotation, *bounds)]
    try:
        if model is RunConfig:
            RunConfig.model_validate({"task": "science-mini", name: value})
        else:
            TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def test_a_setting_with_a_value_amid_prose_is_taken() -> None:
    known: dict[str, list[type[BaseModel]]] = {}
    for model in fields.reached(*ROOTS):
        for name in model.model_fields:
            known.setdefault(name, []).append(model)
    named, refused = 0, []
    for file, text in pages_of_today():
        if not re.match(r"[a-z_]+: \S", text) or file == "docs/benchmarks.md":
            continue  # there mappings are spoken of, which are no settings
        with contextlib.suppress(yaml.YAMLError):
            ((name, value),) = yaml.safe_load(re.sub(r"\bN\b", "3", text)).items()
            named += name in known
            if name in known and not any(takes(model, name, value) for model in known[name]):
                refused.append((file, text))
    assert named > 15
    assert refused == []


ROOTS = (RunConfig, Result, TaskSpec, Round, Study)


def resolved(path: list[str], models: list[type[BaseModel]]) -> bool:
    """Whether a dotted name leads through fields of these models."""
    name, *rest = path
    held = [model.model_fields[name] for model in models if name in model.model_fields]
    if not held or not rest:
        return bool(held)
    below = [inner for field in held for inner in fields.models_in(field.annotation)]
    return not below or resolved(rest, below)


def test_every_dotted_setting_or_field_amid_prose_exists() -> None:
    named = {
        (file, text)
        for file, text in pages_of_today()
        if re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", text)
        and any(text.partition(".")[0] in root.model_fields for root in ROOTS)
        and not re.search(r"\.(py|md|yaml|json|jsonl|html|log|csv|sqlite)$", text)
        and file != "docs/benchmarks.md"  # names fields of the reader's data
    }
    assert len(named) > 15
    assert [one for one in sorted(named) if not resolved(one[1].split("."), list(ROOTS))] == []


def test_the_table_of_scorers_names_each_and_options_it_has() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \|.*(?<!\\)\| (.*) (?<!\\)\|.*(?<!\\)\|$",
        (ROOT / "docs" / "scorers.md").read_text(),
        flags=re.M,
    )
    assert {kind for kind, _ in rows} - {"kind"} == set(SCORERS)
    for kind, told in rows[1:]:
        module, _, name = SCORERS[kind].rpartition(".")
        model = getattr(importlib.import_module(module), name)
        options = {text.partition(":")[0] for text in re.findall(r"`([^`]*)`", told)}
        assert options <= set(model.model_fields), kind


# ------------------------------------------------------------------ names


def pages_of_today() -> Iterator[tuple[str, str]]:
    """Pieces of code amid prose; not those of decisions, which speak of their day."""
    for file, text in spans():
        if not file.startswith("docs/decisions/"):
            yield file, text


def test_every_option_amid_prose_exists() -> None:
    options = known_options() | FOREIGN
    named = {
        (file, option)
        for file, text in pages_of_today()
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)
    }
    assert len(named) > 20
    assert [one for one in sorted(named) if one[1] not in options] == []


def test_every_path_amid_prose_exists() -> None:
    named = {
        (file, text)
        for file, text in pages_of_today()
        if re.match(r"(examples|src|docs|scripts|tests|benchmarks)/", text)
    }
    assert len(named) > 20
    lost = [(f, p) for f, p in sorted(named) if not [*ROOT.glob(p.replace("NAME", "*"))]]
    assert lost == []


def test_targets_extras_modules_and_scripts_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    lost = []
    lines = [(b.file, line) for b in blocks() if b.is_shell for line in b.lines]
    for file, line in [*lines, *pages_of_today()]:
        if (found := re.match(r"make (\w+)", line)) and f"\n{found[1]}:" not in makefile:
            lost.append((file, line))
        for extra in re.findall(r"pip install '?coursewright\[(\w+)\]", line):
            if extra not in extras:
                lost.append((file, line))
        if found := re.match(r"python -m ([\w.]+)", line):
            if importlib.util.find_spec(found[1]) is None:
                lost.append((file, line))
        elif (found := re.match(r"python (\S+)", line)) and not (ROOT / found[1]).is_file():
            lost.append((file, line))
    assert lost == []


def test_every_room_of_the_house_stands_in_its_plan() -> None:
    rooms = {path.stem for path in (ROOT / "src" / "coursewright").iterdir()}
    named = {
        word
        for file, text in pages_of_today()
        if file == "docs/architecture.md"
        for word in re.findall(r"\w+", text)
    }
    assert {room for room in rooms if re.match("[a-z]", room)} - named - {"py"} == set()


# ------------------------------------------------------------------ Python and JSON


@pytest.mark.parametrize("block", written_in("python"))
def test_python_that_is_shown_compiles(block: Block) -> None:
    compile(block.text, f"{block.file}:{block.line}", "exec")


def test_an_item_that_is_shown_is_one() -> None:
    item = json.loads(the("docs/bring-your-own.md", '{"id"').text)
    assert list(item_problems(item, seed=False)) == []


def test_the_scorer_that_is_shown_answers_line_by_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in = types.ModuleType("math_verify")
    vars(stand_in).update(parse=str.strip, verify=lambda gold, said: gold == said)
    monkeypatch.setitem(sys.modules, "math_verify", stand_in)
    asked = [{"output": "x ", "answer": "x"}, {"output": "y", "answer": 3}]
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(a) + "\n" for a in asked)))
    exec(the("docs/scorers.md", "import json").text, {})
    assert [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines()] == [1, 0]


class Pupil:
    """Stands in for the models that programs can ask."""

    def generate(self, prompt: str, json: bool) -> Answer:
        return Answer('{"question": "How long?", "answer": "two days"}', "key")

    def generate_batch(self, questions: list[str]) -> list[Answer]:
        return [Answer("two days", "key") for _ in questions]

    def calls_left(self) -> int:
        return 1


def test_programs_that_are_shown_run(monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[dict[str, Any]] = []
    monkeypatch.setitem(sys.modules, "coursewright_program", coursewright_program)
    for name, value in {
        "teacher": Pupil(),
        "student": Pupil(),
        "brief": lambda: {"instruction": "Answer."},
        "search_corpus": lambda query, limit: [{"id": "a:1", "text": "Rye rests two days."}],
        "save_rows": saved.append,
    }.items():
        monkeypatch.setattr(coursewright_program, name, value)
    exec(the("docs/corpus.md", "from coursewright_program").text, {})
    exec(the("docs/students.md", "from coursewright_program").text, {"questions": ["How long?"]})
    (row,) = saved
    assert (row["input"], row["output"]) == ("Rye rests two days.\nHow long?", "two days")

"""Settings are read strictly, and every refusal names its place."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from coursewright.config import (
    EMBEDDED_NAMES,
    CustomPart,
    EmbeddedStudent,
    HuggingFaceStudent,
    OpenAIAgent,
    OpenAITeacher,
    Part,
    ProgramAgent,
    RayExecutor,
    RunConfig,
    SimulatedTeacher,
    TreeSearch,
    load_config,
    merge,
    parse_agent,
    parse_student,
    parse_teacher,
    split_reference,
)
from coursewright.errors import ConfigError


def test_a_model_reference_splits_at_the_first_colon_and_the_last_at() -> None:
    reference = "openai:org/model:tag@v2@http://127.0.0.1:8000/v1"
    assert split_reference(reference) == (
        "openai",
        "org/model:tag@v2",
        "http://127.0.0.1:8000/v1",
    )
    assert split_reference("heuristic") == ("heuristic", "", None)


def test_references_name_parts(tmp_path: Path) -> None:
    assert parse_agent("program:a/b.py") == ProgramAgent(path=Path("a/b.py"))
    assert parse_agent("my_package.agents:Clever") == CustomPart(path="my_package.agents:Clever")
    assert parse_student(str(tmp_path)) == HuggingFaceStudent(model=str(tmp_path))
    assert [parse_student(name).kind for name in EMBEDDED_NAMES] == ["nano", "pico"]


def test_a_served_model_is_named_with_or_without_its_server() -> None:
    assert parse_teacher("openai:gpt-5.2") == OpenAITeacher(model="gpt-5.2")
    local = parse_agent("openai:org/m:tag@http://127.0.0.1:8000/v1/")
    assert local == OpenAIAgent(model="org/m:tag", base_url="http://127.0.0.1:8000/v1")
    assert local.is_local


@pytest.mark.parametrize(
    "reference",
    ["openai", "openai:", "openai:m@http://", "openai:m@http://u:secret@host/v1", "simulated@http"],
)
def test_a_served_model_that_cannot_be_asked_is_refused(reference: str) -> None:
    with pytest.raises(ConfigError, match="openai:MODEL"):
        parse_teacher(reference)


@pytest.mark.parametrize(
    "server",
    [
        "127.0.0.1:8000/v1",
        "localhost",
        "10.0.0.7",
        "gpu-3:8000",
        "api.example.org",
        "[::1]",
        "gpu/v1",
    ],
)
def test_a_server_without_its_scheme_is_no_part_of_a_models_name(server: str) -> None:
    for parse in (parse_agent, parse_teacher):
        with pytest.raises(ConfigError, match=re.escape(f"openai:org/m@http://{server}")):
            parse(f"openai:org/m@{server}")


@pytest.mark.parametrize("name", ["m@20250101", "m@v1.5", "m@latest", "m@2025-01-01"])
def test_a_models_name_may_hold_a_version(name: str) -> None:
    assert parse_teacher(f"openai:{name}") == OpenAITeacher(model=name)


@pytest.mark.parametrize("reference", ["", "no-such-agent", "heuristic extra"])
def test_an_unknown_reference_is_refused_with_the_known_ones(reference: str) -> None:
    with pytest.raises(ConfigError, match="heuristic") as caught:
        parse_agent(reference)
    assert caught.value.field == "--agent"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("task: a\nbudget: {rounds: 0}\n", "budget.rounds"),
        ("task: a\nsede: 3\n", "sede"),
        ("budget: {}\n", "task"),
        ("task: a\nagent: {kind: wizard}\n", "agent"),
        ("task: a\nstudent: {kind: nano, recipe: {epochs: many}}\n", "student.recipe.epochs"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, text: str, field: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})
    assert caught.value.field == field
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (
            "agent: openai:m@http://127.0.0.1:8000/v1",
            OpenAIAgent(model="m", base_url="http://127.0.0.1:8000/v1"),
        ),
        ("agent: mine.agents:Clever", CustomPart(path="mine.agents:Clever")),
        ("teacher: simulated:hasty", SimulatedTeacher(model="hasty")),
        ("student: pico", EmbeddedStudent(kind="pico")),
        ("student: org/model", HuggingFaceStudent(model="org/model")),
        ("search: tree", TreeSearch()),
        ("executor: ray:auto", RayExecutor(address="auto")),
        ("scorer: mine.scorers:Strict", CustomPart(path="mine.scorers:Strict")),
        ("embedder: mine.meaning:Embedder", CustomPart(path="mine.meaning:Embedder")),
    ],
)
def test_a_file_takes_the_names_of_the_command_line(tmp_path: Path, line: str, part: Part) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"task: a\n{line}\n")
    field, _, name = line.partition(": ")
    assert getattr(load_config(file, {}), field) == part
    assert getattr(RunConfig.model_validate({"task": "a", field: name}), field) == part


def test_a_name_in_a_file_that_stands_for_nothing_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("task: a\nagent: wizard\n")
    with pytest.raises(
        ConfigError, match=r"cannot read 'wizard'; expected one of: heuristic"
    ) as no:
        load_config(file, {})
    assert no.value.field == "agent"
    assert "\n" not in str(no.value)


def test_the_slots_of_the_command_line_leave_the_executor_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("task: a\nexecutor: ray:auto\n")
    config = load_config(file, {"executor": {"slots": 4}})
    assert config.executor == RayExecutor(address="auto", slots=4)


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("agnet: heuristic\n", 2, "agnet", "did you mean `agent`?"),
        ("budget:\n  cost_usdd: 3\n", 3, "budget.cost_usdd", "did you mean `cost_usd`?"),
        ("rounds: 3\n", 2, "rounds", "did you mean `budget.rounds`?"),
        (
            "agent:\n  kind: openai\n  model: m\n  temprature: 1\n",
            5,
            "agent.temprature",
            "did you mean `temperature`?",
        ),
        (
            "student:\n  kind: hf\n  model: m\n  recipe: {lora_rnk: 8}\n",
            5,
            "student.recipe.lora_rnk",
            "did you mean `lora_rank`?",
        ),
        (
            "agent: {model: x}\n",
            2,
            "agent",
            "expected `kind` to be one of heuristic, random-search",
        ),
        ("search: treee\n", 2, "search", "did you mean `tree`?"),
        ("policy: {limits: 1}\n", 2, "policy.limits", "did you mean `limit`?"),
        ("agent: heuristic extra\n", 2, "agent", "cannot read 'heuristic extra'"),
        ("teacher: {kind: openai}\n", 2, "teacher.model", "is missing"),
    ],
)
def test_a_misspelt_setting_is_told_with_its_line_and_the_right_one(
    tmp_path: Path, text: str, line: int, field: str, said: str
) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"task: a\n{text}")
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})
    assert (caught.value.file, caught.value.line) == (str(file), line)
    assert caught.value.field == field
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_fault_of_the_command_line_is_not_laid_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("task: a\nbudget: {rounds: 3}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file, {"budget": {"rounds": 0}})
    assert (caught.value.file, caught.value.field) == (None, "budget.rounds")


@pytest.mark.parametrize("key", ["sk-proj-1234", "a b", ""])
def test_a_key_in_the_place_of_its_name_is_refused_and_never_repeated(
    tmp_path: Path, key: str
) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(f"task: a\nagent: {{kind: openai, model: m, key: '{key}'}}\n")
    with pytest.raises(ConfigError, match="write the NAME of the environment variable") as caught:
        load_config(file, {})
    assert caught.value.field == "agent.key"
    assert not key or key not in str(caught.value)
    part = {"kind": "openai", "model": "m", "key": key}
    with pytest.raises(ValidationError) as raised:
        RunConfig.model_validate({"task": "a", "agent": part})
    assert not key or key not in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"task: [", b"- a\n- b\n", b"\xff\xfe", b"task: !!python/x 1", b"task: !!int ''"]
)
def test_what_is_not_a_mapping_in_utf8_yaml_is_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "run.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        load_config(tmp_path / "nowhere.yaml", {})


def test_the_command_line_lies_over_the_file_field_by_field() -> None:
    base = {"budget": {"rounds": 3, "calls": 9}, "agent": {"kind": "heuristic"}}
    over = {"budget": {"rounds": 5}, "agent": {"kind": "program", "path": "x"}}
    assert merge(base, over) == {
        "budget": {"rounds": 5, "calls": 9},
        "agent": {"kind": "program", "path": "x"},
    }


def test_a_part_named_on_the_command_line_replaces_the_files_whole(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    near = "base_url: http://127.0.0.1:8000/v1, key: null, context_tokens: 8192"
    file.write_text(f"task: a\nteacher: {{kind: openai, model: near, {near}}}\n")
    config = load_config(file, {"teacher": parse_teacher("openai:far")})
    assert config.teacher == OpenAITeacher(model="far")

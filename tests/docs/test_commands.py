"""Every command in README and docs is one that the program takes; those that are quick are run."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import coursewright.runs
from coursewright.cli import app
from coursewright.config import RunConfig
from coursewright.store import RunFolder, RunStore
from tests.docs.blocks import blocks, commands, concrete, mentioned, problem
from tests.docs.pages import ROOT
from tests.export.runs import finished_run
from tests.report.stories import make_run

NOT_RUN = {
    r"run (?!.*--plan)": "hours, or servers; its settings are made all the same, see below",
    r"bench (?!.*--plan)": "minutes to days: tests/bench",
    r"dashboard": "serves until it is stopped: tests/dashboard",
    r"doctor --config": "asks the servers that the file names: tests/test_cli.py",
    r"reproduce": "goes through the loop again: tests/test_runs.py",
    r"task draft": "asks a teacher: tests/drafting",
    r"task review": "wants a draft: tests/drafting",
    r"export .*hub:": "wants a hub: tests/export/test_hub.py",
    r"task build my-mapping": "wants the reader's data; its like is built by tests/tasks/builders",
}
"""Commands that no test of this file runs, and why; each is parsed."""

COMMANDS = sorted({command for _, command in commands()})


def reason(command: str) -> str | None:
    words = command.removeprefix("coursewright ")
    return next((why for start, why in NOT_RUN.items() if re.match(start, words)), None)


QUICK = [command for command in COMMANDS if reason(command) is None]


# ------------------------------------------------------------------ parsed


def test_every_command_in_a_block_is_one_the_program_takes() -> None:
    found = {f"{file}: {command}": problem(concrete(command)) for file, command in commands()}
    assert {what: why for what, why in found.items() if why} == {}
    assert len(found) > 60


def test_every_command_amid_prose_exists_with_its_options() -> None:
    found = {f"{file}: {text}": problem(concrete(text), named=True) for file, text in mentioned()}
    assert {what: why for what, why in found.items() if why} == {}
    assert len(found) > 20


@pytest.mark.parametrize(
    "command", ["run", "runs x", "run x --temperature 1", "show a b", "review RUN --rows many"]
)
def test_a_wrong_command_would_be_found(command: str) -> None:
    assert problem(concrete(f"coursewright {command}"))


def test_no_reason_outlives_its_command() -> None:
    told = [command.removeprefix("coursewright ") for command in COMMANDS]
    idle = [start for start in NOT_RUN if not any(re.match(start, one) for one in told)]
    assert idle == []


# ------------------------------------------------------------------ run


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the page on parts of one's own was followed, word for word.

    `runs` holds its run as `mine`, one that is not over as `begun`, one whose student is real as
    `taught`, and one that waits for a person as `waits`.
    """
    place = tmp_path_factory.mktemp("workshop")
    page = [block for block in blocks() if block.file == "docs/bring-your-own.md"]
    for block in page:
        if block.title:
            (place / block.title).parent.mkdir(exist_ok=True)
            (place / block.title).write_text(block.text)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(place)
        for line in (line for block in page if block.language == "sh" for line in block.lines):
            if line.startswith("export PYTHONPATH=."):
                patched.syspath_prepend(str(place))
            elif line.startswith("coursewright run"):
                done = invoked(f"{line} --name mine")
                assert done.exit_code == 0, done.exception or done.output
            else:
                assert invoked(line).exit_code == 0
    assert "mine.agent" in sys.modules
    make_run(place / "runs", "begun", finished=False)
    finished_run(place / "runs", "taught")
    finished_run(place / "runs", "waits", gates=("export",))
    yield place
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        del sys.modules[name]


@pytest.fixture
def desk(workshop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for one command, with all that it may name."""
    (tmp_path / "runs").symlink_to(workshop / "runs")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    shutil.copytree(
        ROOT / "tests" / "tasks" / "builders" / "data" / "cruxeval",
        tmp_path / "downloads" / "cruxeval",
    )
    shutil.copy(ROOT / "examples" / "policies" / "school.yaml", tmp_path / "policy.yaml")
    folder = RunFolder(workshop / "runs" / "mine")
    result = folder.result()
    assert result is not None
    assert result.final is not None
    rows = folder.artifacts.path_of(str(result.final.dataset))
    lines = [json.loads(line) for line in rows.read_text().splitlines()]
    taken = ("instruction", "input", "output", "response")
    (tmp_path / "rows.jsonl").write_text(
        "".join(json.dumps({name: row[name] for name in taken}) + "\n" for row in lines)
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoked(command: str, said: str = "") -> Result:
    return CliRunner().invoke(app, concrete(command), input=said)


RUNS = {
    "steer": "begun",
    "stop": "begun",
    "approve": "waits",
    "prune": "taught",
    "export": "taught",
}
"""Which run a command is tried on, where it is not the finished one whose student is invented."""


@pytest.mark.parametrize("command", QUICK)
def test_a_quick_command_does_what_it_says(command: str, workshop: Path, desk: Path) -> None:
    made = re.search(r"task new|-o my-task", command)
    if not made:
        shutil.copytree(workshop / "my-task", desk / "my-task")
    word = command.split()[1]
    with contextlib.ExitStack() as stack:
        if word == "verify":
            assert invoked("coursewright bundle RUN --to run.zip").exit_code == 0
            published = RunFolder(desk / "runs" / "mine").result()
            command = command.replace("DIGEST", str(published and published.record))
        elif word == "bench":
            (study,) = [one.text for one in blocks() if one.text.startswith("# mine.yaml")]
            (desk / "mine.yaml").write_text(study)
            shutil.copytree(desk / "my-task", desk / "my-tasks" / "contracts")
        elif word == "approve":  # which decides, once and for all
            (desk / "runs").unlink()
            shutil.copytree(workshop / "runs" / "waits", desk / "runs" / "waits")
        elif word == "stop":
            stack.enter_context(RunStore.open(desk / "runs" / "begun"))
        command = re.sub(r"\bRUN\b", RUNS.get(word, "mine"), command)
        done = invoked(command, said="q\n")
    assert done.exit_code == 0, done.exception or done.output
    assert done.stdout.strip()


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("coursewright run ")])
def test_a_run_that_is_not_made_here_has_settings_that_hold(
    command: str, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of models, files and values are read as they would be; then somebody else's result."""
    made: list[RunConfig] = []

    def stop_here(config: RunConfig, _: object) -> object:
        made.append(config)
        return RunFolder(desk / "runs" / "mine").result()

    monkeypatch.setattr(coursewright.runs, "run", stop_here)
    done = invoked(command.replace("--plan", ""))
    assert done.exit_code == 0, done.exception or done.output
    (config,) = made
    assert config.policy is None or Path(str(config.policy)).is_file()

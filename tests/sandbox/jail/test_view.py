"""What a command agent may be shown, and what is refused before anything runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coursewright
from coursewright.config import CommandAgent
from coursewright.errors import ConfigError
from coursewright.sandbox.jail import check_command, view
from coursewright.sandbox.jail.desk import copy_home
from coursewright.sandbox.jail.forwarder import read_target
from coursewright.sandbox.jail.view import make_view
from tests.sandbox.jail.conftest import write_script


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return write_script(tmp_path / "agent.sh", "true")


def refusal(withheld: tuple[Path, ...] = (), **settings: object) -> str:
    with pytest.raises(ConfigError) as caught:
        check_command(CommandAgent.model_validate(settings), withheld)
    return str(caught.value)


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "'no-such-program' on the PATH" in refusal(command="no-such-program --fast")
    assert "[agent.command]: there is no file" in refusal(command=f"{tmp_path}/nothing")


def test_a_script_that_may_not_run_is_told_how(script: Path) -> None:
    script.chmod(0o644)
    assert "chmod +x" in refusal(command=str(script))


def test_files_in_the_command_line_are_shown_by_absolute_paths(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(script.parent)
    part = CommandAgent.model_validate({"command": "sh ./agent.sh ./not-there -x"})
    seen = make_view(part, ())
    assert seen.command[1:] == (str(script), "./not-there", "-x")
    assert seen.shown == (script,)


def test_a_command_line_is_split_without_a_shell() -> None:
    part = CommandAgent.model_validate({"command": "tool -p 'a b' $HOME; rm x"})
    assert part.command == ("tool", "-p", "a b", "$HOME;", "rm", "x")


@pytest.mark.parametrize("which", ["inside", "the same", "around"])
def test_a_path_that_shows_what_is_withheld_is_refused(
    script: Path, tmp_path: Path, which: str
) -> None:
    task = tmp_path / "tasks" / "exam"
    (task / "more").mkdir(parents=True)
    read = {"inside": task / "more", "the same": task, "around": task.parent}[which]
    said = refusal((task,), command=str(script), read=[str(read)])
    assert said.startswith("[agent.read]")
    assert str(task) in said


def test_a_link_to_what_is_withheld_is_refused(script: Path, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "harmless").symlink_to("task")
    withheld = (tmp_path / "task",)
    said = refusal(withheld, command=str(script), read=[str(tmp_path / "harmless")])
    assert "must not see" in said


@pytest.mark.parametrize(
    "path",
    [Path(coursewright.__file__).parent.parent, Path("/"), Path("/proc"), Path("/run"),
     Path("/dev/shm"), Path.home(), Path("/tmp")],
)  # fmt: skip
def test_what_shows_too_much_is_refused(script: Path, path: Path) -> None:
    assert "[agent.read]" in refusal(command=str(script), read=[str(path)])
    assert "[agent.home]" in refusal(command=str(script), home=str(path))


def test_a_path_that_is_not_there_is_refused(script: Path) -> None:
    assert "there is no" in refusal(command=str(script), read=["/no/such/folder"])


@pytest.mark.parametrize(
    "host",
    [
        "https://api.example.com",
        "*.example.com",
        "a.example:0",
        "a.example:65536",
        "a:b",
        "",
        "...",
        "a b",
        "a/b",
        "a@b",
        "-a",
        "x" * 300,
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        CommandAgent.model_validate({"command": "x", "network": [host]})


@pytest.mark.parametrize("host", ["[:::]", "[1.2.3.4]", "[]", "::1"])
def test_what_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(ValueError):
        CommandAgent.model_validate({"command": "x", "network": [host]})


@given(st.text(st.characters(codec="utf-8"), max_size=12) | st.from_regex(r"\A\[[0-9a-f:.]+\]\Z"))
def test_every_accepted_host_is_one_to_the_forwarder(text: str) -> None:
    try:
        part = CommandAgent.model_validate({"command": "x", "network": [text]})
    except ValueError:
        return
    host, port = read_target(part.network[0])
    assert host
    assert 0 < port < 65536


def test_withheld_folders_in_what_all_agents_see_are_covered(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tmp_path / "share" / "tasks" / "exam"
    (task / "deeper").mkdir(parents=True)
    monkeypatch.setattr(view, "_MORE", (str(tmp_path / "share"),))
    part = CommandAgent.model_validate({"command": str(script)})
    found = make_view(part, (task, task / "deeper")).exposure
    assert tmp_path / "share" in found.readable
    assert [path for path in found.hidden if path.is_relative_to(tmp_path)] == [task]


def test_hosts_are_written_in_one_way() -> None:
    part = CommandAgent.model_validate(
        {"command": "x", "network": ["API.example.com.", "127.0.0.1:80", "[::1]:8000"]}
    )
    assert part.network == ("api.example.com:443", "127.0.0.1:80", "[::1]:8000")


def test_a_large_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "copy").mkdir()
    with (tmp_path / "home" / "big").open("wb") as file:
        file.truncate(65 * 1024**2)
    with pytest.raises(ConfigError, match=r"agent\.home.*64 MiB"):
        copy_home(tmp_path / "home", tmp_path / "copy")


def test_a_home_is_copied_without_what_could_block(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    (home / "deep" / "er").mkdir(parents=True)
    copy.mkdir()
    (home / "deep" / "er" / "file").write_text("x")
    (home / "link").symlink_to("/etc/passwd")
    os.mkfifo(home / "pipe")
    copy_home(home, copy)
    assert sorted(path.name for path in copy.rglob("*")) == ["deep", "er", "file", "link"]
    assert (copy / "link").is_symlink()

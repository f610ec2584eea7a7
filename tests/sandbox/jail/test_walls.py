"""Each test tries one way out of a command agent's jail, or one thing it must be able to do."""

from __future__ import annotations

import os
import shutil
import socket
import time
from pathlib import Path

import pytest

import coursewright
from coursewright.config import CommandAgent
from coursewright.errors import ConfigError
from coursewright.sandbox.jail.command import take
from coursewright.tasks import task_folder
from tests.sandbox.conftest import alive
from tests.sandbox.jail.conftest import WANTED, Run, write_script

# ---------------------------------------------------------------- files


def test_no_split_or_file_of_ours_can_be_read(run: Run, tmp_path: Path) -> None:
    run_folder = tmp_path / "runs" / "one"
    run_folder.mkdir(parents=True)
    (run_folder / "journal.sqlite").write_text("planted")
    task = Path(task_folder("science-mini"))
    package = Path(coursewright.__file__).parent
    foreign = [task / "private.jsonl", task / "scored.jsonl", run_folder / "journal.sqlite",
               package / "loop.py", Path("/etc/shadow"), Path("/etc/hostname"),
               *list(Path.home().glob(".*"))[:3]]  # fmt: skip
    errand = run("".join(f"test -r '{path}' && echo 'reads {path}'\n" for path in foreign))
    assert errand.stdout == ""


def test_installed_packages_of_the_machine_are_covered(run: Run) -> None:
    errand = run(
        """
        for place in /usr/lib/python3*/*-packages /usr/local/lib/python3*/*-packages; do
            test -d "$place" && ls "$place"
        done
        true
        """
    )
    assert (errand.status, errand.stdout) == ("ok", "")


def test_only_its_own_folders_can_be_written(run: Run, tmp_path: Path) -> None:
    errand = run(
        f"""
        for place in / /etc /usr/bin /usr/lib /coursewright /coursewright/library /var/tmp \
                     /dev {Path.home()}; do
            touch "$place/coursewright-test-file" 2>/dev/null && echo "writes $place"
        done
        # Below /tmp there may be places of this name, but they are its own.
        touch {tmp_path}/coursewright-test-file 2>/dev/null
        touch plan.md "$HOME/settings" "$TMPDIR/scratch" /dev/shm/shared && echo fine
        """
    )
    assert errand.stdout == "fine\n"
    assert not (tmp_path / "coursewright-test-file").exists()


def test_what_the_user_names_is_shown_read_only(run: Run, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    (installed / "bin").mkdir(parents=True)
    (installed / "bin" / "greet").write_text("#!/bin/sh\necho hello from the installation\n")
    (installed / "bin" / "greet").chmod(0o755)
    errand = run(f"greet; touch {installed}/new 2>/dev/null || echo refused", read=[str(installed)])
    assert errand.stdout.splitlines() == ["hello from the installation", "refused"]


def test_a_package_that_the_user_names_stands_out_of_the_covered_ones(run: Run) -> None:
    packages = Path(os.__file__).resolve().parent / "site-packages"
    named = packages / "pip" / "_internal"
    if not named.is_dir():
        pytest.skip("no installed package deep enough to name")
    errand = run(f"ls {packages} {packages}/pip; test -r {named}/__init__.py; echo $?",
                 read=[str(named)])  # fmt: skip
    assert errand.stdout.split()[-1] == "0"
    assert "main.py" not in errand.stdout
    assert errand.stderr == ""


def test_home_is_a_copy_that_nobody_finds_again(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".tool").mkdir(parents=True)
    (home / ".tool" / "login").write_text("logged in")
    for _ in range(2):
        errand = run("cat ~/.tool/login; echo spoilt > ~/.tool/login; touch ~/left", home=str(home))
        assert errand.stdout == "logged in"
    assert (home / ".tool" / "login").read_text() == "logged in"
    assert not (home / "left").exists()


# ---------------------------------------------------------------- keys


def test_only_named_variables_are_handed_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_KEY", "sk-canary-of-the-agent")
    monkeypatch.setenv("TEACHER_KEY", "sk-canary-of-the-teacher")
    errand = run(
        f"""
        import os
        print(len(os.environ["AGENT_KEY"]), "TEACHER_KEY" in os.environ)
        for name in ["1", "self", "{os.getpid()}", *map(str, range(1, 99))]:
            try:
                told = open(f"/proc/{{name}}/environ").read()
            except OSError:
                continue
            print("of-the-teacher" in told)
        """,
        environment=["AGENT_KEY"],
    )
    assert errand.stdout.startswith("22 False\n")
    assert "True" not in errand.stdout


def test_its_own_key_is_left_out_of_all_it_writes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_KEY", "sk-canary-of-the-agent")
    errand = run(
        'echo "$AGENT_KEY"; echo "$AGENT_KEY" >&2; echo "key = \'$AGENT_KEY\'" > code.py',
        environment=["AGENT_KEY"],
    )
    assert "canary" not in errand.model_dump_json()
    assert errand.files["code.py"] == b"key = '$AGENT_KEY'\n"


def test_its_key_is_in_no_process_arguments(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_KEY", "sk-canary-of-the-agent")
    errand = run(
        "cat /proc/1/cmdline /proc/self/cmdline | tr '\\0' ' ' | grep -c of-the-agent",
        environment=["AGENT_KEY"],
    )
    assert errand.stdout == "0\n"


def test_a_variable_that_is_not_set_is_told_before_anything_runs(run: Run) -> None:
    with pytest.raises(ConfigError, match=r"agent\.environment.*NO_SUCH_KEY is not set"):
        run("true", environment=["NO_SUCH_KEY"])


def test_a_key_in_the_place_of_a_name_is_refused_without_being_shown() -> None:
    with pytest.raises(ValueError) as caught:
        CommandAgent.model_validate({"command": "x", "environment": ["sk-canary"]})
    assert "canary" not in caught.value.errors()[0]["msg"]  # type: ignore[attr-defined]


# ---------------------------------------------------------------- processes and the kernel


def test_a_daemon_left_behind_is_dead(run: Run) -> None:
    marker = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    errand = run(
        f"""
        import os, sys
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execv("/bin/sh", ["sh", "-c", "trap '' TERM HUP; sleep 600", "{marker}"])
            os._exit(0)
        os.wait()
        """
    )
    assert errand.status == "ok"
    assert alive(marker) == []


def test_it_becomes_neither_root_nor_anybody_else(run: Run) -> None:
    errand = run(
        """
        import os
        print(os.getuid() != 0, open("/proc/self/status").read().count("CapEff:\\t000000000000000"))
        for become in (os.setuid, os.setgid):
            try:
                become(0)
            except OSError:
                print("refused")
        """
    )
    assert errand.stdout.split() == ["True", "1", "refused", "refused"]


def test_named_sockets_of_the_machine_are_out_of_reach(run: Run, tmp_path: Path) -> None:
    service = tmp_path / "service"
    service.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(service / "socket"))
        (service / "socket").chmod(0o777)
        listener.listen()
        errand = run(
            f"""
            import socket
            try:
                socket.socket(socket.AF_UNIX).connect("{service}/socket")
                print("connected")
            except OSError as error:
                print("refused")
            """,
            read=[str(service)],
        )
    assert errand.stdout == "refused\n"


# ---------------------------------------------------------------- bounds


def test_a_flood_of_output_is_kept_short(run: Run) -> None:
    errand = run("echo first; yes | head -c 20000000; echo last", output_bytes=4096)
    assert errand.status == "ok"
    assert len(errand.stdout) < 6000
    assert errand.stdout.startswith("first\n")
    assert errand.stdout.endswith("last\n")


def test_endless_output_ends_the_command(run: Run) -> None:
    errand = run("yes", output_bytes=4096)
    assert errand.status == "killed"
    assert "output" in errand.reason


def test_too_many_bytes_of_files_end_the_command(run: Run) -> None:
    errand = run(
        "for i in 1 2 3 4 5 6 7 8; do head -c 900000 /dev/zero > $HOME/$i; done; sleep 60",
        file_bytes=4 * 1024**2,
    )
    assert (errand.status, errand.reason) == ("killed", "more than 4 MiB of files")


def test_the_deadline_ends_the_whole_tree(run: Run) -> None:
    marker = f"sleeper-{os.getpid()}-{time.monotonic_ns()}"
    errand = run(f"sh -c 'trap \"\" TERM; sleep 600; true' {marker}", deadline=1.0)
    assert errand.status == "timeout"
    assert "deadline of 1 s" in errand.reason
    assert alive(marker) == []


# ---------------------------------------------------------------- what it hands in


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("ln -s /etc/passwd code.py", "link"),
        ("ln -s parent/code.py code.py", "link"),
        ("ln parent/code.py code.py", "hard link"),
        ("mkdir code.py", "folder"),
        ("truncate -s 900M code.py", "large"),
    ],
)
def test_what_is_no_plain_file_is_not_taken(run: Run, command: str, code: str) -> None:
    errand = run(f"echo plan > plan.md; {command}")
    assert errand.refused == {"code.py": code}
    assert errand.files == {"plan.md": b"plan\n"}


def test_a_pipe_as_code_blocks_nobody(tmp_path: Path) -> None:
    # The jail's own filter lets nobody make one; here it stands as if it did not.
    os.mkfifo(tmp_path / "code.py")
    assert take(tmp_path, WANTED) == ({}, {"code.py": "special"})


def test_a_folder_closed_by_the_agent_does_no_harm(run: Run) -> None:
    errand = run("echo 1 > code.py; chmod 0 .")
    assert errand.files.get("code.py") == b"1\n" or errand.refused["code.py"] == "unreadable"


def test_files_are_taken_whatever_the_exit_status(run: Run) -> None:
    errand = run("echo 'print(1)' > code.py; exit 3")
    assert (errand.status, errand.reason) == ("raised", "the command ended with exit status 3")
    assert errand.files["code.py"] == b"print(1)\n"


def test_a_signal_of_its_own_is_its_own_failure(run: Run) -> None:
    assert run("kill -9 $$").status == "killed"


def test_the_brief_is_on_standard_input_and_in_the_folder(run: Run) -> None:
    errand = run("cat; cat brief.json parent/code.py; echo x >> parent/code.py && echo writable")
    assert errand.stdout == '{"told": "everything"}' * 2 + "print()writable\n"


def test_without_an_interpreter_line_the_user_is_told(tmp_path: Path, run: Run) -> None:
    script = tmp_path / "bare"
    script.write_text("echo hello\n")
    script.chmod(0o755)
    with pytest.raises(ConfigError, match=r"agent\.command.*cannot be started.*#!/bin/sh"):
        run("true", command=[str(script)])


def test_a_script_that_others_may_not_run_is_told_how(tmp_path: Path, run: Run) -> None:
    if os.getuid() != 0:
        pytest.skip("only root's agents are strangers to the user's files")
    script = write_script(tmp_path / "closed", "true")
    script.chmod(0o700)
    with pytest.raises(ConfigError, match=r"Permission denied.*chmod a\+rx"):
        run("true", command=[str(script)])


def test_node_runs_inside(run: Run) -> None:
    if shutil.which("node") is None:
        pytest.skip("no node here")
    errand = run("node -e 'console.log(os.userInfo().username, os.homedir() === process.env.HOME)'")
    assert errand.stdout == "agent true\n"

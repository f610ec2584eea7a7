"""However a program ends, nothing of it is alive after, and its end is told truly."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coursewright.errors import IsolationError
from coursewright.sandbox import LineCut, ProgramLost, limits, tree

from .conftest import Run, alive

pytestmark = pytest.mark.long


def _wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _daemon(marker: str) -> str:
    """A program that leaves a double-forked process behind."""
    return textwrap.dedent(
        f"""
        import os, signal, sys, time
        if os.fork() == 0:
            try:
                os.setsid()
            except OSError:
                pass
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)",
                                          "{marker}"])
            os._exit(0)
        os.wait()
        time.sleep(0.3)
        """
    )


def test_a_daemon_dies_with_its_program(run: Run) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    ran = run(_daemon(marker) + "\nprint('done')")
    assert ran.lines == ["done"]
    assert alive(marker) == []


def test_a_daemon_dies_at_the_deadline(run: Run) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    ran = run(_daemon(marker) + "\ntime.sleep(60)", deadline=2.0)
    assert ran.execution.status == "timeout"
    assert alive(marker) == []


def test_a_process_is_alive_and_killed_when_only_its_first_thread_has_ended() -> None:
    code = "import ctypes, threading, time; "
    code += "threading.Thread(target=time.sleep, args=(60,)).start(); "
    code += "ctypes.CDLL(None).pthread_exit(None)"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        first = Path(f"/proc/{process.pid}/task/{process.pid}/stat")
        assert _wait_for(lambda: first.read_text().rsplit(")", 1)[1].split()[0] == "Z")
        found = tree.read_process(process.pid)
        assert found is not None
        assert found.alive
        assert found.resident > 0
        assert tree.kill([found]) == 1
        assert process.wait(10) == -signal.SIGKILL


def test_nothing_outlives_a_killed_supervisor(level: str, tmp_path: Path) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    program = tmp_path / "program.py"
    program.write_text(_daemon(marker) + "\ntime.sleep(300)")
    supervisor = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                f"""
                from pathlib import Path
                from coursewright.config import SandboxConfig
                from tests.sandbox.conftest import make_sandbox
                make_sandbox({level!r}, SandboxConfig()).execute(
                    Path({str(program)!r}).read_text(), files={{}}, socket=Path("/nonexistent"),
                    seed=0, deadline=300.0, submission=lambda p: None, on_rows=lambda n: None)
                """
            ),
        ],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        assert _wait_for(lambda: bool(alive(marker)))
        supervisor.kill()
        supervisor.wait()
        assert _wait_for(lambda: not alive(marker))
        assert _wait_for(lambda: not alive(str(tmp_path)))
    finally:
        supervisor.kill()


def _kill_soon(find: Callable[[], list[int]]) -> threading.Thread:
    def kill() -> None:
        if _wait_for(lambda: bool(find())):
            time.sleep(0.2)
            for pid in find():
                os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def _launched() -> list[tree.Process]:
    """The processes below this test that belong to a started program, outermost first."""
    ours = set(alive("launcher.py"))
    return [process for process in tree.descendants(os.getpid()) if process.pid in ours]


def test_a_program_killed_from_outside_is_lost(run: Run) -> None:
    def innermost() -> list[int]:
        found = _launched()
        parents = {process.parent for process in found}
        return [process.pid for process in found if process.pid not in parents]

    thread = _kill_soon(innermost)
    with pytest.raises(ProgramLost):
        run("import time\ntime.sleep(20)")
    thread.join()


def test_a_killed_outermost_process_is_a_lost_program(run: Run) -> None:
    marker = f"marker-{secrets.token_hex(8)}"

    def outermost() -> list[int]:
        if not alive(marker):
            return []
        return [process.pid for process in _launched() if process.parent == os.getpid()]

    thread = _kill_soon(outermost)
    with pytest.raises(ProgramLost):
        run(_daemon(marker) + "\ntime.sleep(20)")
    thread.join()
    assert _wait_for(lambda: not alive(marker))


def test_exit_status_and_traceback_are_told(run: Run) -> None:
    ran = run("def inner():\n    raise ValueError('no such luck')\ninner()")
    assert (ran.execution.status, ran.execution.exit_code) == ("raised", 1)
    assert ran.execution.stderr.splitlines() == [
        "Traceback (most recent call last):",
        '  File "program.py", line 3, in <module>',
        "    inner()",
        '  File "program.py", line 2, in inner',
        "    raise ValueError('no such luck')",
        "ValueError: no such luck",
    ]


def test_a_syntax_error_is_the_programs(run: Run) -> None:
    ran = run("def broken(:\n    pass")
    assert ran.execution.status == "raised"
    assert "SyntaxError" in ran.execution.stderr
    assert 'File "program.py", line 1' in ran.execution.stderr


def test_sys_exit_is_told(run: Run) -> None:
    assert run("import sys; sys.exit(7)").execution.exit_code == 7
    assert run("exit()").execution.status == "ok"


@pytest.mark.parametrize("status", [130, 137, 152])
def test_an_exit_status_that_looks_like_a_signal_is_told(run: Run, status: int) -> None:
    execution = run(f"import os; os._exit({status})").execution
    assert (execution.status, execution.exit_code) == ("raised", status)
    assert execution.reason == f"the program ended with exit status {status}"


def test_a_program_cannot_end_its_keeper(run: Run) -> None:
    ran = run(
        """
        import contextlib, os, signal, time
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.kill(os.getppid(), number)
        time.sleep(0.2)
        os._exit(3)
        """
    )
    assert ran.execution.exit_code == 3


def test_a_crash_is_told(run: Run) -> None:
    ran = run("import ctypes; ctypes.string_at(0)")
    assert ran.execution.status == "raised"
    assert "signal 11" in ran.execution.reason


def test_output_is_harmless_and_names_no_place_of_this_machine(run: Run, level: str) -> None:
    ran = run(
        r"""
        import os, json, numpy
        print("\x1b[31mred \u202e \x00")
        print(os.getcwd(), json.__file__, numpy.__file__, __file__)
        raise SystemExit(os.environ["COURSEWRIGHT_DATA"])
        """
    )
    assert ran.lines[0] == r"\x1b[31mred \u202e \x00"
    assert ran.lines[1] == "work python/json/__init__.py packages/numpy/__init__.py program.py"
    assert ran.execution.stderr == "data\n"


def test_a_lost_gateway_is_told_apart(run: Run) -> None:
    with pytest.raises(LineCut):
        run("from coursewright_program import teacher\nteacher.generate('x')")


def test_a_launcher_that_cannot_shut_itself_in_runs_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "resource_limits", lambda config: {"RLIMIT_NONSENSE": (0, 0)})
    with pytest.raises(IsolationError, match="RLIMIT_NONSENSE"):
        run("print('ran')")

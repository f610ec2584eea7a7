"""Servers of a run: who is up in whose turn, and that none outlives its run."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from coursewright.config import LocalServer, Turn
from coursewright.display import Silent
from coursewright.errors import ConfigError, Interrupted
from coursewright.records import Usage
from coursewright.servers import AgentInTurn, StudentInTurn, TeacherInTurn, Turns, keeper
from coursewright.servers.server import ManagedServer
from tests.serving import free_port

FAKE = Path(__file__).with_name("fake_server.py")


class Stage:
    """Makes servers in a folder, and reads what happened to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def server(self, name: str, *words: str, **settings: Any) -> LocalServer:
        port = free_port()
        command = (sys.executable, str(FAKE), str(port), str(self.folder / name), *words)
        given = {"serves": (name,), "start": command, "url": f"http://127.0.0.1:{port}"}
        return LocalServer.model_validate({"name": name, **given, **settings})

    def notes(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().split("\n")[:-1] if file.exists() else []

    @contextmanager
    def turns(self, *servers: LocalServer) -> Iterator[Turns]:
        turns = Turns(servers, self.folder / "logs", Silent())
        try:
            yield turns
        finally:
            turns.close()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def eventually(true: Callable[[], bool]) -> None:
    for _ in range(1200):  # a busy machine takes its time
        if true():
            return
        time.sleep(0.05)
    pytest.fail("never came true")


def test_servers_start_when_needed_sleep_for_others_and_stop_at_the_end(stage: Stage) -> None:
    with stage.turns(stage.server("teacher"), stage.server("scorer")) as turns:
        assert stage.notes("teacher") == [], "nothing runs before its turn"
        for turn in ("teacher", "teacher", "trainer", "scorer", "teacher"):
            turns.take(turn)
    assert stage.notes("teacher") == ["start", "sleep?level=1", "wake_up", "stop"]
    assert stage.notes("scorer") == ["start", "sleep?level=1", "stop"]


def test_a_server_that_cannot_sleep_or_shall_not_is_stopped_and_started(stage: Stage) -> None:
    tireless = stage.server("teacher", "tireless")
    stopping = stage.server("scorer", rest="stop")
    with stage.turns(tireless, stopping) as turns:
        for turn in ("teacher", "scorer", "trainer", "teacher"):
            turns.take(turn)
        assert stage.notes("teacher") == ["start", "stop", "start"]
        assert stage.notes("scorer") == ["start", "stop"]


def test_a_server_with_memory_of_its_own_stays_and_makes_nobody_rest(stage: Stage) -> None:
    rested: list[str] = []
    with stage.turns(stage.server("teacher", rest="stay"), stage.server("scorer")) as turns:
        turns.trainer_rests_by(lambda: rested.append("trainer"))
        for turn in ("scorer", "teacher", "trainer", "teacher"):
            turns.take(turn)
        assert stage.notes("teacher") == ["start"]
        assert stage.notes("scorer") == ["start", "sleep?level=1"]
        assert rested == ["trainer"], "before the scorer, not before the teacher"


def test_a_turn_without_a_server_leaves_the_others_as_they_are(stage: Stage) -> None:
    with stage.turns(stage.server("teacher")) as turns:
        for turn in ("teacher", "agent", "teacher"):
            turns.take(turn)
        assert stage.notes("teacher") == ["start"]


def test_a_server_that_was_killed_is_started_anew(stage: Stage) -> None:
    with stage.turns(stage.server("teacher")) as turns:
        turns.take("teacher")
        (fake,) = [
            p for p in psutil.Process().children(recursive=True) if str(FAKE) in p.cmdline()[1:2]
        ]
        fake.kill()
        (server,) = turns._servers
        eventually(lambda: not server.is_up())
        turns.take("teacher")
        assert stage.notes("teacher") == ["start", "start"]


def test_a_server_that_does_not_come_up_says_why_and_leaves_nothing(stage: Stage) -> None:
    with (
        stage.turns(stage.server("teacher", "stillborn")) as turns,
        pytest.raises(Interrupted, match=r"no GPU to be had.*resume"),
    ):
        turns.take("teacher")
    deaf = stage.server("scorer", "deaf", ready_seconds=0.5)
    with stage.turns(deaf) as turns, pytest.raises(Interrupted, match="not ready within"):
        turns.take("scorer")
    assert stage.notes("scorer")[-1] == "stop"


def test_a_server_of_somebody_else_is_not_taken_over(stage: Stage) -> None:
    theirs = ManagedServer(stage.server("teacher"), stage.folder / "log")
    theirs.wake()
    try:
        ours = ManagedServer(theirs.config, stage.folder / "log")
        with pytest.raises(ConfigError, match="answers at"):
            ours.wake()
        assert theirs.is_up()
    finally:
        theirs.stop()


def test_a_server_sees_named_variables_and_no_keys(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    monkeypatch.setenv("MY_TOKEN", "meant")
    settings = {"environment": ("MY_TOKEN",), "variables": {"MODE": "1"}}
    server = stage.server("teacher", **settings)
    with stage.turns(server) as turns:
        turns.take("teacher")
        seen = httpx2.get(f"{server.url}/environ").json()
    assert "canary" not in seen.values()
    assert (seen["MY_TOKEN"], seen["MODE"]) == ("meant", "1")


def test_no_server_outlives_a_run_that_was_killed(stage: Stage) -> None:
    server = stage.server("teacher", "mother")
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from coursewright.config import LocalServer\n"
        "from coursewright.servers.server import ManagedServer\n"
        f"config = LocalServer.model_validate_json({server.model_dump_json()!r})\n"
        f"ManagedServer(config, Path({str(stage.folder / 'log')!r})).wake()\n"
        "print('up', flush=True); time.sleep(60)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == b"up\n"
    child = int(stage.notes("teacher")[0].split()[1])
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    eventually(lambda: stage.notes("teacher")[-1] == "stop")
    eventually(lambda: not psutil.pid_exists(child))


def test_a_server_that_ignores_the_order_to_end_is_killed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    patient = "import runpy, sys; sys.argv = sys.argv[1:]; m = runpy.run_path(sys.argv[0]);"
    patient += " m['_end_with_input'].__globals__['PATIENCE_SECONDS'] = 0.2; m['main']()"
    kept = subprocess.Popen(
        [sys.executable, "-c", patient, keeper.__file__, sys.executable, "-c",
         f"{deaf}; time.sleep(600)"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert kept.stdin is not None
    assert kept.stdout is not None
    assert kept.stdout.readline() == b"1\n"
    kept.stdin.close()
    assert kept.wait(timeout=20) == 128 + signal.SIGKILL
    kept.stdout.close()


class Everyone:
    """Agent, teacher and student in one, who note whose turn it was when they worked."""

    name = "everyone"
    isolation = None

    def __init__(self) -> None:
        self.turn: Turn | None = None
        self.worked: list[tuple[str, Turn | None]] = []

    def take(self, turn: Turn) -> None:
        self.turn = turn

    def propose(self, *_: Any) -> Any:
        self.worked.append(("propose", self.turn))

    @contextmanager
    def line(self, *_: Any) -> Iterator[Any]:
        self.worked.append(("line", self.turn))
        yield self

    def usage(self) -> Usage:
        return Usage(calls=7)

    def train(self, *_: Any) -> Any:
        self.worked.append(("train", self.turn))

    def answer(self, *_: Any) -> Any:
        self.worked.append(("answer", self.turn))


@pytest.mark.parametrize(("served", "scorer"), [(True, "scorer"), (False, "trainer")])
def test_every_stage_works_in_its_own_turn(served: bool, scorer: Turn) -> None:
    one: Any = Everyone()
    AgentInTurn(one, one).propose(None, None)  # type: ignore[arg-type]
    with TeacherInTurn(one, one).line(0, 10) as line:
        assert line.usage().calls == 7
    student = StudentInTurn(one, one, served=served)
    student.train("rows", 1)
    student.answer(None, ["a"])
    expected = [("propose", "agent"), ("line", "teacher"), ("train", "trainer"), ("answer", scorer)]
    assert one.worked == expected

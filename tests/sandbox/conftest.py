"""One way to run a program in a test, at each level of isolation that must hold."""

from __future__ import annotations

import functools
import json
import os
import shutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from coursewright.config import SandboxConfig
from coursewright.records import Execution
from coursewright.sandbox import ProgramSandbox
from coursewright.sandbox.bubblewrap import Bubblewrap
from coursewright.sandbox.exposure import Exposure, machine_exposure
from coursewright.sandbox.landlock import Landlock

WITHOUT = "COURSEWRIGHT_TEST_WITHOUT_BWRAP"


@functools.cache
def exposure() -> Exposure:
    return machine_exposure()


def make_sandbox(level: str, config: SandboxConfig) -> ProgramSandbox:
    """A sandbox without the probe, which has tests of its own."""
    enclosure = Bubblewrap if level == "L3" else Landlock
    return ProgramSandbox(config, enclosure(config, exposure()), exposure())


@pytest.fixture(params=["L3", "L2"])
def level(request: pytest.FixtureRequest) -> str:
    if request.param == "L3" and shutil.which("bwrap") is None:
        if os.environ.get(WITHOUT) == "1":
            pytest.skip("bubblewrap is missing, and that was allowed")
        pytest.fail(
            "the tests of level 3 need bubblewrap: apt-get install bubblewrap; "
            f"set {WITHOUT}=1 to go without them",
            pytrace=False,
        )
    return str(request.param)


@dataclass
class Ran:
    """A finished program."""

    execution: Execution
    work: dict[str, bytes] = field(default_factory=dict)
    """Files left in the work folder, by name."""
    rows: list[int] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return self.execution.stdout.splitlines()


Run = Callable[..., Ran]


_sandboxes: dict[tuple[str, str], ProgramSandbox] = {}


@pytest.fixture
def run(level: str) -> Run:
    """Run a program; sandboxes are shared by tests with the same config, attempts are not."""

    def run_program(
        code: str,
        *,
        config: SandboxConfig | None = None,
        files: dict[str, Path] | None = None,
        socket: Path = Path("/nonexistent/gateway"),
        seed: int = 0,
        deadline: float = 30.0,
    ) -> Ran:
        config = config or SandboxConfig()
        key = (level, config.model_dump_json())
        sandbox = _sandboxes.get(key) or make_sandbox(level, config)
        _sandboxes[key] = sandbox
        left: dict[str, bytes] = {}
        rows: list[int] = []

        def take(folder: Path) -> str:
            for path in sorted(folder.iterdir()):
                if path.is_file() and not path.is_symlink():
                    left[path.name] = path.read_bytes()
            return "taken"

        execution = sandbox.execute(
            textwrap.dedent(code),
            files=files or {},
            socket=socket,
            seed=seed,
            deadline=deadline,
            submission=take,
            on_rows=rows.append,
        )
        return Ran(execution, left, rows)

    return run_program


_ATTACK = """
import json
failed = {}
for number, code in enumerate(json.loads(ATTACKS)):
    try:
        exec(code, {})
    except (OSError, ImportError) as error:
        failed[number] = type(error).__name__
print(json.dumps(failed))
"""


@pytest.fixture
def refused(run: Run) -> Callable[..., None]:
    """Assert that pieces of code, run in one program, all fail with an error of the system."""

    def attack(*codes: str) -> None:
        ran = run(f"ATTACKS = {json.dumps(codes)!r}\n{_ATTACK}")
        assert ran.execution.status == "ok", ran.execution
        failed = json.loads(ran.lines[-1])
        assert [code for number, code in enumerate(codes) if str(number) not in failed] == []

    return attack


def alive(marker: str) -> list[int]:
    """Process ids whose command line holds a marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found

"""The supervisor's side of the teacher gateway: starts it, opens lines, mourns and replaces it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from coursewright import errors
from coursewright.config import Budget, TeacherConfig, TextKind
from coursewright.endpoints import NANOS, in_dollars, in_nanos
from coursewright.records import Usage
from coursewright.store.ledger import Ledger, Totals
from coursewright.teacher.settings import GatewaySettings, StudentDesk, calling
from coursewright.teacher.upstreams import upstream_name, variables
from coursewright.teacher.wire import STUDENT

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_ORDER_SECONDS = 60.0
_LAST_WORDS = 2000
"""Bytes of a dead gateway's standard error that are looked at."""
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")


class GatewayLost(errors.HelperLost):
    """The gateway died during a round. Nothing paid for is lost: run the program again, and its
    answered calls replay from the ledger at no cost."""


@dataclass(frozen=True)
class GatewayLine:
    """An open line for one round (see `protocols.TeacherLine`)."""

    socket: Path
    number: int
    _teacher: GatewayTeacher

    def usage(self) -> Usage:
        """What this round has spent so far, over all its lives; final once the line is closed.

        Raises:
            GatewayLost: the gateway died; the program's answers may be incomplete.
        """
        return self._teacher.usage(self.number)

    def student_usage(self) -> Usage:
        """The same of the base student."""
        return self._teacher.usage(self.number, STUDENT)


class ServedStudent(Protocol):
    """The base student as programs may ask it."""

    socket: Path
    """Where the gateway asks it; outside of `serving` nobody is there."""
    max_tokens: int
    """Of one answer."""

    def serving(self) -> AbstractContextManager[object]:
        """Serve it within the block; at its end no question is under way any more."""


class ServedTeacher(Protocol):
    """A specialised student that is the teacher."""

    socket: Path

    def serving(self) -> AbstractContextManager[object]:
        """As of `ServedStudent`."""


class GatewayTeacher:
    """A teacher behind its gateway process (see `protocols.Teacher`).

    The process starts with `start()` or the first line, and ends with `close()`; it also ends
    by itself when the supervisor dies. Requests that quote a `withheld` text are refused.

    Raises:
        errors.CoursewrightError: on start, when the gateway refuses its settings or ledger.
    """

    def __init__(
        self,
        config: TeacherConfig,
        *,
        ledger: Path,
        seed: int,
        budget: Budget,
        withheld: Mapping[TextKind, Sequence[str]] | None = None,
        student: ServedStudent | None = None,
        student_ledger: Path | None = None,
        shared: Path | None = None,
        specialised: ServedTeacher | None = None,
    ) -> None:
        """With a `student`, programs may ask it too: `student_ledger` meters it apart.

        `specialised` is the teacher itself, where it is the student of another run. In the folder
        `shared` runs keep answers for one another.
        """
        self.name = upstream_name(config)
        self._settings = GatewaySettings(
            teacher=config,
            teacher_socket=None if specialised is None else specialised.socket,
            ledger=ledger.absolute(),
            seed=seed,
            calls=budget.calls,
            tokens=budget.tokens,
            round_tokens=budget.round_tokens,
            nanos=None if budget.cost_usd is None else in_nanos(budget.cost_usd),
            concurrency=budget.concurrency,
            withheld={kind: tuple(texts) for kind, texts in (withheld or {}).items()},
            shared=None if shared is None else shared.absolute(),
            student=student_desk(student, student_ledger, budget),
            **calling(config, budget),
        )
        self._student = student if self._settings.student else None
        self._specialised = specialised
        self._environment = (*_ENVIRONMENT, *variables(config))
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        """Private folder of the running gateway, as it told us."""
        self._complaints: Any = None

    @property
    def pid(self) -> int | None:
        """Process id of the running gateway, if there is one."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ the face the loop knows

    @contextlib.contextmanager
    def line(
        self, round_number: int, cap: int, spent_elsewhere: float = 0.0
    ) -> Iterator[GatewayLine]:
        """Open the line of one round with its cap of calls; closed, with its socket, on exit.

        `spent_elsewhere` are US dollars of the run's money that did not go to the teacher.

        Raises:
            errors.Interrupted: the upstream is gone, or refuses every call.
            GatewayLost: the gateway died while the line was open; the caller may open it again.
            errors.StorageError: the call ledger could not be written.
        """
        self._ready()
        with contextlib.ExitStack() as stack:
            for served in (self._student, self._specialised):
                if served is not None:
                    stack.enter_context(served.serving())
            yield from self._line(round_number, cap, spent_elsewhere)

    def _line(self, round_number: int, cap: int, spent_elsewhere: float) -> Iterator[GatewayLine]:
        elsewhere = math.ceil(spent_elsewhere * NANOS)
        opened = self._order(
            {"do": "open", "round": round_number, "cap": cap, "elsewhere": elsewhere}
        )
        try:
            yield GatewayLine(Path(opened["socket"]), round_number, self)
        except Exception as failure:
            # Whatever failed inside most likely failed for want of the gateway.
            if self.pid is None:
                raise self._lost() from failure
            self._hang_up(round_number)
            raise
        except BaseException:
            with contextlib.suppress(GatewayLost):
                self._hang_up(round_number)
            raise
        self._hang_up(round_number)

    def calls_left(self) -> int:
        """Calls left in the run's total."""
        return max(0, self._settings.calls - self._totals(None, "teacher").calls)

    def usage(self, round_number: int | None = None, of: str = "teacher") -> Usage:
        """What the whole run, or one round, has spent `of` teacher or student."""
        return usage_of(self._totals(round_number, of))

    def _totals(self, round_number: int | None, of: str) -> Totals:
        if self.pid is not None and self._folder is not None:
            # It waits for what is still on its way to the ledger.
            order = {"do": "usage", "round": round_number, "of": of}
            return Totals(**self._order(order)["usage"])
        desk = self._settings.student if of == STUDENT else self._settings
        if desk is None or not desk.ledger.is_file():
            return Totals()
        with Ledger.read_only(desk.ledger) as ledger:
            return ledger.totals(round_number)

    # ------------------------------------------------------------ the process

    def start(self) -> Self:
        """Start the gateway without waiting for it; harmless when it runs."""
        if self.pid is not None:
            return self
        self._bury()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-m", "coursewright.teacher.gateway"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=self._clean_environment(),
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(self._settings.model_dump_json().encode() + b"\n")
            self._process.stdin.flush()
        return self

    def _clean_environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in self._environment if name in os.environ}
        # The same modules as here, so that a dotted path means the same class there.
        path = [os.path.abspath(entry) for entry in sys.path]
        return kept | {"PYTHONPATH": os.pathsep.join(path), "PYTHONHASHSEED": "0"}

    def _ready(self) -> None:
        self.start()
        if self._folder is None:
            told = self._first_word()
            if "ready" not in told:
                self.close()  # it is ending by itself, and tidies up when it is let
                raise _told_error(told)
            self._folder = Path(told["ready"]["control"]).parents[1]

    def _first_word(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        deadline, line = time.monotonic() + _START_SECONDS, b""
        pipe = self._process.stdout.fileno()
        while not line.endswith(b"\n"):
            if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
                break
            piece = os.read(pipe, 65536)
            if not piece:
                break
            line += piece
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            # Not `GatewayLost`: who retries that would retry for ever.
            raise errors.CoursewrightError(f"{self._lost()}, at its start") from None
        return told

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        if self._folder is None:
            raise GatewayLost("the teacher gateway was closed")
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(_ORDER_SECONDS)
                link.connect(str(self._folder / "c" / "s"))
                link.sendall(json.dumps(order).encode() + b"\n")
                with link.makefile("rb") as answer:
                    reply: dict[str, Any] = json.loads(answer.readline())
        except (OSError, ValueError) as error:
            raise self._lost() from error
        if "error" in reply:
            raise errors.StageFailed(f"the teacher gateway: {reply['error']}", stage="teacher")
        return reply

    def _hang_up(self, round_number: int) -> None:
        self._order({"do": "close", "round": round_number})
        health = self.health()
        if health["fault"] is not None:
            raise errors.StorageError(
                f"the call ledger cannot be written: {health['fault']}", file=self._settings.ledger
            )
        if health["outage"] is not None:
            raise errors.Interrupted(
                f"the teacher {self.name} is gone: {health['outage']}; mend that, then "
                "`coursewright resume` continues here"
            )

    def health(self) -> dict[str, Any]:
        """What the running gateway says of itself, such as `fault`, `outage` and open `rounds`."""
        self._ready()
        return self._order({"do": "health"})

    def _lost(self) -> GatewayLost:
        said = ""
        if self._complaints is not None:
            size = self._complaints.seek(0, os.SEEK_END)
            self._complaints.seek(max(0, size - _LAST_WORDS))
            said = self._complaints.read(_LAST_WORDS).decode("utf-8", "replace").strip()
        self._bury()
        last = f": {said.splitlines()[-1]}" if said else ""
        return GatewayLost(f"the teacher gateway died{last}")

    def _bury(self) -> None:
        """Kill whatever is left of the process, and remove its folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._complaints is not None:
            self._complaints.close()
        self._process = self._folder = self._complaints = None

    def close(self) -> None:
        """End the gateway and remove its folder. `line` would start a new one."""
        if self._process is not None and self._process.poll() is None:
            assert self._process.stdin is not None
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self._bury()


def usage_of(totals: Totals) -> Usage:
    """What a ledger's totals are as metered use."""
    return Usage(
        calls=totals.calls,
        cached=totals.cached,
        prompt_tokens=totals.prompt_tokens,
        completion_tokens=totals.completion_tokens,
        estimated=totals.estimated,
        shared=totals.shared,
        cost_usd=None if totals.unpriced else in_dollars(totals.cost),
    )


def student_desk(
    student: ServedStudent | None, ledger: Path | None, budget: Budget
) -> StudentDesk | None:
    """Return what the gateway has to know of the student; None if nobody may ask it."""
    if (
        student is None
        or ledger is None
        or min(budget.student_calls, budget.round_student_calls) < 1
    ):
        return None
    return StudentDesk(
        socket=student.socket,
        ledger=ledger.absolute(),
        calls=budget.student_calls,
        round_calls=budget.round_student_calls,
        max_tokens=student.max_tokens,
    )


def _told_error(told: dict[str, Any]) -> errors.CoursewrightError:
    """The gateway's own error, raised here as what it was there."""
    kind = getattr(errors, str(told.get("kind")), errors.CoursewrightError)
    if isinstance(kind, type) and issubclass(kind, errors.LocatedError):
        return kind(told["error"], file=told.get("file"), field=told.get("field"))
    if isinstance(kind, type) and issubclass(kind, errors.CoursewrightError):
        return kind(told["error"])
    return errors.CoursewrightError(told["error"])

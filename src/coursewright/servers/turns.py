"""Whose turn it is, and the stages that take theirs before they work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coursewright.config import LocalServer, Turn
from coursewright.protocols import Agent, Progress, Student, Teacher, TeacherLine
from coursewright.records import Brief, Isolation, Likelihood, Prompt, Proposal, Training, Usage
from coursewright.records import Turn as AgentTurn
from coursewright.servers.server import ManagedServer


class Turns:
    """All servers of a run. Use `take` before work, and `close()` at the end."""

    def __init__(self, servers: Sequence[LocalServer], logs: Path, progress: Progress) -> None:
        self._servers = [ManagedServer(each, logs / f"{each.name}.log") for each in servers]
        self._progress = progress
        self._trainer_rests: Callable[[], None] | None = None

    def trainer_rests_by(self, rest: Callable[[], None]) -> None:
        """Name what frees the trainer's memory when it is another's turn."""
        self._trainer_rests = rest

    def take(self, turn: Turn) -> None:
        """Lay to rest whatever does not serve this turn, and return once all is up that does.

        Raises:
            ConfigError, Interrupted: a server cannot be started (see `ManagedServer.wake`).
        """
        needed = [server for server in self._servers if turn in server.config.serves]
        # A server that never rests has memory of its own: nobody has to make room for it.
        if turn == "trainer" or any(server.config.rest != "stay" for server in needed):
            if turn != "trainer" and self._trainer_rests is not None:
                self._trainer_rests()
            for server in self._servers:
                if server not in needed:
                    self._rest(server)
        for server in needed:
            self._wake(server)

    def close(self) -> None:
        """Stop every server."""
        for server in self._servers:
            server.stop()

    def _rest(self, server: ManagedServer) -> None:
        before = server.state
        server.rest()
        if server.state != before:
            self._progress.say(f"server {server.config.name}: {server.state}")

    def _wake(self, server: ManagedServer) -> None:
        if not server.is_up():
            self._progress.say(f"server {server.config.name}: getting ready")
        server.wake()


class AgentInTurn:
    """An agent behind a server of the run. Fits `protocols.Agent`."""

    def __init__(self, agent: Agent, turns: Turns) -> None:
        self._agent = agent
        self._turns = turns
        self.isolation: Isolation | None = getattr(agent, "isolation", None)

    def propose(self, brief: Brief, turn: AgentTurn) -> Proposal:
        """As the agent itself, once its server is up."""
        self._turns.take("agent")
        return self._agent.propose(brief, turn)


class TeacherInTurn:
    """A teacher behind a server of the run. Fits `protocols.Teacher`."""

    def __init__(self, teacher: Teacher, turns: Turns) -> None:
        self.name = teacher.name
        self._teacher = teacher
        self._turns = turns

    @contextmanager
    def line(
        self, round_number: int, cap: int, spent_elsewhere: float = 0.0
    ) -> Iterator[TeacherLine]:
        """As the teacher itself, once its server is up."""
        self._turns.take("teacher")
        with self._teacher.line(round_number, cap, spent_elsewhere) as line:
            yield line

    def calls_left(self) -> int:
        """As the teacher itself."""
        return self._teacher.calls_left()

    def usage(self) -> Usage:
        """As the teacher itself."""
        return self._teacher.usage()


class StudentInTurn:
    """A student that shares its memory with servers of the run. Fits `protocols.Student`."""

    def __init__(self, student: Student, turns: Turns, *, served: bool) -> None:
        """`served`: a server answers for the student, not its worker."""
        self.name = student.name
        self._student = student
        self._turns = turns
        self._answers: Turn = "scorer" if served else "trainer"

    def start(self) -> None:
        """As the student itself."""
        self._student.start()

    def wait(self) -> None:
        """As the student itself."""
        self._student.wait()

    def train(self, rows: str, seed: int) -> Training:
        """As the student itself, once servers have made room."""
        self._turns.take("trainer")
        return self._student.train(rows, seed)

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """As the student itself, once its server is up, or servers have made room."""
        self._turns.take(self._answers)
        return self._student.answer(weights, prompts)

    def likelihood(self, weights: str | None, rows: str) -> Likelihood:
        """As the student itself, once servers have made room."""
        self._turns.take("trainer")
        return self._student.likelihood(weights, rows)

    def special_tokens(self) -> tuple[str, ...]:
        """As the student itself."""
        return self._student.special_tokens()

    def fingerprint(self) -> str:
        """As the student itself."""
        return self._student.fingerprint()

    def close(self) -> None:
        """As the student itself."""
        self._student.close()

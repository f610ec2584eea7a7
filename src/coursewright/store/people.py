"""The supervisor's side of what people ask: notes are read, gates are waited at, stops heeded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from coursewright.config import RunConfig
from coursewright.errors import Interrupted
from coursewright.protocols import Journal, Progress
from coursewright.records import Approval, Record, Result, Waiting
from coursewright.store.requests import Requests

R = TypeVar("R", bound=Record)

POLL = 0.3
"""Seconds between two looks at the file while a run waits."""


class RunPeople:
    """Meets `protocols.People`."""

    def __init__(
        self,
        requests: Requests,
        name: str,
        progress: Progress,
        *,
        stops_before: int = 0,
        attended: bool = True,
    ) -> None:
        """`name` is the run's, for what it says.

        Stops up to number `stops_before` were asked of an earlier process. Nobody is there to
        answer where a run is `attended` not: at a gate without an answer it ends.
        """
        self._requests = requests
        self._name = name
        self._progress = progress
        self._stops_before = stops_before
        self._attended = attended

    def notes(self, after: int) -> tuple[tuple[str, ...], int]:
        """Return the notes after request number `after`, and the number of the last request."""
        found = self._requests.since(after)
        notes = tuple(request.text for request in found if request.kind == "note")
        return notes, found[-1].id if found else after

    def ask(self, waiting: Waiting) -> Approval:
        """Wait until a person has approved or rejected exactly this.

        An answer that was given while no process was here counts, too.

        Raises:
            Interrupted: a person wants the run to stop, or nobody is there to ask.
        """
        answer = self._requests.answer_to(waiting)
        if answer is None and not self._attended:
            raise Interrupted(
                f"came to {place_of(waiting)}, which the run it replays never waited at"
            )
        if answer is None:
            self._requests.wait(waiting)
            where = f" (see {waiting.look} in the run's folder)" if waiting.look else ""
            self._progress.say(
                f"waiting for a person at {place_of(waiting)}{where}: "
                f"`coursewright approve {self._name}`, or with --reject 'why'"
            )
        while answer is None:
            self.heed()
            time.sleep(POLL)
            answer = self._requests.answer_to(waiting)
        self._requests.wait(None)
        approved = answer.kind == "approve"
        self._progress.say(f"{'approved' if approved else 'rejected'}: {place_of(waiting)}")
        return Approval(
            gate=waiting.gate, round=waiting.round, approved=approved, reason=answer.text
        )

    def heed(self) -> None:
        """Let the run end here if a person wants it to stop.

        Raises:
            Interrupted: so it is; `resume` goes on.
        """
        if self._requests.since(self._stops_before, "stop"):
            raise Interrupted(
                f"stopped as asked; `coursewright resume {self._name}` goes on where it was"
            )


class HeedingJournal:
    """A journal that looks for a wish to stop before any stage that is not recorded yet."""

    def __init__(self, journal: Journal, people: RunPeople) -> None:
        self._journal = journal
        self._people = people

    def stage(
        self, kind: str, inputs: dict[str, Any], produce: Callable[[], R], record: type[R]
    ) -> R:
        """Do as `protocols.Journal` says, unless the run is to stop.

        Raises:
            Interrupted: it is.
        """

        def heeding() -> R:
            self._people.heed()
            return produce()

        return self._journal.stage(kind, inputs, heeding, record)

    def elapsed(self) -> float:
        """Seconds of this run over all its sessions, less those it waited for people."""
        return self._journal.elapsed()


def export_gate(config: RunConfig, result: Result) -> Waiting | None:
    """Return what has to be approved before a finished run may be exported, if anything has to."""
    final = result.final
    if "export" not in config.gates or final is None or final.dataset is None:
        return None
    assert final.round is not None
    return Waiting(gate="export", round=final.round, subject=final.dataset)


def place_of(waiting: Waiting) -> str:
    """Return in words where a run waits."""
    what = {"plan": "the plan", "sample": "the first data set", "export": "the export"}
    return f"{what[waiting.gate]} of round {waiting.round}"

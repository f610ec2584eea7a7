"""A student that is trained on some rows of its past beside every data set, against forgetting.

Mixing in a small share of earlier data is the plainest remedy there is (rehearsal: Robins, 1995,
Connection Science 7(2); for language models: Scialom et al., 2022, arXiv 2205.12393, 1 %).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from coursewright.protocols import Student
from coursewright.records import Likelihood, Prompt, TracedRow, Training
from coursewright.store import Artifacts, digest_of, put_rows, read_rows


class ReplayingStudent:
    """Fits `protocols.Student`: another one, with rows of its past in every training.

    They are part of how it is trained, so they change its fingerprint; no audit and no agent sees
    them.
    """

    def __init__(
        self,
        student: Student,
        store: Artifacts,
        past: Callable[[int], Sequence[TracedRow]],
        share: float,
        said: str,
    ) -> None:
        """`past` draws so many rows, the same ones every time; `share` is theirs of all rows.

        `said` tells one source of rows, and one draw from it, from another.
        """
        self.student = student
        self.name = student.name
        self._store = store
        self._past = past
        self._share = share
        self._said = said

    def start(self) -> None:
        """Begin to load in the background; returns at once."""
        self.student.start()

    def wait(self) -> None:
        """Return once it is loaded."""
        self.student.wait()

    def train(self, rows: str, seed: int) -> Training:
        """Fine-tune on the data set with this digest and on rows of the past."""
        taught = read_rows(self._store, rows)
        past = self._past(round(len(taught) * self._share / (1 - self._share)))
        done = self.student.train(put_rows(self._store, [*taught, *past]), seed)
        if done.setup is None:
            return done
        note = f"{len(past)} rows of the student's past beside {len(taught)} of the data set"
        setup = done.setup.model_copy(update={"notes": (*done.setup.notes, note)})
        return done.model_copy(update={"setup": setup})

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """Greedy answers, in order."""
        return self.student.answer(weights, prompts)

    def likelihood(self, weights: str | None, rows: str) -> Likelihood:
        """How likely it finds these answers: nothing of the past is mixed in."""
        return self.student.likelihood(weights, rows)

    def special_tokens(self) -> tuple[str, ...]:
        """Texts that no row may hold."""
        return self.student.special_tokens()

    def fingerprint(self) -> str:
        """Digest of base weights, recipe and replay."""
        replay = digest_of([self._share, self._said])
        return hashlib.sha256(f"{self.student.fingerprint()} {replay}".encode()).hexdigest()

    def close(self) -> None:
        """End its worker."""
        self.student.close()

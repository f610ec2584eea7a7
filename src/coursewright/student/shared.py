"""What a student learned and answered, kept for other runs with the same student.

Runs of a study train the same rows again and again: agents that hear less and ones that hear more
begin alike. The same rows, seed and student give the same weights, and greedy answers of the same
weights to the same prompts are the same; so a run that finds them has what it would have made.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence

from filelock import FileLock, Timeout

from coursewright.errors import CoursewrightError, Interrupted
from coursewright.protocols import Progress, Student
from coursewright.records import Likelihood, Prompt, Training
from coursewright.store import Artifacts, SharedAnswers, digest_of

_LOOK_SECONDS = 1.0
"""Between two looks at whether the run still wants what it waits for."""


class SharedStudent:
    """Meets `protocols.Student`: another one, that looks up what was trained or answered before."""

    def __init__(
        self, student: Student, shared: SharedAnswers, store: Artifacts, progress: Progress
    ) -> None:
        """`store` has the run's data sets and takes its checkpoints."""
        self.name = student.name
        self._student = student
        self._shared = shared
        self._store = store
        self._progress = progress
        self._closed = threading.Event()

    def start(self) -> None:
        """As the student itself."""
        self._student.start()

    def wait(self) -> None:
        """As the student itself."""
        self._student.wait()

    def train(self, rows: str, seed: int) -> Training:
        """Fine-tune on the data set with this digest, or take over the student that did.

        Where another run is at the very same training, its end is waited for.
        """
        key = digest_of({"student": self.fingerprint(), "rows": rows, "seed": seed})
        with self._alone(key):
            known = self._taken_over(key)
            if known is not None:
                self._progress.start("train")
                self._progress.finish("as in another run")
                return known
            done = self._student.train(rows, seed)
            if self._shared.keep_student(done.weights, self._store):
                self._shared.put(key, done.model_dump(mode="json"))
        return done

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """Answer as the student does.

        Prompts are looked up together, as they were asked together: in another batch an answer
        might come out otherwise in its last digit.
        """
        asked = {"student": self.fingerprint(), "prompts": list(prompts)}
        key = digest_of(asked if weights is None else {**asked, "weights": weights})
        known = self._shared.get(key)
        if isinstance(known, list) and len(known) == len(prompts):
            return list(map(str, known))
        answers = self._student.answer(weights, prompts)
        self._shared.put(key, answers)
        return answers

    def likelihood(self, weights: str | None, rows: str) -> Likelihood:
        """As the student itself."""
        return self._student.likelihood(weights, rows)

    def special_tokens(self) -> tuple[str, ...]:
        """As the student itself."""
        return self._student.special_tokens()

    def fingerprint(self) -> str:
        """As the student itself."""
        return self._student.fingerprint()

    def close(self) -> None:
        """As the student itself; nobody waits for other runs any more."""
        self._closed.set()
        self._student.close()

    def _taken_over(self, key: str) -> Training | None:
        """What another run trained; None if there is none, or its checkpoint is gone or damaged."""
        with contextlib.suppress(ValueError, CoursewrightError):
            known = Training.model_validate(self._shared.get(key))
            self._store.adopt_folder(known.weights, self._shared.students)
            return known.model_copy(update={"shared": True})
        return None

    @contextlib.contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Let no other run train the same until the block ends, where the folder has locks."""
        lock = FileLock(self._shared.students.folder / f"{key}.lock", fallback_to_soft=False)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(lock.acquire(timeout=0))
            except Timeout:
                self._progress.say("another run trains on the same rows: waiting for its student")
                stack.enter_context(self._awaited(lock))
            except (OSError, NotImplementedError):
                pass  # no locks here: at worst two runs do the same
            yield

    def _awaited(self, lock: FileLock) -> contextlib.AbstractContextManager[object]:
        """Acquire a lock, unless the student is closed first.

        Raises:
            Interrupted: it was.
        """
        while not self._closed.is_set():
            with contextlib.suppress(Timeout):
                return lock.acquire(timeout=_LOOK_SECONDS)
        raise Interrupted("the student was closed while it waited for another run's training")

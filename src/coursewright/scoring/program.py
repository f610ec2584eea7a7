"""A scorer that is a program of the user's, spoken to over a pipe.

One process stays up for all answers. Each request and each reply is one line of JSON:

    {"output": "the student's answer", "answer": <the gold>}
    {"score": 0.5}

The program reads lines until its input ends. It gets no environment but `PATH`, `HOME`, `LANG`,
`LC_ALL`, `TMPDIR` and `PYTHONIOENCODING`, so no keys.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from coursewright.errors import TaskError
from coursewright.scoring.pipe import Broken, Pipe

_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class Program(BaseModel):
    """Gold: whatever the program wants.

    A reply that does not come within the deadline, or a program that ends, is tried once more with
    a fresh process; then, and at once for a reply that is no score, `TaskError` says what happened,
    with the end of what the program wrote to standard error. Every answer but a blank one counts
    as readable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1, max_length=50)
    """Program and arguments; no shell reads them. They run in the task folder."""
    seconds: float = Field(default=10.0, gt=0, le=600)
    """How long one answer may take."""
    folder: Path | None = None
    """The task folder; set by `make_scorer`, no option of task.yaml."""
    _pipe: list[Pipe] = PrivateAttr(default_factory=list)
    _lock: Any = PrivateAttr(default_factory=Lock)

    def score(self, output: str, answer: Any) -> float:
        request = json.dumps({"output": output, "answer": answer}).encode() + b"\n"
        with self._lock:
            try:
                reply = self._ask(request)
            except Broken:
                try:
                    reply = self._ask(request)
                except Broken as broken:
                    raise self._fault(str(broken)) from None
        try:
            score = json.loads(reply)["score"]
        except (ValueError, TypeError, KeyError, RecursionError):
            score = None
        if not isinstance(score, (bool, int, float)) or not 0 <= score <= 1 or math.isnan(score):
            shown = reply[:80].decode(errors="replace")
            raise self._fault(f'replied {shown!r}, not {{"score": a number in [0, 1]}}')
        return float(score)

    def readable(self, output: str) -> bool:
        return bool(output.strip())

    def files(self) -> tuple[str, ...]:
        """Words of the command that name files of the task folder."""
        if self.folder is None:
            return ()
        here = self.folder.resolve()
        named = (word for word in self.command if (here / word).is_file())
        return tuple(word for word in named if (here / word).resolve().is_relative_to(here))

    def close(self) -> None:
        """End the process, if there is one."""
        while self._pipe:
            self._pipe.pop().close()

    def _ask(self, request: bytes) -> bytes:
        if not self._pipe:
            environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
            environment["PYTHONIOENCODING"] = "utf-8"
            self._pipe.append(Pipe(self.command, self.folder, environment))
        try:
            return self._pipe[0].ask(request, self.seconds)
        except Broken:
            self.close()
            raise

    def _fault(self, what: str) -> TaskError:
        name = " ".join(self.command)[:80]
        return TaskError(f"the program {name!r} {what}", field="scorer.command")

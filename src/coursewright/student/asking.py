"""The base student for programs: served over a Unix socket while a program runs.

    program ─► teacher gateway ─► AskedStudent ─► Student.answer(None, batch)

Questions are answered under the exam's own instruction and template. The student is idle while a
program runs; nobody else may use it within `serving`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from coursewright.chat import layout
from coursewright.protocols import Student
from coursewright.student.door import Door, Reply

LONGEST = 16_000
"""Characters of one question; a longer one is no exam's, and could take all memory."""


class AskedStudent:
    """Serves one student's base model, under a task's instruction. `close()` it in the end."""

    def __init__(self, student: Student, instruction: str, max_tokens: int) -> None:
        """`max_tokens` are those of one answer, by the student's own settings."""
        self.max_tokens = max_tokens
        self._student = student
        self._instruction = instruction
        self._door = Door(_question, self._answer)
        self.socket = self._door.socket

    def answered_by(self, student: Student) -> None:
        """Let `student` answer from now on."""
        self._student = student

    def serving(self) -> AbstractContextManager[None]:
        """Serve within the block; when it ends, no question is under way any more."""
        return self._door.serving()

    def close(self) -> None:
        """Remove the socket's folder."""
        self._door.close()

    def _answer(self, questions: list[str]) -> list[Reply]:
        prompts = [layout(self._instruction, question) for question in questions]
        return [{"answer": answer} for answer in self._student.answer(None, prompts)]


def _question(message: dict[str, Any]) -> str:
    text = str(message["question"])
    if len(text) > LONGEST:
        raise ValueError(f"the question has more than {LONGEST} characters")
    return text

"""A draft made once, over the real gateway; tests that decide on it take a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coursewright.config import CustomPart
from coursewright.display import Silent
from coursewright.drafting import DraftNote, DraftSettings, draft
from coursewright.drafting.queue import Drafted, DraftFolder
from tests.drafting.library import documents, examples


@dataclass
class Drafts:
    """What a draft was made from, and what came of it."""

    task: Path
    examples: Path
    documents: Path
    log: Path

    def settings(self, **changes: Any) -> DraftSettings:
        teacher = CustomPart(
            path="tests.drafting.library:Librarian", options={"log": str(self.log)}
        )
        given = {"items": 12, "teacher": teacher, "context": "passage", "corpus_share": 0.2}
        return DraftSettings(**{**given, **changes})

    def draft(self, **changes: Any) -> tuple[DraftNote, dict[str, int]]:
        settings = self.settings(**changes)
        return draft(self.task, self.examples, self.documents, settings, Silent())

    def calls(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def queue(self) -> tuple[Drafted, ...]:
        return DraftFolder(self.task).queue()


def materials(place: Path, count: int = 16) -> Drafts:
    return Drafts(
        place / "my-task",
        examples(place / "examples.jsonl"),
        documents(place / "books", count),
        place / "log",
    )


@pytest.fixture
def new(tmp_path: Path) -> Callable[..., Drafts]:
    """Fresh materials, nothing drafted."""
    return lambda count=16: materials(tmp_path, count)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Drafts:
    drafts = materials(tmp_path_factory.mktemp("made"))
    drafts.draft()
    return drafts


@pytest.fixture
def drafted(made: Drafts, tmp_path: Path) -> Drafts:
    """A copy of the one draft."""
    shutil.copytree(made.task, tmp_path / "my-task")
    return Drafts(tmp_path / "my-task", made.examples, made.documents, made.log)

"""A task folder where there is no exam yet, from a handful of examples and a folder of documents.

    share_out documents ─► propose ─► answer again, with and without the passage ─► queue
                                                                                      │
    task folder ◄── check ◄── finish ◄── decisions of a person, one by one ◄── review ┘

`docs/draft-a-task.md` says how it is used, decision 0025 why it is so.
"""

from __future__ import annotations

from pathlib import Path

from coursewright.drafting.drafting import draft
from coursewright.drafting.finishing import finish
from coursewright.drafting.queue import DraftFolder, DraftNote
from coursewright.drafting.reviewing import Sitting
from coursewright.drafting.settings import DraftSettings, parse_settings
from coursewright.drafting.terminal import Input, open_terminal, review

__all__ = [
    "DraftNote",
    "DraftSettings",
    "Input",
    "draft",
    "finish_draft",
    "open_terminal",
    "parse_settings",
    "review_draft",
]


def finish_draft(task: Path) -> dict[str, int]:
    """Write the task folder from what is accepted so far; items per split.

    Raises:
        TaskError: a split has no accepted item, or the folder would not pass its check.
        RunHeld: somebody reviews or drafts there.
    """
    require_draft(task)
    with DraftFolder(task) as place:
        return finish(place)


def review_draft(task: Path, reviewer: str) -> tuple[int, dict[str, int] | None]:
    """Let a person decide; when nothing is left, write the folder.

    Returns how many items are undecided, and then the items per split if the folder was written.

    Raises:
        TaskError: there is no draft, or the folder cannot be written from it.
        RunHeld: somebody else reviews or drafts there.
    """
    require_draft(task)
    with DraftFolder(task) as place:
        console, hands = open_terminal()
        with place.deciding() as journal:
            sitting = Sitting(place.note(), place.queue(), place.decisions(), journal, reviewer)
            review(sitting, console, hands)
        return sitting.left, None if sitting.left else finish(place)


def require_draft(task: Path) -> None:
    """Raise `TaskError` where nothing was drafted."""
    DraftFolder(task).note()

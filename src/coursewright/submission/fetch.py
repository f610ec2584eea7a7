"""Takes the submission file out of a dead program's folder.

The folder's content is hostile (see `store.untrusted`, which opens it). The file is copied,
bounded, into the store; from then on only that copy exists.
"""

from __future__ import annotations

from pathlib import Path

from coursewright.store import Artifacts, NotTaken, chunks_of, untrusted_folder
from coursewright.submission.limits import FileRefused

NAMES = ("submission.json", "submission.jsonl")
"""In order of preference, at the top of the work folder."""

_MARK = b"\0refused: "
"""Begins the note that is kept in place of a refused file. No submission can begin with it."""

_REFUSALS = {
    "link": "submission file is a symbolic link; write the file itself",
    "hard link": "submission file has more than one name (hard link); write a file of its own",
    "folder": "submission file is a folder; write a JSON file",
    "special": "submission file is a pipe, socket or device; write a plain file",
    "large": "submission file is too large",
    "unreadable": "submission file cannot be opened",
    "changed": "submission file changed while it was read",
}


def fetch(folder: Path, artifacts: Artifacts, limit: int) -> str | None:
    """Copy the submission into the store; its digest, or None if there is no such file.

    A file that may not be taken leaves a note of the reason, whose digest is returned:
    `refusal` reads it.
    """
    try:
        with untrusted_folder(folder) as directory:
            return _fetch(directory, artifacts, limit)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except NotTaken as refused:
        return artifacts.put_bytes(_MARK + refused.code.encode())


def _fetch(directory: int, artifacts: Artifacts, limit: int) -> str | None:
    for name in NAMES:
        chunks = chunks_of(directory, name, limit)
        try:
            first = next(chunks, b"")
        except FileNotFoundError:
            continue
        with artifacts.incoming() as copy:
            copy.write(first)
            for chunk in chunks:
                copy.write(chunk)
        return copy.digest
    return None


def refusal(head: bytes) -> FileRefused | None:
    """The reason why a file was not taken, if that is what these first bytes say."""
    if not head.startswith(_MARK):
        return None
    message = _REFUSALS.get(head[len(_MARK) :].decode("latin-1"))
    return None if message is None else FileRefused(message)

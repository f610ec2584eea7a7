"""Small records that runs of one user keep for one another, each in a file under its digest."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from coursewright.errors import StorageError
from coursewright.records import Record
from coursewright.store.durable import write_file

R = TypeVar("R", bound=Record)

_LARGEST = 1024**2


class Kept:
    """Records of one kind in a folder that anybody may delete, and that need not be writable.

    A file that is damaged, or was made by other code, is as good as none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str, record: type[R]) -> R | None:
        """Return what is kept under a digest, or None."""
        try:
            with (self._folder / f"{digest}.json").open("rb") as file:
                return record.model_validate_json(file.read(_LARGEST))
        except (OSError, ValidationError):
            return None

    def put(self, digest: str, record: Record) -> None:
        """Keep a record; a folder that cannot be written is passed over."""
        with contextlib.suppress(OSError, StorageError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_file(self._folder / f"{digest}.json", record.model_dump_json())

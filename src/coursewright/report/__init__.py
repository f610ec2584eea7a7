"""A run as a page: gathered by `story`, drawn by `charts`, laid out by `page`."""

from __future__ import annotations

from pathlib import Path

from coursewright.report.page import render
from coursewright.report.story import Story, read_story
from coursewright.store import RunFolder, storage, write_file

__all__ = ["Story", "read_story", "render", "write_report"]


def write_report(run: Path, to: Path | None = None) -> Path:
    """Write the report of the run folder `run`; by default into it, as `report.html`.

    Raises:
        RunFolderError: the run cannot be read.
        StorageError: the file cannot be written.
    """
    folder = RunFolder(run)
    place = to or folder.path / "report.html"
    page = render(read_story(folder))
    with storage(place, "choose another file with -o"):
        write_file(place, page)
    return place

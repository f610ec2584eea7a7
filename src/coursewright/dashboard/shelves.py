"""Where the runs of a page lie: in the folder of all runs, or in that of one study."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from coursewright.dashboard.lines import Lines
from coursewright.dashboard.pages import Pages
from coursewright.dashboard.studies import is_study
from coursewright.errors import RunFolderError
from coursewright.store import require_name

KEPT = 4
"""Studies whose runs are kept in memory."""


class Missing(RunFolderError):
    """The run or study has gone, or never was."""


@dataclass(frozen=True)
class Shelf:
    """A folder of runs, and the pages of those."""

    base: str
    """What stands before the addresses of its pages; empty, or `/study/NAME`."""
    runs: Path
    lines: Lines
    pages: Pages

    def folder(self, name: str) -> Path:
        """The folder of a run, by its plain name.

        Raises:
            ConfigError: that is no name of a run.
            Missing: there is no such run.
        """
        folder = self.runs / require_name(name)
        if not (folder / "version").is_file():
            raise Missing("there is no such run here; it may have been deleted", file=folder.name)
        return folder


class Shelves:
    """Knows the folder of runs, and the studies beside it."""

    def __init__(self, runs: Path, studies: Path | None, mark: str) -> None:
        self._mark = mark
        self._main = self._made("", runs)
        self._kept: OrderedDict[str, Shelf] = OrderedDict()
        self.studies = studies

    def of(self, study: str | None) -> Shelf:
        """The shelf of a study, or that of all runs.

        Raises:
            ConfigError: that is no name of a study.
            Missing: there is no such study.
        """
        if study is None:
            return self._main
        folder = self.study(study)
        shelf = self._kept.get(study) or self._made(f"/study/{study}", folder / "runs")
        self._kept[study] = shelf
        self._kept.move_to_end(study)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return shelf

    def study(self, name: str) -> Path:
        """The folder of a study, by its plain name; raises as `of`."""
        require_name(name)
        if self.studies is None or not is_study(self.studies / name):
            raise Missing("there is no such study here; it may have been deleted", file=name)
        return self.studies / name

    def _made(self, base: str, runs: Path) -> Shelf:
        return Shelf(base, runs, Lines(runs), Pages(self._mark, base))

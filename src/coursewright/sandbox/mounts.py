"""Writes down a file tree as bubblewrap's arguments."""

from __future__ import annotations

from pathlib import Path

from coursewright.sandbox.exposure import Exposure


class Mounts:
    """A file tree, from the machine's part to the program's own; `words` are the arguments."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._made: set[Path] = set()
        self._mounted: list[Path] = []
        self._covers: list[Path] = []

    def folder(self, path: Path) -> None:
        """Make a folder; left to itself bubblewrap makes parents that only root may enter."""
        for parent in (*reversed(path.parents), path):
            if parent != Path("/") and parent not in self._made:
                self._made.add(parent)
                self.words += ["--perms", "0755", "--dir", str(parent)]

    def read_only(self, source: Path, place: Path) -> None:
        """Show a file or folder of this machine."""
        if not any(place.parent.is_relative_to(seen) for seen in self._mounted):
            self.folder(place.parent)
        self._mounted.append(place)
        self.words += ["--ro-bind", str(source), str(place)]

    def writable(self, source: Path, place: Path) -> None:
        """Show a folder that may be written to."""
        self.words += ["--bind", str(source), str(place)]

    def machine(self, shown: Exposure) -> None:
        """Show what every program needs of this machine, and cover what none may see of it."""
        for path in shown.readable:
            self.read_only(path, path)
        for link, target in shown.links:
            self.words += ["--symlink", target, str(link)]
        for path in shown.hidden:
            self._covers.append(path)
            self.words += ["--perms", "0755", "--tmpfs", str(path)]

    def devices(self) -> None:
        """Show an own process table and a few devices."""
        self.words += ["--proc", "/proc", "--dev", "/dev"]

    def seal(self, *more: Path) -> None:
        """Leave no place to write to but those that were made `writable`."""
        for cover in (*self._covers, *more, Path("/dev"), Path("/")):
            self.words += ["--remount-ro", str(cover)]

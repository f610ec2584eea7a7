"""Tables grow: what stands there is not made again, and a kill costs one training at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from benchmarks.recording.table import Header, Recorded, TableError, line_of, read


def extend(
    out: Path,
    made_of: Mapping[str, str],
    header: Callable[[], Header],
    count: int,
    make: Callable[[int], Recorded],
) -> Iterator[Recorded]:
    """Make the trainings below `count` that the file lacks, each written before the next is begun.

    `header` begins a file that is not there yet; one that is there must be of the same `made_of`.

    Raises:
        TableError: it is another recording's, cannot be read, or is being written.
    """
    with _held(out):
        if not out.exists() or not _mended(out):
            out.write_text(line_of(header()), encoding="utf-8")
        table = read(out)
        for what, value in made_of.items():
            if table.header.made_of.get(what) != value:
                raise TableError(
                    f"{out}: was recorded with another {what}; give another --out, or the options, "
                    "task and code that it was begun with"
                )
        there = {training.n for training in table.trainings}
        for number in range(count):
            if number not in there:
                line = make(number)
                with out.open("a", encoding="utf-8") as file:
                    file.write(line_of(line))
                yield line


def _mended(path: Path) -> int:
    """Cut off a last line without an end: its writer was killed. Returns the bytes left."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
    return whole


@contextmanager
def _held(out: Path) -> Iterator[None]:
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{out}.lock", timeout=0):
            yield
    except Timeout as busy:
        raise TableError(f"{out}: is being written by another process") from busy

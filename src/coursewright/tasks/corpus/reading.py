"""Reads a folder of documents, strictly and bounded, and cuts each into passages.

A passage is named after the place it begins at, `file:line` (`file:line.2` is the second of
one line), so that whoever reads a citation finds it in the file.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coursewright.errors import LocatedError, TaskError
from coursewright.records import Passage
from coursewright.tasks.reading import read_bytes, read_lines

KINDS = (".txt", ".md", ".jsonl")
MOST_FILES = 10_000
MOST_BYTES = 64 * 2**20
"""Of all documents together."""
LARGEST_DOCUMENT = 16 * 2**20
MOST_PASSAGES = 200_000
DEEPEST_FOLDER = 8
LONGEST_NAME = 200
PASSAGE = 1200
"""Characters that a passage holds at most, and is filled to with whole paragraphs."""
_MOST_PROBLEMS = 50

_BLANK = re.compile(r"\n[ \t\r]*\n")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n")


@dataclass
class Documents:
    """What was read of a folder of documents, and what is wrong with it."""

    folder: Path
    passages: list[Passage] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each file, by its path below the folder."""
    size: int = 0
    """Bytes of all files."""
    problems: list[LocatedError] = field(default_factory=list)

    def of(self, document: str) -> list[Passage]:
        """Return the passages of one document, in its order."""
        return [passage for passage in self.passages if passage.document == document]


def read_documents(folder: Path) -> Documents:
    """Read every .txt, .md and .jsonl file below a folder, in the order of their names.

    A line of a .jsonl file is an object with `text` and, if it has one, `title`; it may hold
    other fields. Hidden files are passed over; what else is there is a problem.
    """
    found = Documents(folder)
    if folder.is_symlink() or not folder.is_dir():
        found.problems.append(TaskError("is not a folder of documents", file=folder))
        return found
    for name in _names(found):
        _read(found, name)
        if len(found.problems) >= _MOST_PROBLEMS or _is_too_much(found):
            break
    if not found.problems and not found.passages:
        found.problems.append(TaskError("holds no .txt, .md or .jsonl document", file=folder))
    return found


def _names(found: Documents) -> list[str]:
    """Paths of the documents below the folder, sorted; folders and links that are none reported."""
    names: list[str] = []

    def stop(error: OSError) -> None:
        reason = error.strerror or "cannot be read"
        found.problems.append(TaskError(f"cannot be read: {reason}", file=error.filename))

    for place, folders, files in os.walk(found.folder, onerror=stop):
        inner = Path(place).relative_to(found.folder)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if (Path(place) / name).is_symlink():
                message = "is a link to a folder; copy the folder"
                found.problems.append(TaskError(message, file=Path(place) / name))
        if len(inner.parts) >= DEEPEST_FOLDER and folders:
            message = f"holds folders deeper than {DEEPEST_FOLDER} levels"
            found.problems.append(TaskError(message, file=found.folder))
            folders.clear()
        names += [(inner / name).as_posix() for name in files if not name.startswith(".")]
        if len(names) > MOST_FILES:
            message = f"holds more than {MOST_FILES:,} files"
            found.problems.append(TaskError(message, file=found.folder))
            return []
    return sorted(names)


def _read(found: Documents, name: str) -> None:
    path = found.folder / name
    if not name.isprintable() or len(name) > LONGEST_NAME:
        message = f"has a name that is not printable, or longer than {LONGEST_NAME} characters"
        found.problems.append(TaskError(message, file=path))
        return
    if path.suffix not in KINDS:
        message = f"is no document; only {', '.join(KINDS)} files may stand here"
        found.problems.append(TaskError(message, file=path))
        return
    try:
        content = read_bytes(found.folder, name, LARGEST_DOCUMENT)
        found.size += len(content)
        if found.size > MOST_BYTES:
            return
        found.digests[name] = hashlib.sha256(content).hexdigest()
        if path.suffix == ".jsonl":
            found.passages += _records(found, content, name)
        else:
            found.passages += _cut(_decoded(content, path), name)
    except TaskError as problem:
        found.problems.append(problem)


def _is_too_much(found: Documents) -> bool:
    message = None
    if found.size > MOST_BYTES:
        message = f"its documents are larger than {MOST_BYTES:,} bytes together"
    elif len(found.passages) > MOST_PASSAGES:
        message = f"its documents make more than {MOST_PASSAGES:,} passages"
    if message is not None:
        found.problems.append(TaskError(message, file=found.folder))
    return message is not None


def _decoded(content: bytes, path: Path) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TaskError("is not UTF-8", file=path, line=line) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise TaskError("holds a NUL character", file=path, line=line)
    return text


def _records(found: Documents, content: bytes, name: str) -> Iterator[Passage]:
    path = found.folder / name
    for number, line in read_lines(content, path):
        if isinstance(line, TaskError):
            found.problems.append(line)
        else:
            title, text = line.get("title"), line.get("text")
            for key, value in (("text", text), ("title", title)):
                if not isinstance(value, str) and not (key == "title" and value is None):
                    message = "must be a text" if key in line else "is missing"
                    found.problems.append(TaskError(message, file=path, line=number, field=key))
                    break
            else:
                whole = f"{title}\n{text}" if title else str(text)
                pieces = [piece for _, piece in _pieces(whole)]
                for at, piece in enumerate(pieces, 1):
                    mark = f"{name}:{number}" + (f".{at}" if at > 1 else "")
                    yield Passage(id=mark, document=name, line=number, text=piece)
        if len(found.problems) >= _MOST_PROBLEMS or len(found.passages) > MOST_PASSAGES:
            return


def _cut(text: str, name: str) -> Iterator[Passage]:
    """Passages of a text file; those that begin on one line are numbered."""
    last, repeated, counted, line = 0, 1, 0, 1
    for start, piece in _pieces(text):
        line += text.count("\n", counted, start)
        counted = start
        repeated = repeated + 1 if line == last else 1
        last = line
        mark = f"{name}:{line}" + (f".{repeated}" if repeated > 1 else "")
        yield Passage(id=mark, document=name, line=line, text=piece)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Where each passage of a text begins, and what it holds: whole paragraphs while they fit."""
    start = end = 0
    for first, last in _paragraphs(text):
        if end > start and last - start > PASSAGE:
            yield start, text[start:end].rstrip()
            start = first
        elif end == start:
            start = first
        end = last
    if end > start:
        yield start, text[start:end].rstrip()


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each paragraph; one that is too long is cut at sentences, then anywhere."""
    at = 0
    for gap in (*_BLANK.finditer(text), None):
        stop = len(text) if gap is None else gap.start()
        yield from _bounded(text, at, stop)
        at = stop if gap is None else gap.end()


def _bounded(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop and text[start].isspace():
        start += 1
    while stop - start > PASSAGE:
        window = text[start : start + PASSAGE]
        cuts = [found.end() for found in _SENTENCE.finditer(window)]
        cut = next((cut for cut in reversed(cuts) if cut > PASSAGE // 3), 0)
        cut = cut or window.rfind(" ", PASSAGE // 3) + 1 or PASSAGE
        yield start, start + cut
        start += cut
        while start < stop and text[start].isspace():
            start += 1
    if stop > start and text[start:stop].strip():
        yield start, stop

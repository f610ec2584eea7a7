"""Finding the files of a data set: inside the given folder, regular, bounded, nothing followed."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from coursewright.errors import TaskError
from coursewright.tasks.builders.mapping import Source

LARGEST_SOURCE = 2 * 2**30
_MOST_FILES = 1000
_MOST_ENTRIES = 20_000
_CHUNK = 2**20
FORMATS = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
}
_BOOKKEEPING = frozenset(
    {"dataset_info.json", "dataset_dict.json", "dataset_infos.json", "state.json"}
)
"""What `datasets` writes beside the rows."""
_PACKED = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"\x1f\x8b": "gzip-compressed",
    b"BZh": "bzip2-compressed",
    b"\xfd7zXZ": "xz-compressed",
    b"\x28\xb5\x2f\xfd": "zstd-compressed",
    b"7z\xbc\xaf": "a 7z archive",
}


@dataclass(frozen=True)
class SourceFile:
    """A file that takes part."""

    path: Path
    name: str
    """Its path below the folder, with `/`."""
    sha256: str


def find_files(
    root: Path, source: Source, patterns: tuple[str, ...], *, required: bool = True
) -> list[SourceFile]:
    """The files below `root` that match a pattern, by name; `root` may be the one file itself.

    Raises `TaskError` for what must not be read: links out of the folder, special files,
    archives, files that are too large, patterns that lead out; and, if `required`, where nothing
    matches.
    """
    for pattern in (*patterns, *source.skip):
        if pattern.startswith("/") or ".." in pattern.split("/") or "\0" in pattern:
            raise TaskError(
                f"the pattern {pattern!r} leads out of the folder", field="source.files"
            )
    if not root.exists():
        raise TaskError("does not exist", file=root)
    if root.is_dir():
        names = [name for name in _walk(root) if _wanted(name, patterns, source)]
    else:
        root, names = root.parent, [root.name] if required else []
    if not names and not required:
        return []
    if not names:
        told = ", ".join(patterns)
        raise TaskError(f"holds no file that matches {told}", file=root)
    if len(names) > _MOST_FILES:
        raise TaskError(f"more than {_MOST_FILES} files match; give narrower patterns", file=root)
    return [_admit(root, name, source) for name in sorted(names)]


def _walk(root: Path) -> list[str]:
    found: list[str] = []
    entries = 0
    for place, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        entries += len(folders) + len(files)
        if entries > _MOST_ENTRIES:
            message = f"holds more than {_MOST_ENTRIES:,} files; give a folder nearer to the data"
            raise TaskError(message, file=root)
        below = Path(place).relative_to(root)
        found += [(below / name).as_posix() for name in files if not name.startswith(".")]
    return found


def _wanted(name: str, patterns: tuple[str, ...], source: Source) -> bool:
    base = name.rpartition("/")[2]
    if base in _BOOKKEEPING or any(_matches(name, pattern) for pattern in source.skip):
        return False
    if patterns == ("**/*",):
        return Path(name).suffix.lower() in FORMATS
    return any(_matches(name, pattern) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    """`*` stays within a folder, but for a leading `**/`, which is any folder or none."""
    if pattern.startswith("**/"):
        return fnmatch.fnmatchcase(name, f"*/{pattern[3:]}") or _matches(name, pattern[3:])
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _admit(root: Path, name: str, source: Source) -> SourceFile:
    path = root / name
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            message = "is a link that leads out of the folder; copy the file itself there"
            raise TaskError(message, file=path)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise TaskError("is not a regular file", file=path)
        if status.st_size > LARGEST_SOURCE:
            raise TaskError(f"is larger than {LARGEST_SOURCE:,} bytes", file=path)
        if not status.st_size:
            raise TaskError("is empty", file=path)
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            start = stream.read(8)
            digest.update(start)
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TaskError(f"cannot be read: {reason}", file=path) from None
    for magic, packed in _PACKED.items():
        if start.startswith(magic):
            raise TaskError(f"is {packed}; unpack it first", file=path)
    return SourceFile(path, name, digest.hexdigest())

"""Takes a bundle from a stranger: a folder or a zip file, of which nothing is trusted.

Only members that a bundle may have are taken, as plain files, bounded one by one and in all; links
are never followed and no name decides where a file is put but by matching a fixed pattern.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from coursewright.store import NotTaken, chunks_of, untrusted_folder
from coursewright.store.untrusted import CHUNK
from coursewright.verification.members import (
    DATABASES,
    FILES,
    NEEDED,
    ROUND_FILES,
    TOTAL_BYTES,
    limit_of,
)


class Taken:
    """What was taken, by name its SHA-256, and what was wrong with the rest."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.digests: dict[str, str] = {}
        self.faults: list[str] = []
        self._left = TOTAL_BYTES

    def keep(self, name: str, chunks: Iterable[bytes]) -> None:
        """Copy one member; bounded by what is left of the whole."""
        target = self.place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        seal = hashlib.sha256()
        with target.open("xb") as file:
            for chunk in chunks:
                self._left -= len(chunk)
                if self._left < 0:
                    raise NotTaken("large")
                seal.update(chunk)
                file.write(chunk)
        self.digests[name] = seal.hexdigest()

    def require_needed(self) -> None:
        """Note every file without which there is nothing to check."""
        self.faults += [f"{name}: is not there" for name in NEEDED if name not in self.digests]


# ---------------------------------------------------------------- a zip file


def take_zip(path: Path, taken: Taken) -> None:
    """Take the members of a zip file."""
    try:
        with zipfile.ZipFile(path) as packed:
            infos = packed.infolist()
            if len(infos) > FILES:
                taken.faults.append(f"holds {len(infos)} files, more than {FILES}")
                return
            for info in infos:
                _take_member(packed, info, taken)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        taken.faults.append(f"cannot be read as a zip file: {error}")


def _take_member(packed: zipfile.ZipFile, info: zipfile.ZipInfo, taken: Taken) -> None:
    name = info.filename
    limit = limit_of(name)
    shown = ascii(name[:120])
    kind = stat.S_IFMT(info.external_attr >> 16)
    if limit is None or kind not in (0, stat.S_IFREG):
        taken.faults.append(f"{shown}: no bundle holds such a file")
    elif name in taken.digests:
        taken.faults.append(f"{shown}: stands in the bundle twice")
    elif info.flag_bits & 0x1:
        taken.faults.append(f"{shown}: is encrypted")
    elif info.file_size > limit:
        taken.faults.append(f"{shown}: has {info.file_size} bytes, more than {limit}")
    else:
        try:
            taken.keep(name, _chunks(packed, info, limit))
        except NotTaken as refused:
            taken.faults.append(f"{shown}: is too large ({refused.code})")
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            taken.faults.append(f"{shown}: is damaged: {error}")
        except Exception as error:
            # zlib and lzma raise errors of their own.
            taken.faults.append(f"{shown}: is damaged: {type(error).__name__}")


def _chunks(packed: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> Iterator[bytes]:
    size = 0
    with packed.open(info) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise NotTaken("large")
            yield chunk


# ---------------------------------------------------------------- a folder


def take_folder(path: Path, taken: Taken) -> None:
    """Take the members of a run folder, or of a bundle laid out; other files are left alone."""
    names = ["version", "run.yaml", "inputs.json", "result.json", "bundle.json"]
    names += [*DATABASES]
    _take_from(path, "", names, taken)
    for name in DATABASES:
        wal = path / f"{name}-wal"
        with contextlib.suppress(OSError):
            if wal.lstat().st_size:
                taken.faults.append(f"{name}: is being written, or its writer was killed")
    rounds = path / "rounds"
    for number in _listed(rounds, taken):
        if number.isdigit():
            _take_from(rounds / number, f"rounds/{number}/", ROUND_FILES, taken)


def take_artifacts(path: Path, wanted: Iterable[str], taken: Taken) -> None:
    """Take these artifacts of a folder, as far as they are there."""
    _take_from(path / "artifacts", "artifacts/", sorted(wanted), taken)


def other_artifacts(path: Path, taken: Taken) -> Iterator[tuple[str, str]]:
    """Name and digest of a folder's artifacts that were not taken, such as weights."""
    for name in _listed(path / "artifacts", taken):
        if f"artifacts/{name}" in taken.digests or not limit_of(f"artifacts/{name}"):
            continue
        seal = hashlib.sha256()
        try:
            with untrusted_folder(path / "artifacts") as directory:
                for chunk in chunks_of(directory, name, 1 << 40):
                    seal.update(chunk)
        except (NotTaken, OSError):
            taken.faults.append(f"artifacts/{name}: is no plain file that can be read")
        else:
            yield name, seal.hexdigest()


def _take_from(folder: Path, prefix: str, names: Iterable[str], taken: Taken) -> None:
    try:
        with untrusted_folder(folder) as directory:
            for name in names:
                limit = limit_of(f"{prefix}{name}")
                if limit is None:
                    continue
                try:
                    taken.keep(f"{prefix}{name}", chunks_of(directory, name, limit))
                except FileNotFoundError:
                    (taken.place / f"{prefix}{name}").unlink(missing_ok=True)
                except NotTaken as refused:
                    taken.faults.append(f"{prefix}{name}: is not taken: {refused.code}")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (NotTaken, OSError):
        taken.faults.append(f"{prefix or folder.name}: cannot be read")


def _listed(folder: Path, taken: Taken) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    if len(names) > FILES:
        taken.faults.append(f"{folder.name}: holds {len(names)} files, more than {FILES}")
        return []
    return sorted(names)

"""Content-addressed files: a digest names its content, for ever.

A folder (such as a checkpoint) is kept as its files plus a manifest, canonical JSON of file
name → digest; the folder's digest is the manifest's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from coursewright.errors import RunFolderError
from coursewright.store.canonical import canonical
from coursewright.store.durable import TEMPORARY, storage, sync_folder, temporary

DIGEST = re.compile(r"[0-9a-f]{64}")
CHUNK = 1024 * 1024
BUFFER = 128 * 1024


class Incoming:
    """An artifact being written; `digest` is set once it is kept."""

    def __init__(self, path: Path) -> None:
        self.digest = ""
        self._file = path.open("xb", buffering=BUFFER)
        self._hash = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        self._hash.update(chunk)
        self._file.write(chunk)

    def _finish(self) -> str:
        self._file.flush()
        os.fsync(self._file.fileno())
        # Kept content never changes; the mode says so to people and programs alike.
        os.fchmod(self._file.fileno(), 0o444)
        self._file.close()
        return self._hash.hexdigest()

    def _abandon(self) -> None:
        # Closing may fail to flush on a full disk; the file goes away in any case.
        with contextlib.suppress(OSError):
            self._file.close()


class Artifacts:
    """The `artifacts/` folder of a run. Several processes may add to it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # ------------------------------------------------------------ adding

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """Write an artifact piece by piece; kept when the block ends without an error.

        Raises:
            StorageError: disk full or folder not writable.
        """
        part = temporary(self.folder)
        with storage(self.folder):
            try:
                new = Incoming(part)
                try:
                    yield new
                    digest = new._finish()
                finally:
                    new._abandon()
                self._keep(part, self.folder / digest)
                new.digest = digest
            finally:
                part.unlink(missing_ok=True)

    def put_bytes(self, data: bytes) -> str:
        """Keep `data`; return its digest."""
        with self.incoming() as new:
            new.write(data)
        return new.digest

    def put_file(self, path: Path) -> str:
        """Keep a copy of a trusted file; return its digest."""
        with path.open("rb") as file, self.incoming() as new:
            while chunk := file.read(CHUNK):
                new.write(chunk)
        return new.digest

    def put_folder(self, folder: Path) -> str:
        """Keep a copy of a trusted folder, files and subfolders; return its manifest's digest.

        Raises:
            ValueError: it holds something that is neither a file nor a folder.
        """
        return self.put_bytes(
            canonical({name: self.put_file(folder / name) for name in _files_of(folder)}).encode()
        )

    def adopt(self, digest: str, source: Artifacts) -> None:
        """Copy an artifact of another run; its content is checked on the way.

        Raises:
            RunFolderError: it is missing there or damaged.
        """
        if self.has(digest):
            return
        source.verify(digest)
        self.put_file(source.path_of(digest))

    def adopt_folder(self, digest: str, source: Artifacts) -> None:
        """Copy a kept folder of another run; its files are checked on the way.

        Raises:
            RunFolderError: some of it is missing there or damaged.
        """
        for content in source.members(digest).values():
            self.adopt(content, source)
        self.adopt(digest, source)

    def _keep(self, part: Path, path: Path) -> None:
        # A damaged file of the same name but another size is healed, not trusted.
        if not path.exists() or path.stat().st_size != part.stat().st_size:
            part.replace(path)
        sync_folder(self.folder)

    # ------------------------------------------------------------ reading

    def has(self, digest: str) -> bool:
        """Whether an artifact of this digest is here."""
        return DIGEST.fullmatch(digest) is not None and (self.folder / digest).is_file()

    def path_of(self, digest: str) -> Path:
        """The file with this digest; never to be written to.

        Raises:
            RunFolderError: that is no digest, or the artifact is not here.
        """
        if DIGEST.fullmatch(digest) is None:
            raise RunFolderError(f"not an artifact digest: {digest[:80]!r}", file=self.folder)
        path = self.folder / digest
        if not path.is_file():
            raise RunFolderError("is missing; was the run pruned?", file=path)
        return path

    def read(self, digest: str) -> bytes:
        """The content of an artifact."""
        return self.path_of(digest).read_bytes()

    def members(self, digest: str) -> dict[str, str]:
        """The manifest of a kept folder: file name → digest.

        Raises:
            RunFolderError: the artifact is no manifest, or it names a file outside its folder.
        """
        path = self.path_of(digest)
        try:
            manifest = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise RunFolderError("is not the manifest of a folder", file=path) from error
        if not isinstance(manifest, dict) or not all(map(_is_inside, manifest)):
            raise RunFolderError("is not the manifest of a folder", file=path)
        if not all(isinstance(v, str) and DIGEST.fullmatch(v) for v in manifest.values()):
            raise RunFolderError("is not the manifest of a folder", file=path)
        return manifest

    def checkout(self, digest: str, folder: Path) -> None:
        """Lay out a kept folder at `folder`, which must not exist yet: whole or not at all.

        Raises:
            RunFolderError: some of it is missing.
            StorageError: disk full or folder not writable.
        """
        manifest = self.members(digest)
        with storage(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            part = temporary(folder.parent)
            part.mkdir()
            try:
                for name, content in manifest.items():
                    target = part / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(self.path_of(content), target)
                part.rename(folder)
                sync_folder(folder.parent)
            finally:
                shutil.rmtree(part, ignore_errors=True)

    def verify(self, digest: str) -> None:
        """Check an artifact against its name.

        Raises:
            RunFolderError: it is missing or its content has changed.
        """
        path = self.path_of(digest)
        if file_digest(path) != digest:
            raise RunFolderError("is damaged: its content has another digest", file=path)

    def sweep(self) -> None:
        """Remove what a killed process left half written. Only while nobody else writes."""
        for part in self.folder.glob(f"{TEMPORARY}*"):
            part.unlink(missing_ok=True)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(folder: Path) -> str:
    """The digest that `put_folder` would give this folder."""
    manifest = {name: file_digest(folder / name) for name in _files_of(folder)}
    return hashlib.sha256(canonical(manifest).encode()).hexdigest()


def _files_of(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError(f"{path}: neither a file nor a folder; it cannot be kept")
        if path.is_file():
            names.append(path.relative_to(folder).as_posix())
    return names


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\0" not in name

"""A store without a run folder, and a display that remembers, for the student's tests."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from random import Random

import pytest

from coursewright.config import EmbeddedStudent, Recipe
from coursewright.records import Generation
from coursewright.student import LocalStudent


class FolderStore:
    """Keeps files under their digest, and folders under the digest of their manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, digest: str) -> Path:
        return self.folder / digest

    def put_rows(self, rows: list[dict[str, str]]) -> str:
        return self._put("".join(json.dumps(row) + "\n" for row in rows).encode())

    def put_folder(self, folder: Path) -> str:
        files = sorted(f for f in folder.rglob("*") if f.is_file())
        manifest = {str(f.relative_to(folder)): self._put(f.read_bytes()) for f in files}
        return self._put(json.dumps(manifest).encode())

    def checkout(self, digest: str, folder: Path) -> None:
        for name, content in json.loads(self.path_of(digest).read_text()).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.path_of(content), folder / name)

    def members(self, digest: str) -> dict[str, str]:
        manifest: dict[str, str] = json.loads(self.path_of(digest).read_text())
        return manifest

    def _put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / digest).write_bytes(data)
        return digest


class Remembered:
    """A display that only takes notes."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, str]] = []
        self.totals: list[int | None] = []

    def start(self, stage: str, total: int | None = None) -> None:
        self.totals.append(total)

    def advance(self, done: int, note: str = "") -> None:
        self.steps.append((done, note))

    def finish(self, note: str = "") -> None:
        pass

    def say(self, line: str) -> None:
        pass

    def beside(self, label: str) -> AbstractContextManager[None]:
        return nullcontext()


RECIPE = Recipe(epochs=2, batch=8, learning_rate=2e-3)


def colour_rows(count: int, seed: int = 0) -> list[dict[str, str]]:
    """Rows of a task that the base model cannot know: every animal has its colour."""
    rng = Random(seed)
    colours = {"owl": "blue", "cat": "red", "hen": "green"}
    rows = []
    for _ in range(count):
        animal = rng.choice(sorted(colours))
        body = f"{rng.randint(2, 99)} {animal}s"
        rows.append({"instruction": "Which colour?", "input": body, "output": colours[animal]})
    return rows


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def shown() -> Remembered:
    return Remembered()


@pytest.fixture(scope="module")
def student(store: FolderStore, shown: Remembered) -> Iterator[LocalStudent]:
    """One warm student for a whole module: its start costs more than its tests."""
    config = EmbeddedStudent(recipe=RECIPE, answer_batch=8)
    with LocalStudent(config, store, shown, generation=Generation(max_new_tokens=8)) as warm:
        yield warm

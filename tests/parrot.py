"""A student that learns nothing, at once: for runs that are about everything before it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursewright.config import CustomPart
from coursewright.records import Training

PARROT = CustomPart(path="tests.parrot:Parrot")
PUPIL = CustomPart(path="tests.parrot:Pupil")


class Parrot:
    """Meets `protocols.Student`; answers with the last number of the question."""

    name = "parrot"

    def __init__(self, store: Any, **_: Any) -> None:
        self._store = store

    def start(self) -> None: ...

    def wait(self) -> None: ...

    def close(self) -> None: ...

    def train(self, rows: str, seed: int) -> Training:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "weights").write_text(f"{rows} {seed}")
            weights = self._store.put_folder(Path(folder))
        with self._store.path_of(rows).open() as lines:
            count = sum(1 for _ in lines)
        return Training(
            weights=weights,
            seed=seed,
            rows=count,
            steps=1,
            supervised_tokens=1,
            loss=1.0,
            seconds=0.0,
        )

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        numbers = ([w for w in prompt.split() if w.isdigit()] for prompt in prompts)
        return [found[-1] if found else "42" for found in numbers]

    def special_tokens(self) -> tuple[str, ...]:
        return ()

    def fingerprint(self) -> str:
        return "parrot"


class Pupil(Parrot):
    """Learns one thing at once: to multiply the first two numbers of a question."""

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        if weights is None:
            return ["I do not know."] * len(prompts)
        return [multiplied([w for w in prompt.split() if w.isdigit()]) for prompt in prompts]


def multiplied(numbers: list[str]) -> str:
    if len(numbers) < 2:
        return "0"
    return f"{numbers[0]} * {numbers[1]} = {int(numbers[0]) * int(numbers[1])}"

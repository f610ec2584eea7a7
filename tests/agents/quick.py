"""A student for runs whose agent is what is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coursewright.records import Generation, Training
from coursewright.store import Artifacts

QUICK = f"{__name__}:QuickStudent"


class QuickStudent:
    """Learns nothing in no time: the number of its rows decides what it answers."""

    name = "quick"

    def __init__(self, store: Artifacts, progress: Any, generation: Generation) -> None:
        self.store = store

    def start(self) -> None: ...

    def wait(self) -> None: ...

    def train(self, rows: str, seed: int) -> Training:
        count = self.store.path_of(rows).read_text().count("\n")
        folder = self.store.path_of(rows).parent.parent / f"quick-{seed}-{count}"
        folder.mkdir(exist_ok=True)
        (folder / "weights").write_text(f"{seed} {count}")
        return Training(
            weights=self.store.put_folder(folder),
            seed=seed,
            rows=count,
            steps=1,
            supervised_tokens=1,
            loss=1.0,
            seconds=0.0,
        )

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        return ["6 * 2 = 12" if weights and len(p) % 3 == 0 else "no" for p in prompts]

    def special_tokens(self) -> tuple[str, ...]:
        return ()

    def fingerprint(self) -> str:
        return "quick"

    def close(self) -> None: ...

"""Small records for the store's tests."""

from pathlib import Path
from typing import Any

from coursewright.config import RunConfig
from coursewright.records import (
    Audit,
    Collection,
    Execution,
    Feedback,
    Isolation,
    Proposal,
    Result,
    Round,
    Training,
    Usage,
)
from coursewright.store import RunStore


def config(**changes: Any) -> RunConfig:
    return RunConfig(task="science-mini", **changes)


def training(weights: str = "0" * 64, loss: float = 0.5) -> Training:
    return Training(
        weights=weights, seed=1, rows=2, steps=3, supervised_tokens=4, loss=loss, seconds=0.1
    )


def proposal() -> Proposal:
    return Proposal(analysis="why", plan="what", code="print('how')\n")


def round_record(store: RunStore, weights: str = "0" * 64) -> Round:
    return Round(
        number=0,
        operation="draft",
        parent=None,
        status="scored",
        proposal=proposal(),
        execution=Execution(
            status="ok", seconds=1.0, stdout="out", stderr="", submission=keep(store, b"[1]")
        ),
        collection=Collection(read=1, kept=1),
        audit=Audit(verdict="clean", rows=keep(store, b"{}\n"), kept=1),
        training=training(weights),
        feedback=Feedback(text="go on"),
    )


def keep(store: RunStore, data: bytes) -> str:
    return store.artifacts.put_bytes(data)


def result(run: str) -> Result:
    return Result(
        run=run,
        task="science-mini",
        agent="heuristic",
        teacher="simulated",
        student="nano",
        mode="iterative",
        setting="scratch",
        protocol="guarded",
        seed=0,
        status="finished",
        audit="clean",
        human_inputs=("task",),
        mats=1.0,
        rounds=(),
        full_trainings=1,
        teacher_usage=Usage(),
        agent_usage=Usage(),
        isolation=Isolation(level="L3", mechanisms=(), verified=True),
        seconds={"total": 1.0},
    )


def checkpoint(folder: Path, content: bytes) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(content)
    return folder

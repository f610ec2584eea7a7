"""Finished runs without the loop: a data set, a student, and the record that belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from coursewright.config import EmbeddedStudent, RunConfig
from coursewright.records import (
    Answered,
    Audit,
    Check,
    Collection,
    Evaluation,
    Feedback,
    FinalScores,
    Isolation,
    Proposal,
    Result,
    Round,
    RoundSummary,
    Scores,
    TracedRow,
    Training,
    Usage,
)
from coursewright.seeding import derive
from coursewright.store import RunStore, put_rows
from coursewright.student import EMBEDDED
from coursewright.tasks import load_task

Train = Callable[[RunStore, str, int], Training]

TASK = "science-mini"


def rows(count: int = 40) -> list[TracedRow]:
    """Rows as an audit leaves them, from the task's visible items."""
    task = load_task(TASK)
    return [
        TracedRow(
            instruction=task.instruction,
            input=item.question,
            output=str(item.answer),
            response=f"{number:064x}",
        )
        for number, item in enumerate(task.visible[:count])
    ]


def copied_base(store: RunStore, dataset: str, seed: int) -> Training:
    """A student that has learned nothing: the files of nano, for tests that train nothing."""
    return Training(
        weights=store.artifacts.put_folder(EMBEDDED["nano"]),
        seed=seed,
        rows=40,
        steps=8,
        supervised_tokens=100,
        loss=0.5,
        seconds=1.0,
    )


def finished_run(
    runs: Path,
    name: str = "first",
    *,
    student: Any = None,
    dataset: list[TracedRow] | None = None,
    train: Train = copied_base,
    agent: Any = None,
    task: str = TASK,
    gates: tuple[str, ...] = (),
    **changes: Any,
) -> Path:
    """Make a finished run; `changes` are laid over its result record. Returns its folder."""
    fields = {
        "student": student or EmbeddedStudent(),
        "retrainings": 2,
        "task": task,
        "gates": gates,
    }
    if agent is not None:
        fields["agent"] = agent
    config = RunConfig(runs=runs, name=name, **fields)
    with RunStore.create(runs, name, config, load_task(task).digests) as store:
        digest = put_rows(store.artifacts, rows() if dataset is None else dataset)
        seed = derive(0, "final", 0)
        training = store.journal.stage(
            "train",
            {"rows": digest, "seed": seed, "student": "x"},
            lambda: train(store, digest, seed),
            Training,
        )
        proposal = Proposal(plan="what", code="print('how')\n")
        store.archive.round_files(0, proposal)
        store.archive.round_done(played(digest, proposal, training))
        store.deliver(training.weights)
        store.write_result(result(name, digest).model_copy(update=changes))
        return store.path


def played(digest: str, proposal: Proposal, training: Training) -> Round:
    """The round that left the data set."""
    scored = Evaluation(
        split="scored",
        results=(Answered(id="i", group="i", output="1", score=1.0, readable=True),),
        accuracy=1.0,
        readable=1.0,
        seconds=0.1,
    )
    return Round(
        number=0,
        operation="draft",
        parent=None,
        status="scored",
        proposal=proposal,
        collection=Collection(read=44, kept=42, dropped={"not in the sample's | shape": 2}),
        audit=Audit(
            verdict="clean",
            rows=digest,
            kept=40,
            dropped={"cannot be traced": 2},
            checks=(Check(name="provenance", verdict="clean"),),
        ),
        training=training,
        scored=scored,
        feedback=Feedback(text=""),
        seconds=1.0,
    )


def result(name: str, digest: str) -> Result:
    """A record as a run of the loop writes it."""
    return Result(
        run=name,
        task=TASK,
        agent="heuristic",
        teacher="simulated",
        student="nano",
        mode="iterative",
        setting="scratch",
        protocol="guarded",
        seed=0,
        status="finished",
        base=Scores(visible=0.2, scored=0.21, private=0.22),
        final=FinalScores(
            round=0,
            visible=0.5,
            scored=0.51,
            private=0.52,
            private_ci95=(0.48, 0.56),
            retrainings=2,
            private_by_retraining=(0.52, 0.53),
            dataset=digest,
        ),
        gain_points=30.0,
        gain_points_ci95=(25.0, 35.0),
        gain_pct=136.4,
        gain_pct_ci95=(110.0, 160.0),
        improved=True,
        p_value=1e-9,
        audit="clean",
        human_inputs=("task",),
        mats=1.0,
        rounds=(
            RoundSummary(
                number=0, operation="draft", parent=None, status="scored", dataset=digest, seconds=1
            ),
        ),
        full_trainings=3,
        teacher_usage=Usage(calls=60, cached=3, prompt_tokens=900, completion_tokens=400),
        agent_usage=Usage(),
        isolation=Isolation(level="L3", mechanisms=("bubblewrap",), verified=True),
        seconds={"total": 12.0, "train": 8.0},
        embedded=("agent heuristic", "teacher simulated", "student nano"),
    )

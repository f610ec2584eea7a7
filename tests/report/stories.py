"""Made-up runs for pages: rounds with plans, programs, scores and data sets; no model is asked."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from coursewright.config import RunConfig
from coursewright.records import (
    Answered,
    Audit,
    Branch,
    Check,
    Collection,
    Evaluation,
    Feedback,
    FinalScores,
    Gate,
    Isolation,
    NearVisible,
    Part,
    PrivateOpening,
    Proposal,
    Result,
    Round,
    RoundSummary,
    Scores,
    Split,
    TracedRow,
    Training,
    Usage,
)
from coursewright.store import RunStore, put_rows

TOPICS = ("levers", "springs", "lenses")


def make_run(
    runs: Path,
    name: str = "story",
    *,
    rounds: int = 4,
    rows: int = 60,
    items: int = 30,
    said: str = "",
    finished: bool = True,
    gates: tuple[Gate, ...] = (),
) -> Path:
    """Write a run folder; `said` is mixed into every text that a model or a program wrote.

    Round 2 fails; the others go on from the best so far and gain a little each time.
    """
    config = RunConfig(runs=runs, name=name, task="science-mini", gates=gates)
    with RunStore.create(runs, name, config, {}) as store:
        for split in ("visible", "scored"):
            evaluation = answers(split, items, 0.2, said)
            store.journal.stage(
                "evaluate",
                {"weights": None, "split": split, "student": "x"},
                lambda made=evaluation: made,
                Evaluation,
            )
        played: list[Round] = []
        for number in range(rounds):
            played.append(play(store, number, played, rows, items, said))
            store.archive.round_files(number, played[-1].proposal)
            store.archive.round_done(played[-1])
            store.journal.note(f"round {number} is over {said}")
        if finished:
            opened = (answers("private", items, 0.2, said), answers("private", items, 0.6, said))
            store.journal.stage(
                "private",
                {"weights": [None, "w"], "student": "x"},
                lambda: PrivateOpening(evaluations=opened),
                PrivateOpening,
            )
            store.write_result(result(name, played, said))
        return store.path


def answers(split: Split, items: int, right: float, said: str = "") -> Evaluation:
    """So many answers, an even share of them right."""
    results = tuple(
        Answered(
            id=f"{split}-{n}",
            group=f"{split}-{n}",
            topic=f"{TOPICS[n % len(TOPICS)]}{said}",
            output=f"{n} {said}",
            score=float((n * 7) % items < right * items),
            readable=True,
        )
        for n in range(items)
    )
    accuracy = sum(r.score for r in results) / items
    return Evaluation(split=split, results=results, accuracy=accuracy, readable=1.0, seconds=0.1)


def play(
    store: RunStore, number: int, before: list[Round], rows: int, items: int, said: str
) -> Round:
    """One round; it keeps half of its parent's rows."""
    done = [r for r in before if r.scored is not None]
    best = max(done, key=lambda r: r.scored.accuracy if r.scored else 0.0, default=None)
    code = "\n".join(
        [f"ROUND = {number}", *(f"step_{n} = {n * (number + 1)}" for n in range(40)), said]
    )
    fields: dict[str, Any] = {
        "number": number,
        "operation": "draft" if best is None else "improve",
        "parent": None if best is None else best.number,
        "branch": Branch(reason=f"its level {said}", parts=(Part(topic=None, round=0),))
        if number == 3
        else None,
        "feedback": Feedback(text=f"Visible accuracy: up. {said}"),
        "proposal": Proposal(analysis=f"why {said}", plan=f"# Plan {number}\n{said}", code=code),
        "seconds": 10.0 + number,
    }
    if number == 2:
        return Round(status="failed", failure="runtime error", **fields)
    old = () if best is None else made_rows(best.number, rows, said)[: rows // 2]
    data = [*old, *made_rows(number, rows, said)][:rows]
    digest = put_rows(store.artifacts, data)
    share = min(0.9, 0.4 + 0.03 * number)
    return Round(
        status="scored",
        collection=Collection(read=rows + 2, kept=rows, dropped={f"not in shape {said}": 2}),
        audit=Audit(
            verdict="clean",
            rows=digest,
            kept=rows,
            checks=(Check(name="provenance", verdict="clean", evidence=(f"all traced {said}",)),),
        ),
        training=Training(
            weights=f"{number:064x}",
            seed=1,
            rows=rows,
            steps=1,
            supervised_tokens=1,
            loss=0.5,
            seconds=8.0,
        ),
        visible=answers("visible", items, share + 0.05, said),
        scored=answers("scored", items, share, said),
        **fields,
    )


def made_rows(number: int, count: int, said: str) -> list[TracedRow]:
    """Rows of one round's making."""
    rng = random.Random(number)
    return [
        TracedRow(
            instruction="Solve it.",
            input=f"Round {number}, row {n}: what is {rng.randint(1, 99)} times {n}? {said}",
            output=f"{n} {said}",
            response=f"{number:032x}{n:032x}",
        )
        for n in range(count)
    ]


def result(name: str, played: list[Round], said: str) -> Result:
    """The record of a finished run."""
    best = max(played, key=lambda r: r.scored.accuracy if r.scored else 0.0)
    assert best.audit is not None
    assert best.audit.rows is not None
    return Result(
        run=name,
        task="science-mini",
        agent=f"heuristic {said}",
        teacher="simulated",
        student="nano",
        mode="iterative",
        setting="scratch",
        protocol="guarded",
        seed=0,
        status="finished",
        base=Scores(visible=0.2, scored=0.2, private=0.2),
        final=FinalScores(
            round=best.number,
            visible=0.5,
            scored=0.5,
            private=0.6,
            private_ci95=(0.5, 0.7),
            retrainings=1,
            dataset=best.audit.rows,
        ),
        gain_points=40.0,
        gain_points_ci95=(30.0, 50.0),
        gain_pct=200.0,
        gain_pct_ci95=(150.0, 250.0),
        gain_parts={"format": 4.0, "ability": 36.0},
        near_visible=NearVisible(
            items=12,
            others=18,
            part_points=18.0,
            gain_points=45.0,
            gain_points_ci95=(20.0, 65.0),
            others_gain_points=36.7,
            others_gain_points_ci95=(18.0, 55.0),
        ),
        robust_gain_points=31.0,
        robust_gain_points_ci95=(20.0, 42.0),
        forgetting_points=12.0,
        forgetting_points_ci95=(4.0, 20.0),
        improved=True,
        p_value=1e-6,
        audit="clean",
        human_inputs=("task", f"note {said}"),
        mats=1.25,
        rounds=tuple(
            RoundSummary(
                number=r.number,
                operation=r.operation,
                parent=r.parent,
                status=r.status,
                seconds=r.seconds,
            )
            for r in played
        ),
        full_trainings=len(played),
        teacher_usage=Usage(calls=60, prompt_tokens=900, completion_tokens=400, cost_usd=0.25),
        agent_usage=Usage(),
        isolation=Isolation(level="L3", mechanisms=("bubblewrap",), verified=True),
        seconds={"total": 60.0, "train": 40.0, "program": 15.0},
        embedded=("student nano",),
    )

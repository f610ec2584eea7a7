"""The whole system in data-flow order. Read this first.

    task ─► agent ─► program ─► sandbox ⇄ teacher gateway
                                   │
                                   ▼
                              submission ─► audit ─► student (train) ─► evaluation ─► feedback ─┐
                                   ▲                                                            │
                                   └──────────────── next round ◄──── search ◄─── journal ◄─────┘

A round is one attempt, whatever its operation. Every stage goes through the journal, which
replays what is already paid for; so the same code runs, resumes and reproduces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coursewright.errors import StageFailed
from coursewright.protocols import Stages
from coursewright.records import Decision, Evaluation, Execution, Outcome, Round
from coursewright.seeding import derive
from coursewright.steps import (
    audit,
    audit_final,
    collect,
    decide,
    evaluate,
    execute,
    hear,
    open_private,
    propose,
    train,
)


def run(stages: Stages) -> Outcome:
    """Play rounds until the search or the budget ends, then retrain the best and open private.

    Raises:
        Interrupted: a helper process kept dying; `resume` continues here.
    """
    base_visible = evaluate(stages, None, "visible")
    base_scored = evaluate(stages, None, "scored")
    rounds: list[Round] = []
    while (decision := decide(stages, rounds, base_scored)) is not None:
        rounds.append(play(stages, decision, rounds, base_visible))
        stages.archive.round_done(rounds[-1])

    best = stages.search.best(rounds)
    if best is None or best.audit is None or best.audit.rows is None:
        return Outcome(base=(base_visible, base_scored), rounds=tuple(rounds))

    final_audit = audit_final(stages, best, rounds)
    # Fresh training seeds: the winner was chosen partly for the luck of its own.
    seeds = [derive(stages.rules.seed, "final", k) for k in range(stages.rules.retrainings)]
    retrained = tuple(train(stages, best.audit.rows, seed) for seed in seeds)
    delivered = retrained[0].weights
    final = (evaluate(stages, delivered, "visible"), evaluate(stages, delivered, "scored"))
    opening = open_private(stages, [None, *(training.weights for training in retrained)])
    return Outcome(
        base=(base_visible, base_scored, opening.evaluations[0]),
        rounds=tuple(rounds),
        best=best.number,
        final_audit=final_audit,
        retrainings=retrained,
        final=final,
        private=opening.evaluations[1:],
    )


def play(
    stages: Stages, decision: Decision, rounds: Sequence[Round], base_visible: Evaluation
) -> Round:
    """Play one round. A failed stage ends the round, never the run: a bad round is data."""
    number = len(rounds)
    stages.progress.say(f"round {number}: {decision.operation}")
    reached: dict[str, Any] = {"status": "scored"}
    error = None
    try:
        go_through_stages(stages, number, decision, rounds, reached)
    except StageFailed as failed:
        error = str(failed)
        reached["status"] = "invalid" if failed.kind == "too few valid rows" else "failed"
        reached["failure"] = failed.kind
    feedback = stages.feedback.write(
        base_visible=base_visible,
        error=error,
        collection=reached.get("collection"),
        audit=reached.get("audit"),
        visible=reached.get("visible"),
    )
    return Round(
        number=number,
        operation=decision.operation,
        parent=decision.parent,
        feedback=feedback,
        seconds=sum(getattr(part, "seconds", 0.0) for part in reached.values()),
        **reached,
    )


def go_through_stages(
    stages: Stages,
    number: int,
    decision: Decision,
    rounds: Sequence[Round],
    reached: dict[str, Any],
) -> None:
    """Carry one round as far as it gets; `reached` keeps what each stage left.

    Raises:
        StageFailed: the round ends here.
    """
    heard = reached["heard"] = hear(stages, number, decision, rounds)
    proposal = reached["proposal"] = propose(stages, number, decision, heard, rounds)
    if proposal.failure is not None:
        raise StageFailed(proposal.message, kind=proposal.failure, stage="propose")
    stages.archive.round_files(number, proposal)
    execution = reached["execution"] = execute(stages, number, decision, proposal, rounds)
    collection = reached["collection"] = collect(stages, execution)
    require_rows(stages, execution, collection.kept, collection.error)
    audited = reached["audit"] = audit(stages, number, collection, rounds)
    if audited.refusal is not None:
        raise StageFailed(audited.refusal, kind="too few valid rows", stage="audit")
    require_rows(stages, execution, audited.kept, None)
    assert audited.rows is not None
    # One training seed for all rounds: they differ in their data alone.
    training = train(stages, audited.rows, derive(stages.rules.seed, "train"))
    reached["training"] = training
    reached["visible"] = evaluate(stages, training.weights, "visible")
    reached["scored"] = evaluate(stages, training.weights, "scored")


def require_rows(stages: Stages, execution: Execution, kept: int, reason: str | None) -> None:
    """A program is judged on the rows it left, however it ended; too few end the round.

    Raises:
        StageFailed: with the program's own failure if it had one, else "too few valid rows".
    """
    minimum = stages.task.rows.minimum
    if kept >= minimum:
        return
    if execution.status != "ok":
        # The reason stands last: long errors are cut at their beginning.
        message = "\n".join(filter(None, (execution.stderr.rstrip(), execution.reason)))
        late = execution.status == "timeout"
        kind = "execution timeout" if late else "runtime error"
        raise StageFailed(message, kind=kind, stage="execute")
    message = reason or f"{kept} rows passed the audit, at least {minimum} are needed"
    raise StageFailed(message, kind="too few valid rows", stage="collect")

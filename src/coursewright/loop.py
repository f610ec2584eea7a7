"""The whole system in data-flow order. Read this first.

    task ─► agent ─► program ─► sandbox ⇄ teacher gateway
                                   │
                                   ▼
                              submission ─► audit ─► student (train) ─► evaluation ─► feedback ─┐
                                   ▲                                                            │
                                   └──────────────── next round ◄──── search ◄─── journal ◄─────┘

A round is one attempt, whatever its operation. Every stage goes through the journal, which
replays what is already paid for; so the same code runs, resumes and reproduces.

`run` plays rounds; `play` is one of them; `finish` is what follows once nothing can change the
choice any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coursewright.branching import label, refuse_repetition
from coursewright.endings import (
    audit_final,
    choose,
    count_openings,
    open_private,
    sit_probes,
    sit_with_own_rows,
)
from coursewright.errors import StageFailed
from coursewright.records import Choice, Decision, Evaluation, Execution, Noise, Outcome, Round
from coursewright.seeding import derive
from coursewright.stages import Stages
from coursewright.steps import (
    ask_person,
    audit,
    collect,
    decide,
    evaluate,
    execute,
    hear,
    measure_noise,
    propose,
    released,
    train,
    training_rows,
)


def run(stages: Stages) -> Outcome:
    """Play rounds until the search or the budget ends, then retrain the best and open private.

    Raises:
        Interrupted: a helper process kept dying; `resume` continues here.
    """
    base = (evaluate(stages, None, "visible"), evaluate(stages, None, "scored"))
    noise = measure_noise(stages, base[1])
    rounds: list[Round] = []
    while (decision := decide(stages, rounds, base[1])) is not None:
        rounds.append(play(stages, decision, rounds, base, noise))
        stages.archive.round_done(rounds[-1])

    choice = choose(stages, rounds, base[1])
    played = Outcome(base=base, rounds=tuple(rounds), noise=noise, choice=choice, best=choice.round)
    return played if choice.delivered == "nothing" else finish(stages, played, choice)


def play(
    stages: Stages,
    decision: Decision,
    rounds: Sequence[Round],
    base: tuple[Evaluation, Evaluation],
    noise: Noise | None,
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
        base=base,
        error=error,
        collection=reached.get("collection"),
        audit=reached.get("audit"),
        visible=reached.get("visible"),
        scored=reached.get("scored"),
        noise=noise,
        released=released(rounds),
    )
    return Round(
        number=number,
        operation=decision.operation,
        parent=decision.parent,
        branch=decision.branch,
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
    refuse_repetition(stages, number, decision, proposal, rounds)
    stages.archive.round_files(number, proposal)
    ask_person(stages, "plan", number, rounds, reached)
    execution = reached["execution"] = execute(stages, number, decision, proposal, rounds)
    collection = reached["collection"] = collect(stages, execution)
    require_rows(stages, execution, collection.kept, collection.error)
    audited = reached["audit"] = audit(stages, number, collection, rounds)
    if audited.refusal is not None:
        raise StageFailed(audited.refusal, kind="too few valid rows", stage="audit")
    require_rows(stages, execution, audited.kept, None)
    reached["shards"] = label(stages, number, decision, audited, rounds)
    ask_person(stages, "sample", number, rounds, reached)
    rows = reached["training_rows"] = training_rows(stages, audited)
    # One training seed for all rounds: they differ in their data alone.
    training = reached["training"] = train(stages, rows, derive(stages.rules.seed, "train"))
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


def finish(stages: Stages, played: Outcome, choice: Choice) -> Outcome:
    """Retrain the chosen data set, unless the base model was chosen, and open private once.

    Every program is dead and the choice is sealed: what is measured here reaches the result only.
    """
    final_audit = audit_final(stages, choice, played.rounds)
    # Fresh training seeds: the winner was chosen partly for the luck of its own.
    seeds = [derive(stages.rules.seed, "final", k) for k in range(stages.rules.retrainings)]
    retrained = tuple(train(stages, choice.rows, seed) for seed in seeds if choice.rows)
    students = [training.weights for training in retrained]
    delivered = students[0] if students else None
    final = (evaluate(stages, delivered, "visible"), evaluate(stages, delivered, "scored"))
    confirmed = [evaluate(stages, w, "scored") for w in students] if stages.rules.guarded else []
    incumbent = sit_with_own_rows(stages, seeds)
    rivals = [training.weights for training in incumbent.trainings] if incumbent else []
    probes = (sit_probes(stages, None), sit_probes(stages, delivered))
    # Every student in one single opening, base first.
    openings = count_openings(stages)
    base, *others = open_private(stages, [None, *students, *rivals]).evaluations
    return played.model_copy(
        update={
            "base": (*played.base, base),
            "final_audit": final_audit,
            "retrainings": retrained,
            "final": final,
            "confirmation": tuple(confirmed),
            "incumbent": incumbent
            and incumbent.model_copy(update={"private": tuple(others[len(students) :])}),
            "probes": probes,
            "openings": openings,
            "private": tuple(others[: len(students)]) or (base,),
        }
    )

"""Cheap looks before dear stages: a pilot of a program, a short training of a wave's rounds.

Looked at are the log-probability that the shortly trained student gives to the gold answers of the
visible items, and what it answers to them. The golds of no other split ever reach its worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from coursewright.branching import needs_agent
from coursewright.errors import StageFailed
from coursewright.records import Decision, Joined, Likelihood, Look, Proposal, Round
from coursewright.seeding import derive
from coursewright.stages import Stages
from coursewright.steps import audit, collect, evaluate, execute, persist, train
from coursewright.waves import Candidate


def pilot(
    stages: Stages,
    number: int,
    decision: Decision,
    proposal: Proposal,
    rounds: Sequence[Round],
) -> None:
    """Try a program with few calls, where the run wants that, and look at the rows it leaves.

    What it asked is not paid again when it is run in full and asks the same.

    Raises:
        StageFailed: hardly any of its rows would do; it is not run in full.
    """
    calls, least = stages.rules.pilot_calls, stages.rules.pilot_least
    if calls is None or not needs_agent(decision):
        return
    execution = execute(stages, number, decision, proposal, rounds, calls=calls)
    collection = collect(stages, execution)
    kept, reasons = 0, collection.examples
    if collection.rows is not None and collection.kept:
        audited = audit(stages, number, collection, rounds)
        kept, reasons = audited.kept, (*reasons, *audited.examples)
    if collection.read and kept < least * collection.read:
        told = "\n".join(reasons)
        raise StageFailed(
            f"A pilot of {calls} calls left {collection.read} rows, of which {kept} are "
            f"usable; at least {least:.0%} have to be. The program was not run in full.\n"
            f"{told}",
            kind="too few valid rows",
            stage="pilot",
        )
    # Without any row nothing is known: many programs save when all is answered.


def golds_to_look_by(stages: Stages, wave: Sequence[Decision]) -> str | None:
    """Digest of the visible items with their golds, as rows; None where nothing is to be halved."""
    if stages.halving is None or len(wave) < 2:
        return None
    count = len(stages.task.visible)
    try:
        return stages.journal.stage(
            "golds", {}, lambda: Joined(rows=stages.noise.rows(), kept=count), Joined
        ).rows
    except StageFailed as failed:  # a gold cannot be written as an answer
        stages.progress.say(f"nothing is held back: {failed}")
        return None


def look(stages: Stages, golds: str, candidate: Candidate) -> None:
    """Train on a share of a candidate's rows, and see what the student makes of visible items.

    A share, not a number: how many rows there are is much of what makes one data set better.
    """
    assert stages.halving is not None
    with candidate.going_on():
        rows = candidate.reached["training_rows"]
        drawn = sampled(stages, rows, stages.halving.share)
        training = train(stages, drawn.rows, derive(stages.rules.seed, "train"))
        found = likelihood(stages, training.weights, golds)
        visible = evaluate(stages, training.weights, "visible")
        candidate.reached["look"] = Look(
            values={
                "likelihood": sum(found.means) / len(found.means),
                "visible": visible.accuracy,
            },
            rows=drawn.kept,
            seconds=training.seconds + found.seconds + visible.seconds,
        )


def promoted(
    stages: Stages, candidates: Sequence[Candidate], rounds: Sequence[Round]
) -> list[Candidate]:
    """Return the candidates that are worth a full training by their looks; hold back the others."""
    assert stages.halving is not None
    left = [one for one in candidates if one.failed is None]
    verdicts = stages.halving.promote({one.number: one.reached["look"] for one in left}, rounds)
    for one in left:
        why = verdicts[one.number]
        one.reached["look"] = one.reached["look"].model_copy(update={"promotion": why})
        one.held_back = why == "held back"
    return [one for one in left if not one.held_back]


def sampled(stages: Stages, rows: str, share: float) -> Joined:
    """Draw this share of the rows, the same for the same rows."""
    assert stages.shards is not None
    shards, seed = stages.shards, derive(stages.rules.seed, "look")
    inputs = {"rows": rows, "share": share}
    return stages.journal.stage(
        "sample rows", inputs, lambda: shards.sample(rows, share, seed), Joined
    )


def likelihood(stages: Stages, weights: str, golds: str) -> Likelihood:
    """Ask how likely a student finds the outputs of these rows."""
    inputs = {"weights": weights, "rows": golds, "student": stages.student.fingerprint()}
    return stages.journal.stage(
        "likelihood",
        inputs,
        lambda: persist(lambda: stages.student.likelihood(weights, golds)),
        Likelihood,
    )

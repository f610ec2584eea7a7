"""One function per stage that follows the last round: the choice, and what is measured of it.

As in `steps`, what decides a stage's outcome is its key in the journal. From here on every program
is dead, and nothing is told to an agent any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

from coursewright.records import (
    Audit,
    Choice,
    Evaluation,
    Incumbent,
    OpeningCount,
    PrivateOpening,
    ProbeName,
    Round,
    Shrinking,
    Sitting,
    Training,
)
from coursewright.stages import Stages
from coursewright.steps import audited, evaluate, persist, read_own_rows, train
from coursewright.waves import Piece, side_by_side


def audit_final(stages: Stages, choice: Choice, rounds: Sequence[Round]) -> Audit | None:
    """Judge the chosen data set against the hidden items too; the choice is sealed.

    None where the base model was chosen: there is no data set.
    """
    if choice.rows is None:
        return None
    rows, earlier = choice.rows, audited(rounds[: choice.round])
    return stages.journal.stage(
        "audit_final",
        {"rows": rows, "earlier": earlier},
        lambda: stages.auditor.audit_final(rows, earlier),
        Audit,
    )


def choose(stages: Stages, rounds: Sequence[Round], base: Evaluation) -> Choice:
    """Seal what the run delivers: the best round, or under `guarded` the base model it must beat.

    Means decide; whether the difference is more than chance is a matter of what is claimed of it.
    A guard may refuse rounds whose students forgot too much; where it leaves none, base it is.
    """
    best, forgetful = tolerable(stages, rounds)
    beaten = best is None or (
        stages.rules.guarded and best.scored is not None and best.scored.accuracy <= base.accuracy
    )

    def produce() -> Choice:
        if best is None and forgetful:
            stages.progress.say("the guard left no round: the base model is what is delivered")
            return Choice(delivered="base", forgetful=forgetful)
        if best is None or best.training_rows is None:
            return Choice(delivered="nothing")
        if beaten:
            stages.progress.say("no round beat the base model: that is what is delivered")
            return Choice(delivered="base", forgetful=forgetful)
        whole = best.scored if best.scored is not rounds[best.number].scored else None
        return Choice(
            delivered="student",
            round=best.number,
            rows=best.training_rows,
            forgetful=forgetful,
            whole=whole,
        )

    inputs = {"rounds": len(rounds), "best": None if best is None else best.number}
    return stages.journal.stage("choose", inputs, produce, Choice)


def tolerable(stages: Stages, rounds: Sequence[Round]) -> tuple[Round | None, tuple[int, ...]]:
    """The best round whose student forgot no more than the guard allows; and those refused.

    No program is alive, and no agent will be asked again: the panel's items stay unknown. Who was
    cut short on scored, behind a round that is refused now, is asked the rest.
    """
    most, left, refused = stages.rules.max_forgetting_points, list(rounds), []
    while (best := stages.search.best(left)) is not None:
        if best.training is None:
            break
        if best.scored is not None and best.scored.of is not None:
            whole = evaluate(stages, best.training.weights, "scored")
            left[left.index(best)] = best.model_copy(update={"scored": whole})
            continue
        if most is None:
            break
        before, after = (
            sit_probes(stages, weights, ("abilities",)).evaluations["abilities"].accuracy
            for weights in (None, best.training.weights)
        )
        lost = 100 * (before - after)
        if lost <= most:
            break
        stages.progress.say(f"round {best.number} forgot {lost:.1f} points, over {most:g}: refused")
        refused.append(best.number)
        left.remove(best)
    return best, tuple(refused)


def retrain(stages: Stages, rows: str, seeds: Sequence[int]) -> tuple[Training, ...]:
    """Train the chosen data set once with each of these seeds; the first student is delivered.

    It is examined while the others are still being trained, and a slot that is left over puts the
    probes to the base student, which waits for nobody.
    """

    def examine(delivered: Training) -> None:
        evaluate(stages, delivered.weights, "visible")
        sit_probes(stages, delivered.weights)

    return train_all(stages, rows, seeds, examine, partial(sit_probes, stages, None))


def train_all(
    stages: Stages,
    rows: str,
    seeds: Sequence[int],
    examine: Callable[[Training], object] = lambda first: None,
    *others: Piece,
) -> tuple[Training, ...]:
    """Train a data set once with each of these seeds, side by side where there are slots.

    Under `guarded` each student sits scored at once: what confirms the winner then stands there.
    The slot that trained the first goes on with `examine`; other pieces come last.
    """
    done: dict[int, Training] = {}

    def one(seed: int) -> None:
        trained = done[seed] = train(stages, rows, seed)
        if stages.rules.guarded:
            evaluate(stages, trained.weights, "scored")
        if seed == seeds[0]:
            examine(trained)

    with side_by_side(stages.rules.slots, stages.progress) as begin:
        for number, seed in enumerate(seeds):
            begin(f"retraining {number}", partial(one, seed))
        for other in others:
            begin("base", other)
    return tuple(done[seed] for seed in seeds)


def sit_with_own_rows(stages: Stages, seeds: Sequence[int]) -> Incumbent | None:
    """Train and score the data set that the user already has, as the chosen one is."""
    if stages.own_rows is None:
        return None
    collection = read_own_rows(stages)
    trainings = train_all(stages, str(collection.rows), seeds)
    scored = tuple(evaluate(stages, training.weights, "scored") for training in trainings)
    return Incumbent(
        collection=collection, mixed=stages.own_rows.mixed, trainings=trainings, scored=scored
    )


def sit_probes(
    stages: Stages, weights: str | None, names: tuple[ProbeName, ...] | None = None
) -> Sitting:
    """Put the task's probes, or those named, to the base student (no weights) or to another.

    Only when the last round is over and every program is dead: agents hear nothing of it.
    """
    inputs = {"weights": weights, "names": names, "student": stages.student.fingerprint()}
    return stages.journal.stage(
        "probes", inputs, lambda: persist(lambda: stages.probes.sit(weights, names)), Sitting
    )


def count_openings(stages: Stages) -> int | None:
    """Note that private is about to be opened; how often that was so on this machine."""

    def produce() -> OpeningCount:
        return OpeningCount(count=stages.openings.count())

    return stages.journal.stage("count openings", {}, produce, OpeningCount).count


def open_private(
    stages: Stages, students: Sequence[Training], *others: Incumbent | Shrinking | None
) -> tuple[Evaluation, list[tuple[Evaluation, ...]]]:
    """Score base, retrained and all other students on the private split, once.

    Every program is dead. Returns the base model's evaluation, and one for each student of each
    group.
    """
    groups = [students, *(one.trainings if one else () for one in others)]
    weights = [None, *(training.weights for group in groups for training in group)]
    inputs = {"weights": weights, "student": stages.student.fingerprint()}
    slots = partial(side_by_side, stages.rules.slots, stages.progress)
    base, *answered = stages.journal.stage(
        "private",
        inputs,
        lambda: persist(lambda: stages.evaluator.open_private(weights, slots)),
        PrivateOpening,
    ).evaluations
    sat = iter(answered)
    return base, [tuple(islice(sat, len(group))) for group in groups]

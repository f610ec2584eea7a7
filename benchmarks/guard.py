"""What the guarded protocol lets through, and how often its alarm is right; simulated.

    python -m benchmarks.guard [TRIALS]     by default 300 of each

Leak: an agent that knows nothing sends 29 students whose answers to 308 hidden yes-no items are its
own coin flips, and makes the 30th by a vote weighted by what it was told. What that one scores
above one half is knowledge of the items and nothing else. It is more than any agent can do, which
chooses rows and not answers. Alarm: base model and rounds share the difficulty of their items; in
honest runs visible and scored gain alike.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import report
from coursewright.evaluation.choice import ladder_step
from coursewright.evaluation.guard import alarms
from coursewright.feedback.ladder import release, rounded
from coursewright.records import Answered, Evaluation, Feedback, Outcome, Proposal, Round, Split

VISIBLE, SCORED, ROUNDS = 154, 308, 30
"""As in the built-in tasks."""
STEP = ladder_step(0.0, SCORED)

Floats = NDArray[np.float64]
Told = Callable[[Floats], Floats]
"""From the scores of all rounds to what an agent hears of each; 0 stands for nothing."""


def exact(scores: Floats) -> Floats:
    """Every score, as under `paper`."""
    return scores - 0.5


def released(scores: Floats) -> Floats:
    """What the ladder releases."""
    last, heard = rounded(0.5, STEP), np.zeros(len(scores))
    for number, score in enumerate(scores):
        if (told := release(float(score), last, STEP)) is not None:
            last = told
            heard[number] = told - 0.5
    return heard


def with_parents(scores: Floats) -> Floats:
    """What the ladder releases, and which round is improved upon: a new best, or not."""
    best = np.maximum.accumulate(scores)
    new = np.concatenate([[True], scores[1:] > best[:-1]])
    # Of 29 coin flips the new bests lie above one half, the others a little below on average.
    guess = np.where(new, np.linspace(0.5, 2.0, len(scores)), -0.35)
    return np.where(released(scores) > 0, 2.0, guess)


def known_by_vote(told: Told, rng: np.random.Generator) -> float:
    """Points above one half on the very items, of an agent that knows only what it is told."""
    truth = rng.choice((-1.0, 1.0), SCORED)
    guesses = rng.choice((-1.0, 1.0), (ROUNDS - 1, SCORED))
    scores = (guesses == truth).mean(axis=1)
    vote = told(scores) @ guesses
    vote = np.where(vote == 0, rng.choice((-1.0, 1.0), SCORED), vote)
    return 100 * (float((np.sign(vote) == truth).mean()) - 0.5)


def sat(split: Split, ability: float, hardness: Floats, rng: np.random.Generator) -> Evaluation:
    """A student's exam: right where its ability and luck outweigh the item's hardness."""
    right = (ability + rng.standard_normal(len(hardness)) > hardness).astype(float)
    results = tuple(
        Answered.model_construct(id=str(n), group=str(n), topic=None, output="", score=float(s))
        for n, s in enumerate(right)
    )
    return Evaluation.model_construct(
        split=split, results=results, accuracy=float(right.mean()), readable=1.0, seconds=0.0
    )


def alarmed(extra: float, rounds: int, rng: np.random.Generator) -> bool:
    """Whether any round of a run raises the alarm; `extra` ability shows on visible items alone."""
    hard = {"visible": rng.standard_normal(VISIBLE), "scored": rng.standard_normal(SCORED)}
    base = tuple(sat(split, -0.8, hard[split], rng) for split in ("visible", "scored"))
    made = []
    for number in range(rounds):
        ability = rng.normal(0.3, 0.3)
        made.append(
            Round.model_construct(
                number=number,
                proposal=Proposal(),
                feedback=Feedback(text=""),
                visible=sat("visible", ability + extra, hard["visible"], rng),
                scored=sat("scored", ability, hard["scored"], rng),
            )
        )
    return bool(alarms(Outcome.model_construct(base=base, rounds=tuple(made), noise=None)))


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    rng = np.random.default_rng(0)
    for told in (exact, released, with_parents):
        known = [known_by_vote(told, rng) for _ in range(10 * trials)]
        report(name="guard leak", told=told.__name__, points=round(float(np.mean(known)), 2))
    for rounds in (4, 30):
        for extra in (0.0, 0.25, 0.5, 1.0):
            share = float(np.mean([alarmed(extra, rounds, rng) for _ in range(trials)]))
            report(
                name="guard alarm",
                rounds=rounds,
                visible_only_points=round(ahead(extra), 1),
                alarmed=round(share, 3),
            )


def ahead(extra: float) -> float:
    """Points by which visible runs ahead of scored, of a student of middling ability."""
    rng = np.random.default_rng(1)
    hard = rng.standard_normal(200_000)
    luck = 0.3 + rng.standard_normal(200_000)
    return 100 * float((luck + extra > hard).mean() - (luck > hard).mean())


if __name__ == "__main__":
    main()

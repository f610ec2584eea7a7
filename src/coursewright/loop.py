"""The whole system in data-flow order. Read this first.

    task ─► agent ─► program ─► sandbox ⇄ teacher gateway
                                   │
                                   ▼
                              submission ─► audit ─► student (train) ─► evaluation ─► feedback ─┐
                                   ▲                                                            │
                                   └──────────────── next round ◄──── search ◄─── journal ◄─────┘

A round is one attempt, whatever its operation. Every stage goes through the journal, which
replays what is already paid for; so the same code runs, resumes and reproduces.

`run` plays rounds; `play` is one of them, or several side by side; `finish` is what follows once
nothing can change the choice any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from coursewright.branching import label, last_trained, refuse_repetition
from coursewright.deciding import decide
from coursewright.endings import (
    audit_final,
    choose,
    count_openings,
    open_private,
    retrain,
    sit_probes,
    sit_with_own_rows,
)
from coursewright.errors import StageFailed
from coursewright.promotion import golds_to_look_by, look, pilot, promoted
from coursewright.records import Choice, Decision, Evaluation, Feedback, Noise, Outcome, Round
from coursewright.seeding import derive
from coursewright.shrinking import shrink
from coursewright.stages import Stages
from coursewright.steps import (
    ask_person,
    audit,
    collect,
    evaluate,
    execute,
    hear,
    measure_noise,
    propose,
    released,
    require_rows,
    train,
    training_rows,
)
from coursewright.waves import Candidate, side_by_side, slots_for


def run(stages: Stages) -> Outcome:
    """Play rounds until the search or the budget ends, then retrain the best and open private.

    Raises:
        Interrupted: a helper process kept dying; `resume` continues here.
    """
    base = (evaluate(stages, None, "visible"), evaluate(stages, None, "scored"))
    noise = measure_noise(stages, base[1])
    rounds: list[Round] = []
    while wave := decide(stages, rounds, base[1]):
        for done in play(stages, wave, rounds, base, noise):
            rounds.append(done)
            stages.archive.round_done(done)

    choice = choose(stages, rounds, base[1])
    played = Outcome(base=base, rounds=tuple(rounds), noise=noise, choice=choice, best=choice.round)
    return played if choice.delivered == "nothing" else finish(stages, played, choice)


def play(
    stages: Stages,
    wave: Sequence[Decision],
    rounds: Sequence[Round],
    base: tuple[Evaluation, Evaluation],
    noise: Noise | None,
) -> list[Round]:
    """Play the rounds that were decided together, mostly one."""
    golds = golds_to_look_by(stages, wave)
    full = partial(train_and_score, stages, stages.search.best(rounds))
    first = full if golds is None else partial(look, stages, golds)
    begun: list[Candidate] = []
    with side_by_side(slots_for(stages, wave), stages.progress, spare=True) as begin:
        for decision in wave:
            known = [*rounds, *(mate.under_way() for mate in begun)]
            begun.append(candidate := Candidate(len(known), decision))
            stages.progress.say(f"{candidate.name}: {decision.operation}")
            with candidate.going_on():
                make_rows(stages, candidate, known)
            if candidate.failed is None and not candidate.gathers:
                begin(candidate.name, partial(first, candidate))
    if golds is not None:
        with side_by_side(slots_for(stages, wave), stages.progress) as begin:
            for candidate in promoted(stages, begun, rounds):
                begin(candidate.name, partial(full, candidate))
    played = list(rounds)
    for candidate in begun:
        played.append(candidate.ended(tell(stages, candidate, played, base, noise)))
    return played[len(rounds) :]


def make_rows(stages: Stages, candidate: Candidate, rounds: Sequence[Round]) -> None:
    """Carry a round from the agent to the rows that its student is to learn.

    Raises:
        StageFailed: the round ends here.
    """
    number, decision, reached = candidate.number, candidate.decision, candidate.reached
    heard = reached["heard"] = hear(stages, number, decision, rounds)
    proposal = reached["proposal"] = propose(stages, number, decision, heard, rounds)
    if proposal.failure is not None:
        raise StageFailed(proposal.message, kind=proposal.failure, stage="propose")
    refuse_repetition(stages, number, decision, proposal, rounds)
    stages.archive.round_files(number, proposal)
    ask_person(stages, "plan", number, rounds, reached)
    pilot(stages, number, decision, proposal, rounds)
    execution = reached["execution"] = execute(stages, number, decision, proposal, rounds)
    collection = reached["collection"] = collect(stages, execution)
    require_rows(stages, execution, collection.kept, collection.error)
    audited = reached["audit"] = audit(stages, number, collection, rounds)
    if audited.refusal is not None:
        raise StageFailed(audited.refusal, kind="too few valid rows", stage="audit")
    require_rows(stages, execution, audited.kept, None)
    reached["shards"] = label(stages, number, decision, audited, rounds)
    ask_person(stages, "sample", number, rounds, reached)
    reached["training_rows"] = training_rows(stages, audited)


def train_and_score(stages: Stages, rival: Round | None, candidate: Candidate) -> None:
    """Carry a round from its rows to its scores; others may be on this way at the same time."""
    reached = candidate.reached
    with candidate.going_on():
        # One training seed for all rounds: they differ in their data alone.
        seed = derive(stages.rules.seed, "train")
        training = reached["training"] = train(stages, reached["training_rows"], seed)
        reached["visible"] = evaluate(stages, training.weights, "visible")
        reached["scored"] = evaluate(stages, training.weights, "scored", rival)


def tell(
    stages: Stages,
    candidate: Candidate,
    rounds: Sequence[Round],
    base: tuple[Evaluation, Evaluation],
    noise: Noise | None,
) -> Feedback:
    """Write what the agent may hear of a round; of one that gathers, what led to it."""
    reached, failed = candidate.reached, candidate.failed
    before = None if failed else last_trained(candidate.decision, rounds)
    return stages.feedback.write(
        base=base,
        error=candidate.trouble,
        collection=reached.get("collection"),
        audit=reached.get("audit"),
        visible=before.visible if before else reached.get("visible"),
        student_of=before.number if before else None,
        scored=reached.get("scored"),
        noise=noise,
        released=released(rounds),
    )


def finish(stages: Stages, played: Outcome, choice: Choice) -> Outcome:
    """Retrain the chosen data set, unless the base model was chosen, and open private once.

    Every program is dead and the choice is sealed: what is measured here reaches the result only.
    """
    final_audit = audit_final(stages, choice, played.rounds)
    # Fresh training seeds: the winner was chosen partly for the luck of its own.
    seeds = [derive(stages.rules.seed, "final", k) for k in range(stages.rules.retrainings)]
    retrained = retrain(stages, choice.rows, seeds) if choice.rows else ()
    students = [training.weights for training in retrained]
    delivered = students[0] if students else None
    final = (evaluate(stages, delivered, "visible"), evaluate(stages, delivered, "scored"))
    confirmed = [evaluate(stages, w, "scored") for w in students] if stages.rules.guarded else []
    incumbent = sit_with_own_rows(stages, seeds)
    smallest = shrink(stages, choice, played, seeds)
    probes = (sit_probes(stages, None), sit_probes(stages, delivered))
    # Every student in one single opening, base first.
    openings = count_openings(stages)
    base, (private, own, few) = open_private(stages, retrained, incumbent, smallest)
    return played.model_copy(
        update={
            "base": (*played.base, base),
            "final_audit": final_audit,
            "retrainings": retrained,
            "final": final,
            "confirmation": tuple(confirmed),
            "incumbent": incumbent and incumbent.model_copy(update={"private": own}),
            "smallest": smallest and smallest.model_copy(update={"private": few}),
            "probes": probes,
            "openings": openings,
            "private": private or (base,),
        }
    )

"""What comes next, as far as rounds, trainings, time and money last."""

from __future__ import annotations

import math
from collections.abc import Sequence

from coursewright.records import Allowance, Decision, Evaluation, Round, Step
from coursewright.search import waiting
from coursewright.stages import Rules, Stages
from coursewright.waves import Candidate


def decide(stages: Stages, rounds: Sequence[Round], base: Evaluation) -> tuple[Decision, ...]:
    """Ask the search for the next round, or for the several of a wave; none when it, rounds,
    time or money are at their end.

    Journaled, because time goes on: a resumed or reproduced run must end where it ended.
    """

    def produce() -> Step:
        left = allowance(stages, rounds)
        out_of_money = left.usd == 0 or any(done.proposal.out_of_money for done in rounds)
        if left.seconds <= 0 or out_of_money:
            return Step(decision=None)
        first, *rest = [*wave_of(stages, rounds, base), None]
        return Step(decision=first, beside=tuple(filter(None, rest)))

    step = stages.journal.stage("decide", {"round": len(rounds)}, produce, Step)
    return () if step.decision is None else (step.decision, *step.beside)


def wave_of(stages: Stages, rounds: Sequence[Round], base: Evaluation) -> list[Decision]:
    """Return what the search wants next, each decision knowing of those before it."""
    wave: list[Decision] = []
    known = list(rounds)
    while len(wave) < stages.rules.wave:
        decision = None if used_up(stages.rules, known) else stages.search.next(known, base)
        if decision is None:
            break
        known.append(Candidate(len(known), decision).under_way())
        wave.append(decision)
    return wave


def used_up(rules: Rules, rounds: Sequence[Round]) -> bool:
    """Whether there may be no more rounds, or no more of them may be trained.

    Ablations have a budget of their own. Where the last round failed and rows wait for their
    training, there is one more: to train on them takes no agent and no call.
    """
    tried = [done for done in rounds if done.operation != "ablate"]
    trained = sum(done.training is not None or to_be_trained(done) for done in tried)
    most = rules.rounds + (waiting(rounds) is not None)
    return len(tried) >= most or trained >= (rules.trainings or math.inf)


def to_be_trained(done: Round) -> bool:
    """Whether a round is under way whose rows a student may be trained on."""
    return done.status == "under way" and not (done.branch is not None and done.branch.gathers)


def allowance(stages: Stages, rounds: Sequence[Round]) -> Allowance:
    """Seconds, teacher calls and money that are left of the run's budget."""
    rules, calls = stages.rules, stages.teacher.calls_left()
    usd = None
    if rules.cost_usd is not None:
        spent = agent_cost(rounds) + (stages.teacher.usage().cost_usd or 0.0)
        usd = max(0.0, rules.cost_usd - spent)
    return Allowance(
        seconds=rules.seconds - stages.journal.elapsed(),
        calls=calls,
        round_calls=min(rules.round_calls, calls),
        usd=usd,
    )


def agent_cost(rounds: Sequence[Round]) -> float:
    """US dollars that the agent has spent, as far as it said."""
    return sum(done.proposal.usage.cost_usd or 0.0 for done in rounds)

"""From what was measured to what may be claimed: the numbers of the result record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Any

from coursewright.evaluation.choice import compare, corrected_score
from coursewright.evaluation.intervals import gain_intervals, interval
from coursewright.evaluation.parts import gain_parts, near_visible, training_seed_sd
from coursewright.evaluation.probes import weigh_probes
from coursewright.evaluation.statistics import FEW_GROUPS, scores_of
from coursewright.power import smallest_gain
from coursewright.records import (
    WITH_ROWS,
    Answered,
    Audit,
    Evaluation,
    FinalScores,
    Outcome,
    Round,
    RoundSummary,
    Scores,
    Usage,
    Verdict,
)

ALPHA = 0.05
"""One comparison on private items, of a winner retrained on fresh seeds: no correction."""


def judge(outcome: Outcome, seed: int, near: Set[str] | None = None) -> dict[str, Any]:
    """Return the measured fields of `records.Result`; without a valid round, the few there are.

    `near` holds ids of the private items that resemble visible ones; None if that is not known.
    """
    fields: dict[str, Any] = {
        "status": "finished" if outcome.private else "no-valid-submission",
        "audit": _audit(outcome),
        "audit_checks": tuple(check for audit in _audits(outcome) for check in audit.checks),
        "mats": _mats(outcome.rounds),
        "rounds": tuple(map(_summary, outcome.rounds)),
        "full_trainings": len({r.training.weights for r in outcome.rounds if r.training})
        + len(outcome.retrainings),
        "agent_usage": _total(r.proposal.usage for r in outcome.rounds),
        "student_usage": _total(r.execution.student for r in outcome.rounds if r.execution),
    }
    if not outcome.private:
        return fields
    base, final = outcome.base[2], outcome.private[0]
    groups = [r.group for r in final.results]
    return (
        fields
        | _gain(outcome, base, final, seed, near)
        | weigh_probes(outcome)
        | {
            "base": Scores(
                visible=outcome.base[0].accuracy,
                scored=outcome.base[1].accuracy,
                private=base.accuracy,
            ),
            "final": FinalScores(
                round=outcome.best,
                visible=outcome.final[0].accuracy,
                scored=outcome.final[1].accuracy,
                scored_corrected=_corrected(outcome, seed),
                private=final.accuracy,
                private_ci95=interval(scores_of(final), groups),
                retrainings=len(outcome.retrainings),
                private_by_retraining=tuple(e.accuracy for e in outcome.private),
                dataset=outcome.choice.rows if outcome.choice else None,
            ),
            "few_groups": len(set(groups)) < FEW_GROUPS,
            "minimum_detectable_points": smallest_gain(len(set(groups))),
            "reported_apart": _apart(base, final),
            "forgetful_rounds": outcome.choice.forgetful if outcome.choice else (),
        }
    )


def _gain(
    outcome: Outcome, base: Evaluation, final: Evaluation, seed: int, near: Set[str] | None
) -> dict[str, Any]:
    """What the delivered student gained on private, and what may be claimed of it."""
    if not outcome.retrainings:
        # The base model is delivered: its gain over itself is no estimate.
        nothing: dict[str, Any] = {"gain_points": 0.0, "gain_points_ci95": (0.0, 0.0)}
        return nothing | {"p_value": 1.0, "verdict": "inconclusive"}
    groups = [r.group for r in final.results]
    found = compare(scores_of(base), scores_of(final), groups, ALPHA, seed)
    _, percent_interval = gain_intervals(scores_of(base), scores_of(final), groups)
    gain = final.accuracy - base.accuracy
    by_seed = training_seed_sd(outcome.private)
    return {
        "gain_points": gain * 100,
        "gain_points_ci95": found.ci95,
        "gain_pct": gain / base.accuracy * 100 if percent_interval else None,
        "gain_pct_ci95": percent_interval,
        "gain_parts": gain_parts(base, final),
        "near_visible": None if near is None else near_visible(base, final, near),
        "training_seed_sd_points": None if by_seed is None else 100 * by_seed,
        "p_value": found.p_value,
        "verdict": found.verdict,
        "improved": found.verdict == "improved",
    }


def _corrected(outcome: Outcome, seed: int) -> float:
    """Scored mean of what was chosen, corrected for the choice among rounds and base model."""
    # Who was cut short was behind the best so far, and could not be chosen unless asked the rest.
    among = {None: outcome.base[1]} | {
        r.number: r.scored for r in outcome.rounds if r.scored and r.scored.of is None
    }
    if outcome.choice is not None and outcome.choice.whole is not None:
        among[outcome.best] = outcome.choice.whole
    per_item = [scores_of(evaluation) for evaluation in among.values()]
    groups = [r.group for r in outcome.base[1].results]
    return corrected_score(per_item, groups, list(among).index(outcome.best), seed)


def _summary(done: Round) -> RoundSummary:
    return RoundSummary(
        number=done.number,
        operation=done.operation,
        parent=done.parent,
        status=done.status,
        failure=done.failure,
        visible=done.visible.accuracy if done.visible else None,
        scored=done.scored.accuracy if done.scored else None,
        asked=len(done.scored.results) if done.scored and done.scored.of else None,
        rows=done.audit.kept if done.audit else 0,
        dropped=_dropped(done),
        dataset=done.audit.rows if done.audit else None,
        seconds=round(done.seconds, 3),
    )


def _dropped(done: Round) -> dict[str, int]:
    dropped = dict(done.collection.dropped) if done.collection else {}
    for reason, count in (done.audit.dropped if done.audit else {}).items():
        dropped[reason] = dropped.get(reason, 0) + count
    return dropped


def _audit(outcome: Outcome) -> Verdict:
    """The verdict on the delivered data set; nothing delivered is nothing vouched for."""
    verdicts = {audit.verdict for audit in _audits(outcome)}
    if not verdicts or "unresolved" in verdicts:
        return "unresolved"
    return "flagged" if "flagged" in verdicts else "clean"


def _audits(outcome: Outcome) -> list[Audit]:
    """The audits of the delivered data set: its round's, and the final one."""
    winner = None if outcome.best is None else outcome.rounds[outcome.best].audit
    return [audit for audit in (winner, outcome.final_audit) if audit is not None]


def _mats(rounds: Sequence[Round]) -> float | None:
    """Attempts per successful attempt (the study's MATS); None without a success."""
    valid = sum(r.status in WITH_ROWS for r in rounds)
    return len(rounds) / valid if valid else None


def _apart(base: Evaluation, final: Evaluation) -> dict[str, dict[str, float]]:
    """Accuracy on the marked items alone, if there are any."""

    def mean(results: Iterable[Answered]) -> float:
        scores = [r.score for r in results if r.apart]
        return sum(scores) / len(scores)

    if not any(r.apart for r in final.results):
        return {}
    return {"test-only phrasings": {"base": mean(base.results), "final": mean(final.results)}}


def _total(usages: Iterable[Usage]) -> Usage:
    parts = list(usages)
    costs = [part.cost_usd for part in parts if part.cost_usd is not None]
    return Usage(
        calls=sum(part.calls for part in parts),
        cached=sum(part.cached for part in parts),
        prompt_tokens=sum(part.prompt_tokens for part in parts),
        completion_tokens=sum(part.completion_tokens for part in parts),
        estimated=sum(part.estimated for part in parts),
        shared=sum(part.shared for part in parts),
        cost_usd=sum(costs) if costs else None,
        self_reported=any(part.self_reported for part in parts),
    )

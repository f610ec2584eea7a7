"""The headline of a run: what was gained, what that gain consists of, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from coursewright.records import Claim, Result, Usage
from coursewright.report.inert import one_line
from coursewright.report.story import Story

Tone = Literal["", "good", "bad", "care"]
_TONES: dict[Claim, Tone] = {"improved": "good", "inconclusive": "care", "worse": "bad"}


@dataclass(frozen=True)
class Fact:
    """One figure or verdict, with what it means."""

    label: str
    value: str
    note: str = ""
    tone: Tone = ""


def headline(story: Story) -> tuple[Fact, ...]:
    """The figures that stand largest; what is not known yet is left out."""
    result = story.result
    if result is None:
        best = story.best
        done = f"{len(story.rounds)} rounds so far"
        if best is None or best.scored is None:
            return (Fact("state", story.status, done),)
        return (
            Fact("state", story.status, done),
            Fact("best so far", percent(best.scored.accuracy), f"scored, round {best.number}"),
        )
    if result.base is None or result.final is None:
        return (Fact("outcome", "no valid submission", "within the budget", "bad"),)
    return (_gain(result), *_scores(result))


def trust(story: Story) -> tuple[Fact, ...]:
    """Verdicts and conditions: what a reader should know before believing the headline."""
    result = story.result
    if result is None:
        return ()
    verified = result.isolation.verified
    facts = [
        Fact(
            "audit",
            result.audit,
            "of the delivered data set",
            "good" if result.audit == "clean" else "bad",
        ),
        Fact(
            "isolation",
            result.isolation.level,
            "verified by the escape probe" if verified else "not verified",
            "good" if verified else "bad",
        ),
        Fact("protocol", result.protocol),
    ]
    if result.private_openings is not None:
        facts.append(
            Fact(
                "private exam opened",
                f"{result.private_openings} times",
                "on this machine; a figure that was looked at often is worth less",
                "" if result.private_openings <= 10 else "care",
            )
        )
    if result.mats is not None:
        facts.append(
            Fact("MATS", f"{result.mats:.2f}", "attempts for each valid submission; 1 is best")
        )
    facts += _probes(result)
    facts += [
        Fact("baseline", f"{score:.1%}", one_line(name), _beaten(result, score))
        for name, score in result.baselines.items()
    ]
    if result.few_groups:
        facts.append(Fact("few groups", "yes", "the intervals' coverage is not promised", "care"))
    if result.embedded:
        facts.append(
            Fact(
                "embedded",
                one_line(", ".join(result.embedded)),
                "small built-in models: what holds for them need not hold for real ones",
                "care",
            )
        )
    return tuple(facts)


def spending(story: Story) -> tuple[Fact, ...]:
    """Calls and money, by who caused them."""
    result = story.result
    if result is None:
        return ()
    facts = [Fact("teacher", *_used(result.teacher_usage))]
    if result.agent_usage != Usage():
        facts.append(Fact("agent", *_used(result.agent_usage)))
    if result.student_usage != Usage():
        facts.append(Fact("base student", *_used(result.student_usage)))
    return (*facts, Fact("full trainings", str(result.full_trainings)))


def percent(share: float) -> str:
    """A fraction as a percentage with one decimal."""
    return f"{share * 100:.1f} %"


def _gain(result: Result) -> Fact:
    assert result.gain_points is not None
    note = ""
    if result.gain_points_ci95 is not None:
        low, high = result.gain_points_ci95
        note = f"95 % interval {low:+.1f} to {high:+.1f}"
    if result.gain_pct is not None:
        note += f"; {result.gain_pct:+.0f} % of the base"
    tone: Tone = "good" if result.improved else "care"
    return Fact("gain, points", f"{result.gain_points:+.1f}", note, tone)


def _probes(result: Result) -> list[Fact]:
    """What the exams beside the exam showed."""
    facts = []
    if result.robust_gain_points is not None and result.robust_gain_points_ci95 is not None:
        low, high = result.robust_gain_points_ci95
        note = f"other numbers, other words; 95 % interval {low:+.1f} to {high:+.1f}"
        if result.exam_only:
            note += "; EXAM ONLY: less than half of the gain is left here"
        tone: Tone = "bad" if result.exam_only else "good" if low > 0 else "care"
        facts.append(Fact("robust gain, points", f"{result.robust_gain_points:+.1f}", note, tone))
    if result.forgetting_points is not None and result.forgetting_points_ci95 is not None:
        low, high = result.forgetting_points_ci95
        note = f"of what it could do before; 95 % interval {low:.1f} to {high:.1f}"
        tone = "care" if low > 0 else ""
        facts.append(Fact("forgotten, points", f"{result.forgetting_points:.1f}", note, tone))
    return facts


def _scores(result: Result) -> tuple[Fact, ...]:
    assert result.base is not None
    assert result.final is not None
    low, high = result.final.private_ci95
    claim: Claim = result.verdict or ("improved" if result.improved else "inconclusive")
    p_value = "" if result.p_value is None else f"p = {result.p_value:.2g}"
    return (
        Fact("base model", percent(result.base.private), "private exam"),
        Fact(
            "student",
            percent(result.final.private),
            f"private exam, 95 % interval {percent(low)} to {percent(high)}; {_made_of(result)}",
        ),
        Fact("claim", claim, p_value, _TONES[claim]),
        *_against_others(result),
    )


def _made_of(result: Result) -> str:
    assert result.final is not None
    if result.final.round is None:
        return "no round beat the base model, so it is what the run ends with"
    return f"data of round {result.final.round}"


def _against_others(result: Result) -> Iterator[Fact]:
    """The same student on the split that chose it, and against the user's own data set."""
    if (confirmed := result.confirmation) is not None:
        low, high = confirmed.ci95
        yield Fact(
            "on fresh training seeds",
            f"{confirmed.difference_points:+.1f} points",
            f"scored split, {confirmed.verdict}; interval {low:+.1f} to {high:+.1f} at a level "
            f"spread over {confirmed.queries} data sets",
            _TONES[confirmed.verdict],
        )
    if (own := result.incumbent) is not None:
        low, high = own.ci95
        yield Fact(
            "against your data set",
            f"{own.difference_points:+.1f} points",
            f"private exam, {own.verdict}; 95 % interval {low:+.1f} to {high:+.1f}",
            _TONES[own.verdict],
        )


def _beaten(result: Result, score: float) -> Tone:
    return "good" if result.final is not None and result.final.private > score else "bad"


def _used(usage: Usage) -> tuple[str, str]:
    tokens = usage.prompt_tokens + usage.completion_tokens
    note = f"{usage.cached:,} of them from cache" if usage.cached else ""
    if tokens:
        note += f"{'; ' if note else ''}{tokens:,} tokens"
    if usage.cost_usd is not None:
        note += f"{'; ' if note else ''}{usage.cost_usd:.2f} USD"
    return f"{usage.calls + usage.cached:,} calls", note

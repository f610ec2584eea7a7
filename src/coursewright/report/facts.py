"""The headline of a run: what was gained, what that gain consists of, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from coursewright.display import counted
from coursewright.records import Claim, Proxy, Result, Usage
from coursewright.report.inert import one_line
from coursewright.report.story import Story
from coursewright.shortfall import shortfall
from coursewright.summary import caveats, could_be_luck, has_data, opened, picked, unbeaten

Tone = Literal["", "good", "bad", "care"]
_TONES: dict[Claim, Tone] = {"improved": "good", "inconclusive": "care", "worse": "bad"}


@dataclass(frozen=True)
class Fact:
    """One figure or verdict, with what it means."""

    label: str
    value: str
    note: str = ""
    tone: Tone = ""


def verdict(story: Story) -> Fact:
    """The run in two sentences: what may be said of it, and the figures that say so."""
    result, best = story.result, story.best
    if result is None:
        rounds = f"{counted(len(story.rounds), 'round')} so far"
        if best is None or best.scored is None:
            return Fact(f"{story.status.capitalize()}.", f"{rounds}, none scored yet.")
        return Fact(
            f"{story.status.capitalize()}: {percent(best.scored.accuracy)} is the best so far.",
            f"Right on the scored split, data of round {best.number}; {rounds}.{_base(story)}",
        )
    if result.base is None or result.final is None:
        rounds = counted(len(result.rounds), "round")
        tried = f"None of {rounds} left enough valid rows within the budget."
        why = shortfall(story.rounds, story.folder.ledger_path)
        told = (one_line(sentence, 600) for sentence in why)
        return Fact("No valid submission.", " ".join([tried, *told]), tone="bad")
    if result.delivered == "base":
        said = f"No round beat the base model ({percent(result.base.private)} on the private exam)."
        return Fact("The base model stays.", said, tone="care")
    claim, points = _claim(result), result.gain_points or 0.0
    words = {
        "improved": f"Improved by {points:.1f} points.",
        "worse": f"Worse by {-points:.1f} points.",
        "inconclusive": "No improvement shown.",
    }
    return Fact(words[claim], " ".join(_figures(result)), tone=_TONES[claim])


def _figures(result: Result) -> Iterator[str]:
    assert result.base is not None
    assert result.final is not None
    yield (
        f"Right on the private exam: {percent(result.base.private)} before, "
        f"{percent(result.final.private)} after."
    )
    least = result.minimum_detectable_points
    if _claim(result) == "inconclusive" and least is not None:
        yield f"This exam sees gains from {least:.1f} points on, 4 times of 5."
    yield from map(one_line, caveats(result))


def _base(story: Story) -> str:
    base = story.base_scored
    return "" if base is None else f" The base model has {percent(base.accuracy)} right."


def _claim(result: Result) -> Claim:
    return result.verdict or ("improved" if result.improved else "inconclusive")


def headline(story: Story) -> tuple[Fact, ...]:
    """The figures that stand largest; none before the end."""
    result = story.result
    if result is None or result.base is None or result.final is None:
        return ()
    return (_gain(result), *_scores(result))


def trust(story: Story) -> tuple[Fact, ...]:
    """Verdicts and conditions: what a reader should know before believing the headline."""
    result = story.result
    if result is None:
        return ()
    verified = result.isolation.verified
    facts = [
        _audit(result),
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
                opened(result),
                picked(result),
                "care" if could_be_luck(result) else "",
            )
        )
    if result.mats is not None:
        facts.append(
            Fact("MATS", f"{result.mats:.2f}", "attempts for each valid submission; 1 is best")
        )
    facts += [*_luck(result), _cost(result)]
    facts += [
        Fact("baseline", percent(score), *_beaten(result, name))
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
    facts.append(Fact("full trainings", str(result.full_trainings)))
    if result.proxy is not None:
        facts.append(Fact("short trainings", *_looks(result.proxy)))
    return tuple(facts)


def _looks(proxy: Proxy) -> tuple[str, str, Tone]:
    """What looking before full trainings cost and saved."""
    ranked = "no two rounds of a wave tell how well they rank"
    known = [(name, one) for name, one in proxy.ranked.items() if one.tau is not None]
    if known:
        taus = (f"{name} tau {one.tau:+.2f} over {one.pairs} pairs" for name, one in known)
        ranked = f"ranked as full scores did: {', '.join(taus)}"
    saved = ""
    if proxy.saved_seconds is not None and proxy.held_back:
        word = "saved" if proxy.saved_seconds >= 0 else "lost"
        saved = f"; {word} about {duration(abs(proxy.saved_seconds))} of training"
    told = f"{proxy.looks}, {proxy.held_back} rounds held back"
    return told, f"{duration(proxy.seconds)}; {ranked}{saved}", ""


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
    if result.p_value is not None and result.delivered != "base":
        note += f"; p {_tiny(result.p_value)}"
    tone: Tone = "good" if result.improved else "care"
    return Fact("gain, points", f"{result.gain_points:+.1f}", note, tone)


def _tiny(p_value: float) -> str:
    return "< 0.0001" if p_value < 0.0001 else f"= {p_value:.2g}"


def _scores(result: Result) -> tuple[Fact, ...]:
    assert result.base is not None
    assert result.final is not None
    low, high = result.final.private_ci95
    return (
        Fact("base model", percent(result.base.private), "private exam"),
        Fact(
            "student",
            percent(result.final.private),
            f"private exam, 95 % interval {percent(low)} to {percent(high)}; {_made_of(result)}",
        ),
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
            f"spread over {counted(confirmed.queries, 'data set')}",
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


def _luck(result: Result) -> Iterator[Fact]:
    """How much of a score is the luck of having been chosen, or of a training seed."""
    final = result.final
    if final is not None and final.scored_corrected is not None and final.round is not None:
        chosen = next((r.scored for r in result.rounds if r.number == final.round), None)
        note = "corrected for the choice" + (
            "" if chosen is None else f"; {percent(chosen)} when it was chosen"
        )
        yield Fact("scored", percent(final.scored_corrected), note)
    if result.training_seed_sd_points is not None:
        moved = f"{result.training_seed_sd_points:.1f} points"
        yield Fact("another training seed", moved, "would move the private score so far, mostly")


def _cost(result: Result) -> Fact:
    """What the run took, of money and of time."""
    costs = [usage.cost_usd for usage in (result.teacher_usage, result.agent_usage)]
    known = [cost for cost in costs if cost is not None]
    money = f"{sum(known):.2f} USD" if known else "no prices known"
    time = duration(result.seconds.get("total", 0.0))
    return Fact("cost", money, f"{result.teacher_usage.calls:,} teacher calls; {time}")


def duration(seconds: float) -> str:
    """Seconds in the unit that is easiest to read."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _audit(result: Result) -> Fact:
    if not has_data(result):
        return Fact("audit", "none", "no data set was delivered")
    tone: Tone = "good" if result.audit == "clean" else "bad"
    return Fact("audit", result.audit, "of the delivered data set", tone)


def _beaten(result: Result, name: str) -> tuple[str, Tone]:
    if name in unbeaten(result):
        return f"{one_line(name)}, not beaten by the student", "bad"
    return one_line(name), "good"


def _used(usage: Usage) -> tuple[str, str]:
    tokens = usage.prompt_tokens + usage.completion_tokens
    note = f"{usage.cached:,} of them from cache" if usage.cached else ""
    if tokens:
        note += f"{'; ' if note else ''}{tokens:,} tokens"
    if usage.cost_usd is not None:
        note += f"{'; ' if note else ''}{usage.cost_usd:.2f} USD"
    return f"{usage.calls + usage.cached:,} calls", note

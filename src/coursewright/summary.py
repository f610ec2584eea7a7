"""A result in a few plain lines, for the end of a run and for `show`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from coursewright.display import counted, printable
from coursewright.evaluation.verdict import ALPHA
from coursewright.records import (
    WITH_ROWS,
    NearVisible,
    ProbeName,
    Proxy,
    Result,
    RoundSummary,
    SmallestSet,
    Usage,
)
from coursewright.store import RunEntry, place_of

PROBED: dict[ProbeName, str] = {
    "renumbered": "the exam's items with other numbers",
    "rephrased": "the exam's items in other words",
    "sibling": "neighbouring skills, not in the exam",
    "abilities": "what it could do before",
}
"""What each exam beside the exam asks."""


def lines(result: Result, shortfall: Iterable[str] = ()) -> list[str]:
    """Return what a person wants to know first, most important line first.

    `shortfall` says in sentences why there is no data set, where there is none.
    """
    kind = f"{result.mode}, {result.setting}, {result.protocol}"
    out = [f"run        {result.run}   {result.task}, {kind}"]
    if result.base and result.final:
        out += _scores(result)
    else:
        out.append("no valid submission within the budget")
        out += [f"           {sentence}" for sentence in shortfall]
        out.append(
            f"           `coursewright report {result.run}` shows every round: its program, and "
            "what it was told"
        )
    out += [*_guard(result), ""]
    out += [
        f"  round {r.number}: {r.operation:<9} {r.status:<9} " + _reached(r) for r in result.rounds
    ]
    out += [
        "",
        *_review(result),
        f"audit      {result.audit if has_data(result) else 'none, no data set'}; "
        f"isolation {result.isolation.level}, "
        + ("verified by the escape probe" if result.isolation.verified else "NOT verified"),
        f"teacher    {counted(result.teacher_usage.calls, 'call')}, "
        f"{result.teacher_usage.cached} from cache" + _cost(result.teacher_usage),
        "seconds    " + ", ".join(f"{name} {s:.1f}" for name, s in result.seconds.items()),
    ]
    if result.proxy:
        out.append(f"looks      {_proxy(result.proxy)}")
    if result.agent_isolation or result.agent_usage != Usage():
        out.append(f"agent      {_agent(result)}")
    if result.student_usage.calls or result.student_usage.cached:
        asked = result.student_usage
        out.append(f"asked      the base student {asked.calls} times, {asked.cached} from cache")
    if result.training:
        setup = result.training
        template = {"model": "the model's own", "coursewright": "ours"}[setup.template]
        out.append(
            f"training   {setup.dtype} on {setup.device}, {setup.batch} x {setup.accumulation} "
            f"rows a step, chat template {template}"
        )
        out += [f"           {note}" for note in setup.notes]
    if result.embedded:
        out.append(
            f"embedded   {', '.join(result.embedded)}: the small built-in models, not real ones"
        )
    out.append(f"record     {result.path}")
    return [printable(line) for line in out]


def has_data(result: Result) -> bool:
    """Whether the run delivered a data set: where it did not, its audit says nothing."""
    return result.final is not None and result.final.dataset is not None


def _review(result: Result) -> list[str]:
    said = result.review
    if said is None:
        return []
    return [
        f"review     {said.bad + said.unsure} of {said.judged} judged rows bad or doubtful: at "
        f"most {said.bad_share_upper:.1%} of {said.rows} rows are bad, with {said.confidence:.0%} "
        "confidence"
    ]


def _agent(result: Result) -> str:
    usage, isolation = result.agent_usage, result.agent_isolation
    told = f"{result.agent}, {counted(usage.calls, 'call')}" if usage.calls else result.agent
    if usage.prompt_tokens or usage.completion_tokens:
        told += f", {usage.prompt_tokens} + {usage.completion_tokens} tokens"
    told += _cost(usage)
    if isolation:
        verified = "verified" if isolation.verified else "NOT verified"
        told += f", isolation {isolation.level}, {verified}"
    return told


def _cost(usage: Usage) -> str:
    if not usage.cost_usd:
        return ""
    dollars = f"{usage.cost_usd:.2f}" if usage.cost_usd >= 0.01 else "under 0.01"
    return f", {dollars} USD{' by its own word' if usage.self_reported else ''}"


def _scores(result: Result) -> list[str]:
    base, final = result.base, result.final
    assert base is not None
    assert final is not None
    if result.delivered == "base":
        return [f"private    base {base.private:.1%}; no round beat it: the base is delivered"]
    low, high = final.private_ci95
    out = [
        f"private    base {base.private:.1%} -> student {final.private:.1%} "
        f"(95 % interval {low:.1%} to {high:.1%}), data of round {final.round}"
    ]
    out += _gain(result)
    if final.scored_corrected is not None and final.round is not None:
        chosen = next(r.scored for r in result.rounds if r.number == final.round)
        out.append(
            f"scored     {chosen or 0.0:.1%} when it was chosen, {final.scored_corrected:.1%} "
            "corrected for the choice"
        )
    out += _probes(result)
    for name, part in result.reported_apart.items():
        out.append(f"           {name}: base {part['base']:.1%} -> student {part['final']:.1%}")
    for name, score in result.baselines.items():
        beaten = "  <- not beaten" if name in unbeaten(result) else ""
        out.append(f"baseline   {name}: {score:.1%}{beaten}")
    return out


def caveats(result: Result) -> Iterator[str]:
    """What belongs beside the verdict on a student, in sentences: what was lost, and what casts
    doubt on the gain."""
    lost = result.forgetting_points_ci95
    if lost is not None and lost[0] > 0:
        yield f"It forgot {result.forgetting_points:.1f} points of what it could do before."
    if result.exam_only:
        yield "Less than half of the gain is left on other numbers and in other words."
    if ahead := unbeaten(result):
        yield f"A rule that does not understand the question scores as much: {', '.join(ahead)}."


def unbeaten(result: Result) -> tuple[str, ...]:
    """Names of the task's baselines that score as much as what the run delivers."""
    if result.final is None:
        return ()
    private = result.final.private
    return tuple(name for name, score in result.baselines.items() if score >= private)


def _gain(result: Result) -> list[str]:
    """What was gained on private, and what may be said of it."""
    if result.gain_points is None or result.gain_points_ci95 is None:
        return []
    low, high = result.gain_points_ci95
    relative = "" if result.gain_pct is None else f", {result.gain_pct:+.0f} % of the base"
    verdict = result.verdict or ("improved" if result.improved else "no improvement shown")
    out = [
        f"gain       {result.gain_points:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})"
        f"{relative}; {verdict}, p = {result.p_value:.2g}"
    ]
    if result.gain_parts:
        parts = (result.gain_parts.get(name, 0.0) for name in ("format", "ability"))
        newly = "{:+.1f} where answers became readable, {:+.1f} where they already were"
        out.append("           " + newly.format(*parts))
    if (near := result.near_visible) is not None:
        out.append("           " + near_line(near))
    if result.training_seed_sd_points is not None:
        out.append(
            f"           another training seed moves it by {result.training_seed_sd_points:.1f} "
            "points (standard deviation, items apart)"
        )
    if verdict == "inconclusive" and result.minimum_detectable_points is not None:
        out.append(
            f"           this test sees gains from {result.minimum_detectable_points:.1f} points "
            "on (4 times of 5, at worst)"
        )
    if result.few_groups:
        out.append("           few groups: the intervals' coverage is not promised")
    return out + [f"beware     {sentence}" for sentence in caveats(result)]


def near_line(near: NearVisible) -> str:
    """How much of the gain lies on items that resemble visible ones."""
    if near.gain_points is None:
        return "no private item resembles a visible one"
    told = f"{near.gain_points:+.1f} on the {near.items} private items that resemble a visible one"
    if near.others_gain_points is None or near.others_gain_points_ci95 is None:
        return f"{told}, which are all"
    low, high = near.others_gain_points_ci95
    return (
        f"{told}, {near.others_gain_points:+.1f} ({low:+.1f} to {high:+.1f}) on the other "
        f"{near.others}"
    )


def _probes(result: Result) -> list[str]:
    """What the exams beside the exam showed."""
    out = []
    if result.robust_gain_points is not None and result.robust_gain_points_ci95 is not None:
        low, high = result.robust_gain_points_ci95
        out.append(
            f"robust     {result.robust_gain_points:+.1f} points (95 % interval {low:+.1f} to "
            f"{high:+.1f}) on the exam's items with other numbers and in other words"
        )
    out += [
        f"probe      {PROBED[name]} ({name}): base {one.base:.1%} -> student {one.final:.1%}, "
        f"{counted(one.items, 'item')}"
        for name, one in result.probes.items()
    ]
    if result.forgetting_points is not None and result.forgetting_points_ci95 is not None:
        low, high = result.forgetting_points_ci95
        out.append(
            f"forgot     {result.forgetting_points:.1f} points (95 % interval {low:.1f} to "
            f"{high:.1f}) of what the student could do before"
        )
    return out


def _guard(result: Result) -> list[str]:
    """What the protocol measured beside the one private test."""
    out, again, own, noise = [], result.confirmation, result.incumbent, result.noise
    if again:
        out.append(
            f"confirmed  trained again on other seeds: scored base {again.base:.1%} -> "
            f"{again.scored:.1%}, {again.verdict}, p = {again.p_value:.2g}; below "
            f"{again.alpha:.2g} counts, chosen among {counted(again.queries, 'data set')}"
        )
    if own:
        low, high = own.ci95
        out.append(
            f"incumbent  {own.rows} rows: private {own.private:.1%}; delivered student "
            f"{own.difference_points:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}), "
            f"{own.verdict}, p = {own.p_value:.2g}"
        )
    if result.smallest:
        out.append(f"smallest   {smallest_line(result.smallest)}")
    if noise and noise.sd_points is not None:
        out += [
            f"noise      another training seed alone moves a scored mean by {noise.sd_points:.1f} "
            "points (standard deviation)",
            f"           scored means told to the agent: {result.scored_queries}, rounded to steps "
            f"of {noise.step_points:.1f} points",
        ]
    if result.final and result.protocol == "guarded":
        out.append(f"openings   this private exam was opened {opened(result)} {picked(result)}")
    return out + [f"ALARM      {line}" for line in result.alarms]


def opened(result: Result) -> str:
    """By how many runs the private split was opened, this one included."""
    if result.private_openings is None:
        return "by an unknown number of runs"
    return f"by {counted(result.private_openings, 'run')}"


def could_be_luck(result: Result) -> bool:
    """Whether a claim of a gain would fall if its run had been picked among all that opened the
    same exam here before: Bonferroni's bound, which holds however much such runs resemble each
    other (Dunn 1961)."""
    if not result.improved or result.p_value is None or result.private_openings is None:
        return False
    return result.p_value * result.private_openings >= ALPHA


def picked(result: Result) -> str:
    """Where, and what that number means for the claim."""
    count = result.private_openings
    told = "on this machine, cells of studies counted too"
    if count is None or count < 2 or not result.improved or result.p_value is None:
        return told
    corrected = f"{count:,} x p = {min(1.0, count * result.p_value):.2g}"
    if could_be_luck(result):
        return f"{told}; picked as the best of these, its gain may be luck ({corrected})"
    return f"{told}; even picked as the best of these, its gain stands ({corrected})"


def smallest_line(found: SmallestSet) -> str:
    """How few rows were found to keep most of the gain, and how sure that is."""
    spent = counted(found.trainings, "training")
    if found.rows is None or found.share is None:
        return f"none: {found.problem}" + (f"; {spent}" if found.trainings else "")
    told = f"{found.rows} of {found.of} rows ({found.share:.0%}) "
    if found.gain_kept is None:
        told += "were found on scored; on private there is no gain to keep"
    else:
        told += f"keep {found.gain_kept:.0%} of the gain on private"
        if found.gain_kept_ci95 is not None:
            low, high = found.gain_kept_ci95
            told += f" (95 % interval {low:.0%} to {high:.0%})"
    sure = {
        True: "confirmed on other training seeds",
        False: "NOT confirmed on other training seeds",
        None: "on one training seed alone",
    }
    return f"{told}; {sure[found.confirmed]}; {spent}"


def run_line(entry: RunEntry) -> dict[str, Any]:
    """Return one run as `list --json` shows it."""
    result = entry.result
    return {
        "run": entry.name,
        "path": str(entry.path),
        "status": entry.status,
        "created": entry.created,
        "task": entry.task,
        "gain_points": None if result is None else result.gain_points,
        "waiting": None if entry.waiting is None else place_of(entry.waiting),
        "problem": entry.problem,
    }


def _proxy(proxy: Proxy) -> str:
    """What short trainings cost, how they ranked, and what they saved."""
    told = f"{proxy.looks} short trainings in {proxy.seconds:.1f} s, {proxy.held_back} held back"
    for name, ranked in proxy.ranked.items():
        if ranked.tau is not None:
            told += f"; {name}: tau {ranked.tau:+.2f} over {ranked.pairs} pairs"
    if proxy.held_back and proxy.saved_seconds is not None:
        told += f"; {proxy.saved_seconds:+.1f} s saved"
    return told


def _reached(done: RoundSummary) -> str:
    """How far a round came."""
    if done.scored is None:
        untrained = f"{done.rows} rows" if done.status in WITH_ROWS else ""
        return done.failure or untrained
    by = f" by {done.asked} items" if done.asked else ""
    return f"scored {done.scored:.1%}{by}, {done.rows} rows"

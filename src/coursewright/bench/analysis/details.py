"""The later sections of study.md: variance, rounds, errors, quality, cost, published figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coursewright.bench.analysis.book import unique
from coursewright.bench.analysis.curves import cost_of, curve_points
from coursewright.bench.analysis.published import CONDITIONS, published, remarks
from coursewright.bench.analysis.records import Study
from coursewright.bench.analysis.wording import number, percent, picture, table
from coursewright.export.markdown import value


def variance(study: Study) -> Iterator[str]:
    if not study.variance:
        return
    yield "## Where the variance comes from"
    yield ""
    yield (
        "Of the gain that one run with one retraining measures: what each source adds, by the "
        "method of moments. A source that the design cannot tell has no figure."
    )
    yield ""
    for found in study.variance:
        yield f"### {value(found.title)}: {found.runs} runs, {found.exams} exams"
        yield ""
        yield from table(
            ("source", "levels", "sd, points", "share, %", "note"),
            [
                (
                    value(part.source),
                    str(part.levels),
                    number(part.sd_points, ".2f"),
                    percent(part.share),
                    value(part.note),
                )
                for part in found.components
            ],
        )


def rounds(study: Study, drawn: Sequence[str]) -> Iterator[str]:
    points = [point for point in curve_points(study) if not point.task]
    if not points:
        return
    yield "## Score by round"
    yield ""
    yield (
        "Of the round that had the best scored accuracy so far, in percent, averaged over tasks "
        "and runs; the scored figure is chosen for being high. Single rounds are in `rounds.csv`."
    )
    yield ""
    has_private = any(point.private is not None for point in points)
    if has_private:
        yield (
            "**Analysis**: the private figures were measured after each run's final choice was "
            "sealed in its result, from kept weights; nothing was chosen by them."
        )
        yield ""
    yield from table(
        ("contestant", "round", "visible", "scored", *(["private"] if has_private else []), "runs"),
        [
            (
                value(point.label),
                str(point.round),
                percent(point.visible),
                percent(point.scored),
                *([percent(point.private)] if has_private else []),
                str(point.runs),
            )
            for point in points
        ],
    )
    yield from picture("rounds", drawn, "Score by round")


def errors(study: Study, drawn: Sequence[str]) -> Iterator[str]:
    if not study.errors:
        return
    kinds = unique(kind for row in study.errors for kind in row.failures)
    yield "## How attempts ended"
    yield ""
    yield from table(
        ("contestant", "attempts", "valid", *map(value, kinds)),
        [
            (
                value(row.label),
                str(row.attempts),
                str(row.valid),
                *(str(row.failures.get(kind, 0)) for kind in kinds),
            )
            for row in study.errors
        ],
    )
    yield from picture("errors", drawn, "How attempts ended")


_MEASURES = (
    ("difficulty", "difficulty"),
    ("quality", "quality"),
    ("instruction_distinct", "distinct pairs"),
    ("instruction_vendi", "Vendi"),
    ("instruction_entropy", "entropy"),
    ("response_distinct", "distinct pairs, resp."),
    ("response_vendi", "Vendi, resp."),
    ("response_entropy", "entropy, resp."),
)


def profiles(study: Study) -> Iterator[str]:
    if not study.profiles:
        return
    yield "## Quality of submissions"
    yield ""
    yield (
        "First, middle and last valid submission, means over runs. All are offline stand-ins: "
        "difficulty is the share of sampled questions that the base student fails; quality the "
        "share of right outputs among those that a solver of a built-in task can verify; diversity "
        "comes from counts and hashed character n-grams. Perplexity under the student is left "
        "out: students here tell no probabilities."
    )
    yield ""
    keys = unique((profile.label, profile.place) for profile in study.profiles)
    rows = []
    for label, place in keys:
        mine = [p for p in study.profiles if (p.label, p.place) == (label, place)]
        means = []
        for field, _ in _MEASURES:
            known = [v for p in mine if (v := getattr(p, field)) is not None]
            means.append(number(sum(known) / len(known) if known else None, ".2f"))
        verified = sum(p.verified for p in mine) / max(1, sum(p.sample for p in mine))
        rows.append((value(label), place, str(len(mine)), *means, f"{100 * verified:.0f}"))
    head = [name for _, name in _MEASURES]
    yield from table(("contestant", "submission", "runs", *head, "verified, %"), rows, left=2)


_COSTS = (
    ("teacher_calls", "teacher calls"),
    ("teacher_tokens", "teacher tokens"),
    ("student_calls", "student calls"),
    ("agent_calls", "agent calls"),
    ("agent_tokens", "agent tokens"),
    ("full_trainings", "trainings"),
    ("seconds.total", "seconds"),
    ("seconds.agent", "agent"),
    ("seconds.program", "program"),
    ("seconds.train", "train"),
    ("seconds.evaluate", "evaluate"),
)


def cost(study: Study) -> Iterator[str]:
    yield "## Cost of a run"
    yield ""
    yield "Means over runs; seconds by stage are wall time on the machine the run was made on."
    yield ""
    rows = []
    for label in unique(row.label for row in study.runs):
        mine = [row for row in study.runs if row.label == label]
        usd = cost_of(mine, "cost_usd")
        figures = (number(cost_of(mine, field), ",.0f") for field, _ in _COSTS)
        rows.append((value(label), *figures, number(usd, ".2f")))
    yield from table(("contestant", *(name for _, name in _COSTS), "US dollars"), rows)


def published_figures() -> Iterator[str]:
    figures = published()
    yield "## Published figures"
    yield ""
    yield (
        f"**Published**, not measured here: {value(figures.source)}. {value(figures.conditions)} "
        "Other models and other tasks: to be set beside ours in kind, not in size."
    )
    yield ""
    yield from table(
        ("agent", *(f"{name}, gain % (MATS)" for name in CONDITIONS)),
        [
            (
                value(agent),
                *(
                    f"{gain:.2f}" + ("" if mats is None else f" ({mats:.2f})")
                    for gain, mats in (row[name] for name in CONDITIONS)
                ),
            )
            for agent, row in figures.table.items()
        ],
    )
    yield from table(
        ("science", "published gain %"),
        [(value(name), f"{gain:.2f}") for name, gain in figures.science.items()],
    )
    yield from table(
        ("other pair, science", "one-shot, gain %", "iterative, gain %"),
        [
            (value(name), f"{once:.2f}", f"{often:.2f}")
            for name, (once, often) in figures.other_pairs.items()
        ],
    )
    yield "What these figures show of themselves:"
    yield ""
    for line in remarks(figures):
        yield f"- {value(line)}"

"""Where the chance in a measured gain comes from: agents, teachers, seeds, items.

The unit is the gain of one run with one retraining on the private split of a task, in points.
For each exam and condition (setting, mode, feedback, brief) the gains of all retrainings of all
agents' runs are taken as a sum of random effects

    gain = mean + agent + teacher + agent x teacher + run + retraining

Effects are estimated by the method of moments: each quadratic form y' M V_c M y (V_c: which
gains share a level of c, M: centring) is set equal to its expectation, sum over d of
s_d^2 tr(M V_c M V_d), and the linear system solved (MINQUE with unit prior weights, Rao 1972;
equal to the ANOVA estimators in balanced designs: Searle, Casella and McCulloch 1992, ch. 11).
All that is as measured on these items. What drawing other items would add to every gain alike
comes from the two-way layout gains x groups of items: (MS_items - MS_rest) / gains / groups
(Cornfield and Tukey 1956).

Components that a design cannot tell are named as such, never guessed. Estimates below zero,
which the method gives when a component is small, are shown as 0 and said.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from coursewright.bench.analysis.book import Book, Entry, line_of, unique
from coursewright.bench.analysis.intervals import Exam, Floats
from coursewright.bench.analysis.records import Component, Variance

AGENT, TEACHER, BOTH, RUN, TRAINING, ITEMS = SOURCES = (
    "agent",
    "teacher",
    "agent x teacher",
    "run seed (agent, teacher and program draw afresh)",
    "training seed (same data trained again)",
    "items (another private split of this size)",
)


@dataclass(frozen=True)
class Moments:
    """Variances by source, in points squared; a text where the design cannot tell."""

    found: dict[str, float | str]
    levels: dict[str, int]


def variance_tables(book: Book) -> tuple[Variance, ...]:
    """One table for each student: the components' means over exams and conditions."""
    tables = []
    for student in unique(m.cell.student for m in book.measured):
        layouts: dict[Hashable, list[Entry]] = {}
        for entry in book.entries:
            cell = entry.cell
            if cell.kind == "agent" and cell.student == student and entry.submitted:
                key = (entry.exam.name, cell.setting, cell.mode, cell.feedback, cell.brief)
                layouts.setdefault(key, []).append(entry)
        if layouts:
            parts = [moments_of(entries) for entries in layouts.values()]
            runs = sum(map(len, layouts.values()))
            exams = len(unique(e.exam.name for es in layouts.values() for e in es))
            tables.append(_table(f"student {student}", parts, exams, runs))
    return tuple(tables)


def moments_of(entries: Sequence[Entry]) -> Moments:
    """Components of the gains of runs that share exam and condition."""
    gains: list[float] = []
    labels: dict[str, list[Hashable]] = {name: [] for name in (AGENT, TEACHER, BOTH, RUN)}
    for entry in entries:
        line = line_of(entry.cell)
        accuracies = entry.exam.accuracies
        for retraining in entry.retrainings:
            gains.append(100 * float(accuracies[retraining] - accuracies[entry.base]))
            labels[AGENT].append(line.contestant)
            labels[TEACHER].append(line.teacher)
            labels[BOTH].append((line.contestant, line.teacher))
            labels[RUN].append((line.contestant, line.teacher, entry.cell.seed))
    found, levels = components(gains, labels)
    exam = entries[0].exam
    models = [(index, entry.base) for entry in entries for index in entry.retrainings]
    found[ITEMS] = items_component(exam, models)
    return Moments(found, {**levels, ITEMS: exam.groups})


def components(
    gains: Sequence[float], labels: dict[str, list[Hashable]]
) -> tuple[dict[str, float | str], dict[str, int]]:
    """Variance of each labelled source, and of what is left (`TRAINING`).

    `labels` go from coarse to fine, one label for each gain. Returns the variance by source, or
    in words why there is none, and the number of levels of each source.
    """
    count = len(gains)
    finest: dict[str, list[Hashable]] = {**labels, TRAINING: list(range(count))}
    levels = {name: len(set(of)) for name, of in finest.items()}
    shares = {name: _shares(of) for name, of in finest.items()}
    found: dict[str, float | str] = dict(_untold(levels, shares))
    told = [name for name in finest if name not in found]
    if not told:
        return found, levels
    centre = np.eye(count) - 1 / count
    centred = {name: centre @ shares[name] @ centre for name in told}
    values = np.asarray(gains, dtype=float)
    forms = np.array([float(values @ centred[name] @ values) for name in told])
    traces = np.array([[float((centred[a] * shares[b]).sum()) for b in told] for a in told])
    if np.linalg.cond(traces) > 1e8:
        return {**found, **dict.fromkeys(told, "the design confounds the sources")}, levels
    solved = np.linalg.solve(traces, forms)
    return {**found, **dict(zip(told, map(float, solved), strict=True))}, levels


def _untold(levels: dict[str, int], shares: dict[str, Floats]) -> dict[str, str]:
    """Sources that the design cannot tell, and why."""
    why = {name: "one level alone" for name, number in levels.items() if number < 2}
    if BOTH in levels and (AGENT in why or TEACHER in why):
        why[BOTH] = "needs two agents and two teachers"
    if TRAINING not in why and (shares[RUN] == shares[TRAINING]).all():
        why[TRAINING] = "one retraining a run: it is in the run seed's part"
    for name in levels:
        if name in (RUN, TRAINING) or name in why:
            continue
        if (shares[name] == shares[RUN]).all():
            why[name] = "one run of each: it is in the run seed's part"
    if not {AGENT, TEACHER} & set(why) and (shares[AGENT] == shares[TEACHER]).all():
        why[AGENT] = why[TEACHER] = "every agent has a teacher of its own"
    return why


def items_component(exam: Exam, models: Sequence[tuple[int, int]]) -> float | str:
    """Variance, in points squared, that a fresh draw of items gives to all gains alike.

    `models` are (final, base) indices. A group of items counts by its part in the mean, so that
    large groups weigh as they do in the accuracy.
    """
    if exam.groups < 2:
        return "one group of items alone"
    sums = exam.sums
    parts = np.array([sums[final] - sums[base] for final, base in models])
    # The influence of each group on the mean gain, times the number of groups.
    means = parts.sum(axis=1, keepdims=True) / exam.items
    scaled = 100 * exam.groups / exam.items * (parts - means * exam.sizes)
    rows, columns = scaled.shape
    by_item = scaled.mean(axis=0)
    items = rows * float((by_item**2).sum()) / (columns - 1)
    if rows == 1:
        return float(items / columns)
    rest = float(((scaled - by_item) ** 2).sum()) / (rows - 1) / (columns - 1)
    return float((items - rest) / rows / columns)


def _shares(labels: Sequence[Hashable]) -> Floats:
    """Matrix of which gains share a level."""
    index = {label: at for at, label in enumerate(unique(labels))}
    codes = np.array([index[label] for label in labels])
    shares: Floats = (codes[:, None] == codes[None, :]).astype(float)
    return shares


def _table(title: str, parts: Sequence[Moments], exams: int, runs: int) -> Variance:
    """Mean of each component over the layouts that can tell it."""
    means: dict[str, float | None] = {}
    notes: dict[str, str] = {}
    for source in SOURCES:
        known = [f for part in parts if isinstance(f := part.found[source], float)]
        why = unique(f for part in parts if isinstance(f := part.found[source], str))
        mean = sum(known) / len(known) if known else None
        means[source] = None if mean is None else max(0.0, mean)
        said = ["estimated below zero"] if mean is not None and mean < 0 else []
        if why:
            said += [f"not told in {len(parts) - len(known)} of {len(parts)}: {'; '.join(why)}"]
        notes[source] = "; ".join(said)
    total = sum(mean for mean in means.values() if mean is not None)
    return Variance(
        title=title,
        exams=exams,
        runs=runs,
        components=tuple(
            Component(
                source=source,
                sd_points=None if mean is None else mean**0.5,
                share=None if mean is None or total == 0 else mean / total,
                levels=max(part.levels[source] for part in parts),
                note=notes[source],
            )
            for source, mean in means.items()
        ),
    )

"""A study's measured cells in order: who was measured, on which exam, with which scores."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from coursewright.bench.analysis.intervals import Block, Exam
from coursewright.bench.analysis.records import Line
from coursewright.bench.cells import Cell, Measured
from coursewright.records import BriefLevel, FeedbackKind, Setting

MAIN_BRIEFS: dict[Setting, tuple[BriefLevel, ...]] = {
    "scratch": ("visible", "description", "line"),
    "seed": ("seeds", "notes"),
}
"""What an agent is told where a study does not ask about that: the first that it has."""
BRIEF_LEVELS: tuple[BriefLevel, ...] = ("line", "description", "visible", "seeds", "notes")
DIFFERENT_EXAM = "its private split is another one than that of the other cells of this task"


@dataclass(frozen=True, eq=False)
class Entry:
    """A cell that has a score on an exam. Scores are named by their index in the exam."""

    measured: Measured
    exam: Exam
    base: int
    final: int
    """Mean over retrainings; the base where there was no valid submission."""
    retrainings: tuple[int, ...]

    @property
    def cell(self) -> Cell:
        return self.measured.cell

    @property
    def submitted(self) -> bool:
        """Whether a student was trained and scored."""
        return bool(self.retrainings)


@dataclass(frozen=True)
class Book:
    """All of a study, ready for its tables."""

    measured: tuple[Measured, ...]
    entries: tuple[Entry, ...]
    missing: tuple[tuple[Measured, str], ...]
    """Cells without a score, and why."""
    labels: dict[Line, str] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        return unique(m.cell.task for m in self.measured)

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(self.labels)

    def of(self, line: Line) -> list[Entry]:
        """The scored cells of a line."""
        return [entry for entry in self.entries if line_of(entry.cell) == line]

    def main_brief(self, setting: Setting) -> BriefLevel | None:
        """What agents are told in this setting where the study does not ask about that."""
        told = {
            m.cell.brief
            for m in self.measured
            if m.cell.kind == "agent" and m.cell.setting == setting
        }
        return next((level for level in MAIN_BRIEFS[setting] if level in told), None)

    def is_main(self, line: Line) -> bool:
        """Whether a line is a contestant of the main comparison, and no ablation."""
        if line.kind == "baseline":
            return True
        told = line.feedback == "full" or line.feedback == self.main_feedback
        return told and line.brief == self.main_brief(line.setting)

    def knows_settings(self, line: Line) -> bool:
        """Whether a line belongs to its setting: a baseline that was measured in one alone does
        not, and stands beside agents of all."""
        return line.kind == "agent" or len(_settings(self.lines, line.contestant)) > 1

    @property
    def main_feedback(self) -> FeedbackKind:
        """What iterating agents hear where the study does not ask about that."""
        heard = {
            m.cell.feedback
            for m in self.measured
            if m.cell.kind == "agent" and m.cell.mode == "iterative"
        }
        return "full" if "full" in heard or not heard else min(heard)


def open_book(measured: Sequence[Measured]) -> Book:
    """Sort a study's cells; what has no score is named with its reason."""
    exams: dict[tuple[str, str], tuple[Exam, Measured]] = {}
    for one in measured:
        if one.items and one.base:
            exams.setdefault((one.cell.task, one.cell.student), (_exam_of(one), one))
    entries: list[Entry] = []
    missing: list[tuple[Measured, str]] = []
    for one in measured:
        made = _entry(one, exams.get((one.cell.task, one.cell.student)))
        if isinstance(made, Entry):
            entries.append(made)
        else:
            missing.append((one, made))
    lines = unique(line_of(one.cell) for one in measured)
    return Book(tuple(measured), tuple(entries), tuple(missing), _labels(lines))


def _exam_of(one: Measured) -> Exam:
    exam = Exam(f"{one.cell.task} / {one.cell.student}", one.groups)
    exam.add(one.base)
    return exam


def _entry(one: Measured, known: tuple[Exam, Measured] | None) -> Entry | str:
    """A scored cell, or why it has no score."""
    if one.problem:
        return one.problem
    if known is None:
        return "no cell of this task opened the private split"
    exam, first = known
    if one.items and (one.items, one.groups) != (first.items, first.groups):
        return DIFFERENT_EXAM
    base = exam.add(one.base) if one.base else 0
    if not one.private:
        if one.result is None or one.result.status != "no-valid-submission":
            return "no scores were recorded"
        return Entry(one, exam, base, base, ())
    mean = [sum(scores) / len(scores) for scores in zip(*one.private, strict=True)]
    retrainings = tuple(exam.add(scores) for scores in one.private)
    return Entry(one, exam, base, exam.add(mean), retrainings)


def line_of(cell: Cell) -> Line:
    """The line that a cell belongs to."""
    return Line.model_validate(cell.model_dump(include=set(Line.model_fields)))


def _labels(lines: Sequence[Line]) -> dict[Line, str]:
    """Each line in words: the contestant, and what differs between the study's agents.

    A baseline's has its setting if it was measured in several.
    """
    agents = [line for line in lines if line.kind == "agent"]
    axes = ("mode", "setting", "feedback", "brief")
    varying = [axis for axis in axes if len(unique(getattr(a, axis) for a in agents)) > 1]
    pairs = [p for p in ("teacher", "student") if len(unique(getattr(a, p) for a in lines)) > 1]
    labels: dict[Line, str] = {}
    for line in lines:
        if line.kind == "baseline":
            several = len(_settings(lines, line.contestant)) > 1
            shown = ["setting", *pairs] if several else pairs
        else:
            shown = [*varying, *pairs]
        if "setting" in shown and line.brief in ("visible", "seeds"):
            shown = [axis for axis in shown if axis != "brief"]
        parts = [_said(axis, str(getattr(line, axis))) for axis in shown]
        labels[line] = ", ".join([line.contestant, *filter(None, parts)])
    return labels


def _settings(lines: Iterable[Line], baseline: str) -> set[Setting]:
    return {
        line.setting for line in lines if (line.kind, line.contestant) == ("baseline", baseline)
    }


def _said(axis: str, level: str) -> str:
    if axis == "feedback":
        return "" if level == "full" else f"feedback {level}"
    return f"{axis} {level}" if axis in ("brief", "teacher", "student") else level


# ---------------------------------------------------------------- blocks of runs


def gain_blocks(entries: Iterable[Entry]) -> list[Block]:
    """Runs against their base, one block for each exam and condition."""
    return [
        Block(group[0].exam, tuple(e.final for e in group), tuple(e.base for e in group))
        for group in _grouped(entries)
    ]


def score_blocks(entries: Iterable[Entry]) -> list[Block]:
    """Runs by themselves, one block for each exam and condition."""
    return [Block(group[0].exam, tuple(e.final for e in group)) for group in _grouped(entries)]


def paired_blocks(
    left: Iterable[Entry], right: Iterable[Entry], key: Callable[[Cell], Hashable]
) -> list[Block]:
    """Cells of both sides that agree in `key`, exam and seed; what has no partner is left out.

    One block for each exam and left condition. Where a seed has several partners (a baseline
    that knows no modes, say), each counts as a pair.
    """
    partners: dict[Hashable, list[Entry]] = {}
    for entry in right:
        partners.setdefault((entry.exam.name, entry.cell.seed, key(entry.cell)), []).append(entry)
    matched = [
        (entry, partner)
        for entry in left
        for partner in partners.get((entry.exam.name, entry.cell.seed, key(entry.cell)), ())
    ]
    blocks: dict[Hashable, list[tuple[Entry, Entry]]] = {}
    for pair in matched:
        conditions = (line_of(pair[0].cell), line_of(pair[1].cell))
        blocks.setdefault((pair[0].exam.name, conditions), []).append(pair)
    return [
        Block(pairs[0][0].exam, tuple(a.final for a, _ in pairs), tuple(b.final for _, b in pairs))
        for pairs in blocks.values()
    ]


def _grouped(entries: Iterable[Entry]) -> list[list[Entry]]:
    groups: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.exam.name, line_of(entry.cell)), []).append(entry)
    return list(groups.values())


def unique(values: Iterable[Any]) -> tuple[Any, ...]:
    """The different values, in the order of their first appearance."""
    return tuple(dict.fromkeys(values))

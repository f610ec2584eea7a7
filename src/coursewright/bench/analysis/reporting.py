"""The order of an analysis: cells to a book, runs looked into, tables made, files written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from coursewright.bench.analysis import files, markdown, pictures
from coursewright.bench.analysis.book import Book, open_book, unique
from coursewright.bench.analysis.deltas import deltas
from coursewright.bench.analysis.options import AnalysisOptions
from coursewright.bench.analysis.probing import Probed, probe
from coursewright.bench.analysis.ranking import rankings
from coursewright.bench.analysis.records import MainRow, Study
from coursewright.bench.analysis.tables import error_rows, main_rows, round_rows, run_rows
from coursewright.bench.analysis.variance import variance_tables
from coursewright.bench.analysis.wording import estimated
from coursewright.bench.cells import Measured
from coursewright.errors import UsageError
from coursewright.protocols import Progress

MOST_NAMED = 12
"""Missing cells that are named one by one."""
MOSTLY = 0.5
"""Share of answers that can be read, below which a score is hardly one of ability."""


def report(
    name: str,
    measured: Sequence[Measured],
    folder: Path,
    options: AnalysisOptions | None = None,
    progress: Progress | None = None,
) -> Study:
    """Make all tables and pictures of a study and write them into its folder.

    Runs named by `measured` lie below `folder`. Writing again replaces what was written.

    Raises:
        StorageError: the folder cannot be written.
    """
    options = options or AnalysisOptions()
    book = open_book(measured)
    probed = Probed()
    if progress is not None and (options.profiles or options.private_by_round):
        probed = probe(book, folder, options, progress)
    study = tabulate(name, book, probed)
    files.write(study, folder)
    drawn: tuple[str, ...] = ()
    if options.pictures:
        try:
            drawn = pictures.draw(study, folder)
        except UsageError as missing:
            # Hours of runs must not end in an error for want of a picture.
            study = study.model_copy(update={"remarks": (*study.remarks, str(missing))})
    files.write_text(folder / "study.md", markdown.render(study, drawn))
    return study


def lines(study: Study) -> tuple[str, ...]:
    """The study in short, for the terminal."""
    told = [f"{study.finished} of {study.cells} cells measured, on {len(study.tasks)} tasks"]
    for row in study.main:
        if not row.task and row.gain_points is not None:
            mats = "" if row.mats is None else f", MATS {row.mats:.2f}"
            told.append(f"{row.label}: gain {estimated(row.gain_points)} points{mats}")
    return tuple(told)


def tabulate(name: str, book: Book, probed: Probed) -> Study:
    """Make all tables; writes nothing."""
    curves = {(run, n): score for run, of in probed.curves.items() for n, score in of.items()}
    main = main_rows(book)
    results = [one.result for one in book.measured if one.result is not None]
    return Study(
        name=name,
        cells=len(book.measured),
        finished=len(book.entries),
        embedded=unique(part for result in results for part in result.embedded),
        tasks=book.tasks,
        main=main,
        rankings=rankings(book),
        variance=variance_tables(book),
        deltas=deltas(book),
        errors=error_rows(book),
        rounds=round_rows(book, curves),
        runs=run_rows(book),
        profiles=probed.profiles,
        remarks=(*_gaps(book, main), *probed.remarks),
    )


def _nowhere(whole: MainRow, main: Sequence[MainRow]) -> str:
    """The tasks on which no run of a line left a submission, where it left some elsewhere."""
    if whole.without_submission == whole.runs:
        return ""
    never = [
        row.task
        for row in main
        if row.task and row.line == whole.line and row.without_submission == row.runs
    ]
    return f"; on {', '.join(never)} no run left any" if never else ""


def _unread(book: Book) -> Iterator[str]:
    """Contestants of whose answers on a task the scorer could not read the greater part."""
    for line in book.lines:
        shares: dict[str, list[float]] = {}
        for entry in book.of(line):
            if entry.measured.readable is not None:
                shares.setdefault(entry.cell.task, []).append(entry.measured.readable)
        for task, found in shares.items():
            readable = sum(found) / len(found)
            if readable < MOSTLY:
                yield (
                    f"{book.labels[line]}, {task}: {1 - readable:.0%} of its private answers could "
                    "not be read (refusals, or another form than the task's) and count as wrong"
                )


def _gaps(book: Book, main: Sequence[MainRow]) -> Iterator[str]:
    """What is missing, and what stands in for something else."""
    whole = [row for row in main if not row.task]
    if book.missing:
        yield f"{len(book.missing)} of {len(book.measured)} cells have no result and are left out:"
        for one, why in book.missing[:MOST_NAMED]:
            cell = one.cell
            where = f"{cell.contestant}, {cell.task}, {cell.mode}, {cell.setting}, seed {cell.seed}"
            yield f"{where}: {why}"
        if len(book.missing) > MOST_NAMED:
            yield f"and {len(book.missing) - MOST_NAMED} more; runs.csv names them all"
    for row in whole:
        if row.tasks < len(book.tasks):
            yield f"{row.label}: measured on {row.tasks} of {len(book.tasks)} tasks alone"
        if row.without_submission:
            yield (
                f"{row.label}: {row.without_submission} of {row.runs} runs left no valid "
                "submission; they count with gain 0, for their user is left with the base model"
                + _nowhere(row, main)
            )
    yield from _unread(book)
    shared = Counter(one.run for one in book.measured if one.run)
    if twice := sum(count - 1 for count in shared.values()):
        yield f"{twice} cells share a run with another cell that cannot differ from them"
    if any(row.gain_points is not None and not row.gain_points.over_runs for row in main):
        yield (
            "† marks intervals with a single run in some task or condition: there they speak of "
            "other items alone, not of other runs"
        )
    if any(row.gain_points is not None and row.gain_points.few_groups for row in main):
        yield "‡ marks fewer than 40 groups of items: the interval's coverage is not promised"

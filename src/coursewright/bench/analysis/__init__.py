"""From a study's finished cells to its tables and pictures.

    report("embedded", measured, folder)    writes study.json, study.md, CSV files and pictures

In data-flow order:

    book        cells in order: who was measured on which exam
    probing     what is looked up in sealed runs: quality of submissions, private score by round
    tables      main table, runs, errors, rounds, cost
    ranking, deltas, variance     on `intervals`, the two-level bootstrap
    markdown, files, pictures     what people read, what programs read, what people look at

`docs/reading-a-study.md` says what each table means.
"""

from coursewright.bench.analysis.options import AnalysisOptions
from coursewright.bench.analysis.records import Study
from coursewright.bench.analysis.reporting import lines, report, tabulate

__all__ = ["AnalysisOptions", "Study", "lines", "report", "tabulate"]

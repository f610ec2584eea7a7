"""Folders of studies as `bench` writes them, for tests of pages: no run is made."""

from __future__ import annotations

import json
from pathlib import Path

from coursewright.bench.analysis import AnalysisOptions, report
from coursewright.records import Evaluation
from tests.bench.analysis.invented import cell, measured, scores
from tests.report.stories import answers, make_run

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def make_study(studies: Path, name: str, *, finished: bool = True, said: str = "") -> Path:
    """A study of four jobs: a run, a baseline, a run that failed and one still to come.

    A finished study has its tables, and no job to come.
    """
    folder = studies / name
    for part in ("runs", "baselines"):
        (folder / part).mkdir(parents=True)
    agent, failed, later = cell(), cell(contestant="crashing"), cell(seed=1)
    base = cell(kind="baseline", contestant=f"base{said}", mode="one-shot")
    make_run(folder / "runs", "heuristic-0-aaaaaaaaaaaa", rounds=2, rows=20, items=12)
    sitting = {"evaluations": [exam(0.2), exam(0.3)], "seconds": 3.0}
    (folder / "baselines" / "base-0-bbbbbbbbbbbb.json").write_text(json.dumps(sitting))
    jobs = [("a", agent), ("b", base), ("c", failed), *([] if finished else [("d", later)])]
    planned = [
        {
            "key": key * 12,
            "name": f"{one.contestant}-{one.seed}-{key * 12}",
            "direct": one.kind == "baseline",
            "cells": [one.model_dump(mode="json")],
        }
        for key, one in jobs
    ]
    (folder / "jobs.json").write_text(json.dumps(planned))
    problems = {"c" * 12: f"ZeroDivisionError: a bug {said}"}
    (folder / "problems.json").write_text(json.dumps(problems))
    if finished:
        cells = [
            measured(agent, scores(15), scores(35)),
            measured(base, scores(15), scores(15)),
        ]
        report(name, cells, folder, AnalysisOptions(profiles=False, pictures=False))
        (folder / "gains.svg").write_text(PICTURE)
        with (folder / "study.md").open("a") as page:
            page.write(f"\n![Gains](gains.svg) ![x](https://elsewhere.example/x.png)\n{said}\n")
    return folder


def exam(right: float) -> object:
    """A sitting of the private exam."""
    found: Evaluation = answers("private", 30, right)
    return found.model_dump(mode="json")

"""`review RUN`: a person judges some rows of the final data set, and what that certifies of all.

    draw at random ─► queue ─► one row after another, with its lineage ─► judgements
                                                                              │
    result, data card ◄── upper bound on the share of bad rows ◄──────────────┘

Rows are drawn by a seed that is made when the first review begins, after the data set: no agent
or program can know which rows will be looked at. A row that the person is not sure of counts as
bad. `docs/human-hand.md` says how it is used.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from coursewright.drafting import open_terminal
from coursewright.errors import NoValidSubmission
from coursewright.records import RowReview, TracedRow
from coursewright.review.bounds import CONFIDENCE, draw, upper_bound
from coursewright.review.sitting import Sitting, go_through
from coursewright.store import Reviews, RunFolder, amend, read_rows, resolve_run

__all__ = ["ROWS", "review_run", "reviewed"]

ROWS = 60
"""Rows to judge: none bad of 60 rules out a share of 5 %."""


def review_run(run: str, runs: Path, reviewer: str, rows: int = ROWS) -> tuple[RowReview, int]:
    """Let a person judge rows of a finished run on the terminal; what it says, and rows left.

    Raises:
        RunFolderError: the run has not finished, or another data set was reviewed there.
        NoValidSubmission: it delivered no data set.
        RunHeld: another process works on the run.
    """
    folder = RunFolder(resolve_run(run, runs))
    dataset, data = delivered_rows(folder)
    with Reviews(folder.path / "reviews.sqlite", dataset, secrets.token_hex(16)) as reviews:
        reviews.append(draw(len(data), reviews.queue(), rows, reviews.seed))
        sitting = Sitting(data, reviews, reviewer)
        console, hands = open_terminal()
        try:
            go_through(sitting, folder, console, hands)
        finally:
            # Also after Ctrl-C: what was judged is written down, so the result may say it.
            said = reviewed(reviews, dataset, len(data))
            if said.judged:
                write_down(folder, said)
    return said, sitting.left


def delivered_rows(folder: RunFolder) -> tuple[str, list[TracedRow]]:
    """Return the digest of the data set that a run delivered, and its rows."""
    result = folder.finished()
    if result.final is None or result.final.dataset is None:
        raise NoValidSubmission(f"{folder.path}: there is no data set to review")
    dataset = result.final.dataset
    return dataset, list(read_rows(folder.artifacts, dataset))


def reviewed(reviews: Reviews, dataset: str, rows: int) -> RowReview:
    """Return what the judgements so far say about all rows."""
    said = list(reviews.judgements().values())
    bad, unsure = said.count("bad"), said.count("unsure")
    return RowReview(
        dataset=dataset,
        rows=rows,
        queued=len(reviews.queue()),
        judged=len(said),
        bad=bad,
        unsure=unsure,
        bad_share_upper=upper_bound(rows, len(said), bad + unsure),
        confidence=CONFIDENCE,
    )


def write_down(folder: RunFolder, said: RowReview) -> None:
    """Put the review into the run's result, where the card and the report find it."""
    result = folder.result()
    assert result is not None
    others = [line for line in result.human_inputs if not line.startswith("review of ")]
    amend(folder, review=said, human_inputs=(*others, f"review of {said.judged} rows"))

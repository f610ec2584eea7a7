"""What a study's analysis may spend time on: the section `analysis` of a study file."""

from __future__ import annotations

from pydantic import Field

from coursewright.config import Part


class AnalysisOptions(Part):
    profiles: bool = True
    """The quality of first, middle and last valid submission of each run."""
    difficulty: bool = True
    """Ask the base student the questions of these submissions: seconds for each."""
    sample: int = Field(default=200, ge=1, le=10_000)
    """Rows of a submission that are looked at."""
    private_by_round: bool = False
    """Score the student of every round on the private split, once a run has its result. Costs an
    exam for each round."""
    pictures: bool = True
    """Needs matplotlib: `pip install 'coursewright[bench]'`."""

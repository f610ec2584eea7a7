"""What guards the held-out splits: noise floor, openings, a user's own data set."""

from __future__ import annotations

from pydantic import Field

from coursewright.records.base import Claim, Record


class Noise(Record):
    """How far the scored mean moves by the training seed alone, known before round 0."""

    rows: int
    """Of the baseline data: the visible items with their golds."""
    scored: tuple[float, ...] = ()
    """Scored mean of one student per training seed."""
    sd: float | None = Field(default=None, ge=0, le=1)
    """Standard deviation of these; None where they could not be trained."""
    step: float = Field(gt=0, le=2)
    """Of the ladder: the agent hears of a scored mean only when it rises by this much."""
    problem: str = ""
    """Why it could not be measured."""
    cached: bool = False
    """An earlier run on this machine had measured it."""
    seconds: float = 0.0


class OpeningCount(Record):
    """How often this private split has been opened on this machine, this time included."""

    count: int | None = None
    """None where it cannot be known."""


class NoiseFloor(Record):
    """The noise floor in a result; in points (0-100)."""

    seeds: int
    sd_points: float | None
    step_points: float
    scored: tuple[float, ...] = ()
    """Fractions."""
    problem: str = ""
    cached: bool = False
    seconds: float = 0.0


class Confirmation(Record):
    """The chosen data set on fresh training seeds, against the base model on scored."""

    queries: int
    """Data sets that the choice was among; the level of the test is spread over them."""
    alpha: float
    base: float
    scored: float
    """Mean over the retrainings."""
    difference_points: float
    ci95: tuple[float, float]
    p_value: float
    verdict: Claim


class IncumbentScores(Record):
    """The user's own data set in a result; scores are fractions."""

    rows: int
    dropped: dict[str, int] = Field(default_factory=dict)
    dataset: str
    """Digest."""
    mixed: bool
    scored: float
    private: float
    """Of the student on the first seed, as for the delivered one."""
    scored_by_retraining: tuple[float, ...] = ()
    private_by_retraining: tuple[float, ...] = ()
    difference_points: float
    """Delivered student minus incumbent, on private."""
    ci95: tuple[float, float]
    p_value: float
    verdict: Claim
    """Of the delivered student against the incumbent."""


class SmallestSet(Record):
    """The fewest rows found to keep most of the gain, in a result; scores are fractions.

    Shares of the gain are of the delivered data set's, on the same training seeds.
    """

    problem: str = ""
    """Why there is none; all else but `keep`, `of` and `trainings` is then empty."""
    keep: float
    """Share of the gain on scored that it had to keep."""
    of: int
    """Rows of the delivered data set."""
    rows: int | None = None
    share: float | None = None
    """Of the delivered data set's rows."""
    dataset: str | None = None
    """Digest."""
    trainings: int
    """Spent on the search and its confirmation."""
    sizes: dict[int, float] = Field(default_factory=dict)
    """Sizes tried, in rows, with their scored mean over all students trained on them."""
    confirmed: bool | None = None
    """Whether seeds that played no part in finding it kept as much of the gain on scored, too;
    None: there was one retraining only, and so none to confirm it with."""
    scored_by_retraining: tuple[float, ...] = ()
    private_by_retraining: tuple[float, ...] = ()
    scored_gain_kept: float | None = None
    """1 is all of it. Of the split that the size was searched on: flattered."""
    gain_kept: float | None = None
    """Of the gain on private, which nothing was chosen by. None where there is no such gain."""
    gain_kept_ci95: tuple[float, float] | None = None
    """None where the gain itself cannot be told from 0."""
    difference_points: float | None = None
    """On private, this data set's students minus the delivered one's, 0-100."""
    difference_points_ci95: tuple[float, float] | None = None

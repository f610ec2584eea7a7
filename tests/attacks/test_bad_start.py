"""A first attempt made bad on purpose makes no later one look better."""

from __future__ import annotations

from coursewright.evaluation import judge
from coursewright.loop import run
from coursewright.search import GreedySearch
from tests.fakes import World


def gain(*wishes: str) -> float | None:
    """The reported private gain of a run whose rounds leave these rows, in points."""
    world = World(lambda turn: wishes[min(turn.number, len(wishes) - 1)])
    points: float | None = judge(run(world.stages(GreedySearch())), 0)["gain_points"]
    return points


def test_gain_is_counted_from_the_base_model_and_not_from_the_first_attempt() -> None:
    honest = gain("800")
    assert honest is not None
    assert honest > 0
    assert gain("310", "800") == gain("crash", "800") == gain("100", "800") == honest

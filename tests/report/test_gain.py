"""The parts of a gain: each whole sums to it, and what casts doubt stands out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.records import NearVisible
from coursewright.report.gain import Part, parts_of_gain, shown_parts
from tests.export.runs import result

points = st.floats(-100, 100)


def near(others: float, low: float) -> NearVisible:
    return NearVisible(
        items=10,
        others=30,
        part_points=40.0 - others * 0.75,
        gain_points=4 * (40.0 - others * 0.75),
        gain_points_ci95=(0.0, 100.0),
        others_gain_points=others,
        others_gain_points_ci95=(low, others + 5),
    )


@pytest.mark.parametrize(("others", "low", "alarming"), [(30.0, 20.0, False), (1.0, -3.0, True)])
def test_a_gain_near_visible_items_alone_is_marked(
    others: float, low: float, alarming: bool
) -> None:
    fields = {"gain_points": 40.0, "gain_parts": {"format": 5.0, "ability": 35.0}}
    told = result("r", "d").model_copy(update={**fields, "near_visible": near(others, low)})
    parts = parts_of_gain(told)
    sums: dict[str, float] = {}
    for part in parts:
        sums[part.whole] = sums.get(part.whole, 0.0) + part.points
    assert list(sums.values()) == pytest.approx([40.0, 40.0])
    assert [part.label for part in parts if part.alarming] == ["elsewhere"] * alarming


def test_what_is_not_known_has_no_parts() -> None:
    assert parts_of_gain(None) == ()
    assert parts_of_gain(result("r", "d").model_copy(update={"gain_parts": {}})) == ()


@given(st.lists(points, min_size=1, max_size=6))
def test_bars_stay_within_their_room(found: list[float]) -> None:
    parts = [Part("whole", str(n), one, "") for n, one in enumerate(found)]
    ((_, bars),) = shown_parts(parts)
    for bar in bars:
        assert 0 <= bar.begin <= 100
        assert bar.begin + bar.length <= 100.2

"""The smallest gain that an exam can show, and how large an exam has to be for one."""

import numpy as np
import pytest

from coursewright.evaluation.statistics import mcnemar
from coursewright.power import groups_needed, smallest_gain


@pytest.mark.parametrize(("groups", "changed"), [(60, 0.5), (300, 0.5), (300, 0.3)])
def test_the_smallest_gain_is_seen_in_four_of_five_cases(groups: int, changed: float) -> None:
    gain = smallest_gain(groups, changed) / 100
    rng = np.random.default_rng(1)
    chances = [(changed + gain) / 2, (changed - gain) / 2, 1 - changed]
    counts = rng.multinomial(groups, chances, size=1500)
    seen = np.mean([mcnemar(int(won), int(lost)) < 0.05 for won, lost, _ in counts])
    # The exact test is a little more careful than the normal approximation.
    assert 0.7 < seen < 0.86


def test_no_items_can_show_no_gain() -> None:
    assert smallest_gain(0) == smallest_gain(1) == 100.0


@pytest.mark.parametrize("gain", [2, 5, 10, 20])
def test_as_many_groups_as_a_gain_needs_and_not_one_fewer(gain: float) -> None:
    groups = groups_needed(gain)
    assert smallest_gain(groups) <= gain < smallest_gain(groups - 1)

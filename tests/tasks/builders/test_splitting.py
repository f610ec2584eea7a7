"""Splits of random data sets: nothing in two of them, sizes and topics as asked for."""

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.tasks.builders.splitting import Unit, at_most, divide

SHARES = st.sampled_from([0.2, 0.25, 0.5, 0.75])


def units_from(sizes: list[int], topics: list[str]) -> list[Unit]:
    found, first = [], 0
    for number, size in enumerate(sizes):
        members = tuple(range(first, first + size))
        topic = topics[number % len(topics)]
        found.append(Unit(f"unit-{number}", members, (topic,) * size))
        first += size
    return found


UNITS = st.builds(
    units_from,
    st.lists(st.integers(1, 6), min_size=1, max_size=40),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=9),
)


def items(units: list[Unit]) -> list[int]:
    return [member for unit in units for member in unit.members]


@given(UNITS, SHARES, st.integers(0, 99))
def test_every_item_is_in_one_part_and_only_one(units, share, seed):
    first, second = divide(units, share * len(items(units)), seed)
    assert sorted(items(first) + items(second)) == sorted(items(units))


@given(UNITS, SHARES, st.integers(0, 99))
def test_the_ratio_holds_within_one_group(units, share, seed):
    wanted = share * len(items(units))
    first, _ = divide(units, wanted, seed)
    assert abs(len(items(first)) - wanted) <= max(unit.size for unit in units)


@settings(max_examples=40)
@given(st.integers(300, 900), st.integers(1, 8), SHARES, st.integers(0, 99))
def test_topics_have_their_share_of_each_part_within_two_points(groups, topics, share, seed):
    rng = Random(seed)
    named = [f"topic-{int(rng.random() ** 2 * topics)}" for _ in range(groups)]
    units = units_from([1 + int(rng.random() * 3) for _ in range(groups)], named)
    whole = Counter(topic for unit in units for topic in unit.topics)
    total = len(items(units))
    for part in divide(units, share * total, seed):
        held = Counter(topic for unit in part for topic in unit.topics)
        for topic, count in whole.items():
            assert abs(held[topic] / len(items(part)) - count / total) <= 0.02


@given(UNITS, SHARES, st.integers(0, 99), st.randoms())
def test_the_order_of_the_groups_does_not_matter(units, share, seed, random):
    shuffled = list(units)
    random.shuffle(shuffled)
    wanted = share * len(items(units))
    assert divide(units, wanted, seed) == divide(shuffled, wanted, seed)


@given(UNITS, st.integers(1, 200), st.integers(0, 99))
def test_never_more_than_the_most_and_not_far_below(units, most, seed):
    kept, left = at_most(units, most, seed)
    assert sorted(items(kept) + items(left)) == sorted(items(units))
    held, largest = len(items(kept)), max(unit.size for unit in units)
    assert held <= most
    assert held >= min(most, len(items(units))) - 2 * largest

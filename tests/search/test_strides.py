"""Several rounds for one training: how many, and that nothing gathered is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coursewright.config import RunConfig
from coursewright.records import Round
from coursewright.search import TreeSearch, trained_start
from coursewright.search.strides import gathered_before, waiting
from coursewright.searches import make_search
from tests.search.histories import FAMILIES, FATES, exam, play_out

BASE = exam([0.0] * 60)


def striding(stride: int, budget: int | None = None, drafts: int = 1) -> TreeSearch:
    return TreeSearch(
        seed=3, families=FAMILIES, patience=None, drafts=drafts, stride=stride, budget=budget
    )


def statuses(rounds: Sequence[Round]) -> str:
    """T for a trained round, g for one that gathered, x for a failed one."""
    letters = {"scored": "T", "gathered": "g"}
    return "".join(letters.get(done.status, "x") for done in rounds)


def rising(count: int) -> list[tuple[str, int]]:
    return [("scored", n) for n in range(count)]


def test_every_so_many_rounds_are_one_training() -> None:
    assert statuses(play_out(striding(3), rising(10))) == "TggTggTggT"
    assert statuses(play_out(striding(1), rising(5))) == "TTTTT"


def test_a_run_strides_unless_its_rounds_are_decided_in_waves() -> None:
    def first_two(**options: int) -> str:
        config = RunConfig.model_validate(
            {"task": "science-mini", "search": {"kind": "tree", **options}}
        )
        return statuses(play_out(make_search(config), rising(2)))

    assert (first_two(), first_two(stride=1), first_two(wave=2)) == ("Tg", "TT", "TT")


@settings(max_examples=60, deadline=None)
@given(FATES, st.integers(1, 6), st.integers(1, 3))
def test_no_more_rounds_are_gathered_than_the_stride_allows_and_each_builds_upon_the_last(
    fates: list[tuple[str, int]], stride: int, drafts: int
) -> None:
    rounds = play_out(striding(stride, drafts=drafts), fates)
    for done in rounds:
        start = done.branch.start if done.branch else None
        gathered = gathered_before(start, rounds)
        assert len(gathered) + (done.status == "gathered") < max(stride, 2)
        for one in gathered:
            assert trained_start(one.number, rounds) == trained_start(start, rounds)
        if done.operation == "draft":
            assert done.status != "gathered"


@settings(max_examples=100, deadline=None)
@given(FATES, st.integers(2, 6))
def test_rows_that_were_gathered_are_built_upon_or_trained_next(
    fates: list[tuple[str, int]], stride: int
) -> None:
    search = striding(stride)
    rounds = play_out(search, fates)
    for upto in range(1, len(rounds) + 1):
        head = waiting(rounds[:upto])
        if head is not None:
            decision = search.next(rounds[:upto], BASE)
            assert decision is not None
            assert decision.branch is not None
            assert decision.branch.start == head.number


def test_what_was_gathered_is_trained_as_it_is_where_its_agent_cannot_go_on() -> None:
    repeats = [*rising(3), ("duplicate", 0), ("scored", 9)]
    last = play_out(striding(4), repeats)[-1]
    assert (last.operation, last.parent, last.status) == ("merge", 2, "scored")
    broken = [*rising(3), *[("runtime error", 0)] * 4, ("scored", 9)]
    rounds = play_out(striding(4), broken)
    assert [done.operation for done in rounds[3:]] == ["improve", *["debug"] * 3, "merge"]


def test_what_cannot_be_trained_as_it_is_either_is_given_up() -> None:
    fates = [*rising(3), ("duplicate", 0), ("runtime error", 0), ("scored", 9)]
    last = play_out(striding(4), fates)[-1]
    assert (last.operation, last.parent) == ("improve", 0)


@settings(max_examples=60, deadline=None)
@given(FATES, st.integers(2, 6), st.integers(1, 12))
def test_the_last_round_of_the_budget_is_trained(
    fates: list[tuple[str, int]], stride: int, budget: int
) -> None:
    rounds = play_out(striding(stride, budget), fates[:budget])
    if len(rounds) == budget:
        assert rounds[-1].branch is None or not rounds[-1].branch.gathers


def test_rounds_of_a_wave_cannot_build_upon_one_another() -> None:
    with pytest.raises(ValidationError, match="wave: 1"):
        RunConfig.model_validate(
            {"task": "science-mini", "search": {"kind": "tree", "wave": 2, "stride": 2}}
        )

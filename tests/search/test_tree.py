"""Tree search, on histories that never happened: nothing is trained here."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from coursewright.agents import draft_families
from coursewright.config import RunConfig
from coursewright.records import Branch, Decision, Round
from coursewright.search import GreedySearch, OneShotSearch, TreeSearch, best_round
from coursewright.search.tree import stalled
from coursewright.searches import make_search
from tests.search.histories import FAMILIES, FATES, after, drawn, exam, play_out, play_waves, shards

BASE = exam([0.0] * 60)


def tree(**options: Any) -> TreeSearch:
    return TreeSearch(**{"seed": 3, "families": FAMILIES, "patience": None, **options})


def improve(parent: int) -> Decision:
    return Decision(operation="improve", parent=parent, branch=Branch(start=parent))


@settings(max_examples=60, deadline=None)
@given(FATES, st.integers(0, 5))
def test_only_scored_rounds_are_built_upon_and_only_failed_ones_mended(
    fates: list[tuple[str, int]], seed: int
) -> None:
    rounds = play_out(tree(seed=seed, ablations=2), fates)
    for done in rounds:
        assert done.branch is not None
        start, parent = done.branch.start, done.parent
        assert start is None or rounds[start].status == "scored"
        if done.operation in ("improve", "merge", "ablate"):
            assert parent is not None
            assert rounds[parent].status == "scored"
        elif done.operation in ("debug", "repair"):
            assert parent == done.number - 1
            assert rounds[parent].status != "scored"
            assert rounds[parent].failure != "duplicate"


@settings(max_examples=60, deadline=None)
@given(FATES, st.integers(1, 4))
def test_drafts_come_first_and_none_of_a_family_twice_before_all_had_one(
    fates: list[tuple[str, int]], drafts: int
) -> None:
    rounds = play_out(tree(drafts=drafts), fates)
    improved = next((r.number for r in rounds if r.operation in ("improve", "merge")), None)
    if improved is not None:
        before = [r for r in rounds[:improved] if r.operation == "draft"]
        assert len(before) >= drafts
    used = Counter(r.branch.family for r in rounds if r.operation == "draft" and r.branch)
    used += Counter(r.branch.family for r in rounds if r.branch and r.branch.widen)
    used -= Counter(r.branch.family for r in rounds if r.operation == "draft" and r.branch.widen)  # type: ignore[union-attr]
    counts = [used[name] for name in ("", *FAMILIES)]
    assert max(counts) - min(counts) <= 1


@settings(max_examples=60, deadline=None)
@given(FATES, st.integers(1, 3), st.integers(1, 4))
def test_it_gives_up_after_its_patience_and_never_before_it_has_widened(
    fates: list[tuple[str, int]], widen_after: int, more: int
) -> None:
    patience = widen_after + more
    search = tree(widen_after=widen_after, patience=patience)
    rounds = play_out(search, fates)
    for upto in range(len(rounds) + 1):
        past = rounds[:upto]
        best = best_round(past)
        since = past[best.number + 1 :] if best is not None else []
        has_widened = any(done.branch is not None and done.branch.widen for done in since)
        stopped = search.next(past, BASE) is None
        assert stopped == (stalled(past) >= patience and has_widened)
        # What widens is made in time: patience is not stretched but for the first drafts.
        assert stalled(past) <= max(patience, 2 + widen_after)


@settings(max_examples=40, deadline=None)
@given(FATES, st.integers(0, 1000))
def test_the_same_history_gives_the_same_decision(fates: list[tuple[str, int]], seed: int) -> None:
    rounds = play_out(tree(seed=seed, ablations=1), fates)
    stored = [Round.model_validate_json(done.model_dump_json()) for done in rounds]
    for done in rounds:
        again = tree(seed=seed, ablations=1).next(stored[: done.number], BASE)
        assert again is not None
        assert (again.operation, again.parent) == (done.operation, done.parent)
        assert again.branch == done.branch


@settings(max_examples=60, deadline=None)
@given(FATES, st.integers(2, 5), st.integers(0, 5))
def test_nothing_is_decided_twice_in_a_wave_and_nothing_builds_on_an_unknown_outcome(
    fates: list[tuple[str, int]], width: int, seed: int
) -> None:
    for wave in play_waves(tree(seed=seed, ablations=2), fates, width):
        mended = [done.parent for done in wave if done.operation in ("debug", "repair")]
        assert len(mended) == len(set(mended))
        joined = [done.branch.parts for done in wave if done.branch and done.branch.parts]
        assert len(joined) == len(set(joined))
        left_out = [done.parent for done in wave if done.operation == "ablate"]
        assert len(left_out) == len(set(left_out))
        for done in wave:
            assert done.branch is not None
            assert done.parent is None or done.parent < wave[0].number
            assert done.branch.start is None or done.branch.start < wave[0].number
            first = done.number if done.branch.wave is None else done.branch.wave
            assert first == wave[0].number


@settings(max_examples=40, deadline=None)
@given(FATES, st.integers(2, 5))
def test_every_failure_of_a_wave_is_mended_in_the_next_or_never(
    fates: list[tuple[str, int]], width: int
) -> None:
    waves = play_waves(tree(mend_limit=1), fates, width)
    for earlier, later in itertools.pairwise(waves):
        broken = [
            done.number
            for done in earlier
            if done.failure not in (None, "duplicate") and done.operation in ("draft", "improve")
        ]
        mended = [done.parent for done in later if done.operation in ("debug", "repair")]
        assert set(mended) <= set(broken)
        if not any(done.branch and done.branch.widen for done in later):
            assert mended == broken[: len(later)]


def test_a_wave_improves_in_as_many_ways_as_it_is_wide() -> None:
    waves = play_waves(tree(drafts=1, widen_after=99), [("scored", 60)] * 8, 4)
    ways = [(done.branch.start, done.branch.mates) for done in waves[1] if done.branch]
    assert len(ways) == 4
    assert len(set(ways)) == len(ways)


def two_branches(rng: random.Random, items: int, lead: float) -> list[Round]:
    """Two drafts, the second truly better by `lead`; neither improved upon yet."""
    rounds: list[Round] = []
    for ability in (0.5, 0.5 + lead):
        scored = drawn(rng, dict.fromkeys(("red", "green", "blue"), ability), items)
        # No shards, so that there is nothing to merge.
        rounds.append(
            after(rounds, Decision(operation="draft", branch=Branch()), scored, shards=())
        )
    return rounds


def share_of_better(items: int, lead: float = 0.08, trials: int = 40) -> float:
    rng = random.Random(items)
    chosen = 0
    for trial in range(trials):
        decision = tree(drafts=2, seed=trial).next(two_branches(rng, items, lead), BASE)
        assert decision is not None
        chosen += decision.parent == 1
    return chosen / trials


def test_the_truly_better_branch_is_preferred_the_more_items_tell() -> None:
    few, some, many = (share_of_better(items) for items in (20, 150, 1200))
    assert few < some < many
    assert many > 0.9


def test_a_branch_behind_by_less_than_its_items_can_tell_keeps_its_chance() -> None:
    assert 0.3 < share_of_better(300, lead=0.0) < 0.7


def test_improving_in_vain_turns_to_the_other_branch() -> None:
    rng = random.Random(5)
    rounds = two_branches(rng, 600, 0.02)
    best = best_round(rounds)
    assert best is not None

    def share(history: Sequence[Round]) -> float:
        picks = [tree(drafts=2, seed=n, widen_after=99).next(history, BASE) for n in range(60)]
        return sum(p is not None and p.parent == best.number for p in picks) / len(picks)

    before = share(rounds)
    worse = [0.0] * 60 + [r.score for r in best.scored.results[60:]]  # type: ignore[union-attr]
    for _ in range(3):
        rounds.append(after(rounds, improve(best.number), exam(worse), shards=()))
    assert share(rounds) < before


def test_a_round_whose_agent_only_repeats_itself_is_closed() -> None:
    rounds = two_branches(random.Random(1), 300, 0.3)
    for _ in range(2):
        rounds.append(after(rounds, improve(1), failure="duplicate"))
    for seed in range(20):
        decision = tree(drafts=2, seed=seed, widen_after=99).next(rounds, BASE)
        assert decision is not None
        assert decision.parent == 0


def test_when_every_branch_repeats_itself_a_new_kind_is_drafted() -> None:
    rounds = [after([], Decision(operation="draft", branch=Branch()), exam([1.0] * 60))]
    for _ in range(2):
        rounds.append(after(rounds, improve(0), failure="duplicate"))
    decision = tree(drafts=1, widen_after=99).next(rounds, BASE)
    assert decision is not None
    assert decision.operation == "draft"
    assert decision.branch is not None
    assert decision.branch.family
    assert decision.branch.widen


def test_mends_are_limited_and_another_branch_has_its_turn() -> None:
    rounds = play_out(tree(mend_limit=2, drafts=2), [("runtime error", 0)] * 6)
    assert [r.operation for r in rounds] == ["draft", "debug", "debug", "draft", "debug", "debug"]


def test_a_new_best_is_ablated_once_and_within_the_budget() -> None:
    search = tree(drafts=1, ablations=1, widen_after=99)
    rounds = play_out(search, [("scored", 20), ("scored", 10), ("scored", 50), ("scored", 55)])
    ablations = [r for r in rounds if r.operation == "ablate"]
    assert len(ablations) == 1
    done = ablations[0]
    assert done.parent == done.number - 1
    left_out = done.branch.without if done.branch is not None else None
    assert left_out is not None
    assert left_out in rounds[done.number - 1].shards


def test_no_ablation_without_a_budget_and_none_that_takes_most_of_the_rows() -> None:
    draft = Decision(operation="draft", branch=Branch())
    one = after([], draft, exam([1.0] * 60), shards=shards(0)[:1])
    assert tree(drafts=1, ablations=1).next([one], BASE).operation != "ablate"  # type: ignore[union-attr]
    three = after([], draft, exam([1.0] * 60))
    assert tree(drafts=1).next([three], BASE).operation != "ablate"  # type: ignore[union-attr]


def test_agents_hear_of_credit_only_where_they_hear_all_feedback() -> None:
    draft = Decision(operation="draft", branch=Branch())
    rounds = [after([], draft, exam([0.0] * 60), shards=())]
    rounds.append(after(rounds, improve(0), exam([1.0] * 60)))
    for told in (True, False):
        # Round 0 is far behind, so that the round with the credit is gone on from.
        decision = tree(drafts=1, tell_credit=told).next(rounds, BASE)
        assert decision is not None
        assert decision.branch is not None
        assert decision.parent == 1
        assert bool(decision.branch.credit) == told


@pytest.mark.parametrize("options", [{"patience": 3}, {"drafts": 0}, {"alike": 0}])
def test_options_that_make_no_search_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RunConfig(task="t", search={"kind": "tree", **options})  # type: ignore[arg-type]


def test_a_search_is_named_in_a_word() -> None:
    made = {
        name: make_search(RunConfig(task="t", search=name))  # type: ignore[arg-type]
        for name in ("greedy", "tree", "one-shot", "coursewright.search:GreedySearch")
    }
    kinds = (GreedySearch, TreeSearch, OneShotSearch, GreedySearch)
    assert tuple(map(type, made.values())) == kinds
    assert type(make_search(RunConfig(task="t"))) is GreedySearch


def test_drafts_follow_the_method_library() -> None:
    config = RunConfig(task="t", search={"kind": "tree", "drafts": 2})  # type: ignore[arg-type]
    search = make_search(config)
    first = after([], Decision(operation="draft", branch=Branch()), exam([1.0] * 60))
    decision = search.next([first], BASE)
    assert decision is not None
    assert decision.branch is not None
    assert decision.branch.method in draft_families(asks_student=True)[decision.branch.family]

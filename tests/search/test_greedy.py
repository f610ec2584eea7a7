"""Greedy search follows the study's operations."""

from coursewright.records import Round
from coursewright.search import GreedySearch, OneShotSearch
from tests.fakes import evaluation, played

BASE = evaluation(0.1)


def next_of(*rounds: Round) -> tuple[str, int | None] | None:
    decision = GreedySearch(mend_limit=3).next(rounds, BASE)
    return None if decision is None else (decision.operation, decision.parent)


def test_it_starts_with_a_draft() -> None:
    assert next_of() == ("draft", None)


def test_it_improves_the_best_not_the_latest() -> None:
    assert next_of(played(0, "draft", "scored", 0.5), played(1, "improve", "scored", 0.3)) == (
        "improve",
        0,
    )


def test_of_equals_the_earlier_is_best() -> None:
    rounds = [played(0, "draft", "scored", 0.5), played(1, "improve", "scored", 0.5)]
    best = GreedySearch().best(rounds)
    assert best is not None
    assert best.number == 0


def test_a_crash_is_debugged_and_a_thin_submission_repaired() -> None:
    assert next_of(played(0, "draft", "failed")) == ("debug", 0)
    assert next_of(played(0, "draft", "invalid")) == ("repair", 0)


def test_three_failed_mends_in_a_row_bring_a_new_draft() -> None:
    rounds = [played(0, "draft", "failed")]
    rounds += [played(n, "debug", "failed") for n in (1, 2)]
    assert next_of(*rounds) == ("debug", 2)
    assert next_of(*rounds, played(3, "repair", "invalid")) == ("draft", None)


def test_mends_before_a_success_do_not_count() -> None:
    rounds = [played(n, "debug", "failed") for n in range(3)]
    rounds += [played(3, "draft", "scored", 0.2), played(4, "improve", "failed")]
    assert next_of(*rounds) == ("debug", 4)


def test_one_shot_ends_with_the_first_valid_submission() -> None:
    search = OneShotSearch()
    failed = played(0, "one-shot", "failed")
    decision = search.next([failed], BASE)
    assert decision is not None
    assert decision.operation == "one-shot"
    assert search.next([failed, played(1, "one-shot", "scored", 0.2)], BASE) is None

"""What a person reads first of a result."""

from typing import Any

import pytest

from coursewright.records import (
    Confirmation,
    NearVisible,
    NoiseFloor,
    Result,
    SmallestSet,
)
from coursewright.summary import lines
from tests.export.runs import result


def said(**fields: Any) -> str:
    return "\n".join(lines(result("r", "d").model_copy(update=fields)))


def corrected(score: float) -> dict[str, Any]:
    final = result("r", "d").final
    assert final is not None
    return {"final": final.model_copy(update={"scored_corrected": score})}


def test_the_verdict_stands_beside_the_gain() -> None:
    assert "worse, p = 1e-09" in said(verdict="worse", improved=False)
    assert "sees gains from 9.5 points" in said(
        verdict="inconclusive", minimum_detectable_points=9.5
    )
    assert "sees gains" not in said(verdict="improved", minimum_detectable_points=9.5)


def test_a_result_from_before_there_were_verdicts_is_still_told() -> None:
    old = Result.model_validate(result("r", "d").model_dump(exclude_defaults=True))
    assert old.verdict is None
    assert "improved, p = 1e-09" in "\n".join(lines(old))


def test_parts_seeds_and_correction_are_told_where_they_are_known() -> None:
    told = said(gain_parts={"format": 12.0, "ability": 18.0}, training_seed_sd_points=1.25)
    assert "+12.0 where answers became readable, +18.0 where they already were" in told
    assert "another training seed moves it by 1.2 points" in told
    assert "41.0% corrected for the choice" in said(**corrected(0.41))
    assert "corrected" not in said()
    assert "training seed" not in said()


def test_a_rule_that_scores_as_much_is_said_beside_the_gain_and_no_other() -> None:
    told = said(baselines={"keyword-rule": 0.99, "constant-expression": 0.01})
    assert (
        "beware     A rule that does not understand the question scores as much: keyword-rule"
        in told
    )
    assert "keyword-rule: 99.0%  <- not beaten" in told
    assert "constant-expression: 1.0%\n" in told
    assert "beware" not in said(baselines={"keyword-rule": 0.01})


def test_how_much_of_the_gain_lies_near_visible_items_is_told() -> None:
    near = NearVisible(
        items=30,
        others=10,
        part_points=15.0,
        gain_points=20.0,
        gain_points_ci95=(10.0, 30.0),
        others_gain_points=2.0,
        others_gain_points_ci95=(-20.0, 24.0),
    )
    told = said(near_visible=near)
    assert (
        "+20.0 on the 30 private items that resemble a visible one, +2.0 (-20.0 to +24.0)" in told
    )
    assert "resembles a visible one" in said(
        near_visible=NearVisible(items=0, others=4, part_points=0)
    )
    assert "resemble" not in said()


def test_a_run_without_a_data_set_says_why_where_to_look_and_has_no_audit() -> None:
    nothing = result("r", "d").model_copy(
        update={"status": "no-valid-submission", "base": None, "final": None, "audit": "unresolved"}
    )
    told = "\n".join(lines(nothing, ["Round 0 came closest."]))
    assert "Round 0 came closest." in told
    assert "coursewright report r" in told
    assert "audit      none, no data set;" in told
    assert "unresolved" not in told


def test_what_the_agent_heard_and_what_was_confirmed_is_told_in_words_that_count() -> None:
    again = Confirmation(
        queries=1,
        alpha=0.05,
        base=0.2,
        scored=0.5,
        difference_points=30.0,
        ci95=(20.0, 40.0),
        p_value=0.001,
        verdict="improved",
    )
    noise = NoiseFloor(seeds=3, sd_points=0.94, step_points=6.7)
    told = said(confirmation=again, noise=noise, scored_queries=2)
    assert "p = 0.001; below 0.05 counts, chosen among 1 data set\n" in told
    assert "another training seed alone moves a scored mean by 0.9 points" in told
    assert "scored means told to the agent: 2, rounded to steps of 6.7 points" in told


@pytest.mark.parametrize(
    ("openings", "p_value", "runs", "words"),
    [
        (
            58,
            0.0001,
            "58 runs",
            "even picked as the best of these, its gain stands (58 x p = 0.0058)",
        ),
        (58, 0.01, "58 runs", "picked as the best of these, its gain may be luck (58 x p = 0.58)"),
        (1, 0.04, "1 run", "cells of studies counted too\n"),
    ],
)
def test_openings_are_weighed_against_the_claim(
    openings: int, p_value: float, runs: str, words: str
) -> None:
    told = said(protocol="guarded", improved=True, private_openings=openings, p_value=p_value)
    assert f"opened by {runs} on this machine, cells of studies counted too" in told
    assert words in told


def test_too_few_groups_are_said() -> None:
    assert "few groups" in said(few_groups=True)
    assert "few groups" not in said()


def test_a_smallest_set_is_told_with_what_it_keeps_and_how_sure_that_is() -> None:
    found = SmallestSet(
        keep=0.95,
        of=600,
        rows=90,
        share=0.15,
        trainings=7,
        confirmed=True,
        gain_kept=0.97,
        gain_kept_ci95=(0.82, 1.13),
    )
    told = "90 of 600 rows (15%) keep 97% of the gain on private (95 % interval 82% to 113%)"
    assert f"smallest   {told}; confirmed on other training seeds; 7 trainings" in said(
        smallest=found
    )
    assert "NOT confirmed" in said(smallest=found.model_copy(update={"confirmed": False}))
    assert "one training seed alone" in said(smallest=found.model_copy(update={"confirmed": None}))
    no_gain = found.model_copy(update={"gain_kept": None, "gain_kept_ci95": None})
    assert "on private there is no gain to keep" in said(smallest=no_gain)
    assert "smallest" not in said()


def test_why_there_is_no_smallest_set_is_told_in_a_line() -> None:
    told = said(smallest=SmallestSet(keep=0.95, of=600, trainings=3, problem="nothing kept it"))
    assert "smallest   none: nothing kept it; 3 trainings" in told

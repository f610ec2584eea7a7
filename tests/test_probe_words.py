"""Probes are told in words wherever a result is: at the end of a run, and on the card."""

from coursewright.records import ProbeScores, Result
from coursewright.summary import lines
from tests.export.runs import result

SAT = {
    "renumbered": ProbeScores(
        items=168, base=0.3, final=0.4, gain_points=10.0, gain_points_ci95=(3.0, 17.0)
    )
}


def told(**fields: object) -> str:
    made = result("r", "0" * 64).model_copy(update={"probes": SAT, **fields})
    return "\n".join(lines(made))


def test_robust_gain_and_forgetting_are_told_with_their_intervals() -> None:
    text = told(
        robust_gain_points=10.0,
        robust_gain_points_ci95=(3.0, 17.0),
        forgetting_points=41.5,
        forgetting_points_ci95=(30.0, 50.0),
        exam_only=False,
    )
    assert "robust     +10.0 points (95 % interval +3.0 to +17.0)" in text
    assert "forgot     41.5 points (95 % interval 30.0 to 50.0)" in text
    assert "the exam's items with other numbers (renumbered): base 30.0% -> student 40.0%" in text
    assert "beware     It forgot 41.5 points of what it could do before" in text
    assert "less than half of the gain" not in text


def test_a_gain_of_the_exam_alone_is_said_loudly() -> None:
    text = told(robust_gain_points=1.0, robust_gain_points_ci95=(-3.0, 5.0), exam_only=True)
    assert "beware     Less than half of the gain is left" in text


def test_a_result_of_before_probes_still_loads_and_says_nothing_of_them() -> None:
    old = result("r", "0" * 64).model_dump(mode="json", by_alias=True)
    for name in [
        name for name in old if name.startswith(("probes", "robust", "forg", "exam_only"))
    ]:
        del old[name]
    text = "\n".join(lines(Result.model_validate(old)))
    assert "robust" not in text
    assert "forgot" not in text

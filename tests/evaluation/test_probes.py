"""What probes show: robust gain, forgetting, and the label for a gain of the exam alone."""

from random import Random

import pytest

from coursewright.evaluation.probes import contrast, exam_only, weigh_probes
from coursewright.records import Answered, Evaluation, Outcome, Sitting


def sat(name, scores, groups=None):
    """An evaluation with these scores."""
    results = tuple(
        Answered(
            id=f"{name}{at}",
            group=groups[at] if groups else f"{name}{at}",
            output="",
            score=score,
            readable=True,
        )
        for at, score in enumerate(scores)
    )
    accuracy = sum(scores) / len(scores)
    return Evaluation(split=name, results=results, accuracy=accuracy, readable=1.0, seconds=0.0)


def drawn(name, share, items, rng, groups=None):
    """An evaluation of a student that is right with this probability."""
    return sat(name, [float(rng.random() < share) for _ in range(items)], groups)


def outcome(base, final, probes_base, probes_final):
    """An outcome as the loop hands it back, as far as probes are concerned."""
    return Outcome(
        base=tuple(sat(s, [base] * 50) for s in ("visible", "scored", "private")),
        rounds=(),
        final=tuple(sat(s, [final] * 50) for s in ("visible", "scored")),
        private=(sat("private", [final] * 50),),
        probes=tuple(
            Sitting(evaluations={name: sat(name, [score] * 50) for name, score in probes.items()})
            for probes in (probes_base, probes_final)
        ),
    )


def gains(share, items, rng, groups=None):
    """Gains of a student that wins this share of items and changes nothing else."""
    names = groups or [str(at) for at in range(items)]
    return [(name, float(rng.random() < share)) for name in names]


def test_robust_gain_is_that_of_all_items_of_both_twins():
    before = {"renumbered": 0.0, "rephrased": 0.0, "sibling": 0.0}
    after = {"renumbered": 1.0, "rephrased": 0.5, "sibling": 1.0}
    fields = weigh_probes(outcome(0.0, 1.0, before, after))
    assert fields["robust_gain_points"] == pytest.approx(75.0)
    assert fields["probes"]["sibling"].gain_points == 100.0
    assert fields["exam_only"] is False
    assert "forgetting_points" not in fields


def test_forgetting_is_a_loss_and_its_interval_lies_around_it():
    rng = Random(0)
    base = Sitting(evaluations={"abilities": drawn("abilities", 0.8, 150, rng)})
    final = Sitting(evaluations={"abilities": drawn("abilities", 0.3, 150, rng)})
    fields = weigh_probes(Outcome(base=(), rounds=(), probes=(base, final)))
    low, high = fields["forgetting_points_ci95"]
    assert low < fields["forgetting_points"] < high
    lost = base.evaluations["abilities"].accuracy - final.evaluations["abilities"].accuracy
    assert fields["forgetting_points"] == pytest.approx(100 * lost)
    assert low > 0
    assert "exam_only" not in fields


def test_without_probes_nothing_is_said():
    assert weigh_probes(Outcome(base=(), rounds=())) == {}


def test_a_gain_that_the_twins_do_not_show_is_the_exams_alone():
    after = {"renumbered": 0.0, "rephrased": 0.2}
    fields = weigh_probes(outcome(0.0, 0.9, {"renumbered": 0.0, "rephrased": 0.0}, after))
    assert fields["exam_only"] is True


@pytest.mark.parametrize(("kept", "most"), [(1.0, 0.0), (0.7, 0.0), (0.5, 0.025)])
def test_a_gain_of_which_half_is_kept_is_rarely_called_the_exams_alone(kept, most):
    """At exactly half, the label errs in at most 2.5 % of samples."""
    rng = Random(1)
    wrong = sum(
        exam_only([gains(0.4, n, rng) for n in (150, 300, 1300)], gains(0.4 * kept, 336, rng))
        for _ in range(300)
    )
    assert wrong / 300 <= most + 0.02


def test_no_gain_is_nobodys():
    rng = Random(2)
    noise = [[(str(at), rng.choice((-1.0, 0.0, 1.0))) for at in range(300)] for _ in range(3)]
    assert not exam_only(noise, gains(0.0, 300, rng))


def test_the_error_of_a_contrast_is_that_of_repeated_samples():
    """Shared groups: half the items of a probe come from items of the exam."""
    rng, values, errors = Random(3), [], []
    for _ in range(400):
        luck = {str(at): rng.random() < 0.5 for at in range(200)}
        exam = [(g, float(lucky or rng.random() < 0.2)) for g, lucky in luck.items()]
        probe = [(g, float(luck[g] or rng.random() < 0.1)) for g in list(luck)[:100]]
        value, error = contrast(exam, probe, 0.5, 1.0)
        values.append(value)
        errors.append(error)
    mean = sum(values) / len(values)
    spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    assert sum(errors) / len(errors) == pytest.approx(spread, rel=0.12)


def test_too_few_groups_show_nothing():
    exam = [("one", 1.0)] * 100
    assert not exam_only([exam], [("one", 0.0)] * 100)

"""What docs/statistics.md promises, at a size that a test can afford; in full in benchmarks."""

from benchmarks.exam_statistics import UNEQUAL, Design, Race, correction, coverage, false_claims


def test_intervals_hold_the_expected_gain_where_accuracies_are_skewed() -> None:
    found = coverage(Design(40, 0.05, 0.95, UNEQUAL), 1000)
    assert 0.935 < found["points"] < 0.975
    assert min(found["below"], found["above"]) > 0.003


def test_thirty_equally_good_rounds_are_rarely_called_an_improvement() -> None:
    found = false_claims(Race(Design(100, 0.5, 0.5, (3,))), 100)
    assert found["higher"] > 0.8  # the best of thirty nearly always looks better
    assert found["claimed"] <= 0.07  # 2.5 % of 100, plus three standard deviations


def test_the_corrected_score_is_nearer_the_truth_than_the_one_seen() -> None:
    found = correction(30, 0.5, 0.05, (1,), 60)
    assert found["seen"] > 3.5
    assert abs(found["corrected"]) < 0.6 + 3 * found["standard_error"]

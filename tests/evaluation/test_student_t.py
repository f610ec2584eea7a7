"""Student's t as the tables have it."""

import pytest

from coursewright.evaluation.student_t import t_cdf, t_quantile


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (2, 4.30265), (7, 2.36462), (1e9, 1.95996)]
)
def test_student_t_matches_the_tables(freedom: float, quantile: float) -> None:
    assert t_quantile(freedom) == pytest.approx(quantile, rel=1e-4)
    assert t_cdf(quantile, freedom) == pytest.approx(0.975, abs=1e-5)
    assert t_cdf(0, freedom) == pytest.approx(0.5)

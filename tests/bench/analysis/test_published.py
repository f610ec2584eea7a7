"""The published figures are checked by what they show of themselves."""

import pytest

from coursewright.bench.analysis.published import CONDITIONS, published, remarks


def test_every_published_row_has_every_condition() -> None:
    figures = published()
    assert all(tuple(row) == CONDITIONS for row in figures.table.values())
    assert "arXiv" in figures.source


def test_our_copy_is_consistent_and_its_surprises_are_said() -> None:
    said = "\n".join(remarks(published()))
    assert "INCONSISTENT" not in said
    assert "Claude-4-Sonnet iterative seed 73.26" in said
    assert "Gemini-2.5-Pro (49.50 against 57.97)" in said
    assert "GPT-5.2 (56.01 against 57.29)" in said
    assert "iterative scratch 29.6 %" in said


@pytest.mark.parametrize(
    ("gain", "mats", "said"),
    [
        ((57.0, 1.51), (40.73, 1.67), "the headline gives GPT-5.2 57.29 %, the table 57.00 %"),
        ((57.29, 1.51), (40.73, 1.60), "MATS 1.60 is no mean of 6 whole numbers"),
        ((57.29, 0.51), (40.73, 1.67), "MATS under 1"),
    ],
)
def test_an_inconsistent_figure_is_flagged(
    gain: tuple[float, float], mats: tuple[float, float], said: str
) -> None:
    figures = published()
    row = {**figures.table["GPT-5.2"], "iterative scratch": gain, "one-shot scratch": mats}
    wrong = figures.model_copy(update={"table": {**figures.table, "GPT-5.2": row}})
    (flag,) = (line for line in remarks(wrong) if "INCONSISTENT" in line)
    assert said in flag

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.scoring.equations import false_equations, numbers_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12 * 7 = 84", (1, 0)),
        ("12 * 7 = 85", (1, 1)),
        ("20 - 8 = 12, 12 / 4 = 3", (2, 0)),
        ("so 3 + 4 = 7. Then 7 * 2 = 15", (2, 1)),
        ("He has 48/2 = <<48/2=24>>24 clips", (1, 0)),
        ("He drove .5*2=1 mile, $1,200 + $300 = $1,500", (2, 0)),
        ("10 / 3 = 3.33", (1, 0)),
        ("10 / 3 = 3.4", (1, 1)),
        ("10 / 4 = 3", (1, 0)),
        ("10 / 4 = 1", (1, 1)),
        ("5 - 7 = -2", (1, 0)),
        ("2x + 3 = 7", (0, 0)),
        ("20% * 50 = 10", (0, 0)),
        ("x = 4", (0, 0)),
        ("3 + 4 = 2 * 3.5", (0, 0)),
        ("1 / 0 = 5", (0, 0)),
        ("", (0, 0)),
    ],
)
def test_equations_of_numbers_are_found_and_worked_out(text: str, found: tuple[int, int]) -> None:
    assert false_equations(text) == found


@given(st.text(alphabet="0123456789+-*/=.,() \n$%x<>", max_size=200))
def test_any_text_is_read(text: str) -> None:
    held, false = false_equations(text)
    assert 0 <= false <= held
    numbers_in(text)


@given(st.integers(0, 999), st.integers(1, 999), st.integers(1, 50))
def test_a_changed_result_is_false(left: int, right: int, slip: int) -> None:
    assert false_equations(f"Note: {left} + {right} = {left + right}") == (1, 0)
    assert false_equations(f"Note: {left} + {right} = {left + right + slip}") == (1, 1)


def test_numbers_are_read_without_their_commas() -> None:
    assert numbers_in("1,200 km in 2.5 hours, 3 of them") == {
        Fraction(1200),
        Fraction("2.5"),
        Fraction(3),
    }

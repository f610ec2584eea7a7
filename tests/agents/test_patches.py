"""Differences are applied as a whole, where they fit, or not at all."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.agents.patches import PatchError, apply_patch, looks_like_patch

# Few different lines, so that most of them stand in a file more than once.
lines = st.lists(st.sampled_from(["a", "b", "  c", "", "-- d", "++ e", "x = 1"]), max_size=30)


def difference(old: list[str], new: list[str], context: int = 3) -> str:
    return "\n".join(difflib.unified_diff(old, new, "code.py", "code.py", "", "", context, ""))


@settings(max_examples=300, deadline=None)
@given(lines.filter(lambda told: any(map(str.strip, told))), lines, st.integers(1, 3))
def test_what_difflib_says_gives_the_other_file(
    old: list[str], new: list[str], context: int
) -> None:
    old, new = ["first", *old, "last"], ["first", *new, "last"]
    patch = difference(old, new, context)
    if old != new:
        assert apply_patch(patch, "\n".join(old)) == "\n".join(new) + "\n"


def test_trailing_blanks_that_a_model_lost_do_not_matter() -> None:
    patch = "@@\n a\n\n-b\n+c\n"
    assert looks_like_patch(patch)
    assert apply_patch(patch, "a  \n \nb\n") == "a\n\nc\n"


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        ("@@ -1 +1 @@\n-a\n+b\n", "no earlier program"),
        ("@@ -1 +1 @@\n-z\n+b\n", "hunk 1"),
        ("@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-z\n+b\n", "hunk 2"),
        ("@@\n-twice\n+once\n", "hunk 1"),
        ("@@ -1 +1 @@\n a\n", "without any changed line"),
    ],
)
def test_one_that_does_not_fit_is_refused(patch: str, why: str) -> None:
    source = "" if "earlier" in why else "a\ntwice\nb\ntwice\n"
    with pytest.raises(PatchError, match=why):
        apply_patch(patch, source)

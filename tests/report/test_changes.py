"""Two rounds side by side: nothing lost, nothing invented."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from coursewright.report import read_story
from coursewright.report.changes import changes, side_by_side
from coursewright.store import RunFolder
from tests.report.stories import make_run

texts = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=30).map("\n".join)


@given(texts, texts)
def test_each_side_holds_its_text_in_order(left: str, right: str) -> None:
    lines = side_by_side(left, right)
    if left == right:
        assert lines == []
        return
    for text, side, other in ((left, "left", "new"), (right, "right", "gone")):
        shown = [getattr(one, side) for one in lines if one.kind not in ("skipped", other)]
        skipped = sum(int(one.left.split()[0]) for one in lines if one.kind == "skipped")
        whole = text.splitlines()
        rest = iter(whole)
        assert all(any(line == candidate for candidate in rest) for line in shown)
        # What follows the last change is not shown, and not counted.
        assert len(shown) + skipped <= len(whole)


@given(texts, texts)
def test_a_line_that_only_one_text_has_is_shown(left: str, right: str) -> None:
    lines = side_by_side(f"{left}\nonly here", f"{right}\nonly there")
    assert any(line.left == "only here" and line.kind != "same" for line in lines)
    assert any(line.right == "only there" and line.kind != "same" for line in lines)


def test_rows_and_items_that_came_and_went_are_counted(tmp_path: Path) -> None:
    story = read_story(RunFolder(make_run(tmp_path)))
    found = {change.after.number: change for change in changes(story)}
    assert set(found) == {1, 2, 3}
    first = found[1]
    assert (first.rows_kept, len(first.gained), len(first.lost)) == (30, 30, 30)
    assert len(first.fixed) - len(first.broken) == 1
    assert found[2].fixed == found[2].broken == (), "the round that failed has no answers"

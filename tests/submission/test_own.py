"""The data set that the user already has: the same strict intake, and how it is mixed in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursewright.errors import ConfigError
from coursewright.records import Row, RowLimits, TracedRow
from coursewright.store import Artifacts, put_rows, read_rows
from coursewright.submission import OwnDataSet, SubmissionIntake

SAMPLE = (Row(instruction="i", input="q", output="a"),)


def own(folder: Path, content: str | None, maximum: int = 10) -> OwnDataSet:
    artifacts = Artifacts(folder)
    file = folder / "mine.jsonl"
    if content is not None:
        file.write_text(content)
    intake = SubmissionIntake(artifacts, RowLimits(minimum=1, maximum=maximum), SAMPLE, ("</s>",))
    return OwnDataSet(file, artifacts, intake, maximum=maximum, mixed=True)


def line(question: str, **more: str) -> str:
    return json.dumps({"instruction": "i", "input": question, "output": "a", **more})


def test_bad_rows_are_refused_with_their_reasons_and_the_rest_is_taken(tmp_path: Path) -> None:
    content = "\n".join([line("one"), line("two</s>"), "{", line("one"), line("three")])
    found = own(tmp_path, content).collect()
    assert (found.kept, found.read, found.error) == (2, 5, None)
    assert set(found.dropped) == {"special token", "not valid JSON", "duplicate"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "no such file"),
        ("", "submission is empty"),
        ('{"question": "q"}', "row 1"),
        ("hello", "neither a JSON list"),
        ("\0\0\0", "NUL"),
    ],
)
def test_a_file_without_a_usable_row_is_told_in_a_line(
    content: str | None, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        own(tmp_path, content).collect()
    assert "mine.jsonl" in str(caught.value)
    assert "[incumbent]" in str(caught.value)
    assert "\n" not in str(caught.value)


texts = st.sampled_from(["one", "two", "three", " two ", "four"])


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60
)
@given(st.lists(texts, max_size=8), st.lists(texts, max_size=8), st.integers(1, 12))
def test_mixing_keeps_the_submission_first_and_whole_and_adds_what_is_new(
    tmp_path_factory: pytest.TempPathFactory, theirs: list[str], mine: list[str], room: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    data = own(folder, None, maximum=room)
    made = [TracedRow(instruction="i", input=t, output="a", response="r") for t in theirs[:room]]
    given_rows = [TracedRow(instruction="i", input=t, output="a") for t in dict.fromkeys(mine)]
    artifacts = Artifacts(folder)
    mixed = read_rows(
        artifacts, data.added_to(put_rows(artifacts, made), put_rows(artifacts, given_rows))
    )
    assert list(mixed[: len(made)]) == made
    assert len(mixed) <= room
    added = [row.input.strip() for row in mixed[len(made) :]]
    assert not set(added) & {t.strip() for t in theirs[:room]}
    assert all(row.response is None for row in mixed[len(made) :])

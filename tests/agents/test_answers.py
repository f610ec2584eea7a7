"""Answers as models really give them, and any other text: a proposal, never a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.agents.answers import read_answer
from coursewright.records import Proposal

SPECIMENS = Path(__file__).parent / "specimens"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((SPECIMENS / "expected.yaml").read_text())
PROGRAM = (SPECIMENS / "program.py.txt").read_text()


def read(name: str) -> Proposal:
    told = EXPECTED[name]
    # Bytes: the specimen's line ends are part of it. A lone surrogate can come out of JSON.
    text = (SPECIMENS / f"{name}.txt").read_bytes().decode("utf-8", "surrogatepass")
    earlier = PROGRAM if told.get("earlier") else ""
    return read_answer(text, truncated=told.get("truncated", False), earlier=earlier)


def test_every_specimen_has_its_line_and_there_are_many() -> None:
    names = {path.stem for path in SPECIMENS.glob("*.txt")} - {"program.py"}
    assert names == set(EXPECTED)
    assert len(names) >= 40


@pytest.mark.parametrize("name", EXPECTED)
def test_specimen(name: str) -> None:
    told, found = EXPECTED[name], read(name)
    assert found.failure == told.get("failure"), found
    if "code" in told:
        assert found.code == PROGRAM
    for part in told.get("contains", ()):
        assert part in found.code
    for part in told.get("lacks", ()):
        assert part not in found.code
    assert told.get("plan", "") in found.plan
    if told.get("plan") == "":
        assert found.plan == ""
    assert told.get("analysis", "") in found.analysis
    assert told.get("message", "") in found.message
    assert "```" not in found.code or "JSON" not in found.code
    found.model_dump_json()


def test_thoughts_are_in_no_part_of_the_proposal() -> None:
    found = read("reasoning-block")
    assert "Better use the teacher" not in found.model_dump_json()


def test_a_failed_answer_is_kept_for_the_record_but_bounded() -> None:
    found = read_answer("I cannot. " * 10_000)
    assert found.analysis.startswith("I cannot.")
    assert len(found.analysis) < 5_000


PIECES = [
    "```",
    "```python\n",
    "````\n",
    "~~~",
    "<think>",
    "</think>\n",
    "<plan>\n",
    "</plan>\n",
    "{",
    '{"code": "',
    '"}',
    "@@ -1 +1 @@\n",
    "-a\n",
    "+b\n",
    "import os\n",
    "save_rows(",
    ")\n",
    '"""',
    "\r\n",
    "\x00",
    "## Plan\n",
    "    x = 1\n",
    "((((",
]
any_answer = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=40).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(any_answer, st.booleans(), st.sampled_from(["", PROGRAM, "-a\nb"]))
def test_any_text_gives_a_proposal_that_can_be_stored(
    text: str, truncated: bool, earlier: str
) -> None:
    found = read_answer(text, truncated=truncated, earlier=earlier)
    assert (found.failure is None) == bool(found.code.strip())
    assert bool(found.message) == (found.failure is not None)
    found.model_dump_json().encode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "```python\n" * 30_000,
        "```\n" * 50_000,
        "<plan>\n" * 30_000,
        "{" * 200_000,
        '{"code": ' * 30_000,
        "\n" * 200_000,
        "#" * 200_000,
        "(" * 200_000,
        "import a\n" * 20_000 + "```",
        "-" * 150_000 + "1",
        "```\nx = " + "-" * 150_000 + "1\n```",
        "@@ -1 +1 @@\n-a\n+b\n" * 5_000,
    ],
    ids=map(str, range(12)),
)
@pytest.mark.timeout(20)
def test_a_hostile_answer_is_read_in_bounded_time(text: str) -> None:
    read_answer(text, earlier=PROGRAM)

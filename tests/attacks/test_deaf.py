"""A program that hears no signal and looks at no clock dies at its deadline all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks import house
from tests.attacks.conftest import LEVELS, require

pytestmark = pytest.mark.long


@pytest.mark.parametrize("level", LEVELS)
def test_a_program_that_hears_nothing_ends_at_its_deadline(
    level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require(level)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-this-test")
    with house.upstream() as server:
        siege = house.besiege(tmp_path, level, ["deaf"], server, seconds=6.0)
    played = siege.rounds["deaf"]
    assert played.status == "failed"
    assert played.failure == "execution timeout"
    assert played.execution is not None
    assert played.execution.status == "timeout"
    assert "begun" in played.execution.stdout
    assert siege.aftermath["deaf"].orphans == []
    assert siege.result.status == "no-valid-submission"

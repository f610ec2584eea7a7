"""Where the user's cache and state lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.store import cache_folder, state_folder
from coursewright.store.places import CACHE, STATE


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (CACHE, STATE, "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_they_follow_the_xdg_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/coursewright")
    assert state_folder() == Path("/home/somebody/.local/state/coursewright")
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert state_folder() == Path("/elsewhere/coursewright")
    monkeypatch.setenv("XDG_STATE_HOME", "a/relative/path")  # to be ignored, it says
    assert state_folder() == Path("/home/somebody/.local/state/coursewright")


def test_our_own_variable_names_the_folder_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    monkeypatch.setenv(CACHE, str(tmp_path))
    assert cache_folder() == tmp_path

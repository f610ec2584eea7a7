"""Folders of the user's, outside any run: what may be made again, and what must be remembered.

After the XDG base directory specification; `COURSEWRIGHT_CACHE` and `COURSEWRIGHT_STATE` name
other folders.
"""

from __future__ import annotations

import os
from pathlib import Path

CACHE, STATE = "COURSEWRIGHT_CACHE", "COURSEWRIGHT_STATE"


def cache_folder() -> Path:
    """Return where things are kept that cost time to make; it may be deleted at any time."""
    return _place(CACHE, "XDG_CACHE_HOME", ".cache")


def state_folder() -> Path:
    """Return where is kept what nothing could restore."""
    return _place(STATE, "XDG_STATE_HOME", ".local/state")


def _place(own: str, shared: str, usual: str) -> Path:
    if named := os.environ.get(own):
        return Path(named).absolute()
    # A relative path there is to be ignored, says the specification.
    base = Path(os.environ.get(shared, ""))
    return (base if base.is_absolute() else Path.home() / usual) / "coursewright"

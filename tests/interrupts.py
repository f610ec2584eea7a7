"""Ctrl-C for processes that tests start."""

from __future__ import annotations

import signal


def hear_interrupts() -> None:
    """For `preexec_fn`: what a shell starts in the background ignores them, children too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

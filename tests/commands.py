"""Commands of the command line, carried out in this process: a process of its own costs a second.

What is about processes (kills, signals, what is imported when) starts one instead.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from dataclasses import dataclass

import pytest

from coursewright.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


def cw(*arguments: str) -> Done:
    """Run one command to its end, from its arguments to its exit code."""
    code = 0
    before = signal.getsignal(signal.SIGTERM)
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        patch.setattr(sys, "argv", ["coursewright", *arguments])
        try:
            main()
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
        finally:
            signal.signal(signal.SIGTERM, before)
    return Done(code, out.getvalue(), err.getvalue())

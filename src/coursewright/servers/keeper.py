"""Runs a command for as long as somebody holds the other end of standard input.

    python -I keeper.py COMMAND [ARGUMENT ...]

A supervisor that is killed lets go of that end: the command's whole process group then ends too,
so that no server outlives its run. Standard library alone; this file is run, not imported.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

PATIENCE_SECONDS = 10.0


def main() -> None:
    """Run the command to its end, or to the end of standard input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to handle
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
    code = child.wait()
    _kill(child.pid, signal.SIGKILL)  # what it left behind
    os._exit(code if code >= 0 else 128 - code)


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    _kill(child.pid, signal.SIGTERM)
    threading.Timer(PATIENCE_SECONDS, _kill, (child.pid, signal.SIGKILL)).start()


def _kill(group: int, how: signal.Signals) -> None:
    try:
        os.killpg(group, how)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()

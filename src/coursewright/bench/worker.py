"""One job of a study in a process of its own: `python -m coursewright.bench.worker`.

The order is one JSON line on standard input, which stays open: its end is the end of whoever gave
the order, and ends this process too. What happens is said on standard error, in plain lines.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from coursewright import runs
from coursewright.bench.baselines import Direct
from coursewright.bench.baselines.direct import sit
from coursewright.config import RunConfig
from coursewright.display import Plain
from coursewright.errors import CoursewrightError, RunHeld
from coursewright.records import Record
from coursewright.store import write_file

_HELD_SECONDS = 30.0
"""How long a run may still be held by a process that was killed together with its study."""
_LAST_SECONDS = 20.0


class Order(Record):
    """What a worker is told to do."""

    name: str
    config: RunConfig
    direct: Direct | None = None
    result: Path
    """Where the result of a baseline without rounds goes."""


def main() -> int:
    """Carry out one order; the exit codes are those of the command line."""
    signal.signal(signal.SIGTERM, _stop)
    order = Order.model_validate_json(_first_line())
    threading.Thread(target=_watch_giver, daemon=True).start()
    try:
        carry_out(order)
    except CoursewrightError as error:
        _say(" ".join(str(error).split()))
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    return 0


def carry_out(order: Order) -> None:
    """Make a run, go on with it, or measure a baseline.

    Raises:
        CoursewrightError: whatever can stop a run.
    """
    progress = Plain()
    if order.direct is not None:
        ledger = order.result.with_suffix(".sqlite")
        sitting = sit(order.direct, order.config, ledger, progress)
        write_file(order.result, sitting.model_dump_json())
        return
    deadline = time.monotonic() + _HELD_SECONDS
    while True:
        try:
            if (order.config.runs / order.name).exists():
                runs.resume(
                    order.name,
                    order.config.runs,
                    progress,
                    shared=order.config.shared,
                    executor=order.config.executor.model_dump(),
                )
            else:
                runs.run(order.config.model_copy(update={"name": order.name}), progress)
        except RunHeld:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n") and (piece := os.read(0, 65536)):
        line += piece
    return line


def _watch_giver() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LAST_SECONDS)
    os._exit(130)


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(f"coursewright: {line}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

"""The worker process: reads requests as JSON lines, trains and answers, writes events.

    python -m coursewright.student.worker DEVICE [PARENT]

Standard output carries the protocol alone: whatever a library prints goes to standard error.
The worker ends when its standard input does, whatever it is doing then.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from coursewright.errors import ConfigError, StageFailed

Say = Callable[[dict[str, Any]], None]

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main() -> None:
    """Serve until the supervisor is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to handle
    if len(sys.argv) > 2:
        _die_with(int(sys.argv[2]))
    say = _take_standard_output()
    requests = _listen(sys.stdin.buffer)
    # Thousands of modules and no garbage: looking for it would be a fifth of the start. Nor is
    # any of them looked at again later.
    gc.disable()
    try:
        from coursewright.student import (
            generation,
            hardware,
            likelihood,
            merging,
            sampling,
            training,
        )
    except ImportError as error:
        say(_refusal(f"cannot import {error.name or error}; install coursewright[train]", "config"))
        return
    gc.freeze()
    gc.enable()
    answerer = generation.Answerer()
    serve: dict[str, Callable[..., dict[str, Any]]] = {
        "train": training.Tuner().train,
        "answer": answerer.answer,
        "likelihood": likelihood.Reader(answerer).likelihood,
        "converse": sampling.Sampler(answerer).converse,
        "rest": answerer.rest,
        "render": generation.render_all,
        "merge": merging.merge,
        "dtype": lambda say, found, wanted: {"dtype": found.dtype(wanted)},
        "wait": lambda say, found: {},
    }
    hardware.quieten()
    found = hardware.look(sys.argv[1])
    while True:
        request = requests.get()
        stage = request.pop("do")
        try:
            say({"event": "result", "result": serve[stage](say, found, **request)})
        except ConfigError as refused:
            say(_refusal(str(refused), "config", stage))
        except StageFailed as refused:
            say(_refusal(str(refused), "stage", stage))
        except Exception as error:
            traceback.print_exc()
            # Neither is the data's fault: the run stops, and can go on when there is room.
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            kind = "storage" if full else "memory" if hardware.is_out_of_memory(error) else "stage"
            say(_refusal(f"{type(error).__name__}: {error}", kind, stage))


def _refusal(message: str, kind: str, stage: str = "train") -> dict[str, Any]:
    return {"event": "error", "kind": kind, "stage": stage, "message": message}


def _take_standard_output() -> Say:
    """Keep standard output for the protocol, and send everybody else's to standard error."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        lines.write(json.dumps(message) + "\n")

    return say


def _listen(stream: BinaryIO) -> queue.Queue[dict[str, Any]]:
    """Read requests on a thread of its own, so that the end of input ends even a long training."""
    requests: queue.Queue[dict[str, Any]] = queue.Queue()

    def read() -> None:
        for line in stream:
            requests.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return requests


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies (Linux; elsewhere input ends)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


if __name__ == "__main__":
    main()

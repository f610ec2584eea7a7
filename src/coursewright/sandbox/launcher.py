"""The first thing that runs in the sandbox: gives up rights, then runs the program.

Or, in a command agent's jail, turns into the agent's command.

    python -s -P -S -u -X utf8 launcher.py FD

`FD` holds a JSON object with the settings below. The launcher is copied out of the package and
stands alone. It runs without `-I` on purpose: that switch would ignore PYTHONHASHSEED, and a
program whose sets come out in another order each time cannot be reproduced. The environment is
written by the sandbox from nothing, so there is no other PYTHON* variable to be ignored.

It forks first: the parent is the program's keeper and tells the supervisor how it ended. At L3
the keeper is the first process of the namespace. At the other levels it stays outside the walls,
adopts what the program leaves behind, and kills all of it when the program ends or when the
supervisor is gone.
"""

from __future__ import annotations

import builtins
import contextlib
import faulthandler
import hashlib
import itertools
import json
import linecache  # noqa: F401 - loaded before the walls go up, for tracebacks
import os
import select
import site
import sys
import threading
import time
import traceback
import types
from collections.abc import Iterator
from typing import Any, NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

# Both lie beside this file, wherever that is now.
import confine  # type: ignore[import-not-found]  # noqa: E402
import tree  # type: ignore[import-not-found]  # noqa: E402

BROKEN = 86
"""Exit status of a launcher that could not shut itself in. The program did not start."""


def main() -> None:
    """Read the settings, confine this process, and become the program."""
    channel = int(sys.argv[1])
    with open(channel, "rb") as stream:
        settings: dict[str, Any] = json.load(stream)
    sys.argv = ["program.py"]
    try:
        keeper = _keep(settings["lifeline"])
        confine_self(settings, keeper)
    except Exception as error:
        sys.stderr.write(f"launcher: cannot confine the program: {error!r}\n")
        sys.stderr.flush()
        os._exit(BROKEN)
    # From here on the program answers for itself.
    if settings["command"] is not None:
        become_command(settings)
    os.write(settings["line"], b"ready")
    run(settings)


# ---------------------------------------------------------------- the keeper


def _keep(lifeline: int) -> int:
    """Fork; return the keeper's process id in the child, which will run the program."""
    confine.adopt_orphans()
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(lifeline)
        # A session of its own: with setsid refused later, it marks the whole tree.
        os.setsid()
        return keeper
    for stream in (1, 2):
        # Held open here they would keep the supervisor waiting for their end.
        os.close(stream)
    status = _reap(child, lifeline) if keeper == 1 else _watch(child, lifeline)
    os._exit(0 if status is None else 1)


def _reap(child: int, lifeline: int) -> int:
    """Wait for the program as first process of its namespace; the kernel kills what it leaves."""
    import signal  # only here: curation programs come without it

    # Python's own handler would let the program interrupt us. Without one the kernel drops every
    # signal that comes to the first process from inside, SIGKILL too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    found = 0
    while found != child:
        found, status = os.wait()
    os.write(lifeline, str(status).encode())
    return status


def _watch(child: int, lifeline: int) -> int | None:
    """Wait for the program or for the end of the supervisor; leave nothing alive."""
    status = None
    handle = os.pidfd_open(child)
    while status is None:
        ready, _, _ = select.select([lifeline, handle], [], [], 1.0)
        if lifeline in ready:
            break
        for found, code in _collect():
            if found == child:
                status = code
    if status is not None:
        # Told before the sweep, so that a program's own end is never taken for a kill.
        with contextlib.suppress(OSError):
            os.write(lifeline, str(status).encode())
    while tree.kill(tree.descendants(os.getpid()) + tree.in_session(child)):
        time.sleep(0.001)
        list(_collect())
    return status


def _collect() -> Iterator[tuple[int, int]]:
    """Yield process id and status of every child that has ended."""
    while True:
        try:
            found, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if found == 0:
            return
        yield found, status


# ---------------------------------------------------------------- confinement


def confine_self(settings: dict[str, Any], keeper: int) -> None:
    """Put every limit in force that the level asks for."""
    confine.set_limits({name: tuple(pair) for name, pair in settings["limits"].items()})
    if settings["uid"] is not None:
        confine.become(settings["uid"], read_search=settings["read_search"])
        if keeper == 1:
            confine.look_ordinary()
    elif settings["drop_capabilities"]:
        confine.drop_capabilities()
    # Only now: a change of user would have cleared it.
    confine.die_with_parent(keeper)
    if settings["tasks"] is not None:
        confine.set_limits({"RLIMIT_NPROC": (settings["tasks"],) * 2})
    os.umask(0o077)
    os.chdir(settings["work"])
    confine.close_other_descriptors([settings["line"]])
    confine.no_new_privileges()
    if settings["landlock"] is not None:
        confine.landlock(settings["landlock"]["rules"], settings["landlock"]["version"])
    if settings["seccomp"] is not None:
        confine.filter_calls(bytes.fromhex(settings["seccomp"]))


# ---------------------------------------------------------------- a command agent


def become_command(settings: dict[str, Any]) -> NoReturn:
    """Turn this process into a command agent's program (see `jail`)."""
    import signal
    import socket  # both only here: curation programs come without them

    command = settings["command"]
    with socket.socket(fileno=settings["line"]) as line:
        if command["port"] is None:
            line.send(b"ready")
        else:
            # Made in here, the socket belongs to the jail's network whoever accepts from it.
            with socket.create_server(("127.0.0.1", command["port"])) as listener:
                socket.send_fds(line, [b"ready"], [listener.fileno()])
        line.set_inheritable(False)
        os.dup2(os.open(command["input"], os.O_RDONLY), 0)
        for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored_by_python, signal.SIG_DFL)
        try:
            os.execv(command["words"][0], command["words"])
        except OSError as error:
            line.send(f"failed {error.strerror}".encode())
    os._exit(127)


# ---------------------------------------------------------------- the program


def run(settings: dict[str, Any]) -> None:
    """Run the program as `__main__` and end this process with its status."""
    fix_randomness(settings["seed"])
    sys.path[:] = [HERE, *settings["path"], *(p for p in sys.path if p != HERE), settings["work"]]
    # `exit`, `quit` and `help`, which starting without the site module leaves out.
    site.setquit()
    site.sethelper()
    # Untouched stacks count as data: the usual 8 MiB a thread would use up the limit.
    threading.stack_size(2 * 1024**2)
    place = os.path.join(settings["work"], "program.py")
    module = types.ModuleType("__main__")
    module.__file__ = place
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    _warn_before(settings["deadline"])
    try:
        with open(place, "rb") as stream:
            code = compile(stream.read(), place, "exec", dont_inherit=True)
        exec(code, module.__dict__)
    except Exception as error:
        trace = error.__traceback__
        # Without the launcher's own frame; a syntax error has no frame of the program.
        traceback.print_exception(type(error), error, trace.tb_next if trace else None)
        sys.exit(1)


def fix_randomness(seed: int) -> None:
    """Make unseeded randomness a function of the harness seed, so that a run can be replayed.

    Covers `random`, `secrets`, `uuid4`, `os.urandom` and numpy's default seeding, which draw
    from `os.urandom`, in forked children too. Time, threads and addresses are not covered.
    """
    lineage = str(seed)
    forks = itertools.count()
    draws = itertools.count()

    def urandom(size: int, /) -> bytes:
        return hashlib.shake_256(f"{lineage}:{next(draws)}".encode()).digest(size)

    fork = 0

    def before_fork() -> None:
        nonlocal fork
        fork = next(forks)

    def in_child() -> None:
        nonlocal lineage, forks, draws
        lineage, forks, draws = f"{lineage}.{fork}", itertools.count(), itertools.count()
        random.seed(lineage)

    os.urandom = urandom
    import random  # keeps the `os.urandom` it finds

    random.seed(seed)
    os.register_at_fork(before=before_fork, after_in_child=in_child)


def _warn_before(deadline: float) -> None:
    """Shortly before the deadline, print where every thread is: what Debug needs to know."""
    faulthandler.enable()
    left = deadline - time.monotonic()
    if left > 1:
        faulthandler.dump_traceback_later(left - min(1.0, 0.2 * left))


if __name__ == "__main__":
    main()

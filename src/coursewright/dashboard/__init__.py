"""All runs of a folder as live pages: looked at, compared, and steered.

    lines      the list of runs, read cheaply and kept while nothing changes
    studies    a study's folder; `tables` makes its tables fit for a page
    shelves    where runs lie: in the folder of all runs, or in a study's
    pages      stories of runs in templates; `comparing` and `browsing` gather what they show
    watching   what tells an open page that a run has gone on
    guarding   who may look, and who may act
    acting     forms that ask something of a run
    app        which address shows what; `studying` for those of studies

The dashboard reads run folders and appends requests to them, as the commands `steer`, `approve`
and `stop` do; killing it never hurts a run.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from pathlib import Path

import uvicorn

from coursewright.dashboard.app import make_app
from coursewright.dashboard.guarding import Guard, is_loopback
from coursewright.errors import UsageError

__all__ = ["Guard", "make_app", "open_socket", "serve"]


def serve(
    runs: Path,
    *,
    host: str,
    port: int,
    token: str | None,
    studies: Path | None = None,
    announce: bool = True,
) -> None:
    """Serve the pages until interrupted; `studies` need not be there yet.

    Beyond loopback a token is needed; one is made up if none is given, and stands in the address
    that is announced.

    Raises:
        UsageError: `runs` is no folder, or the address cannot be listened on.
    """
    if not runs.is_dir():
        raise UsageError(f"{runs}: no such folder; --runs names the folder that holds the runs")
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    with contextlib.closing(open_socket(host, port)) as listening:
        here = listening.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{here}/" + (f"?token={token}" if token else "")
        if announce:
            print(f"coursewright dashboard: {address}", flush=True)  # noqa: T201
        app = make_app(runs, Guard(host=host, token=token), studies)
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=1, server_header=False
        )
        uvicorn.Server(config).run(sockets=[listening])


def open_socket(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes a free one.

    Raises:
        UsageError: it is taken, or no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot listen on {host} port {port}: {reason.lower()}; choose another --port"
        ) from error
    return listening

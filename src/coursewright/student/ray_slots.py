"""Workers on the nodes of a Ray cluster: the executor for more than one machine.

    RaySlots.ask ─► an actor (`Slot`) on some node ─► its own `Link` ─► a worker process there

Ray decides where an actor has room and tells when one is lost; this module only lends actors to
requests, and carries files (see `parcels`). Programs, gateway, journal and gold answers stay with
the supervisor: a request that is repeated on another node costs time alone.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import queue
import secrets
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coursewright.config import RayExecutor
from coursewright.errors import CoursewrightError, HelperLost, Interrupted
from coursewright.student.link import RESTARTS, Link, Listener, settled
from coursewright.student.parcels import (
    READ,
    WRITTEN,
    NodeFiles,
    Parcel,
    Sender,
    read_files,
    write_files,
)
from coursewright.student.ray_cluster import Cluster, identity, require_same

_POLL_SECONDS = 0.5
"""Between two looks at how far a worker is."""
_PATIENCE_SECONDS = 15.0
"""After which it is said that the cluster has no room yet."""
_GOODBYE_SECONDS = 5.0
_IDLE_SECONDS = 120.0
"""After which a slot that nobody uses gives its room back: other runs may wait for it, and this one
may be waiting for them."""


class Slot:
    """What runs on a node: a worker process and the files it was sent. An actor of Ray."""

    def __init__(self, run: str, threads: int, device: str) -> None:
        self._files = NodeFiles(run)
        home = self._files.path / f"worker-{os.getpid()}"
        self._link = Link(home, threads=threads, device=device)
        self._events: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._link.start()

    def hello(self) -> dict[str, str]:
        """Return what code computes here, and the node's name."""
        return {**identity(), "node": os.uname().nodename}

    def ask(
        self, request: dict[str, Any], parcels: dict[str, Parcel]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the worker's last message on a request, and the files it wrote."""
        import ray

        try:
            with TemporaryDirectory(dir=self._files.path) as out:
                places = {
                    field: str(self._files.laid_out(parcel, ray.get))
                    for field, parcel in parcels.items()
                }
                if WRITTEN in request:
                    places[WRITTEN] = out
                message = self._link.told({**request, **places}, self._events.put)
                return message, read_files(Path(out))
        except CoursewrightError as error:
            return _refusal("lost", error, request), {}
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return _refusal("storage", error, request), {}

    def events(self) -> list[dict[str, Any]]:
        """Return what the worker said since this was asked last."""
        return [self._events.get() for _ in range(self._events.qsize())]

    def leave(self) -> None:
        """End the worker, and remove its files."""
        self._link.close()
        self._files.close()


def _refusal(kind: str, error: Exception, request: dict[str, Any]) -> dict[str, Any]:
    where = f"node {os.uname().nodename}: {error}"
    return {"event": "error", "kind": kind, "stage": request["do"], "message": where}


class RaySlots:
    """Fits `slots.Executor`: actors of a cluster, made when they are first needed.

    One that is not up yet keeps nobody from one that is: a run goes on with as many slots as the
    cluster has room for.
    """

    def __init__(self, config: RayExecutor, *, threads: int, say: Callable[[str], None]) -> None:
        """`say` is told when the cluster has no room, and when a node was lost."""
        self._config = config
        self._threads = threads
        self._say = say
        self._run = secrets.token_hex(8)
        self._identity = identity()
        self._keeper: threading.Thread | None = None
        self._connected, self._ended = threading.Event(), threading.Event()
        self._refused: BaseException | None = None
        # Since when they have been free. The last probably has the model in memory that is asked
        # next. An exception is why an actor cannot be lent.
        self._free: list[tuple[float, Any]] = []
        self._freed = threading.Condition()
        self._actors: list[Any] = []
        self._coming: list[Any] = []
        self._stillborn: list[Exception] = []
        """Why the last actors did not come up, since one did."""
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._told = self._closed = False

    def start(self) -> None:
        """See `slots.Executor`. What is wrong with the cluster is told by the first request."""
        with self._lock:
            if self._keeper is None:
                self._on_term = signal.getsignal(signal.SIGTERM)
                self._keeper = threading.Thread(target=self._keep, daemon=True)
                self._keeper.start()

    def ask(self, request: dict[str, Any], listener: Listener | None = None) -> dict[str, Any]:
        """See `slots.Executor`."""
        errors = self._reached().exceptions
        reason: Exception = HelperLost("")
        for _ in range(RESTARTS + 1):
            actor = self._borrowed()
            try:
                message = self._carried(actor, request, listener)
            except (errors.RayError, HelperLost) as lost:
                if self._closed:
                    raise Interrupted("the student's workers were stopped") from lost
                reason = lost
                self._lose(actor)
                self._lose_dead()
                if isinstance(lost, errors.ObjectLostError):
                    self._sender.forget()
                self._say(f"executor: a slot was lost ({_line(lost)}); its work is done again")
                continue
            except BaseException:
                self._lose(actor)  # it is in the middle of something
                raise
            self._lend(actor)
            return settled(message)
        raise Interrupted(
            f"{RESTARTS + 1} slots of the cluster were lost in a row during {request['do']!r} "
            f"({_line(reason)}); `coursewright resume` continues here"
        )

    def rest(self) -> None:
        """See `slots.Executor`."""
        for actor in self._taken():
            try:
                self._carried(actor, {"do": "rest"}, None)
                self._lend(actor)
            except self._ray.exceptions.RayError:
                self._lose(actor)

    def close(self) -> None:
        """See `slots.Executor`."""
        with self._lock:
            was, self._closed = self._closed, True
            keeper, (actors, self._actors) = self._keeper, (self._actors, [])
            up = [actor for actor in actors if actor not in self._coming]
        if was or keeper is None:
            return
        if self._connected.wait(_GOODBYE_SECONDS) and self._refused is None:
            with contextlib.suppress(Exception):
                gone = [actor.leave.remote() for actor in up]
                self._ray.wait(gone, num_returns=len(gone), timeout=_GOODBYE_SECONDS)
            for actor in actors:
                with contextlib.suppress(Exception):
                    self._ray.kill(actor)
        self._ended.set()
        keeper.join(_GOODBYE_SECONDS)

    def _keep(self) -> None:
        """Hold the connection. A Ray of our own ends with the thread that has started it."""
        try:
            cluster = Cluster(self._config)
        except BaseException as refused:
            self._refused = refused
            self._connected.set()
            return
        self._ray, self._sender = cluster.ray, Sender(cluster.ray.put)
        self._connected.set()
        self._grow()
        while not self._ended.wait(_IDLE_SECONDS / 4):
            for actor in self._taken(time.monotonic() - _IDLE_SECONDS):
                self._leave(actor)
        cluster.close()

    def _reached(self) -> Any:
        """Return Ray, once there is a connection.

        Raises:
            ConfigError: there is no cluster; one line.
        """
        self.start()
        self._connected.wait()
        if self._on_term is not None and threading.current_thread() is threading.main_thread():
            # Connecting, Ray has put its own in the place of whoever stops runs cleanly.
            signal.signal(signal.SIGTERM, self._on_term)
            self._on_term = None
        if self._refused is not None:
            raise self._refused
        return self._ray

    def _borrowed(self) -> Any:
        """Return an actor that nobody uses; wait for the cluster to have room for one.

        Raises:
            ConfigError: its node has another version of the package.
            Interrupted: closed meanwhile, or one after the other does not come up.
        """
        began = time.monotonic()
        while not self._closed:
            if len(self._stillborn) > RESTARTS:
                raise Interrupted(
                    f"{len(self._stillborn)} slots of the cluster in a row did not come up "
                    f"({_line(self._stillborn[-1])}); `coursewright resume` continues here"
                )
            with self._freed:
                found = self._free.pop()[1] if self._free else None
            if isinstance(found, Exception):
                raise found
            if found is not None:
                return found
            self._grow()
            with self._freed:
                self._freed.wait_for(lambda: self._free, _POLL_SECONDS)
            if not self._told and not self._up() and time.monotonic() - began > _PATIENCE_SECONDS:
                self._told = True
                self._say(
                    "executor: waiting for the cluster, which has no room for a slot of "
                    f"{self._config.cpus:g} CPUs and {self._config.gpus:g} GPUs yet "
                    "(`ray status` says who has it)"
                )
        raise Interrupted("the student's workers were stopped")

    def _lend(self, actor: Any) -> None:
        """Let an actor be borrowed; or tell the next borrower why not."""
        with self._freed:
            self._free.append((time.monotonic(), actor))
            self._freed.notify()

    def _taken(self, free_by: float = math.inf) -> list[Any]:
        """Take all actors out that nobody uses, and nobody did since then."""
        with self._freed:
            taken = [free for free in self._free if free[0] <= free_by and _is_actor(free[1])]
            self._free = [free for free in self._free if free not in taken]
        return [actor for _, actor in taken]

    def _lose_dead(self) -> None:
        """Give up free actors that are gone as well: with a node all of its own are."""
        calls = {actor.hello.remote(): actor for actor in self._taken()}
        if calls:
            self._ray.wait(list(calls), num_returns=len(calls), timeout=_GOODBYE_SECONDS)
        for call, actor in calls.items():
            try:
                self._ray.get(call, timeout=0)
                self._lend(actor)
            except self._ray.exceptions.RayError:
                self._lose(actor)

    def _leave(self, actor: Any) -> None:
        """End an actor that is up."""
        with contextlib.suppress(Exception):
            self._ray.get(actor.leave.remote(), timeout=_GOODBYE_SECONDS)
        self._lose(actor)

    def _up(self) -> int:
        with self._lock:
            return len(self._actors) - len(self._coming)

    def _grow(self) -> None:
        """Ask the cluster for one actor more, unless there are as many as there may be."""
        with self._lock:
            if self._closed or len(self._actors) >= self._config.slots:
                return
            device = "auto" if self._config.gpus else "cpu"
            # Two calls at once: one works, the other tells how far it is.
            made = self._ray.remote(Slot).options(
                num_cpus=self._config.cpus,
                num_gpus=self._config.gpus,
                max_concurrency=2,
                max_restarts=0,
            )
            actor = made.remote(self._run, self._threads, device)
            self._actors.append(actor)
            self._coming.append(actor)
        threading.Thread(target=self._greet, args=(actor,), daemon=True).start()

    def _greet(self, actor: Any) -> None:
        """Wait until an actor is up, and let it be borrowed."""
        found: Any = actor
        try:
            told = self._ray.get(actor.hello.remote())
            require_same(told, told["node"], self._identity)
        except CoursewrightError as refused:
            found = refused
            with contextlib.suppress(Exception):
                self._ray.get(actor.leave.remote(), timeout=_GOODBYE_SECONDS)
        except Exception as lost:
            found = None
            self._stillborn.append(lost)
        with self._lock:
            self._coming.remove(actor)
        if found is actor:
            self._stillborn.clear()
        else:
            self._lose(actor)
        if found is not None:
            self._lend(found)

    def _lose(self, actor: Any) -> None:
        """Give up an actor; another one takes its place when it is needed."""
        with self._lock:
            if actor in self._actors:
                self._actors.remove(actor)
        with contextlib.suppress(Exception):
            self._ray.kill(actor)

    def _carried(
        self, actor: Any, request: dict[str, Any], listener: Listener | None
    ) -> dict[str, Any]:
        """Return an actor's last message on a request, once its files are here.

        Raises:
            RayError: it was lost.
        """
        ray = self._ray
        with self._sending:
            parcels = {f: self._sender.parcel(request[f]) for f in READ if request.get(f)}
        answer = actor.ask.remote(request, parcels)
        while True:
            ready, _ = ray.wait([answer], timeout=_POLL_SECONDS)
            if listener is not None:
                for event in ray.get(actor.events.remote()):
                    listener(event)
            if ready:
                message, files = ray.get(answer)
                if WRITTEN in request:
                    write_files(files, Path(request[WRITTEN]))
                told: dict[str, Any] = message
                return told
            if self._closed:
                raise Interrupted("the student's workers were stopped")


def _is_actor(free: Any) -> bool:
    return not isinstance(free, Exception)


def _line(error: Exception) -> str:
    """The line of Ray's long explanations that says why."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or ["no reason"]
    # A traceback comes to its point in the end, all else in the beginning.
    return lines[-1 if "ray::" in str(error) else 0][:120]

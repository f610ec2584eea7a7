"""The way into a Ray cluster, and what can be wrong with it.

A cluster is first looked at by a process of its own (`look`): Ray waits for minutes for a head that
does not answer, and ends the process that waits.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import coursewright
from coursewright.config import RayExecutor
from coursewright.errors import ConfigError
from coursewright.store import Scratch
from coursewright.student.memory import cores
from coursewright.student.slots import gpus_in_sight

FIELD = "executor.address"
_ANSWERS_SECONDS = 5.0
"""For a connection to the head's port."""
_LOOK_SECONDS = 120.0
"""For everything that is asked of a cluster beforehand; a node may have to start a process."""
_NODE_SECONDS = 60.0
_LONGEST_FOLDER = 30
"""Characters of a temporary folder under which Ray's sockets still have names short enough."""

Identity = dict[str, str]


def identity() -> Identity:
    """Return what has to be the same wherever a student is computed."""
    package = Path(coursewright.__file__).parent
    code = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        code.update(f"{file.relative_to(package).as_posix()}\0".encode() + file.read_bytes())
    try:
        torch = metadata.version("torch").partition("+")[0]  # for which GPU it was built may differ
    except metadata.PackageNotFoundError:
        torch = "missing"
    return {
        "coursewright": coursewright.__version__,
        "code": code.hexdigest()[:12],
        "python": ".".join(platform.python_version_tuple()[:2]),
        "torch": torch,
    }


def require_same(found: Identity, node: str, expected: Identity) -> None:
    """Find out whether a node would compute what this machine's code says.

    Raises:
        ConfigError: it has another version of something.
    """
    expected = dict(expected)
    if expected["torch"] == "missing" != found.get("torch"):
        del expected["torch"]  # only nodes compute
    other = [name for name in expected if found.get(name) != expected[name]]
    if other:
        raise ConfigError(
            f"node {node} has {', '.join(f'{name} {found.get(name)}' for name in other)}, this "
            f"machine {', '.join(f'{name} {expected[name]}' for name in other)}: install the same "
            "on every node",
            field=FIELD,
        )


class Cluster:
    """A connection to Ray. One for the process; `close()` it in the end."""

    def __init__(self, config: RayExecutor) -> None:
        """Connect, or start a Ray on this machine for this process alone.

        Raises:
            ConfigError: Ray is not installed, or does not answer; one line.
        """
        self.ray = import_ray()
        self._scratch: Scratch | None = None
        self._ours = not self.ray.is_initialized()
        if not self._ours:
            return
        require_answer(config.address)
        told: dict[str, Any] = {"address": config.address}
        if config.address is None:
            told = {"address": "local", **self._local()}
        handler = signal.getsignal(signal.SIGTERM)
        try:
            # What it has to say of its own start is for who administers a cluster.
            logging.getLogger("ray").setLevel(logging.ERROR)
            with _our_errors(config.address):
                self.ray.init(log_to_driver=False, configure_logging=False, **told)
        except BaseException:
            self.close()
            raise
        finally:
            # Ray puts its own in the place of whoever stops runs cleanly.
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)

    def close(self) -> None:
        """Disconnect; a Ray that was started for this process ends."""
        if self._ours:
            self.ray.shutdown()
        if self._scratch is not None:
            self._scratch.close()

    def _local(self) -> dict[str, Any]:
        """What a Ray of this process's own is started with: a secret, and no page for others."""
        # Ray asks for a token by itself, and would leave one in the user's home.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        told: dict[str, Any] = {"include_dashboard": False, "num_cpus": cores()}
        if len(tempfile.gettempdir()) <= _LONGEST_FOLDER:
            self._scratch = Scratch("cw-ray-")
            told["_temp_dir"] = str(self._scratch.path)
        return told


def import_ray() -> Any:
    """Return the library.

    Raises:
        ConfigError: it is not installed.
    """
    # It tells its makers of every start, unless it is told not to before it is imported; and it
    # would start itself again when somebody asks for something after its end.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
    try:
        import ray
    except ImportError as error:
        raise ConfigError("needs `pip install coursewright[ray]`", field="executor") from error
    return ray


def require_answer(address: str | None) -> None:
    """Find out whether anybody listens at an address.

    Raises:
        ConfigError: nobody does.
    """
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", address)
    if address is None or address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWERS_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ConfigError(
            f"no Ray cluster answers at {address} ({error}); start one with `ray start --head`, "
            "correct the address, or let another compute with --executor",
            field=FIELD,
        ) from error


def look(config: RayExecutor) -> list[dict[str, Any]]:
    """Return the nodes of a cluster: `name`, `CPU`, `GPU`, and `identity` or what is the `problem`.

    Nodes on which no slot has room are left out.

    Raises:
        ConfigError: the cluster does not answer.
    """
    import_ray()
    require_answer(config.address)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from coursewright.student import ray_cluster as c; c.tell()"],
            input=config.model_dump_json(),
            capture_output=True,
            text=True,
            timeout=_LOOK_SECONDS,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigError(
            f"the Ray cluster at {config.address} does not answer within {_LOOK_SECONDS:.0f} s; is "
            "that the address of its head?",
            field=FIELD,
        ) from error
    told = done.stdout.strip().splitlines()[-1:]
    if done.returncode or not told:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
        raise ConfigError(words[-1][:400], field=FIELD)
    return cast(list[dict[str, Any]], json.loads(told[0]))


def require_cluster(config: RayExecutor) -> None:
    """Find out whether a cluster can compute what is asked of it: same code everywhere, and room.

    Raises:
        ConfigError: it does not answer, a node has other code, or there is too little room.
    """
    each = f"{config.cpus:g} CPUs and {config.gpus:g} GPUs"
    if config.address is None:
        import_ray()
        gpus = gpus_in_sight() if config.gpus else 0
        nodes: list[dict[str, Any]] = [{"CPU": cores(), "GPU": gpus}]
    else:
        nodes, expected = look(config), identity()
        for node in nodes:
            if "problem" in node:
                raise ConfigError(
                    f"node {node['name']} cannot run coursewright ({node['problem']}): install the "
                    "same there as on this machine",
                    field=FIELD,
                )
            require_same(node["identity"], node["name"], expected)
            expected["torch"] = node["identity"]["torch"]  # of all nodes the same, too
    room = int(min(sum(_slots_on(node, config) for node in nodes), config.slots))
    if room < config.slots and not (config.grows and config.address):
        growing = "; a cluster that starts nodes on demand needs `grows: true`"
        raise ConfigError(
            f"{config.slots} slots of {each} each, and there is room for {room}: take fewer, or "
            f"ask for less{'' if config.address is None else growing}",
            field="executor.slots",
        )


def _slots_on(node: dict[str, Any], config: RayExecutor) -> float:
    wanted = (("CPU", config.cpus), ("GPU", config.gpus))
    # Ray reckons in ten-thousandths; floating point does not.
    room = [math.floor(float(node[what]) / much + 1e-6) for what, much in wanted if much]
    return min(room, default=math.inf)


def tell() -> None:
    """Look at the cluster that standard input names, and write down its nodes (see `look`)."""
    config = RayExecutor.model_validate_json(sys.stdin.read())
    try:
        with contextlib.redirect_stdout(sys.stderr), contextlib.closing(Cluster(config)) as cluster:
            nodes = _nodes(cluster.ray, config)
    except ConfigError as refused:
        sys.exit(refused.message)
    print(json.dumps(nodes))  # noqa: T201


def _nodes(ray: Any, config: RayExecutor) -> list[dict[str, Any]]:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    found, asked = [], []
    for node in ray.nodes():
        has = node["Resources"]
        room = {"CPU": has.get("CPU", 0.0), "GPU": has.get("GPU", 0.0)}
        if not node["Alive"] or room["CPU"] < config.cpus or room["GPU"] < config.gpus:
            continue
        here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        options = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": here}
        asked.append(ray.remote(**options)(identity).remote())
        found.append({"name": node["NodeManagerAddress"], **room})
    ray.wait(asked, num_returns=len(asked), timeout=_NODE_SECONDS) if asked else None
    for node, answer in zip(found, asked, strict=True):
        try:
            node["identity"] = ray.get(answer, timeout=1)
        except Exception as error:
            node["problem"] = str(error).strip().splitlines()[-1][:200]
    return found


@contextlib.contextmanager
def _our_errors(address: str | None) -> Any:
    """Say in one line why there is no Ray."""
    try:
        yield
    except Exception as error:
        words = " ".join(str(error).split())[:300]
        where = "on this machine" if address is None else f"at {address}"
        raise ConfigError(f"no Ray cluster {where} can be used: {words}", field=FIELD) from error

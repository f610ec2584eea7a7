"""A Ray of one machine: requests go to actors, files travel, what is lost is done again."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

ray = pytest.importorskip("ray", reason="an extra")

from coursewright.config import RayExecutor, RunConfig  # noqa: E402
from coursewright.errors import ConfigError, Interrupted, StageFailed  # noqa: E402
from coursewright.preflight import check_executor  # noqa: E402
from coursewright.student import ray_cluster, ray_slots  # noqa: E402
from coursewright.student.ray_slots import RaySlots, Slot  # noqa: E402
from tests.student.conftest import Remembered  # noqa: E402

pytestmark = pytest.mark.long


class Scripted:
    """In the place of a node's link to its worker: does what the request says."""

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def told(self, request: dict[str, Any], listener: Any) -> dict[str, Any]:
        match request["do"]:
            case "die":
                marker = Path(request["marker"])
                if not marker.exists():
                    marker.write_text("died once")
                    os._exit(1)
            case "die always":
                os._exit(1)
            case "fail":
                return {"event": "error", "kind": "stage", "stage": "train", "message": "no"}
            case "wait":
                time.sleep(request["seconds"])
        listener({"event": "progress", "done": 1, "total": 2})
        seen = {
            field: sorted(f.name for f in Path(request[field]).iterdir())
            for field in ("base", "weights")
            if request.get(field)
        }
        if "out" in request:
            (Path(request["out"]) / "deep").mkdir()
            (Path(request["out"]) / "deep" / "weights").write_bytes(b"w" * 300_000)
        return {
            "event": "result",
            "result": {**seen, "pid": os.getpid(), "base at": request.get("base")},
        }


class ScriptedSlot(Slot):
    """A slot without a worker process."""

    def __init__(self, run: str, threads: int, device: str) -> None:
        super().__init__(run, threads, device)
        self._link.close()
        self._link = Scripted()  # type: ignore[assignment]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """One Ray for the module; its executors find it there and leave it running."""
    # Its nodes need not find the tests.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    own = ray_cluster.Cluster(RayExecutor())
    yield
    own.close()


@pytest.fixture(scope="module")
def opening(cluster: None) -> Iterator[Callable[..., RaySlots]]:
    """Opens slots that are closed in the end; what they say is in `said`."""
    made: list[RaySlots] = []

    def open_slots(**settings: Any) -> RaySlots:
        config = RayExecutor.model_validate({"cpus": 0.25, **settings})
        made.append(RaySlots(config, threads=1, say=said.append))
        return made[-1]

    said: list[str] = []
    open_slots.said = said  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray_slots, "Slot", ScriptedSlot)
        patch.setattr(ray_slots, "_POLL_SECONDS", 0.05)
        yield open_slots
        for one in made:
            one.close()


@pytest.fixture
def said(opening: Callable[..., RaySlots]) -> list[str]:
    told: list[str] = opening.said  # type: ignore[attr-defined]
    return told


@pytest.fixture(scope="module")
def executor(opening: Callable[..., RaySlots]) -> RaySlots:
    """Two slots for all tests that leave them as they were: an actor takes seconds to come up."""
    return opening(slots=2)


def folder(place: Path, *names: str) -> str:
    place.mkdir()
    for name in names:
        (place / name).write_text(name)
    return str(place)


def test_files_travel_there_and_back(executor: RaySlots, tmp_path: Path) -> None:
    out, heard = tmp_path / "out", []
    request = {
        "do": "train",
        "base": folder(tmp_path / "base", "config.json"),
        "weights": folder(tmp_path / "weights", "a", "b"),
        "out": str(out),
    }
    result = executor.ask(request, heard.append)
    assert result["base"] == ["config.json"]
    assert result["weights"] == ["a", "b"]
    assert result["base at"] != request["base"], "the node has its own copy"
    assert (out / "deep" / "weights").read_bytes() == b"w" * 300_000
    assert heard == [{"event": "progress", "done": 1, "total": 2}]


def test_as_many_requests_at_once_as_slots(executor: RaySlots) -> None:
    with ThreadPoolExecutor(5) as threads:
        pids = [
            one["pid"]
            for one in threads.map(lambda _: executor.ask({"do": "wait", "seconds": 0.1}), range(5))
        ]
    assert 1 <= len(set(pids)) <= 2


def test_a_refusal_is_the_workers_own(executor: RaySlots) -> None:
    with pytest.raises(StageFailed, match="no"):
        executor.ask({"do": "fail"})
    assert executor.ask({"do": "train"})["pid"]


def test_a_lost_actor_is_replaced_and_its_request_repeated(
    executor: RaySlots, said: list[str], tmp_path: Path
) -> None:
    said.clear()
    first = executor.ask({"do": "train"})["pid"]
    result = executor.ask({"do": "die", "marker": str(tmp_path / "marker")})
    assert result["pid"] != first
    assert len(said) == 1
    assert "lost" in said[0]


def test_actors_lost_one_after_the_other_interrupt_the_run(
    executor: RaySlots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_slots, "RESTARTS", 0)
    with pytest.raises(Interrupted, match=r"1 slots.*resume"):
        executor.ask({"do": "die always"})


def up(executor: RaySlots, count: int) -> list[Any]:
    """Let so many actors come up, and return all of them."""
    while executor._up() < count:
        with ThreadPoolExecutor(count) as threads:
            list(threads.map(lambda _: executor.ask({"do": "wait", "seconds": 0.2}), range(count)))
    return list(executor._actors)


def test_free_actors_that_are_gone_with_their_node_count_as_one_loss(
    opening: Callable[..., RaySlots], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_slots, "RESTARTS", 1)
    executor = opening(slots=3)
    for actor in up(executor, 3)[:2]:
        ray.kill(actor)
    executor._free.sort(key=lambda free: free[1] not in executor._actors[:2], reverse=True)
    assert executor.ask({"do": "train"})["pid"]
    executor.close()


def test_a_slot_that_nobody_uses_gives_its_room_back(
    opening: Callable[..., RaySlots], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_slots, "_IDLE_SECONDS", 0.2)
    executor = opening()
    first = executor.ask({"do": "train"})["pid"]
    deadline = time.monotonic() + 20
    while executor._actors and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not executor._actors
    assert executor.ask({"do": "train"})["pid"] != first
    executor.close()


class Stillborn(Slot):
    """A slot that its node cannot make."""

    def __init__(self, run: str, threads: int, device: str) -> None:
        raise OSError("no such disk")


def test_slots_that_do_not_come_up_interrupt_the_run(
    opening: Callable[..., RaySlots], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_slots, "RESTARTS", 0)
    monkeypatch.setattr(ray_slots, "Slot", Stillborn)
    with pytest.raises(Interrupted, match=r"did not come up.*no such disk.*resume"):
        opening().ask({"do": "train"})


def test_waiting_for_room_is_said_once_and_can_be_stopped(
    opening: Callable[..., RaySlots], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said.clear()
    monkeypatch.setattr(ray_slots, "_PATIENCE_SECONDS", 0.1)
    executor = opening(cpus=4000)
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(executor.ask, {"do": "train"}) for _ in range(2)]
        while not said:
            time.sleep(0.05)
        threading.Event().wait(0.3)
        executor.close()
        for one in waiting:
            with pytest.raises(Interrupted, match="stopped"):
                one.result(10)
    assert len(said) == 1
    assert "4000 CPUs" in said[0]


def test_a_node_with_other_code_computes_nothing(
    opening: Callable[..., RaySlots], monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = opening()
    executor._identity = {**executor._identity, "code": "another"}
    with pytest.raises(ConfigError, match=r"has code \w+, this machine code another.*install"):
        executor.ask({"do": "train"})


def test_every_node_is_asked_beforehand(cluster: None) -> None:
    address = ray.get_runtime_context().gcs_address
    (node,) = ray_cluster.look(RayExecutor(address=address))
    assert node["identity"] == ray_cluster.identity()
    assert node["CPU"] == ray_cluster.cores()


# ---------------------------------------------------------------- what needs no Ray to be found


def config(**executor: Any) -> RunConfig:
    executor = {"kind": "ray", **executor}
    return RunConfig.model_validate({"task": "science-mini", "executor": executor})


def test_an_unreachable_cluster_is_one_line() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        for given in (address, f"ray://{address}"):
            with pytest.raises(ConfigError, match=r"executor\.address.*no Ray cluster answers"):
                check_executor(config(address=given), Remembered())


def test_more_slots_than_the_cluster_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    node = {"name": "n", "CPU": 8.0, "GPU": 2.0, "identity": ray_cluster.identity()}
    monkeypatch.setattr(ray_cluster, "look", lambda _: [node, node])
    check = ray_cluster.require_cluster
    check(RayExecutor(address="auto", slots=16))
    check(RayExecutor(address="auto", slots=4, gpus=1))
    check(RayExecutor(address="auto", slots=8, gpus=0.5))
    check(RayExecutor(address="auto", slots=40, gpus=1, grows=True))
    with pytest.raises(ConfigError, match=r"5 slots of 1 CPUs and 1 GPUs.*room for 4"):
        check(RayExecutor(address="auto", slots=5, gpus=1))
    with pytest.raises(ConfigError, match="room for 2"):
        check(RayExecutor(address="auto", slots=3, cpus=6))
    monkeypatch.setattr(ray_cluster, "cores", lambda: 2)
    with pytest.raises(ConfigError, match="room for 2"):
        check(RayExecutor(slots=3))


@pytest.mark.parametrize("what", ["coursewright", "code", "python", "torch"])
def test_a_node_with_another_version_is_named(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    here = ray_cluster.identity()
    good = {"name": "good", "CPU": 8.0, "GPU": 0.0, "identity": here}
    bad = {**good, "name": "10.0.0.7", "identity": {**here, what: "other"}}
    monkeypatch.setattr(ray_cluster, "look", lambda _: [good, bad])
    with pytest.raises(ConfigError, match=rf"node 10\.0\.0\.7 has {what} other.*install the same"):
        ray_cluster.require_cluster(RayExecutor(address="auto"))


def test_a_node_without_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {"name": "n7", "CPU": 8.0, "GPU": 0.0, "problem": "No module named 'coursewright'"}
    monkeypatch.setattr(ray_cluster, "look", lambda _: [bad])
    with pytest.raises(ConfigError, match="node n7 cannot run coursewright"):
        ray_cluster.require_cluster(RayExecutor(address="auto"))


def test_a_supervisor_without_torch_takes_that_of_the_nodes() -> None:
    here = {**ray_cluster.identity(), "torch": "missing"}
    ray_cluster.require_same({**here, "torch": "2.9.0"}, "n", here)

"""Who computes decides no outcome, and what cannot be computed is refused beforehand."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from coursewright.bench import Plan
from coursewright.config import (
    HuggingFaceStudent,
    LocalExecutor,
    RunConfig,
    load_config,
    with_executor,
)
from coursewright.errors import ConfigError
from coursewright.forecast import forecast, lines
from coursewright.preflight import check_executor
from coursewright.store import RunFolder, RunStore
from coursewright.store.folder import settings
from coursewright.student import memory
from coursewright.wiring import make_openings, make_rules
from tests.bench.studies import plan_of
from tests.student.conftest import Remembered

TASK = "science-mini"


def config(**executor: Any) -> RunConfig:
    return RunConfig.model_validate({"task": TASK, "executor": executor})


def test_a_config_without_executor_is_written_as_ever() -> None:
    assert "executor" not in RunConfig(task=TASK).model_dump()
    assert settings(config(slots=4)) == settings(RunConfig(task=TASK))


def test_a_run_knows_its_executor_and_may_go_on_with_another(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "r", config(slots=3)) as store:
        store.journal.note("begun")
    run = RunFolder(tmp_path / "r")
    assert run.config.executor == LocalExecutor(slots=3)
    run.require_unchanged(config(slots=1))
    again = with_executor(run.config, {"slots": 2})
    assert again.executor == LocalExecutor(slots=2)
    assert with_executor(run.config, {}) == run.config


def test_stages_are_found_under_another_executor(tmp_path: Path) -> None:
    contexts = set()
    for slots in (1, 2):
        with RunStore.create(tmp_path, f"r{slots}", config(slots=slots)) as store:
            contexts.add(store.journal._context)
    assert len(contexts) == 1


def test_private_is_opened_by_the_run_whoever_computes(tmp_path: Path) -> None:
    from coursewright.tasks import load_task

    task = load_task(TASK)
    counted = {make_openings(config(slots=n), task, "run")._run for n in (1, 4)}
    assert len(counted) == 1


def test_cells_of_a_study_keep_their_keys(tmp_path: Path) -> None:
    def plan(slots: int) -> Plan:
        return plan_of(tmp_path, agents="heuristic", run={"executor": {"slots": slots}})

    assert [job.key for job in plan(1).jobs] == [job.key for job in plan(3).jobs]
    assert {job.config.executor.slots for job in plan(3).jobs} == {3}


def test_slots_of_the_command_line_leave_the_file_its_say(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump({"executor": {"kind": "local", "slots_per_gpu": 2}}))
    loaded = load_config(file, {"task": TASK, "executor": {"slots": 4}})
    assert loaded.executor == LocalExecutor(slots=4, slots_per_gpu=2)


@pytest.mark.parametrize("over", [{"slots": 0}, {"slots": "many"}, {"slots": 10**6}])
def test_a_wrong_setting_is_named(over: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"executor\.slots"):
        with_executor(RunConfig(task=TASK), over)
    with pytest.raises(ConfigError, match=r"executor\.slots"):
        load_config(None, {"task": TASK, "executor": over})


def test_a_class_of_the_users_computes_by_itself() -> None:
    own = config(slots=2).model_copy(
        update={"student": RunConfig(task=TASK, student=custom()).student}
    )
    with pytest.raises(ConfigError, match="a class of yours"):
        check_executor(own, Remembered())


def custom() -> Any:
    return {"kind": "custom", "path": "my.module:Student"}


def test_servers_that_take_turns_leave_one_slot() -> None:
    server = {"name": "t", "serves": ["teacher"], "start": ["vllm"]}
    with pytest.raises(ConfigError, match=r"executor\.slots.*take turns"):
        check_executor(
            RunConfig.model_validate({"task": TASK, "executor": {"slots": 2}, "servers": [server]}),
            Remembered(),
        )


def test_more_slots_than_memory_is_found_before_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 2 * 10**9)
    with pytest.raises(ConfigError, match=r"executor\.slots.*GB are free"):
        check_executor(config(slots=256), Remembered())


def test_one_slot_is_looked_at_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(memory, "free_bytes", lambda: 23 * 10**9)
    large = RunConfig.model_validate({"task": TASK, "student": {"kind": "hf", "model": "o/m-8B"}})
    with pytest.raises(ConfigError, match="take a smaller student"):
        check_executor(large, Remembered())
    said = next(line for line in lines(forecast(large)) if line.startswith("executor"))
    assert "not on this machine: [student]: o/m-8B needs about 64.5 GB" in said
    named_not = large.model_copy(update={"student": HuggingFaceStudent(model="o/m")})
    check_executor(named_not, Remembered())


def test_memory_limits_of_all_control_groups_are_heeded(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("0::/job/step\n")
    (tmp_path / "root" / "job" / "step").mkdir(parents=True)
    (tmp_path / "root" / "job" / "memory.max").write_text("3000\n")
    (tmp_path / "root" / "job" / "step" / "memory.max").write_text("max\n")
    assert memory._limits(tmp_path / "root", tmp_path / "own") == [3000]
    assert memory._limits(tmp_path / "root", tmp_path / "no such file") == []


def test_without_ray_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    for address in (None, "auto", "127.0.0.1:1"):
        with pytest.raises(ConfigError, match=r"executor.*pip install coursewright\[ray\]"):
            check_executor(config(kind="ray", address=address), Remembered())


@pytest.mark.parametrize("address", ["local", "10.0.0.1", "http://h:1", "h:1 x", "ray://h"])
def test_an_address_has_host_and_port(address: str) -> None:
    with pytest.raises(ConfigError, match=r"executor\.address.*expected HOST:PORT"):
        load_config(None, {"task": TASK, "executor": {"kind": "ray", "address": address}})


def test_ray_takes_no_cpu_and_a_half() -> None:
    assert getattr(config(kind="ray", cpus=0.5).executor, "cpus", 0) == 0.5
    with pytest.raises(ConfigError, match=r"executor\.cpus.*whole"):
        load_config(None, {"task": TASK, "executor": {"kind": "ray", "cpus": 1.5}})


@pytest.mark.parametrize("address", ["auto", "h:6379", "ray://a.b:10001", "[::1]:6379"])
def test_what_an_address_may_be(address: str) -> None:
    assert config(kind="ray", address=address).executor.address == address


def test_more_threads_than_cores_is_said_and_allowed() -> None:
    class Told(Remembered):
        def __init__(self) -> None:
            super().__init__()
            self.said: list[str] = []

        def say(self, line: str) -> None:
            self.said.append(line)

    told = Told()
    check_executor(config(slots=1), told)
    assert told.said == []
    many = config(slots=2).model_copy(
        update={
            "student": RunConfig.model_validate(
                {"task": TASK, "student": {"kind": "pico", "threads": len(os.sched_getaffinity(0))}}
            ).student
        }
    )
    check_executor(many, told)
    assert len(told.said) == 1
    assert "cores" in told.said[0]


def test_the_loop_knows_how_many_slots_there_are() -> None:
    assert make_rules(config(slots=3)).slots == 3


def test_a_plan_says_who_computes() -> None:
    assert "executor   local, 4 slots" in lines(forecast(config(slots=4)))

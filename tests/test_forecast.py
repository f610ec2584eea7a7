"""What a run may cost and show, told without starting anything."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from coursewright.config import RunConfig, load_config
from coursewright.errors import ConfigError
from coursewright.forecast import Forecast, forecast, lines, plan, within_cap
from coursewright.student.memory import model_size, stored_weights

EXAMPLES = Path(__file__).parent.parent / "examples"


def planned(**settings: object) -> Forecast:
    return forecast(RunConfig.model_validate({"task": "science-mini", **settings}))


def test_a_plan_asks_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a plan opens no connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    found = planned(teacher={"kind": "openai", "model": "gpt-4o", "key": "NOT_SET_ANYWHERE"})
    assert found.teacher_calls == 4000


def test_money_is_calls_times_the_price_of_a_call() -> None:
    teacher = {"kind": "openai", "model": "m", "prices": {"input": 2.0, "output": 10.0}}
    found = planned(teacher=teacher, budget={"calls": 1000, "max_tokens": 1000})
    # 1,000 calls of 500 tokens in and 1,000 out.
    assert found.teacher_usd == pytest.approx(1000 * (500 * 2 + 1000 * 10) / 1e6)


def test_the_search_for_the_smallest_set_is_counted() -> None:
    plain, more = planned(), planned(smallest={"trainings": 9})
    assert more.trainings == plain.trainings + 9
    assert plain.compute_hours is not None
    assert more.compute_hours is not None
    assert more.compute_hours > plain.compute_hours


def test_an_unknown_price_is_not_called_free() -> None:
    teacher = {"kind": "openai", "model": "nobody-knows-me", "base_url": "https://example.org/v1"}
    found = planned(teacher=teacher)
    assert found.teacher_usd is None
    assert "price unknown" in " ".join(lines(found))


def test_what_is_in_our_own_hands_costs_nothing() -> None:
    found = planned()
    assert (found.teacher_usd, found.agent_usd) == (0.0, 0.0)


def test_a_capped_run_names_its_cap() -> None:
    assert "money cap  $12.50" in lines(planned(budget={"cost_usd": 12.5}))


@pytest.mark.parametrize(
    ("cap", "prices", "most"),
    [
        (None, (1.0, 2.0), 3.0),
        (2.0, (1.0, 2.0), 2.0),
        (5.0, (1.0, 2.0), 3.0),
        (5.0, (1.0, None), 5.0),
        (None, (1.0, None), None),
    ],
)
def test_nothing_costs_more_than_its_cap(
    cap: float | None, prices: tuple[float | None, ...], most: float | None
) -> None:
    assert within_cap(cap, *prices) == most


def test_every_server_is_printed_with_what_may_be_sent_there() -> None:
    teacher = {"kind": "openai", "model": "m", "may_leave": ["description"]}
    said = [line for line in lines(planned(teacher=teacher)) if line.startswith("leaves")]
    assert len(said) == 1
    assert "description; withheld: visible, seeds, corpus, bad_cases" in said[0]


def test_a_command_agent_is_printed_too_and_not_called_free() -> None:
    agent = {"kind": "command", "command": "./my-agent.sh", "may_leave": ["description"]}
    found = planned(agent=agent)
    assert found.agent_usd is None
    assert found.leaving[0].startswith("agent command:my-agent.sh: may be sent description; with")


def test_more_private_items_show_smaller_gains() -> None:
    gains = planned().smallest_gain_points
    assert gains["private"] < gains["scored"] < gains["visible"]


def test_the_weights_of_a_student_are_counted_in_its_files(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    save_file({"w": np.zeros((3, 4)), "b": np.zeros(5)}, file, {"format": "pt"})
    assert stored_weights(file) == 17


def test_a_broken_file_of_weights_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(ConfigError, match=r"model\.safetensors.*student\.model"):
        planned(student={"kind": "hf", "model": str(tmp_path)})


@pytest.mark.parametrize(
    ("model", "weights"),
    [("meta-llama/Llama-3.1-8B-Instruct", 8e9), ("org/tiny-0.5b", 0.5e9), ("org/nameless", None)],
)
def test_else_they_stand_in_its_name(model: str, weights: float | None) -> None:
    config = RunConfig.model_validate({"task": "t", "student": {"kind": "hf", "model": model}})
    assert model_size(config.student) == weights


RUNS = sorted(
    file
    for file in EXAMPLES.rglob("*.yaml")
    if file.parent.name not in ("studies", "policies") and file.name != "task.yaml"
)


@pytest.mark.parametrize("file", RUNS, ids=lambda file: file.stem)
def test_every_example_can_be_planned(file: Path) -> None:
    found = forecast(load_config(file, {"task": "science-mini"}))
    assert found.trainings > found.rounds


def test_what_the_run_would_refuse_is_not_planned() -> None:
    with pytest.raises(ConfigError, match="search"):
        plan(RunConfig(task="science-mini", search="no.such:Search"))  # type: ignore[arg-type]

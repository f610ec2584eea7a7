"""Runs that share the teacher's answers: the same charges whoever came first, but for the money."""

from __future__ import annotations

from pathlib import Path

from coursewright.config import Budget, CustomPart
from coursewright.records import Usage
from coursewright.teacher import GatewayTeacher
from tests.teacher.talk import ask, chat


class Runs:
    """Gateways of several runs on one shared folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def play(
        self, name: str, *, seed: int = 7, calls: int = 10, asked: int = 3, share: bool = True
    ) -> tuple[list[int], Usage, int]:
        """Statuses, usage, and calls that reached the upstream."""
        log = self.folder / "log"
        before = log.stat().st_size if log.exists() else 0
        part = CustomPart(path="tests.teacher.upstreams:Free", options={"log": str(log)})
        with (
            GatewayTeacher(
                part,
                ledger=self.folder / f"{name}.sqlite",
                seed=seed,
                budget=Budget(calls=calls),
                shared=self.folder / "shared" if share else None,
            ) as teacher,
            teacher.line(0, calls) as line,
        ):
            replies = ask(line.socket, [chat(f"question {n}") for n in range(asked)])
            usage = line.usage()
        return [status for status, _ in replies], usage, log.stat().st_size - before


def test_a_second_run_pays_calls_and_tokens_and_no_money(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    _, first, reached = runs.play("first")
    _, second, reached_again = runs.play("second")
    assert (reached, reached_again) == (3, 0)
    assert (first.shared, second.shared) == (0, 3)
    assert second.cost_usd == 0.0
    assert second.model_copy(update={"shared": 0, "cost_usd": first.cost_usd}) == first


def test_a_cap_ends_a_run_where_it_would_have_without_the_others(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.play("first", calls=5, asked=5)
    statuses, usage, _ = runs.play("second", calls=2, asked=3)
    assert (statuses.count(200), statuses.count(429), usage.calls) == (2, 1, 2)


def test_another_seed_gets_answers_of_its_own(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.play("first")
    assert runs.play("second", seed=8)[2] == 3


def test_a_run_goes_on_from_its_own_ledger_when_the_folder_is_gone(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.play("first")
    runs.play("second")
    _, usage, reached = runs.play("second", share=False)
    assert (reached, usage.calls, usage.cached) == (0, 3, 3)

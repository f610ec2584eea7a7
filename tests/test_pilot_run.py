"""A program is tried with few calls: one that is no good is not run in full, none is paid twice."""

from __future__ import annotations

from pathlib import Path

from coursewright.config import Budget, CustomPart, Pilot, RunConfig
from coursewright.display import Silent
from coursewright.records import Brief, Proposal, Round, Turn
from coursewright.runs import reproduce, run
from coursewright.store import RunFolder
from coursewright.verification import verify
from tests.parrot import PARROT
from tests.short import prepare

PROGRAM = """
from coursewright_program import brief, parse_answer, save_rows, teacher

task = brief()
topics = [line for line in task["description"].splitlines() if line.startswith("- **")]
form = 'Return only a JSON list of objects with the fields "question" and "answer", both text.'
prompts = [f"Write 5 new questions with answers. Skill: {t}\\n{form}" for t in topics * 8][:60]
for start in range(0, 60, 10):
    for answer in teacher.generate_batch(prompts[start : start + 10], json=True):
        save_rows([{"instruction": task["instruction"], "input": entry["question"],
                    "output": OUTPUT, "response": answer}
                   for entry in parse_answer(answer) or [] if {"question", "answer"} <= {*entry}])
"""


class Scribe:
    """An agent whose first program answers out of its own head."""

    def __init__(self, first: str) -> None:
        self._first = first

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        output = self._first if turn.number == 0 else 'entry["answer"]'
        return Proposal(plan=f"# Round {turn.number}", code=PROGRAM.replace("OUTPUT", output))


def played(place: Path, first: str, rounds: int, pilot: Pilot | None) -> tuple[Round, ...]:
    name = "piloted" if pilot else "plain"
    (place / name).mkdir()
    run(
        RunConfig(
            task=prepare(place / name)[0],
            agent=CustomPart(path=f"{__name__}:Scribe", options={"first": first}),
            student=PARROT,
            budget=Budget(rounds=rounds),
            retrainings=1,
            noise_seeds=0,
            pilot=pilot,
            runs=place / "runs",
            name=name,
        )
    )
    return tuple(RunFolder(place / "runs" / name).rounds())


def calls(done: Round) -> int:
    assert done.execution is not None
    return done.execution.teacher.calls


def test_a_program_whose_rows_are_no_good_is_stopped_at_the_pilot_and_mended(
    tmp_path: Path,
) -> None:
    first, second = played(tmp_path, '"forty-two"', 2, Pilot(calls=20))
    assert (first.status, first.failure) == ("invalid", "too few valid rows")
    assert first.execution is None
    assert "A pilot of 20 calls" in (first.feedback.error or "")
    assert (second.operation, second.status) == ("repair", "scored")
    used = RunFolder(tmp_path / "runs" / "piloted").result()
    assert used is not None
    assert used.teacher_usage.calls == 20 + calls(second)

    again = reproduce("piloted", tmp_path / "runs", Silent(), retrain=False)
    assert again.identical
    assert again.new_calls == 0
    found = verify(tmp_path / "runs" / "piloted")
    assert [check.name for check in found.checks if not check.holds] == []


def test_a_good_program_costs_no_more_than_without_a_pilot(tmp_path: Path) -> None:
    (plain,) = played(tmp_path, 'entry["answer"]', 1, None)
    (piloted,) = played(tmp_path, 'entry["answer"]', 1, Pilot(calls=20))
    assert piloted.audit is not None
    assert plain.audit is not None
    assert piloted.audit.rows == plain.audit.rows
    assert calls(piloted) == calls(plain) == 60

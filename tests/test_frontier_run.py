"""A whole run whose program asks the base student: recorded, replayed, and never twice paid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from coursewright import summary
from coursewright.briefing import student_calls
from coursewright.config import (
    Budget,
    CustomPart,
    LocalServer,
    ProgramAgent,
    RunConfig,
    SimulatedTeacher,
)
from coursewright.display import Silent
from coursewright.runs import reproduce, run
from coursewright.store import RunFolder
from coursewright.store.ledger import Ledger
from tests.parrot import Parrot
from tests.short import prepare

pytestmark = pytest.mark.long

PROGRAM = """
from coursewright_program import brief, load_visible, parse_answer, save_rows, student, teacher

task = brief()
topics = [line for line in task["description"].splitlines() if line.startswith("- **")]
form = 'Return only a JSON list of objects with the fields "question" and "answer", both text.'
prompts = [f"Write 5 new questions with answers. Skill: {topic}\\n{form}" for topic in topics * 12]
rows = []
for answer in teacher.generate_batch(prompts[:90], json=True):
    for entry in parse_answer(answer) or []:
        if "question" in entry and "answer" in entry:
            rows.append({"instruction": task["instruction"], "input": entry["question"],
                         "output": entry["answer"], "response": answer})
said = student.generate_batch([row["input"] for row in rows[:50]])
assert all(answer.ok for answer in said), said[0].error
assert student.calls_left() == task["student_calls"] - 50
# What it said decides what is kept, and would be no source of a row.
kept = [row for row, heard in zip(rows, said) if heard not in row["output"]]
stolen = {**rows[0], "input": "Whose answer is this?", "output": str(said[0]), "response": said[0]}
save_rows([stolen, *kept, *rows[50:]][:250])
"""


class Counted(Parrot):
    """Counts how many prompts it was asked, over all its lives."""

    asked: ClassVar[int] = 0

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        Counted.asked += len(prompts)
        return super().answer(weights, prompts)


def test_a_run_asks_its_student_and_a_reproduction_does_not(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    config = RunConfig(
        task=prepare(tmp_path)[0],
        agent=ProgramAgent(path=tmp_path / "program.py"),
        teacher=SimulatedTeacher(),
        student=CustomPart(path=f"{__name__}:Counted"),
        budget=Budget(rounds=1, student_calls=200, round_student_calls=60),
        retrainings=1,
        runs=tmp_path / "runs",
        name="asked",
    )
    first = run(config)
    assert [r.status for r in first.rounds] == ["scored"], first.rounds
    assert first.student_usage.calls == 50
    assert first.rounds[0].dropped["names a response that is not in the ledger"] == 1
    assert any(line.startswith("asked ") and " 50 times" in line for line in summary.lines(first))

    folder = RunFolder(tmp_path / "runs" / "asked")
    with Ledger.read_only(folder.student_ledger_path) as ledger:
        assert len(list(ledger.calls())) == 50
    assert folder.rounds()[0].execution.student == first.student_usage  # type: ignore[union-attr]

    Counted.asked = 0
    again = reproduce("asked", tmp_path / "runs", Silent(), retrain=False)
    assert again.identical
    assert (again.new_calls, Counted.asked) == (0, 0)


@pytest.mark.parametrize(("rest", "calls"), [("stay", 1000), ("sleep", 0), ("stop", 0)])
def test_where_servers_rest_in_turn_programs_cannot_ask_it(rest: Any, calls: int) -> None:
    server = LocalServer(name="teacher", serves=("teacher",), start=("serve",), rest=rest)
    assert student_calls(RunConfig(task="science-mini", servers=(server,))) == calls

"""A whole run with `search: tree`, stand-in agent and student, and its replay."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from coursewright.config import Budget, CustomPart, Halving, RunConfig, Sequential
from coursewright.config import TreeSearch as TreeConfig
from coursewright.display import Silent
from coursewright.errors import ConfigError
from coursewright.records import (
    Branch,
    Brief,
    Decision,
    Evaluation,
    Likelihood,
    Part,
    Proposal,
    Round,
    TracedRow,
    Turn,
)
from coursewright.runs import reproduce, run
from coursewright.search import TreeSearch
from coursewright.store import Artifacts, RunFolder, read_rows
from coursewright.summary import lines
from coursewright.verification import verify
from tests.parrot import PARROT, Parrot, multiplied
from tests.short import prepare

PROGRAM = """
from coursewright_program import brief, parse_answer, save_rows, teacher

task = brief()
topics = [line for line in task["description"].splitlines() if line.startswith("- **")]
form = 'Return only a JSON list of objects with the fields "question" and "answer", both text.'
prompts = [f"Write 5 new questions with answers. Batch {number}. Skill: {{t}}\\n{{form}}"
           for t in topics * 8]
for answer in teacher.generate_batch(prompts[:60], json=True):
    save_rows([{{"instruction": task["instruction"], "input": entry["question"],
                "output": entry["answer"], "response": answer}}
               for entry in parse_answer(answer) or [] if {{"question", "answer"}} <= {{*entry}}])
"""


class Scribe:
    """An agent whose programs differ from round to round."""

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        return Proposal(plan=f"# Round {turn.number}", code=PROGRAM.format(number=turn.number))


class Adder(Scribe):
    """An agent that keeps all rows there are, and adds to them."""

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        calls = 8 if turn.number else 25
        lines = [
            "from coursewright_program import load_previous, save_rows",
            "save_rows(load_previous())",
            f"ROUND = {turn.number}",
            PROGRAM.format(number=turn.number).replace("[:60]", f"[:{calls}]"),
        ]
        return Proposal(plan=f"# Round {turn.number}", code="\n".join(lines))


class Measured(Parrot):
    """A student whose scores and likelihoods rank data sets alike: by the digest of its weights."""

    def answer(self, weights: str | None, prompts: Sequence[str]) -> list[str]:
        knows = 0.0 if weights is None else worth(weights) * len(prompts)
        return [
            multiplied([word for word in prompt.split() if word.isdigit()]) if n < knows else "?"
            for n, prompt in enumerate(prompts)
        ]

    def likelihood(self, weights: str | None, rows: str) -> Likelihood:
        return Likelihood(means=(worth(str(weights)) - 1,), seconds=0.0)


def worth(weights: str) -> float:
    return int(weights[:4], 16) / 65536


class Joiner(TreeSearch):
    """Tree search that, after two rounds, joins them: topics of the first half from the first."""

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision | None:
        if len(rounds) < 2:
            return super().next(rounds, base)
        names = sorted({shard.topic for done in rounds for shard in done.shards if shard.topic})
        half = len(names) // 2
        parts = [Part(topic=name, round=int(n >= half)) for n, name in enumerate(names)]
        branch = Branch(start=1, parts=(*parts, Part(topic=None, round=1)), promise=0.0)
        return Decision(operation="merge", parent=1, branch=branch)


def rows_of(folder: RunFolder, done: Round) -> tuple[TracedRow, ...]:
    assert done.audit is not None
    assert done.audit.rows is not None
    return read_rows(Artifacts(folder.path / "artifacts"), done.audit.rows)


def test_drafts_of_two_kinds_are_joined_without_a_call_and_everything_replays(
    tmp_path: Path,
) -> None:
    config = RunConfig(
        task=prepare(tmp_path)[0],
        agent=CustomPart(path=f"{__name__}:Scribe"),
        student=PARROT,
        search=CustomPart(
            path=f"{__name__}:Joiner",
            options={"families": {"breadth": ["persona-driven"]}, "drafts": 2},
        ),
        budget=Budget(rounds=3),
        retrainings=1,
        noise_seeds=0,
        runs=tmp_path / "runs",
        name="tree",
        seed=4,
    )
    run(config)
    folder = RunFolder(tmp_path / "runs" / "tree")
    one, two, merged = folder.rounds()
    assert [r.operation for r in (one, two, merged)] == ["draft", "draft", "merge"]
    assert merged.status == "scored", merged.feedback.error
    families = [r.branch.family for r in (one, two) if r.branch is not None]
    assert families[0] == ""
    assert families[1] != ""

    known = {row.model_dump_json() for done in (one, two) for row in rows_of(folder, done)}
    joined = [row.model_dump_json() for row in rows_of(folder, merged)]
    assert set(joined) <= known
    assert len(set(joined)) == len(joined)
    assert {shard.round for shard in merged.shards} == {0, 1}
    assert sum(shard.rows for shard in merged.shards) == len(joined)
    assert merged.execution is not None
    assert merged.execution.teacher.calls == 0

    again = reproduce("tree", tmp_path / "runs", Silent(), retrain=False)
    assert again.identical
    assert again.new_calls == 0


def test_rows_are_gathered_before_a_student_is_trained_on_them(tmp_path: Path) -> None:
    config = RunConfig(
        task=prepare(tmp_path)[0],
        agent=CustomPart(path=f"{__name__}:Adder"),
        student=CustomPart(path=f"{__name__}:Measured"),
        search=TreeConfig(stride=3),
        budget=Budget(rounds=5),
        retrainings=1,
        noise_seeds=0,
        runs=tmp_path / "runs",
        name="strides",
        seed=4,
    )
    result = run(config)
    folder = RunFolder(tmp_path / "runs" / "strides")
    rounds = folder.rounds()
    assert [done.status for done in rounds] == [
        "scored",
        "gathered",
        "gathered",
        "scored",
        "scored",  # the budget's last round
    ]
    assert [done.training is None for done in rounds] == [False, True, True, False, False]
    assert result.full_trainings == 3 + 1
    assert result.mats == 1.0
    told = [line for line in lines(result) if line.startswith("  round 1:")]
    assert told == [f"  round 1: improve   gathered  {result.rounds[1].rows} rows"]
    held = [{row.input for row in rows_of(folder, done)} for done in rounds[:4]]
    for before, after in itertools.pairwise(held):
        assert len(after) > len(before)
        assert len(before - after) < 10  # an audit may refuse a few beside others
    heard = [done.feedback for done in rounds]
    assert heard[1].visible == heard[2].visible == heard[0].visible
    assert heard[1].bad_cases == heard[0].bad_cases
    assert "round 0's" in heard[2].text
    assert heard[2].rows_kept > heard[1].rows_kept

    again = reproduce("strides", tmp_path / "runs", Silent(), retrain=False)
    assert again.identical
    assert again.new_calls == 0
    found = verify(tmp_path / "runs" / "strides")
    assert [check.name for check in found.checks if not check.holds] == []


def test_a_wave_of_three_is_recorded_and_replays(tmp_path: Path) -> None:
    config = RunConfig(
        task=prepare(tmp_path)[0],
        agent=CustomPart(path=f"{__name__}:Scribe"),
        student=PARROT,
        search=TreeConfig(wave=3, drafts=2),
        budget=Budget(rounds=4),
        retrainings=1,
        noise_seeds=0,
        runs=tmp_path / "runs",
        name="wave",
        seed=4,
    )
    run(config)
    rounds = RunFolder(tmp_path / "runs" / "wave").rounds()
    assert len(rounds) == 4
    assert [done.operation for done in rounds[:3]] == ["draft"] * 3
    waves = [done.branch.wave for done in rounds if done.branch is not None]
    assert waves == [None, 0, 0, None]
    assert {done.status for done in rounds} <= {"scored", "invalid", "failed"}

    again = reproduce("wave", tmp_path / "runs", Silent(), retrain=False)
    assert again.identical
    assert again.new_calls == 0


def test_once_looks_agree_with_scores_the_lower_half_of_a_wave_is_held_back(tmp_path: Path) -> None:
    config = RunConfig(
        task=prepare(tmp_path)[0],
        agent=CustomPart(path=f"{__name__}:Scribe"),
        student=CustomPart(path=f"{__name__}:Measured"),
        search=TreeConfig(wave=4, drafts=4, halving=Halving(share=0.999, pairs=3, lottery=0)),
        sequential=Sequential(alpha=0.2),
        budget=Budget(rounds=8),
        retrainings=1,
        noise_seeds=0,
        runs=tmp_path / "runs",
        name="halved",
        seed=4,
    )
    result = run(config)
    rounds = RunFolder(tmp_path / "runs" / "halved").rounds()
    assert [done.status for done in rounds[:4]] == ["scored"] * 4
    looks = [done.look for done in rounds[4:] if done.look is not None]
    backs = [look.promotion for look in looks].count("held back")
    assert backs == len(looks) // 2 > 0
    kept, held = (
        [look.values["likelihood"] for look in looks if (look.promotion == "held back") == back]
        for back in (False, True)
    )
    assert min(kept) > max(held)
    for done in rounds:
        assert (done.training is not None) == (done.status == "scored")
    assert result.proxy is not None
    assert (result.proxy.looks, result.proxy.held_back) == (4 + len(looks), backs)
    assert result.proxy.ranked["likelihood"].tau is not None
    assert result.proxy.ranked["likelihood"].tau > 0
    assert result.full_trainings == 4 + len(looks) - backs + 1

    again = reproduce("halved", tmp_path / "runs", Silent(), retrain=False)
    assert again.identical
    assert again.new_calls == 0
    found = verify(tmp_path / "runs" / "halved")
    assert [check.name for check in found.checks if not check.holds] == []


def test_a_student_that_cannot_read_golds_is_told_before_anything_is_spent(tmp_path: Path) -> None:
    config = RunConfig(
        task=prepare(tmp_path)[0],
        student=PARROT,
        search=TreeConfig(wave=2, halving=Halving()),
        runs=tmp_path / "runs",
        name="unread",
    )
    with pytest.raises(ConfigError, match=r"search\.halving.*likelihood"):
        run(config)

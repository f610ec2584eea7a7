"""Rounds of a search with several branches, with every stage faked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coursewright.loop import run
from coursewright.records import (
    Decision,
    Evaluation,
    Joined,
    Labels,
    Outcome,
    Part,
    Proposal,
    Round,
    Shard,
    Turn,
)
from coursewright.search import GreedySearch, TreeSearch
from coursewright.stages import Stages
from tests.fakes import World

FAMILIES = {"breadth": ("b1",), "checking": ("c1",)}


class Grove(World):
    """A world that knows shards, and whose programs have plans of their own."""

    def __init__(self, program: Any, **rules: Any) -> None:
        super().__init__(program, **rules)
        self.joined: list[Any] = []
        self.files: list[dict[str, Any]] = []

    def propose(self, brief: Any, turn: Turn) -> Proposal:
        made = super().propose(brief, turn)
        return made.model_copy(update={"plan": f"plan of round {turn.number}"})

    def execute(self, code: str, **parts: Any) -> Any:
        self.files.append(parts["files"])
        if "load_previous" in code:
            code = str(parts["files"]["previous.jsonl"])
        return super().execute(code, **parts)

    def label(self, rows: str, made: tuple[int, str], earlier: Any) -> Labels:
        number, method = made
        both = (Shard(topic=t, method=method, round=number, rows=200) for t in ("red", "blue"))
        return Labels(shards=tuple(both))

    def join(self, parts: Sequence[Part], datasets: Mapping[int, str]) -> Joined:
        self.joined.append((tuple(parts), dict(datasets)))
        return Joined(rows="950", kept=950)

    def without(self, shard: Shard, rows: str, earlier: Any) -> Joined:
        self.joined.append((shard, rows))
        return Joined(rows="350", kept=350)

    def stages(self, search: Any) -> Stages:
        made = super().stages(search)
        return Stages(**{**vars(made), "shards": self})


def tree(**options: Any) -> TreeSearch:
    return TreeSearch(**{"families": FAMILIES, "drafts": 2, "widen_after": 99, **options})


def play(*wishes: Any, search: Any = None, **rules: Any) -> tuple[Outcome, Grove]:
    world = Grove(lambda turn: wishes[min(turn.number, len(wishes) - 1)], **rules)
    return run(world.stages(search or tree(patience=None))), world


class Merging(TreeSearch):
    """Two drafts, a merge of them, and an ablation of that."""

    def next(self, rounds: Sequence[Round], base: Evaluation) -> Decision | None:
        decision = super().next(rounds, base)
        if len(rounds) < 2 or decision is None or decision.branch is None:
            return decision
        if len(rounds) == 4:
            return None
        parts = (Part(topic="red", round=0), Part(topic=None, round=1))
        update: dict[str, Any] = {"parts": parts, "start": 1, "without": None}
        if len(rounds) == 3:
            update |= {"parts": (), "without": rounds[2].shards[0], "start": 2}
        branch = decision.branch.model_copy(update=update)
        operation: Any = "merge" if len(rounds) == 2 else "ablate"
        return Decision(operation=operation, parent=len(rounds) - 1, branch=branch)


def test_merges_and_ablations_run_without_asking_the_agent() -> None:
    outcome, world = play("400", "500", search=Merging(families=FAMILIES, drafts=2))
    assert [r.operation for r in outcome.rounds] == ["draft", "draft", "merge", "ablate"]
    assert [turn.number for turn in world.turns] == [0, 1]
    merged, ablated = outcome.rounds[2:]
    assert (merged.status, ablated.status) == ("scored", "scored")
    assert world.joined[0][1] == {0: "400", 1: "500"}
    assert world.joined[1] == (merged.shards[0], "950")
    assert merged.training_rows == "950"
    assert ablated.training_rows == "350"
    assert outcome.best == 2
    assert run(world.stages(Merging(families=FAMILIES, drafts=2))) == outcome


def test_ablations_are_beside_the_budget_of_rounds() -> None:
    outcome, _ = play("400", "500", search=Merging(families=FAMILIES, drafts=2), rounds=3)
    assert [r.operation for r in outcome.rounds].count("ablate") == 0
    search = tree(drafts=1, ablations=1, patience=None)
    outcome, _ = play("400", "900", search=search, rounds=3)
    assert [r.operation for r in outcome.rounds] == ["draft", "ablate", "improve", "improve"]


def test_a_repeated_program_is_refused_before_it_runs_and_the_agent_is_told() -> None:
    outcome, world = play("400", "400", "400", rounds=3)
    again = outcome.rounds[1]
    assert (again.status, again.failure) == ("failed", "duplicate")
    assert again.execution is None
    assert "round 0" in (again.feedback.error or "")
    # It is not mended, but told of in the history.
    assert outcome.rounds[2].operation == "improve"
    assert world.turns[2].history[1].failure == "duplicate"
    assert len(world.files) == 2
    assert run(world.stages(tree(patience=None))) == outcome


def test_the_same_program_from_other_rows_is_another_attempt() -> None:
    outcome, _ = play("400", "crash", "400", rounds=3)
    assert [(r.operation, r.status) for r in outcome.rounds] == [
        ("draft", "scored"),
        ("draft", "failed"),
        ("debug", "failed"),  # back to what was drafted before
    ]
    outcome, _ = play("400", "500", "400", rounds=3)
    assert [(r.operation, r.status) for r in outcome.rounds][2] == ("improve", "scored")


def test_a_draft_is_told_its_method_and_nothing_of_scored_reaches_an_agent() -> None:
    _, world = play("400", "500", "600", "700", rounds=4)
    told = [turn.guidance for turn in world.turns]
    assert told[0] is not None
    assert told[0].method == ""
    assert told[1] is not None
    assert told[1].method in ("b1", "c1")
    for turn in world.turns:
        text = turn.model_dump_json()
        assert "reason" not in text
        assert "points to the best" not in text


def test_an_improvement_builds_upon_the_rows_of_its_own_branch() -> None:
    sizes = (900, 500, 310, 360, 420, 600, 700, 800)
    outcome, world = play(*map(str, sizes), rounds=8)
    assert {done.status for done in outcome.rounds} == {"scored"}
    for done, files in zip(outcome.rounds, world.files, strict=True):
        assert done.branch is not None
        if done.operation == "improve":
            start = outcome.rounds[done.branch.start or 0]
            assert str(files["best.jsonl"]) == start.training_rows
            assert str(files["previous.jsonl"]) == start.training_rows


def test_ideas_come_when_the_search_widens() -> None:
    search = tree(widen_after=1, patience=None)
    outcome, world = play("900", "500", "501", "502", search=search, ideas_after=None)
    widened = [r.number for r in outcome.rounds if r.branch is not None and r.branch.widen]
    assert widened
    assert [turn.number for turn in world.turns if turn.ideas] == widened


def test_a_hill_climb_leaves_the_records_that_it_always_left() -> None:
    """What keys a stage in the journal must not change: older runs resume, and reproduce."""
    assert Decision(operation="improve", parent=1).model_dump() == {
        "operation": "improve",
        "parent": 1,
    }
    world = Grove(lambda turn: ("400", "crash", "900", "500")[turn.number])
    outcome = run(world.stages(GreedySearch()))
    for done in outcome.rounds:
        assert not {"branch", "shards"} & done.model_dump().keys()
    assert all("guidance" not in turn.model_dump() for turn in world.turns)
    assert not {"label", "join", "novelty"} & set(world.journal.produced)

"""The loop's promises, with every stage faked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from coursewright.errors import HelperLost, Interrupted, ProgramLost, StageFailed
from coursewright.evaluation import judge
from coursewright.loop import run
from coursewright.records import (
    Approval,
    Audit,
    Evaluation,
    Outcome,
    Sitting,
    Split,
    Training,
    Turn,
    Usage,
    Waiting,
)
from coursewright.search import GreedySearch, OneShotSearch
from coursewright.seeding import derive
from tests.fakes import World, evaluation


def play(*wishes: Any, **rules: Any) -> tuple[Outcome, World]:
    """Run the loop on an agent that proposes `wishes` in order, then repeats the last."""
    world = World(lambda turn: wishes[min(turn.number, len(wishes) - 1)], **rules)
    return run(world.stages(GreedySearch())), world


def test_the_best_round_is_retrained_on_fresh_seeds_and_opened_once() -> None:
    outcome, world = play("400", "900", "500")
    assert outcome.best == 1
    trained = outcome.rounds[1].training
    assert trained is not None
    assert len({trained.weights, *(t.weights for t in outcome.retrainings)}) == 3
    assert world.opened == [[None, *(t.weights for t in outcome.retrainings)]]


def test_the_final_audit_is_of_the_chosen_data_and_comes_before_private_is_opened() -> None:
    outcome, world = play("400", "900", "500")
    assert outcome.final_audit is not None
    assert outcome.final_audit.rows == "900"
    assert world.opened_at_audit == []
    judged = judge(outcome, 0)
    assert judged["audit"] == "flagged"


def test_probes_are_sat_by_base_and_delivered_student_before_private_is_opened() -> None:
    outcome, world = play("400", "900", "500")
    delivered = outcome.retrainings[0].weights
    assert world.sat == [(delivered, False), (None, False)]
    judged = judge(outcome, 0)
    assert judged["robust_gain_points"] == pytest.approx(80.0)
    assert not any("renumbered" in turn.model_dump_json() for turn in world.turns)


def test_the_delivered_student_is_examined_while_the_last_is_retrained() -> None:
    examined = threading.Event()

    class Patient(World):
        def train(self, rows: str, seed: int) -> Training:
            if seed == derive(1, "final", 2):
                assert examined.wait(20), "the examination waited for this retraining"
            return super().train(rows, seed)

        def sit(self, weights: str | None, names: Any = None) -> Sitting:
            if weights is not None:
                examined.set()
            return super().sit(weights, names)

    world = Patient(lambda turn: "400", rounds=1, retrainings=3, slots=2)
    outcome = run(world.stages(GreedySearch()))
    assert len(outcome.retrainings) == 3
    assert sorted(weights or "base" for weights, _ in world.sat) == [
        outcome.retrainings[0].weights,
        "base",
    ]


def test_a_run_without_a_winner_sits_no_probes() -> None:
    _, world = play("100")
    assert world.sat == []


def test_the_guard_refuses_the_best_rounds_until_one_forgot_little_enough() -> None:
    outcome, world = play("400", "900", "500", "800", max_forgetting_points=60.0)
    assert outcome.choice is not None
    assert outcome.choice.forgetful == (1, 3)
    assert outcome.best == 2
    assert judge(outcome, 0)["forgetful_rounds"] == (1, 3)
    assert "round 1 forgot 90.0 points, over 60: refused" in world.said


def test_a_round_cut_short_behind_a_refused_one_is_asked_the_rest() -> None:
    class Brisk(World):
        """Who is behind a rival is asked a half, and thought better than it is."""

        def evaluate(
            self, weights: str | None, split: Split, rival: Evaluation | None = None
        ) -> Evaluation:
            whole = super().evaluate(weights, split)
            if rival is None or whole.accuracy >= rival.accuracy:
                return whole
            half = {"results": whole.results[:10], "accuracy": whole.accuracy + 0.08, "of": 20}
            return whole.model_copy(update=half)

    wishes = ["900", "500", "550"]
    rules = {"rounds": 3, "sequential": True, "max_forgetting_points": 60.0, "guarded": True}
    world = Brisk(lambda turn: wishes[turn.number], **rules)
    outcome = run(world.stages(GreedySearch()))
    assert outcome.choice is not None
    assert (outcome.choice.round, outcome.choice.forgetful) == (2, (0,))
    assert outcome.choice.whole is not None
    assert len(outcome.choice.whole.results) == 20
    assert judge(outcome, 0)["final"].scored_corrected == pytest.approx(0.55, abs=0.1)


def test_the_base_model_is_what_a_guard_leaves_in_the_end() -> None:
    outcome, _ = play("400", "900", max_forgetting_points=10.0)
    assert outcome.choice is not None
    assert outcome.choice.delivered == "base"
    assert outcome.best is None
    assert outcome.retrainings == ()


def test_without_a_guard_nobody_sits_the_panel_before_the_choice() -> None:
    outcome, world = play("400", "900")
    trained = {r.training.weights for r in outcome.rounds if r.training}
    assert not trained & {weights for weights, _ in world.sat}


def test_a_refused_attempt_is_not_trained_on() -> None:
    class Strict(World):
        def audit(self, rows: str, round_number: int, earlier: Any = ()) -> Audit:
            refusal = "too many copies" if round_number == 0 else None
            return Audit(verdict="flagged", rows=rows, kept=int(rows), refusal=refusal)

    outcome = run(Strict(lambda turn: "400").stages(GreedySearch()))
    assert outcome.rounds[0].status == "invalid"
    assert outcome.rounds[0].training is None
    assert outcome.rounds[0].feedback.error == "too many copies"
    assert outcome.rounds[1].operation == "repair"


def test_a_crash_ends_the_round_not_the_run() -> None:
    outcome, _ = play("crash", "400")
    assert [r.status for r in outcome.rounds] == ["failed", "scored", "scored", "scored"]
    assert outcome.rounds[0].failure == "runtime error"
    assert "boom" in (outcome.rounds[0].feedback.error or "")
    assert outcome.rounds[1].operation == "debug"


def test_a_budget_of_trainings_ends_a_run_and_failures_do_not_count() -> None:
    outcome, _ = play("crash", "400", "crash", "500", "600", trainings=2, rounds=9)
    assert [r.status for r in outcome.rounds] == ["failed", "scored", "failed", "scored"]


def test_a_program_stopped_at_its_deadline_is_judged_on_its_rows() -> None:
    outcome, _ = play("late")
    assert outcome.rounds[0].status == "scored"


def test_too_few_rows_are_repaired_and_no_valid_round_opens_nothing() -> None:
    outcome, world = play("100")
    assert outcome.rounds[0].failure == "too few valid rows"
    assert outcome.rounds[1].operation == "repair"
    assert outcome.best is None
    assert world.opened == []


def test_an_answer_without_code_is_a_failed_round() -> None:
    outcome, _ = play("unparsed", "400")
    assert outcome.rounds[0].failure == "code extraction failed"
    assert outcome.rounds[0].execution is None


def test_the_agent_never_sees_scored_results() -> None:
    _, world = play("400", "900", "500")
    seen = "".join(turn.model_dump_json() for turn in world.turns)
    assert '"results"' not in seen
    assert world.turns[2].history[0].feedback.scored is None


def test_one_shot_remembers_nothing_and_stops_at_the_first_valid() -> None:
    wishes = ["crash", "400"]
    world = World(lambda turn: wishes[turn.number])
    outcome = run(world.stages(OneShotSearch()))
    assert len(outcome.rounds) == 2
    assert all(turn.history == () for turn in world.turns)


def test_a_second_run_over_the_same_journal_does_nothing_again() -> None:
    outcome, world = play("400", "900")
    count = len(world.journal.produced)
    assert run(world.stages(GreedySearch())) == outcome
    assert len(world.journal.produced) == count


def test_a_helper_killed_once_costs_nothing_and_killed_always_interrupts() -> None:
    lost = [HelperLost("program killed")]

    class Unlucky(World):
        def execute(self, code: str, **more: Any) -> Any:
            if lost:
                raise lost.pop()
            return super().execute(code, **more)

    def wish(turn: Turn) -> str:
        return "400"

    outcome = run(Unlucky(wish).stages(GreedySearch()))
    undisturbed = run(World(wish).stages(GreedySearch()))
    assert [r.audit for r in outcome.rounds] == [r.audit for r in undisturbed.rounds]
    assert outcome.retrainings == undisturbed.retrainings
    lost = [HelperLost("program killed")] * 9
    with pytest.raises(Interrupted, match="resume"):
        run(Unlucky(wish).stages(GreedySearch()))


def test_a_round_is_told_what_was_spent_until_its_line_was_closed() -> None:
    class Hasty(World):
        spent = Usage(calls=1)

        @contextmanager
        def line(self, *_: Any) -> Iterator[World]:
            yield self
            self.spent = Usage(calls=1, prompt_tokens=11, completion_tokens=7)

        def usage(self) -> Usage:
            return self.spent

    outcome = run(Hasty(lambda turn: "400", rounds=1).stages(GreedySearch()))
    execution = outcome.rounds[0].execution
    assert execution is not None
    assert (execution.teacher.prompt_tokens, execution.teacher.completion_tokens) == (11, 7)


def test_a_program_that_kills_itself_every_time_ends_its_round_only() -> None:
    class Suicidal(World):
        def execute(self, code: str, **more: Any) -> Any:
            if code == "kill":
                raise ProgramLost("killed")
            return super().execute(code, **more)

    outcome = run(
        Suicidal(lambda turn: "kill" if turn.number == 0 else "400").stages(GreedySearch())
    )
    assert outcome.rounds[0].failure == "runtime error"
    assert outcome.best is not None


def test_an_agent_that_fails_is_a_failed_round() -> None:
    def wish(turn: Turn) -> str:
        if turn.number == 0:
            raise StageFailed("no answer", kind="agent output truncated")
        return "400"

    outcome = run(World(wish).stages(GreedySearch()))
    assert outcome.rounds[0].failure == "agent output truncated"


def test_time_that_ran_out_once_is_not_asked_again() -> None:
    class Late(World):
        def elapsed_after(self, rounds: int) -> None:
            real = self.journal.elapsed
            self.journal.elapsed = lambda: 1e9 if len(self.turns) >= rounds else real()  # type: ignore[method-assign]

    world = Late(lambda turn: "400")
    world.elapsed_after(2)
    outcome = run(world.stages(GreedySearch()))
    assert len(outcome.rounds) == 2
    # Resumed long after its end, it replays the same two rounds.
    world.journal.elapsed = lambda: 1e9  # type: ignore[method-assign]
    assert run(world.stages(GreedySearch())) == outcome


def test_a_capped_program_is_told_its_cap_last() -> None:
    class Hungry(World):
        def execute(self, code: str, **more: Any) -> Any:
            done = super().execute("crash")
            return done.model_copy(update={"status": "killed", "reason": "over 2048 MiB"})

    outcome = run(Hungry(lambda turn: "400").stages(GreedySearch()))
    assert (outcome.rounds[0].feedback.error or "").endswith("over 2048 MiB")


def test_ideas_come_once_rounds_stop_gaining_and_are_kept_in_the_record() -> None:
    outcome, world = play("400", "900", "500", rounds=6, ideas_after=2)
    told = [turn.ideas for turn in world.turns]
    assert told == [(), (), (), (), ("# idea 0",), ("# idea 1",)]
    assert [r.heard.ideas for r in outcome.rounds] == told


def test_no_ideas_where_the_run_wants_none() -> None:
    _, world = play("900", "400", rounds=6)
    assert not any(turn.ideas for turn in world.turns)


def guarded(*wishes: Any, **rules: Any) -> tuple[Outcome, World]:
    return play(*wishes, guarded=True, **rules)


def test_the_base_model_is_delivered_where_no_round_beats_it() -> None:
    outcome, world = guarded("crash", "100", "99", rounds=3)
    assert outcome.best is None
    assert outcome.choice is not None
    assert outcome.choice.delivered == "nothing"  # nothing was trained on at all

    class Modest(World):
        def evaluate(
            self, weights: str | None, split: Split, rival: Evaluation | None = None
        ) -> Evaluation:
            return evaluation(0.5 if weights is None else 0.4, split=split)

    world = Modest(lambda turn: "400", guarded=True)
    outcome = run(world.stages(GreedySearch()))
    assert outcome.choice is not None
    assert outcome.choice.delivered == "base"
    assert outcome.retrainings == ()
    assert world.opened == [[None]]
    assert outcome.private == (outcome.base[2],)
    assert [one.accuracy for one in outcome.final] == [0.5, 0.5]


def test_a_tie_with_the_base_model_is_no_reason_to_deliver_another() -> None:
    class Level(World):
        def evaluate(
            self, weights: str | None, split: Split, rival: Evaluation | None = None
        ) -> Evaluation:
            return evaluation(0.5, split=split)

    outcome = run(Level(lambda turn: "400", guarded=True).stages(GreedySearch()))
    assert outcome.choice is not None
    assert outcome.choice.delivered == "base"
    # Without the guard the best round is delivered, whatever it is.
    outcome = run(Level(lambda turn: "400").stages(GreedySearch()))
    assert outcome.best == 0


def test_the_winner_is_scored_again_on_every_fresh_seed() -> None:
    outcome, _ = guarded("400", "900", retrainings=3)
    assert len(outcome.confirmation) == 3
    assert play("400")[0].confirmation == ()


def test_the_noise_floor_is_measured_once_and_before_the_first_round() -> None:
    outcome, world = guarded("400", noise_seeds=3)
    assert outcome.noise is not None
    assert len(outcome.noise.scored) == 3
    produced = world.journal.produced
    assert produced.count("noise") == 1
    assert produced.index("noise") < produced.index("propose")


def test_a_noise_floor_that_cannot_be_trained_stops_nothing() -> None:
    class Picky(World):
        def train(self, rows: str, seed: int) -> Training:
            if rows == "150":
                raise StageFailed("these rows cannot be trained on")
            return super().train(rows, seed)

    outcome = run(Picky(lambda turn: "400", guarded=True, noise_seeds=3).stages(GreedySearch()))
    assert outcome.noise is not None
    assert "cannot be trained" in outcome.noise.problem
    assert outcome.best == 0


class Critic(World):
    """A world with people who reject the plans named by round, and may leave notes."""

    reject: tuple[tuple[str, int], ...] = ()

    def notes(self, after: int) -> tuple[tuple[str, ...], int]:
        return (("note zero",), 7) if after < 7 else ((), after)

    def ask(self, waiting: Waiting) -> Approval:
        self.asked.append(waiting)
        approved = (waiting.gate, waiting.round) not in self.reject
        return Approval(
            gate=waiting.gate, round=waiting.round, approved=approved, reason="too narrow"
        )


def test_a_plan_gate_stands_before_every_program_and_a_sample_gate_before_training() -> None:
    _, world = play("400", "900", rounds=3, gates=("plan", "sample"))
    assert [(w.gate, w.round) for w in world.asked] == [
        ("plan", 0),
        ("sample", 0),
        ("plan", 1),
        ("plan", 2),
    ]
    produced = world.journal.produced
    assert produced.index("gate") < produced.index("program")
    assert "gate" in produced[produced.index("program") : produced.index("train")]


@pytest.mark.parametrize(("gate", "unreached"), [("plan", "execution"), ("sample", "training")])
def test_a_rejection_ends_the_round_and_the_agent_hears_why(gate: str, unreached: str) -> None:
    world = Critic(lambda turn: "500", rounds=2, gates=(gate,))
    world.reject = ((gate, 0),)
    outcome = run(world.stages(GreedySearch()))
    first = outcome.rounds[0]
    assert first.status == "failed"
    assert getattr(first, unreached) is None
    assert "too narrow" in (first.feedback.error or "")
    assert any("too narrow" in note for note in world.turns[1].notes)
    assert outcome.rounds[1].status == "scored"


def test_a_gate_the_run_does_not_have_asks_nobody() -> None:
    _, world = play("400")
    assert world.asked == []


def test_a_note_is_read_once_and_stands_in_every_later_turn() -> None:
    world = Critic(lambda turn: "500", rounds=3)
    outcome = run(world.stages(GreedySearch()))
    assert [turn.notes for turn in world.turns] == [("note zero",)] * 3
    assert [r.heard.notes for r in outcome.rounds] == [("note zero",), (), ()]

"""One function per stage: what decides its outcome, and how it is done.

What decides a stage's outcome is its key in the journal; a stage found there is not done
again. `loop.py` calls these in order.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from coursewright.branching import composed, guidance_of, material, needs_agent
from coursewright.deciding import agent_cost, allowance
from coursewright.errors import HelperLost, Interrupted, ProgramLost, StageFailed
from coursewright.records import (
    Approval,
    Audit,
    Collection,
    Decision,
    Evaluation,
    Execution,
    Failure,
    Gate,
    Heard,
    Noise,
    Proposal,
    Round,
    Split,
    Training,
    Turn,
    Waiting,
)
from coursewright.seeding import derive
from coursewright.stages import Stages, attempts
from coursewright.waves import side_by_side

T = TypeVar("T")

TRIES = 3  # of a stage whose helper process was killed from outside


def measure_noise(stages: Stages, base: Evaluation) -> Noise | None:
    """Find out how far the scored mean moves by the training seed alone; None where nobody asks.

    The same baseline data is trained with several seeds. Another run with the same task and
    student may have done it already. Of this the agent hears the step alone.
    """
    count = stages.rules.noise_seeds
    if count is None:
        return None

    def produce() -> Noise:
        if not count:
            return stages.noise.settle(base, (), "not asked for")
        known = stages.noise.known()
        if known is not None:
            return known
        stages.progress.say(f"noise floor: the visible items, trained with {count} seeds")
        began = time.monotonic()
        scored: dict[int, Evaluation] = {}
        problem = ""

        def one(rows: str, k: int) -> None:
            # Not of the run's seed: runs with other seeds find it measured.
            training = train(stages, rows, derive(0, "noise", k))
            scored[k] = evaluate(stages, training.weights, "scored")

        try:
            rows = stages.noise.rows()
            with side_by_side(stages.rules.slots, stages.progress) as begin:
                for k in range(count):
                    begin(f"noise {k}", partial(one, rows, k))
        except StageFailed as failed:
            problem = str(failed)
        found = stages.noise.settle(base, [scored[k] for k in sorted(scored)], problem)
        return found.model_copy(update={"seconds": time.monotonic() - began})

    inputs = {"seeds": count, "student": stages.student.fingerprint()}
    return stages.journal.stage("noise", inputs, produce, Noise)


def hear(stages: Stages, number: int, decision: Decision, rounds: Sequence[Round]) -> Heard:
    """Take what is put before the next proposal: notes of people, and ideas of the library."""

    def produce() -> Heard:
        notes, upto = stages.people.notes(max((done.heard.upto for done in rounds), default=0))
        return Heard(notes=notes, upto=upto, ideas=ideas_for(stages, decision, rounds))

    return stages.journal.stage("hear", {"round": number}, produce, Heard)


def propose(
    stages: Stages, number: int, decision: Decision, heard: Heard, rounds: Sequence[Round]
) -> Proposal:
    """Ask the agent for a plan and a program; the search itself writes those that join rows."""
    history = () if decision.operation == "one-shot" else attempts(rounds)
    turn = Turn(
        number=number,
        operation=decision.operation,
        parent=None if decision.parent is None else history[decision.parent],
        history=history,
        allowance=allowance(stages, rounds),
        seed=derive(stages.rules.seed, "agent", number),
        notes=(*(note for done in rounds for note in said_in(done)), *heard.notes),
        ideas=heard.ideas,
        guidance=guidance_of(decision),
    )

    def produce() -> Proposal:
        if not needs_agent(decision):
            return composed(number, decision)
        began = time.monotonic()
        stages.progress.start("agent")
        try:
            proposal = stages.agent.propose(stages.brief, turn)
        except StageFailed as failed:
            proposal = Proposal(failure=cast(Failure, failed.kind), message=str(failed))
        stages.progress.finish(proposal.failure or "")
        return proposal.model_copy(update={"seconds": time.monotonic() - began})

    inputs = {"round": number, **decision.model_dump()}
    return stages.journal.stage("propose", inputs, produce, Proposal)


def ask_person(
    stages: Stages, gate: Gate, number: int, rounds: Sequence[Round], reached: dict[str, Any]
) -> None:
    """Wait at a gate, if the run has it, until a person has answered; `reached` keeps the answer.

    The sample's gate is open for good once a data set was approved there.

    Nothing that follows in the round has begun, so no call passes an unapproved gate, whenever
    the process is killed. The journal does not count the time of this stage as the run's.

    Raises:
        StageFailed: the person rejected it, with the reason as what went wrong.
        Interrupted: a person wants the run to stop.
    """
    known = [answer for done in rounds for answer in done.approvals if answer.approved]
    if gate not in stages.rules.gates or (gate == "sample" and any(a.gate == gate for a in known)):
        return
    if gate == "plan":
        text = f"{reached['proposal'].plan}\0{reached['proposal'].code}"
        subject = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        look = f"rounds/{number:03d}"
    else:
        subject = reached["audit"].rows
        look = f"artifacts/{subject}"
    waiting = Waiting(gate=gate, round=number, subject=subject, look=look)
    inputs = {"gate": gate, "round": number}
    answer = stages.journal.stage("gate", inputs, lambda: stages.people.ask(waiting), Approval)
    reached["approvals"] = (*reached.get("approvals", ()), answer)
    if not answer.approved:
        raise StageFailed(f"{rejection(answer)}\n{answer.reason}", kind="other", stage=gate)


def execute(
    stages: Stages,
    number: int,
    decision: Decision,
    proposal: Proposal,
    rounds: Sequence[Round],
    calls: int | None = None,
) -> Execution:
    """Run the program in the sandbox, with one line to the teacher, until all of it is dead.

    `calls` caps what it may ask of the teacher below the round's own cap, for a pilot.
    """
    limits = allowance(stages, rounds)
    earlier = material(stages, number, decision, rounds)
    files = {name: stages.archive.artifact(digest) for name, digest in earlier.items() if digest}
    cap = stages.rules.round_calls if calls is None else min(calls, stages.rules.round_calls)

    def produce() -> Execution:
        stages.progress.start("program" if calls is None else "pilot", stages.task.rows.maximum)
        # The whole cap, also when resumed: the gateway knows what the round has spent of it,
        # and what is left of the run's total.
        spent = agent_cost(rounds) + (proposal.usage.cost_usd or 0.0)
        with stages.teacher.line(number, cap, spent) as line:
            execution = stages.sandbox.execute(
                proposal.code,
                files={**stages.program_files, **files},
                socket=line.socket,
                seed=derive(stages.rules.seed, "program", number),
                deadline=min(stages.rules.program_seconds, limits.seconds),
                submission=stages.intake.fetch,
                on_rows=stages.progress.advance,
            )
        # Once the line is closed: calls that the program left under way are answered until then.
        usage, asked = line.usage(), line.student_usage()
        stages.progress.finish()
        return execution.model_copy(
            update={"teacher": usage, "student": asked, "isolation": stages.sandbox.isolation}
        )

    inputs = {"round": number, "code": proposal.code, **earlier}
    kind = "program" if calls is None else "pilot"
    return stages.journal.stage(kind, inputs, lambda: persist(produce), Execution)


def collect(stages: Stages, execution: Execution) -> Collection:
    """Make rows of what the program left, counting every refusal."""
    digest = execution.submission
    return stages.journal.stage(
        "collect", {"submission": digest}, lambda: stages.intake.collect(digest), Collection
    )


def require_rows(stages: Stages, execution: Execution, kept: int, reason: str | None) -> None:
    """A program is judged on the rows it left, however it ended; too few end the round.

    Raises:
        StageFailed: with the program's own failure if it had one, else "too few valid rows".
    """
    minimum = stages.task.rows.minimum
    if kept >= minimum:
        return
    if execution.status != "ok":
        # The reason stands last: long errors are cut at their beginning.
        message = "\n".join(filter(None, (execution.stderr.rstrip(), execution.reason)))
        late = execution.status == "timeout"
        kind = "execution timeout" if late else "runtime error"
        raise StageFailed(message, kind=kind, stage="execute")
    message = reason or f"{kept} rows passed the audit, at least {minimum} are needed"
    raise StageFailed(message, kind="too few valid rows", stage="collect")


def audit(stages: Stages, number: int, collection: Collection, rounds: Sequence[Round]) -> Audit:
    """Keep the rows that may be trained on."""
    rows = collection.rows
    assert rows is not None
    earlier = audited(rounds)
    inputs = {"round": number, "rows": rows, "earlier": earlier}
    return stages.journal.stage(
        "audit", inputs, lambda: stages.auditor.audit(rows, number, earlier), Audit
    )


def training_rows(stages: Stages, audited: Audit) -> str:
    """Digest of what a round trains on: its audited rows, and those that the user mixes in."""
    assert audited.rows is not None
    own = stages.own_rows
    if own is None or not own.mixed:
        return audited.rows
    return own.added_to(audited.rows, str(read_own_rows(stages).rows))


def read_own_rows(stages: Stages) -> Collection:
    """Take in the data set that the user already has."""
    assert stages.own_rows is not None
    # Its content is among the inputs of the run, which may not change.
    return stages.journal.stage("own rows", {}, stages.own_rows.collect, Collection)


def train(stages: Stages, rows: str, seed: int) -> Training:
    """Fine-tune the base student on a data set."""
    inputs = {"rows": rows, "seed": seed, "student": stages.student.fingerprint()}
    return stages.journal.stage(
        "train", inputs, lambda: persist(lambda: stages.student.train(rows, seed)), Training
    )


def evaluate(
    stages: Stages, weights: str | None, split: Split, rival: Round | None = None
) -> Evaluation:
    """Score the base student (no weights) or a fine-tuned one on a split.

    Where scoring is sequential a student is asked no further once it is shown to end behind the
    rival, a round that was asked everything.
    """
    inputs = {"weights": weights, "split": split, "student": stages.student.fingerprint()}
    other = rival.scored if rival is not None and stages.rules.sequential else None
    if other is not None:
        assert rival is not None
        assert rival.training is not None
        inputs["rival"] = rival.training.weights
    return stages.journal.stage(
        "evaluate",
        inputs,
        lambda: persist(lambda: stages.evaluator.evaluate(weights, split, other)),
        Evaluation,
    )


# ---------------------------------------------------------------- what rounds were told before


def said_in(done: Round) -> list[str]:
    """Return what people said to the agent in a round: notes, and why they rejected it."""
    rejected = [answer for answer in done.approvals if not answer.approved]
    return [*done.heard.notes, *(f"{rejection(answer)} {answer.reason}" for answer in rejected)]


def rejection(answer: Approval) -> str:
    """Return in words what was rejected."""
    what = "plan" if answer.gate == "plan" else "data set"
    return f"The {what} of round {answer.round} was rejected:"


def ideas_for(stages: Stages, decision: Decision, rounds: Sequence[Round]) -> tuple[str, ...]:
    """Return ideas from outside the search, once rounds have stopped gaining.

    How long that is so is read off the round that Improve starts from, which its agent is told
    anyway: no score decides here. A search with several branches decides for itself.
    """
    patience = stages.rules.ideas_after
    if decision.branch is not None:  # a search with several branches says when to widen
        patience = 0 if decision.branch.widen else None
    if patience is None or decision.operation not in ("improve", "draft"):
        return ()
    since = len(rounds) if decision.parent is None else len(rounds) - 1 - decision.parent
    if since < patience:
        return ()
    given = [idea for done in rounds for idea in done.heard.ideas]
    offered = frozenset(name for done in rounds for name in done.proposal.methods)
    return stages.ideas.next(stages.brief, given, offered)


def released(rounds: Sequence[Round]) -> float | None:
    """The scored mean that the agent was told last, if it was told any."""
    told = (done.feedback.scored for done in reversed(rounds))
    return next((score for score in told if score is not None), None)


def audited(rounds: Sequence[Round]) -> list[tuple[int, str]]:
    """Round numbers and digests of the data sets that passed an audit."""
    return [(r.number, r.audit.rows) for r in rounds if r.audit and r.audit.rows]


def persist(work: Callable[[], T]) -> T:
    """Do a stage again when a helper process was killed under it.

    Raises:
        StageFailed: a program was killed every time; it may well have done it itself.
        Interrupted: another helper was killed every time.
    """
    for _ in range(TRIES):
        try:
            return work()
        except HelperLost as lost:
            reason = lost
    if isinstance(reason, ProgramLost):
        raise StageFailed(f"{reason}, {TRIES} times", kind="runtime error", stage="execute")
    raise Interrupted(f"{reason}, {TRIES} times in a row; `coursewright resume` continues here")

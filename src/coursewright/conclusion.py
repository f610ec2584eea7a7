"""What was measured becomes the result: scores and claims, and the conditions they hold under."""

from __future__ import annotations

from coursewright import evaluation
from coursewright.audit import near_items
from coursewright.briefing import part_name, public_items
from coursewright.config import EmbeddedStudent, HeuristicAgent, RunConfig, SimulatedTeacher
from coursewright.exams import pick_scorer
from coursewright.records import Isolation, Outcome, Result
from coursewright.search import proxy_of
from coursewright.stages import Stages
from coursewright.store import RunStore
from coursewright.tasks import baseline_scores, read_split

EMBEDDED = {HeuristicAgent: "agent", SimulatedTeacher: "teacher", EmbeddedStudent: "student"}
"""Parts that come with the package: a result with one of them says little about real ones."""


def conclude(store: RunStore, config: RunConfig, stages: Stages, outcome: Outcome) -> Result:
    """Put what was measured, and under which conditions, into the result record."""
    baselines: dict[str, float] = {}
    near = None
    if outcome.private:
        scorer, private = pick_scorer(config, stages.task), read_split(stages.task, "private")
        baselines = baseline_scores(stages.task, private, scorer)
        near = near_items(private, public_items(config, stages.task))
    parts = (config.agent, config.teacher, config.student)
    names = [part_name(part) for part in parts]
    return Result(
        run=store.name,
        path=str(store.path),
        task=stages.task.name,
        agent=names[0],
        teacher=names[1],
        student=names[2],
        mode=config.mode,
        setting=config.setting,
        protocol=config.protocol,
        seed=config.seed,
        human_inputs=human_inputs(config, outcome),
        teacher_usage=stages.teacher.usage(),
        isolation=weakest_isolation(stages, outcome),
        agent_isolation=agent_isolation(outcome),
        seconds=time_by_stage(outcome, store.journal.elapsed()),
        embedded=tuple(
            f"{EMBEDDED[type(part)]} {name}"
            for part, name in zip(parts, names, strict=True)
            if type(part) in EMBEDDED
        ),
        baselines=baselines,
        proxy=proxy_of(outcome.rounds),
        training=outcome.retrainings[0].setup if outcome.retrainings else None,
        **evaluation.judge(outcome, config.seed, near),
        **evaluation.guard(outcome, config.seed),
        smallest=evaluation.weigh_smallest(outcome),
    )


def weakest_isolation(stages: Stages, outcome: Outcome) -> Isolation:
    """Return the weakest level any program ran under: a run may have changed machines."""
    met = [r.execution.isolation for r in outcome.rounds if r.execution]
    return min(filter(None, met), key=lambda i: i.level, default=stages.sandbox.isolation)


def agent_isolation(outcome: Outcome) -> Isolation | None:
    """Return the weakest level a command agent ran under; None for agents that run in here."""
    met = [r.proposal.isolation for r in outcome.rounds]
    return min(filter(None, met), key=lambda i: i.level, default=None)


def time_by_stage(outcome: Outcome, total: float) -> dict[str, float]:
    """Return seconds by stage; `overhead` is wall time in none of them."""
    rounds = outcome.rounds
    own, few = outcome.incumbent, outcome.smallest
    evaluations = {*outcome.base, *outcome.final, *outcome.confirmation, *outcome.private}
    evaluations |= {e for sitting in outcome.probes for e in sitting.evaluations.values()}
    evaluations |= {*own.scored, *own.private} if own else set()
    tried = few.tried if few else ()
    evaluations |= {*(few.private if few else ()), *(e for one in tried for e in one.scored)}
    # A set: rounds with the same data share their training and their evaluations.
    evaluations |= {e for r in rounds for e in (r.visible, r.scored) if e}
    trainings = [r.training for r in rounds if r.training] + list(outcome.retrainings)
    trainings += own.trainings if own else ()
    trainings += [training for one in tried for training in one.trainings]
    # What another run made took no time of this one.
    trained = {one.weights: one for one in trainings if not one.shared}
    seconds = {
        "agent": sum(r.proposal.seconds for r in rounds),
        "program": sum(r.execution.seconds for r in rounds if r.execution),
        "audit": sum(r.audit.seconds for r in rounds if r.audit)
        + (outcome.final_audit.seconds if outcome.final_audit else 0.0),
        "train": sum(training.seconds for training in trained.values())
        + sum(r.look.seconds for r in rounds if r.look),
        "evaluate": sum(e.seconds for e in evaluations),
        "noise": outcome.noise.seconds if outcome.noise else 0.0,
    }
    overhead = max(0.0, total - sum(seconds.values()))
    return {"total": total, **seconds, "overhead": overhead}


def human_inputs(config: RunConfig, outcome: Outcome) -> tuple[str, ...]:
    """Return what people put into the run, by name, and when they did."""
    inputs = ["task"]
    if config.setting == "seed":
        inputs.append("seeds")
    if config.agent.kind == "program":
        inputs.append("program")
    if config.notes is not None and config.brief in (None, "notes"):
        inputs.append("notes")
    if config.incumbent is not None and config.incumbent.mix:
        inputs.append("rows of their own")
    if config.replay is not None and config.replay.path is not None:
        inputs.append("replay rows")
    if config.policy is not None:
        inputs.append("policy")
    for done in outcome.rounds:
        inputs += [f"note before round {done.number}"] * len(done.heard.notes)
        for answer in done.approvals:
            what = "plan" if answer.gate == "plan" else "data set"
            said = "approved" if answer.approved else "rejected"
            inputs.append(f"{said} {what} of round {done.number}")
    return tuple(inputs)

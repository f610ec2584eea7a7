"""What can be done with a run: start, resume, reproduce it; ask its student."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from coursewright import evaluation, loop
from coursewright.audit import near_items, with_policy
from coursewright.briefing import full_brief, make_brief, part_name, public_items, read_notes
from coursewright.config import (
    CommandAgent,
    EmbeddedStudent,
    Endpoint,
    HeuristicAgent,
    HuggingFaceStudent,
    ProgramAgent,
    ReplayAgent,
    RunConfig,
    RunTeacher,
    SimulatedTeacher,
)
from coursewright.display import Silent
from coursewright.errors import IsolationError, RunFolderError, UsageError
from coursewright.exams import pick_scorer
from coursewright.guardrails import settled_policy
from coursewright.preflight import check_guard, check_incumbent, check_servers, what_it_can_show
from coursewright.protocols import Progress, Stages
from coursewright.records import Isolation, OpeningCount, Outcome, Record, Result, Task
from coursewright.store import (
    Artifacts,
    Pulse,
    RunFolder,
    RunStore,
    export_gate,
    file_digest,
    pin_teacher,
    read_stages,
    record_digest,
    resolve_run,
    storage,
)
from coursewright.student import settle
from coursewright.tasks import baseline_scores, load_task, read_split
from coursewright.teacher import check_teacher
from coursewright.wiring import (
    assemble,
    check_agent,
    make_search,
    make_student,
)

EMBEDDED = {HeuristicAgent: "agent", SimulatedTeacher: "teacher", EmbeddedStudent: "student"}
"""Parts that come with the package: a result with one of them says little about real ones."""


MEASURED = frozenset({"decide", "train", "evaluate", "probes", "private"})
"""Stages whose inputs, with the config, decide their outcome."""


class Reproduction(Record):
    """What `reproduce` found."""

    run: str
    identical: bool
    """Every data set of every round, and the delivered one, came out the same."""
    new_calls: int
    """Calls to teacher and base student that the record did not hold; 0 in a true replay."""
    lines: tuple[str, ...]


def run(config: RunConfig, progress: Progress | None = None) -> Result:
    """Start a run and carry it to its result.

    Raises:
        CoursewrightError: see `errors` for all that can stop it; `resume` continues a run that
            was interrupted.
    """
    task = load_task(config.task)
    # Everything that can be wrong is found before a folder is made.
    check_agent(config, task)
    make_search(config)
    pick_scorer(config, task)
    check_servers(config)
    check_incumbent(config, task)
    check_guard(config, task)
    with_policy(settled_policy(config))
    capped = config.budget.cost_usd is not None
    make_brief(config, task)
    check_teacher(config.teacher, full_brief(config, task), capped=capped)
    progress = progress or Silent()
    config = anchored(config, progress)
    with RunStore.create(config.runs, config.name, config, inputs_of(config, task)) as store:
        progress.say(what_it_can_show(task))
        try:
            return carry(store, config, progress)
        except (UsageError, IsolationError):
            if not read_stages(store.journal_path):
                store.discard()  # what only its start could find leaves no empty run behind
            raise


def resume(run: str, runs: Path, progress: Progress, *, shared: Path | None = None) -> Result:
    """Continue an interrupted run; a finished one just says its result.

    `shared` is the folder in which it shares answers with others, as in its config: the run's
    record does not name it, since it may be moved.
    """
    with RunStore.open(resolve_run(run, runs)) as store:
        result = store.result()
        if result is not None:
            return result
        config = store.config.model_copy(update={"shared": shared})
        store.require_unchanged(config, inputs_of(config, load_task(config.task)))
        check_servers(config)
        return carry(store, config, progress)


def reproduce(run: str, runs: Path, progress: Progress, *, retrain: bool) -> Reproduction:
    """Replay a finished run in a new folder beside it, and compare every data set."""
    original = RunFolder(resolve_run(run, runs))
    result = original.result()
    if result is None:
        raise RunFolderError("has no result yet; `coursewright resume` goes on", file=original.path)
    recorded, task = original.config, load_task(original.config.task)
    original.require_unchanged(recorded, {**original.inputs, **task.digests})
    with tempfile.TemporaryDirectory(prefix="coursewright-") as place:
        proposals = Path(place) / "proposals.jsonl"
        proposals.write_text("".join(f"{line}\n" for line in recorded_proposals(original)))
        # Agent and teacher are asked nothing, so nobody has to serve them.
        scorers = tuple(s for s in recorded.servers if retrain and "scorer" in s.serves)
        update = {"agent": ReplayAgent(path=proposals), "name": None, "servers": scorers}
        config = recorded.model_copy(update=update)
        with RunStore.create(Path(place), "replay", config, task.digests) as store:
            shutil.copyfile(original.ledger_path, store.ledger_path)
            if original.student_ledger_path.is_file():
                shutil.copyfile(original.student_ledger_path, store.student_ledger_path)
            # What people and the library put before the agent is said again, not asked for again.
            store.journal.copy_stages(original.journal_path, {"hear", "gate"})
            if not retrain:
                store.reuse(original, MEASURED)
            # What this machine knew then, and the user's own file: not what is reproduced.
            store.reuse(original, frozenset({"noise", "own rows", "count openings"}))
            # A run from before openings were counted keeps its unknown number.
            store.journal.stage("count openings", {}, OpeningCount, OpeningCount)
            again = carry(store, config, progress, attended=False)
    return compare(result, again)


def anchored(config: RunConfig, progress: Progress) -> RunConfig:
    """Return the config with all it names pinned down: `resume` may start elsewhere, and later.

    Files get absolute paths. A student of the hub is fetched, and gets the commit that was found;
    a teacher that is the student of another run gets that student's digest.
    """
    update: dict[str, Any] = {}
    if Path(config.task).is_dir():
        update["task"] = str(Path(config.task).absolute())
    if config.notes is not None:
        update["notes"] = config.notes.absolute()
    update["policy"] = settled_policy(config)
    if config.incumbent is not None:
        own = config.incumbent.path.absolute()
        update["incumbent"] = config.incumbent.model_copy(update={"path": own})
    if config.replay is not None and config.replay.path is not None:
        past = config.replay.path.absolute()
        update["replay"] = config.replay.model_copy(update={"path": past})
    if isinstance(config.agent, ProgramAgent | ReplayAgent):
        path = config.agent.path.absolute()
        update["agent"] = config.agent.model_copy(update={"path": path})
    if isinstance(config.agent, CommandAgent):
        update["agent"] = anchored_command(config.agent)
    if isinstance(config.student, HuggingFaceStudent):
        update["student"] = settle(config.student, progress.say)
    if isinstance(config.teacher, RunTeacher):
        update["teacher"] = pin_teacher(config.teacher, config.runs)
    for field, part in (("agent", config.agent), ("teacher", config.teacher)):
        if isinstance(part, Endpoint) and part.tokenizer is not None:
            tokenizer = part.tokenizer.expanduser().absolute()
            update[field] = part.model_copy(update={"tokenizer": tokenizer})
    return config.model_copy(update=update)


def anchored_command(part: CommandAgent) -> CommandAgent:
    """Return a command agent whose files and folders are named by absolute paths."""
    words = [str(Path(w).absolute()) if "/" in w and Path(w).is_file() else w for w in part.command]
    read = [path.expanduser().absolute() for path in part.read]
    home = None if part.home is None else part.home.expanduser().absolute()
    return part.model_copy(update={"command": tuple(words), "read": tuple(read), "home": home})


def inputs_of(config: RunConfig, task: Task) -> dict[str, str]:
    """Return digests of the outside files that may not change under a run, by name."""
    inputs = dict(task.digests)
    if isinstance(config.agent, ProgramAgent | ReplayAgent):
        content = config.agent.path.read_bytes()
        inputs[f"agent {config.agent.path.name}"] = hashlib.sha256(content).hexdigest()
    if config.incumbent is not None:
        with storage(config.incumbent.path, "put it back"):
            inputs["incumbent"] = file_digest(config.incumbent.path)
    if config.replay is not None and config.replay.path is not None:
        with storage(config.replay.path, "put it back"):
            inputs["replay"] = file_digest(config.replay.path)
    if config.notes is not None:
        inputs["notes"] = hashlib.sha256(read_notes(config.notes).encode()).hexdigest()
    return inputs


def recorded_proposals(run: RunFolder) -> list[str]:
    """Return a run's proposals as JSON, in the order of its rounds."""
    stages = [stage for stage in read_stages(run.journal_path) if stage["kind"] == "propose"]
    return [stage["outcome"] for stage in sorted(stages, key=round_of)]


def round_of(stage: Any) -> int:
    """Return the round that a journaled stage belongs to."""
    return int(json.loads(stage["inputs"])["round"])


def try_question(run: str, runs: Path, question: str) -> dict[str, str]:
    """Answer one question with the base model and with a run's student."""
    folder = RunFolder(resolve_run(run, runs))
    result = folder.result()
    if result is not None and result.delivered == "base":
        raise RunFolderError("has no student: it delivered the base model", file=folder.path)
    if result is None or not folder.student_path.is_dir():
        raise RunFolderError("has no student yet", file=folder.path)
    config, task = folder.config, load_task(folder.config.task)
    prompt = [evaluation.prompt_for(task.instruction, question)]
    with tempfile.TemporaryDirectory(prefix="coursewright-") as place:
        # The run may be pruned or held: the student is asked from a copy of its own.
        artifacts = Artifacts(Path(place))
        weights = artifacts.put_folder(folder.student_path)
        # Its worker answers, since a server that answered in the run may be gone.
        update = {"server": None} if isinstance(config.student, HuggingFaceStudent) else {}
        alone = config.student.model_copy(update=update)
        student = make_student(alone, artifacts, Silent(), task.generation, task.preamble)
        with contextlib.closing(student):
            return {
                "base": student.answer(None, prompt)[0],
                "student": student.answer(weights, prompt)[0],
            }


# ---------------------------------------------------------------- one run, to its result


def carry(
    store: RunStore, config: RunConfig, progress: Progress, *, attended: bool = True
) -> Result:
    """Run the loop in a held run folder, and write down the result."""
    progress = Pulse(progress, store.path / "progress.json")
    with assemble(store, config, progress, attended=attended) as stages:
        require_isolation(store, stages.sandbox.isolation)
        require_isolation(store, getattr(stages.agent, "isolation", None), stage="propose")
        outcome = loop.run(stages)
        result = conclude(store, config, stages, outcome)
    if outcome.retrainings:
        store.deliver(outcome.retrainings[0].weights)
    result = result.model_copy(update={"record": record_digest(store)})
    store.write_result(result)
    if attended:
        at_export(store, config, result, progress)
    return result


def at_export(store: RunStore, config: RunConfig, result: Result, progress: Progress) -> None:
    """Let a finished run wait at the gate of its export, if it has one."""
    waiting = export_gate(config, result)
    if waiting is None:
        return
    store.requests.wait(waiting)
    progress.say(
        f"nothing is exported before a person approves it: `coursewright approve {store.name}`"
    )


def require_isolation(store: RunStore, found: Isolation | None, *, stage: str = "program") -> None:
    """A run goes on no weaker than it began; neither programs nor a command agent (`propose`).

    Raises:
        IsolationError: they were shut in at a stronger level than there is now.
    """
    if found is None:
        return
    programs = [s["outcome"] for s in read_stages(store.journal_path) if s["kind"] == stage]
    levels = [(json.loads(outcome).get("isolation") or {}).get("level") for outcome in programs]
    strongest = max(filter(None, levels), default=found.level)
    if found.level < strongest:
        raise IsolationError(
            f"this run began at level {strongest}, and only {found.level} holds now; "
            "`coursewright doctor` says what is missing"
        )


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
        training=outcome.retrainings[0].setup if outcome.retrainings else None,
        **evaluation.judge(outcome, config.seed, near),
        **evaluation.guard(outcome, config.seed),
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
    own = outcome.incumbent
    evaluations = {*outcome.base, *outcome.final, *outcome.confirmation, *outcome.private}
    evaluations |= {e for sitting in outcome.probes for e in sitting.evaluations.values()}
    evaluations |= {*own.scored, *own.private} if own else set()
    # A set: rounds with the same data share their training and their evaluations.
    evaluations |= {e for r in rounds for e in (r.visible, r.scored) if e}
    trainings = [r.training for r in rounds if r.training] + list(outcome.retrainings)
    trainings += own.trainings if own else ()
    seconds = {
        "agent": sum(r.proposal.seconds for r in rounds),
        "program": sum(r.execution.seconds for r in rounds if r.execution),
        "audit": sum(r.audit.seconds for r in rounds if r.audit)
        + (outcome.final_audit.seconds if outcome.final_audit else 0.0),
        "train": sum(t.seconds for t in {t.weights: t for t in trainings}.values()),
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


def compare(first: Result, again: Result) -> Reproduction:
    lines, identical = [], True
    for was, now in zip(first.rounds, again.rounds, strict=False):
        same = was.dataset == now.dataset
        identical &= same
        lines.append(f"round {was.number}: {'identical' if same else 'DIFFERENT'} data set")
    if len(first.rounds) != len(again.rounds):
        identical = False
        lines.append(f"rounds: {len(first.rounds)} recorded, {len(again.rounds)} replayed")
    delivered = [r.final.dataset if r.final else None for r in (first, again)]
    identical &= delivered[0] == delivered[1]
    lines.append(f"final data set: {'identical' if delivered[0] == delivered[1] else 'DIFFERENT'}")
    scores = [r.final.private if r.final else None for r in (first, again)]
    if scores[0] != scores[1]:
        lines.append(f"private score: {scores[0]} recorded, {scores[1]} now")
    new = {
        "teacher": again.teacher_usage.calls - first.teacher_usage.calls,
        "student": again.student_usage.calls - first.student_usage.calls,
    }
    lines += [f"{calls} {who} calls were not in the record" for who, calls in new.items() if calls]
    new_calls = sum(new.values())
    return Reproduction(run=first.run, identical=identical, new_calls=new_calls, lines=tuple(lines))

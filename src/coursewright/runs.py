"""What can be done with a run: start, resume, reproduce it; ask its student."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from coursewright import evaluation, loop
from coursewright.anchoring import anchored, inputs_of
from coursewright.conclusion import conclude
from coursewright.config import (
    HuggingFaceStudent,
    LocalExecutor,
    ReplayAgent,
    RunConfig,
    with_executor,
)
from coursewright.display import Silent
from coursewright.errors import IsolationError, RunFolderError, UsageError
from coursewright.preflight import (
    check_executor,
    check_own_rows,
    check_servers,
    require_sound,
    what_it_can_show,
)
from coursewright.protocols import Progress
from coursewright.records import Isolation, OpeningCount, Record, Result
from coursewright.store import (
    Artifacts,
    Pulse,
    RunFolder,
    RunStore,
    export_gate,
    read_stages,
    record_digest,
    resolve_run,
)
from coursewright.tasks import load_task
from coursewright.wiring import assemble, make_student

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
    require_sound(config, task)
    check_servers(config)
    progress = progress or Silent()
    check_executor(config, progress)
    config = anchored(config, progress)
    if isinstance(config.student, HuggingFaceStudent):
        check_own_rows(config, task)  # by its own tokenizer, now that it is there
    with RunStore.create(config.runs, config.name, config, inputs_of(config, task)) as store:
        progress.say(what_it_can_show(task))
        try:
            return carry(store, config, progress)
        except (UsageError, IsolationError):
            if not read_stages(store.journal_path):
                store.discard()  # what only its start could find leaves no empty run behind
            raise


def resume(
    run: str,
    runs: Path,
    progress: Progress,
    *,
    shared: Path | None = None,
    executor: dict[str, Any] | None = None,
) -> Result:
    """Continue an interrupted run; a finished one just says its result.

    `shared` is the folder in which it shares answers with others, as in its config: the run's
    record does not name it, since it may be moved. `executor` are settings of the executor that
    take the place of those it began with.
    """
    with RunStore.open(resolve_run(run, runs)) as store:
        result = store.result()
        if result is not None:
            return result
        config = with_executor(store.config, executor or {})
        config = config.model_copy(update={"shared": shared})
        store.require_unchanged(config, inputs_of(config, load_task(config.task)))
        check_servers(config)
        check_executor(config, progress)
        return carry(store, config, progress)


def reproduce(run: str, runs: Path, progress: Progress, *, retrain: bool) -> Reproduction:
    """Replay a finished run in a new folder beside it, and compare every data set."""
    original = RunFolder(resolve_run(run, runs))
    result = original.finished()
    recorded, task = original.config, load_task(original.config.task)
    original.require_unchanged(recorded, {**original.inputs, **task.digests})
    with tempfile.TemporaryDirectory(prefix="coursewright-") as place:
        proposals = Path(place) / "proposals.jsonl"
        proposals.write_text("".join(f"{line}\n" for line in recorded_proposals(original)))
        # Agent and teacher are asked nothing, so nobody has to serve them.
        scorers = tuple(s for s in recorded.servers if retrain and "scorer" in s.serves)
        update = {"agent": ReplayAgent(path=proposals), "name": None, "servers": scorers}
        # Where it was computed then is no part of what is reproduced.
        config = recorded.model_copy(update={**update, "executor": LocalExecutor()})
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
    fewest = [r.smallest.dataset if r.smallest else None for r in (first, again)]
    if any(fewest):
        # Searched by scores: another machine may come to another size of the same order.
        same = fewest[0] == fewest[1]
        lines.append(f"smallest set: {'identical' if same else 'another one'}")
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

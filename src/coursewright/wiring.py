"""A config becomes a bundle of stages: the only module that imports implementations.

Every exchangeable part is made by one function here; a second implementation of a stage is one
more line in one of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import coursewright
from coursewright.agents import IdeaLibrary, make_agent
from coursewright.auditors import make_auditor
from coursewright.briefing import (
    make_brief,
    part_name,
    program_files,
    public_items,
    student_calls,
)
from coursewright.config import (
    TEXT_KINDS,
    CommandAgent,
    CustomPart,
    EmbeddedStudent,
    Endpoint,
    ExecutorConfig,
    RunConfig,
    RunTeacher,
    StudentConfig,
    TeacherConfig,
)
from coursewright.evaluation import NoiseFloor
from coursewright.exams import make_evaluator, make_probes, pick_scorer
from coursewright.feedback import GuardedFeedback
from coursewright.guardrails import licensed, settled_policy
from coursewright.mixing import make_intake, make_own_rows, with_replay
from coursewright.plugins import construct
from coursewright.protocols import Agent, Jail, Progress, Student
from coursewright.records import Generation, Isolation, Preamble, Task
from coursewright.sandbox import check_command, open_jail, open_sandbox
from coursewright.searches import make_halving, make_search, require_likelihood, wave_of
from coursewright.servers import AgentInTurn, StudentInTurn, TeacherInTurn, Turns
from coursewright.stages import Rules, Stages
from coursewright.store import (
    Artifacts,
    HeedingJournal,
    Kept,
    PrivateOpenings,
    RunPeople,
    RunStore,
    SharedAnswers,
    cache_folder,
    digest_of,
    state_folder,
)
from coursewright.student import (
    AskedStudent,
    LocalStudent,
    ReplayingStudent,
    SharedStudent,
    TeachingStudent,
    open_executor,
)
from coursewright.submission import RowShards
from coursewright.tasks import load_task, read_corpus
from coursewright.teacher import GatewayTeacher, told_to_programs, withheld_texts

PATIENCE = 3
"""Rounds without a new best after which a guarded run asks the library of ideas."""


@contextlib.contextmanager
def assemble(
    store: RunStore, config: RunConfig, progress: Progress, *, attended: bool = True
) -> Iterator[Stages]:
    """Make every stage of a run; their processes end with the block.

    Nobody answers at the gates of a run that is `attended` not: its journal holds the answers.
    """
    task = load_task(config.task)
    brief, exam = make_brief(config, task), public_items(config, task)
    passages = read_corpus(task)
    if (policy := settled_policy(config)) is not None:
        brief, passages = licensed(policy, task, brief, passages)
    paper = config.protocol == "paper"
    with contextlib.ExitStack() as stack:
        student = make_student(
            config.student,
            store.artifacts,
            progress,
            task.generation,
            task.preamble,
            config.executor,
        )
        stack.callback(student.close)
        require_likelihood(config, student)
        student = with_replay(config, task, student, store.artifacts)
        for line in leaving(config):
            progress.say(line)
        student.start()  # its imports take seconds; the first proposal runs meanwhile
        sandbox = open_sandbox(config.sandbox, allow_weak=config.allow_weak)
        stack.callback(sandbox.close)
        asked = asked_student(config, task, student, stack)
        shared = open_shared(config, stack)
        # From here on `student` is the worker's own side, `learner` the one that stages know.
        learner = sharing(student, shared, store.artifacts, progress)
        teacher = GatewayTeacher(
            config.teacher,
            ledger=store.ledger_path,
            seed=config.seed,
            budget=config.budget,
            withheld=withheld_texts(
                config.teacher, brief.model_copy(update={"visible": exam}), passages
            ),
            student=asked,
            student_ledger=store.student_ledger_path,
            shared=config.shared,
            specialised=teaching_student(config.teacher, store.artifacts, stack, progress),
        )
        stack.callback(teacher.close)
        people = RunPeople(
            store.requests,
            store.name,
            progress,
            stops_before=store.stops_before,
            attended=attended,
        )
        agent = open_agent(config, task, store, stack, progress)
        stages = Stages(
            task=task,
            brief=brief,
            rules=make_rules(config),
            program_files=program_files(store, told_to_programs(config.teacher, brief), passages),
            agent=agent,
            sandbox=sandbox,
            teacher=teacher,
            intake=make_intake(task, store.artifacts, student, task.rows),
            auditor=make_auditor(config, task, store, exam, passages),
            student=learner,
            evaluator=make_evaluator(config, task, learner, progress),
            probes=make_probes(config, task, learner, progress),
            noise=make_noise_floor(config, task, student, store.artifacts),
            feedback=GuardedFeedback(exam, config.seed, paper=paper, kind=config.feedback),
            search=make_search(config),
            people=people,
            ideas=IdeaLibrary(config.seed),
            openings=make_openings(config, task, store.marker.created),
            journal=HeedingJournal(store.journal, people),
            archive=store.archive,
            progress=progress,
            own_rows=make_own_rows(config, task, store.artifacts, student),
            shards=RowShards(store.artifacts, exam, task.rows.maximum),
            halving=make_halving(config),
        )
        if config.servers:
            stages = taking_turns(stages, store, config, student, asked, stack, shared)
        yield stages


def make_noise_floor(
    config: RunConfig, task: Task, student: Student, artifacts: Artifacts
) -> NoiseFloor:
    """Return what knows the noise floor; its cache is the user's, and serves all runs."""

    def key() -> str:
        what = config.model_dump(mode="json", include={"scorer"})
        student_is = {"student": student.fingerprint(), "code": coursewright.__version__}
        return digest_of({**what, **student_is, "task": task.digests, "seeds": config.noise_seeds})

    kept = Kept(cache_folder() / "noise")
    return NoiseFloor(task, pick_scorer(config, task), artifacts, kept, key)


def make_openings(config: RunConfig, task: Task, which: str) -> PrivateOpenings:
    """Return the counter of this task's private split for one run, whose config `which` it is."""
    place = {"runs", "name", "shared", "executor"}
    what = config.model_dump(mode="json", exclude=place)
    run = digest_of({"which": which, "config": what})
    return PrivateOpenings(state_folder(), split=task.digests["private.jsonl"], run=run)


def asked_student(
    config: RunConfig, task: Task, student: Student, stack: contextlib.ExitStack
) -> AskedStudent | None:
    """Return the base student as programs may ask it, or None where they may not."""
    if not student_calls(config):
        return None
    asked = AskedStudent(student, task.instruction, task.generation.max_new_tokens)
    stack.callback(asked.close)
    return asked


def teaching_student(
    config: TeacherConfig, artifacts: Artifacts, stack: contextlib.ExitStack, progress: Progress
) -> TeachingStudent | None:
    """Return the specialised student that is the teacher, or None where somebody else is."""
    if not isinstance(config, RunTeacher):
        return None
    if isinstance(config.student, EmbeddedStudent):
        progress.say(
            f"teacher {part_name(config)}: a small model that answers questions under its task's "
            "instruction; it cannot write any"
        )
    teaching = TeachingStudent(config, artifacts, progress)
    stack.callback(teaching.close)
    return teaching


def taking_turns(
    stages: Stages,
    store: RunStore,
    config: RunConfig,
    student: Student,
    asked: AskedStudent | None,
    stack: contextlib.ExitStack,
    shared: SharedAnswers | None,
) -> Stages:
    """Return the stages so that agent, teacher and student share the run's own servers in turn."""
    turns = Turns(config.servers, store.path / "servers", stages.progress)
    stack.callback(turns.close)
    worker = student.student if isinstance(student, ReplayingStudent) else student
    if isinstance(worker, LocalStudent):
        turns.trainer_rests_by(worker.rest)
    served = getattr(config.student, "server", None) is not None
    in_turn = StudentInTurn(student, turns, served=served)
    if asked is not None:
        asked.answered_by(in_turn)
    # What is looked up takes nobody's turn.
    learner = sharing(in_turn, shared, store.artifacts, stages.progress)
    return replace(
        stages,
        agent=AgentInTurn(stages.agent, turns),
        teacher=TeacherInTurn(stages.teacher, turns),
        student=learner,
        evaluator=make_evaluator(config, stages.task, learner, stages.progress),
        probes=make_probes(config, stages.task, learner, stages.progress),
    )


def open_shared(config: RunConfig, stack: contextlib.ExitStack) -> SharedAnswers | None:
    """Return what runs keep for one another in the config's folder; None where it names none."""
    return None if config.shared is None else stack.enter_context(SharedAnswers(config.shared))


def sharing(
    student: Student, shared: SharedAnswers | None, store: Artifacts, progress: Progress
) -> Student:
    """Return the student so that it looks up what others made, if runs share anything."""
    return student if shared is None else SharedStudent(student, shared, store, progress)


def open_agent(
    config: RunConfig,
    task: Task,
    store: RunStore,
    stack: contextlib.ExitStack,
    progress: Progress,
) -> Agent:
    """Return the agent; a command agent in a jail that has held against its escape probe."""
    jail: Jail | None = None
    if isinstance(config.agent, CommandAgent):
        withheld = (*withheld_folders(config, task), store.path)
        opened = open_jail(config.agent, allow_weak=config.allow_weak, withheld=withheld)
        stack.callback(opened.close)
        jail = opened
        progress.say(announce(config.agent, opened.isolation))
    return make_agent(config.agent, jail, seed=config.seed, ledger=store.agent_ledger_path)


def leaving(config: RunConfig) -> list[str]:
    """Return a line for each server, and a command agent: which kinds of text may go there."""
    lines = []
    for role, part in (("agent", config.agent), ("teacher", config.teacher)):
        if isinstance(part, Endpoint | CommandAgent):
            kinds = ", ".join(part.may_leave) or "nothing of the task's texts"
            kept = [kind for kind in TEXT_KINDS if kind not in part.may_leave]
            held = f"; withheld: {', '.join(kept)}" if kept else ""
            where = f"{role} {part_name(part)}"
            if isinstance(part, Endpoint):
                where = f"{role} {part.model} at {part.base_url}"
            lines.append(f"{where}: may be sent {kinds}{held}")
    return lines


def announce(part: CommandAgent, isolation: Isolation) -> str:
    """Return in a line what shuts a command agent in, and where what it is told can go."""
    hosts = ", ".join(part.network) or "no host"
    reach = hosts if isolation.verified else "EVERY host, and all your files"
    return f"agent {part_name(part)}: isolation {isolation.level}, reaches {reach}"


def check_agent(config: RunConfig, task: Task) -> None:
    """Find what is wrong with the agent's settings before anything is started.

    Raises:
        ConfigError: names the field.
    """
    if isinstance(config.agent, CommandAgent):
        check_command(config.agent, withheld_folders(config, task))
    else:
        make_agent(config.agent)


def withheld_folders(config: RunConfig, task: Task) -> tuple[Path, ...]:
    """Return the folders that no agent may see, whatever the user shows it.

    Beside those of the run: what the user's cache knows of scored, the count of openings, and what
    students of other runs answered.
    """
    shared = () if config.shared is None else (config.shared,)
    return (Path(task.folder), config.runs, cache_folder(), state_folder(), *shared)


def make_rules(config: RunConfig) -> Rules:
    """Return the settings that the loop itself acts on."""
    budget = config.budget
    one_shot, guarded = config.mode == "one-shot", config.protocol == "guarded"
    return Rules(
        seed=config.seed,
        rounds=budget.one_shot_attempts if one_shot else budget.rounds,
        trainings=budget.trainings,
        seconds=budget.seconds,
        program_seconds=budget.program_seconds,
        round_calls=budget.round_calls,
        retrainings=config.retrainings,
        guarded=guarded,
        max_forgetting_points=config.guard.max_forgetting_points if config.guard else None,
        smallest=config.smallest,
        noise_seeds=config.noise_seeds if guarded and not one_shot else None,
        cost_usd=budget.cost_usd,
        ideas_after=ideas_after(config),
        gates=config.gates,
        wave=wave_of(config),
        sequential=config.sequential is not None,
        pilot_calls=config.pilot.calls if config.pilot else None,
        pilot_least=config.pilot.least if config.pilot else 0.0,
        slots=config.executor.slots,
    )


def ideas_after(config: RunConfig) -> int | None:
    """Return after how many rounds without a new best ideas come from outside."""
    if config.ideas_after is None and config.protocol != "paper":
        return PATIENCE
    return config.ideas_after


def make_student(
    config: StudentConfig,
    artifacts: Artifacts,
    progress: Progress,
    generation: Generation,
    preamble: Preamble | None = None,
    executor: ExecutorConfig | None = None,
) -> Student:
    """Return the student behind its executor (None: one worker), or a class of the user's.

    That class is made with its options and `store` (a `store.Artifacts`), `progress` and
    `generation`: it reads data sets from the store and keeps its checkpoints there. Where the task
    has a system prompt or tools it is given them as `preamble`, too, and has to put them before
    every row and prompt.
    """
    if isinstance(config, CustomPart):
        given: dict[str, Any] = {
            "store": artifacts,
            "progress": progress,
            "generation": generation,
        }
        if preamble:
            given["preamble"] = preamble
        made: Student = construct(
            config.path,
            {**given, **config.options},
            field="student",
            methods=(
                *("start", "wait", "train", "answer"),
                *("special_tokens", "fingerprint", "close"),
            ),
        )
        return made
    opened = None if executor is None else partial(open_executor, config, executor, progress.say)
    return LocalStudent(
        config, artifacts, progress, generation=generation, preamble=preamble, executor=opened
    )

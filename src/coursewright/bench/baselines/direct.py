"""Baselines without rounds: they sit the private exam through the run's own student and scorer.

Nothing is chosen by what comes out here, and yet it is an opening of the private split: counted.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from coursewright.bench.baselines import Direct
from coursewright.bench.baselines.few_shot import shown_examples
from coursewright.chat import ConversationFault, in_words, read_row_messages
from coursewright.config import RunConfig
from coursewright.errors import Interrupted, TaskError
from coursewright.evaluation import SplitEvaluator
from coursewright.exams import make_evaluator, pick_scorer
from coursewright.families import load_family
from coursewright.families.drawing import draw_rows
from coursewright.protocols import Progress
from coursewright.records import Evaluation, Prompt, Record, Row, Task, TracedRow, Usage
from coursewright.sandbox.coursewright_program import Teacher, parse_answer
from coursewright.seeding import derive
from coursewright.store import Artifacts, put_rows
from coursewright.tasks import load_task, read_split
from coursewright.tasks.reading import LARGEST_FILE, read_bytes, read_lines
from coursewright.teacher import GatewayTeacher
from coursewright.wiring import (
    make_openings,
    make_student,
    open_shared,
    sharing,
    teaching_student,
)


class Sitting(Record):
    """What a baseline without rounds got in the private exam."""

    evaluations: tuple[Evaluation, ...]
    """The base student first, then the baseline: once, or once for each training."""
    teacher: Usage = Usage()
    seconds: float


def sit(direct: Direct, config: RunConfig, ledger: Path, progress: Progress) -> Sitting:
    """Measure a baseline; `ledger` keeps the teacher's calls, if there are any.

    Raises:
        CoursewrightError: the student, the teacher or the file of rows cannot be used.
    """
    began, task, usage = time.monotonic(), load_task(config.task), Usage()
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="coursewright-"))
        artifacts = Artifacts(Path(place))
        worker = make_student(
            config.student,
            artifacts,
            progress,
            task.generation,
            task.preamble,
            config.executor,
        )
        stack.callback(worker.close)
        student = sharing(worker, open_shared(config, stack), artifacts, progress)
        examiner = make_evaluator(config, task, student, progress)
        make_openings(config, task, f"{direct.model_dump_json()} {ledger.absolute()}").count()
        weights: list[str | None] = [None]
        others: tuple[Evaluation, ...] = ()
        if direct.name in ("oracle", "format-only"):
            rows = put_rows(artifacts, course(direct, task, config.seed))
            seeds = (derive(config.seed, "final", k) for k in range(config.retrainings))
            weights += [student.train(rows, seed).weights for seed in seeds]
        elif direct.name == "few-shot":
            scorer = pick_scorer(config, task)
            instruction, examinee = shown_examples(
                task, direct.examples, config.seed, scorer, student
            )
            prompted = SplitEvaluator(
                partial(read_split, task),
                instruction=instruction,
                student=examinee,
                scorer=scorer,
                progress=progress,
            )
            others = prompted.open_private([None]).evaluations
        elif direct.name == "teacher":
            others, usage = ask_teacher(config, task, ledger, artifacts, progress)
        else:
            weights.append(None)
        own = examiner.open_private(weights[:1] if others else list(weights)).evaluations
    return Sitting(evaluations=(*own, *others), teacher=usage, seconds=time.monotonic() - began)


# ---------------------------------------------------------------- right rows, and wrong ones


def course(direct: Direct, task: Task, seed: int, *, count: int | None = None) -> list[TracedRow]:
    """Return right rows, by default as many as a submission may hold; for `format-only`, mixed up.

    Raises:
        TaskError: a line of the user's own rows is none.
    """
    count = task.rows.maximum if count is None else count
    if direct.rows is not None:
        rows = given_rows(direct.rows, task)
        random.Random(derive(seed, "oracle", task.name)).shuffle(rows)
        rows = rows[:count]
    else:
        family = load_family(direct.family or "")
        rng = random.Random(derive(seed, "oracle", task.name))
        rows = draw_rows(family, task.instruction, count, rng)
    if direct.name == "oracle":
        return rows
    return mixed_up(rows, random.Random(derive(seed, "format only", task.name)))


def mixed_up(rows: Sequence[TracedRow], rng: random.Random) -> list[TracedRow]:
    """Give every row the answer of another: right in form, and in content by chance alone."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    following = dict(zip(order, [*order[1:], *order[:1]], strict=True))
    return [with_answer_of(row, rows[following[number]]) for number, row in enumerate(rows)]


def with_answer_of(row: TracedRow, other: TracedRow) -> TracedRow:
    """Return a row with the answer of another of its form."""
    if row.messages:
        messages = (*row.messages[:-1], other.messages[-1])
        return row.model_copy(update={"messages": messages})
    return row.model_copy(update={"output": other.output})


def given_rows(file: Path, task: Task) -> list[TracedRow]:
    """Read a user's file of right rows.

    Raises:
        TaskError: a line is no row; names it.
    """
    rows = []
    for number, line in read_lines(read_bytes(file.parent, file.name, LARGEST_FILE), file):
        if isinstance(line, TaskError):
            raise line
        try:
            if "messages" in line:
                given = read_row_messages(
                    line["messages"], system=task.preamble.system, tools=task.preamble.tools
                )
                rows.append(TracedRow(messages=given))
                continue
            row = Row.model_validate({"instruction": task.instruction, **line})
        except ConversationFault as fault:
            raise TaskError(str(fault), file=file, line=number, field="messages") from fault
        except ValidationError as error:
            first = error.errors()[0]
            raise TaskError(
                f"{first['msg'].lower()}; a row has `input`, `output` and perhaps `instruction`",
                file=file,
                line=number,
                field=".".join(map(str, first["loc"])),
            ) from error
        rows.append(TracedRow(**row.model_dump()))
    if not rows:
        raise TaskError("holds no rows", file=file)
    return rows


# ---------------------------------------------------------------- who else can be asked


def ask_teacher(
    config: RunConfig, task: Task, ledger: Path, artifacts: Artifacts, progress: Progress
) -> tuple[tuple[Evaluation, ...], Usage]:
    """Let the teacher sit the private exam, every question asked once through its gateway."""
    items = len(read_split(task, "private"))
    # Every question, and as many tries again: nobody chooses here what to spend.
    budget = config.budget.model_copy(update={"calls": 2 * items, "tokens": None})
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with (
        contextlib.ExitStack() as stack,
        GatewayTeacher(
            config.teacher,
            ledger=ledger,
            seed=config.seed,
            budget=budget,
            shared=config.shared,
            specialised=teaching_student(config.teacher, artifacts, stack, progress),
        ) as teacher,
        teacher.line(0, 2 * items) as line,
    ):
        asked = Teacher(str(line.socket), config.budget.concurrency)
        examinee = Taught(asked, task)
        try:
            evaluator = SplitEvaluator(
                partial(read_split, task),
                instruction="",
                student=examinee,
                scorer=pick_scorer(config, task),
                progress=progress,
            )
            evaluations = evaluator.open_private([None]).evaluations
        finally:
            asked.close()
        return evaluations, line.usage()


class Taught:
    """Meets `protocols.Examinee`: the teacher, asked in plain words."""

    def __init__(self, teacher: Teacher, task: Task) -> None:
        self._teacher = teacher
        self._task = task

    def wait(self) -> None:
        """It is there."""

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """Answer questions; what has no answer in the end scores as none.

        Raises:
            Interrupted: the teacher cannot be asked at all.
        """
        asked = [
            "\n".join(
                [
                    "Solve this question.",
                    self._task.instruction,
                    f"Question: {in_words(prompt, self._task.preamble)}",
                    f"Form of the answer: {self._task.answer_format}",
                    'Return only a JSON object {"answer": "..."}.',
                ]
            )
            for prompt in prompts
        ]
        answers = self._teacher.generate_batch(asked)
        if answers and not any(answer.ok for answer in answers):
            raise Interrupted(f"the teacher answers nothing: {answers[0].error}")
        return [_plain(str(answer)) for answer in answers]


def _plain(text: str) -> str:
    """The answer in a response, however it is wrapped."""
    data = parse_answer(text)
    if isinstance(data, list) and data:
        data = data[0]
    if isinstance(data, dict) and isinstance(data.get("answer"), str | int | float):
        return str(data["answer"])
    return text

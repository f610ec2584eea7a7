"""Rows of the student's past beside every data set."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coursewright.chat import item_body
from coursewright.config import GuardConfig, HuggingFaceStudent, ReplayConfig, RunConfig
from coursewright.errors import ConfigError
from coursewright.families import load_family
from coursewright.mixing import with_replay
from coursewright.preflight import check_guard
from coursewright.records import TracedRow, Training, TrainingSetup
from coursewright.store import Artifacts, put_rows, read_rows
from coursewright.student import ReplayingStudent
from coursewright.tasks import load_task, read_probe


class Pupil:
    """A student that remembers what it was trained on."""

    name = "pupil"

    def __init__(self):
        self.trained = []

    def train(self, rows, seed):
        self.trained.append(rows)
        setup = TrainingSetup(
            device="cpu",
            dtype="float32",
            batch=1,
            accumulation=1,
            gradient_checkpointing=False,
            packing=False,
            template="model",
        )
        figures = {"steps": 1, "supervised_tokens": 1, "loss": 0.0, "seconds": 0.0}
        return Training(weights="w", seed=seed, rows=1, setup=setup, **figures)

    def special_tokens(self):
        return ()

    def fingerprint(self):
        return "pupil"


def row(number, text="taught"):
    return TracedRow(instruction="i", input=f"{text} {number}", output="o")


@pytest.fixture
def store(tmp_path):
    return Artifacts(tmp_path)


@pytest.fixture(scope="module")
def task():
    return load_task("science-mini")


@given(taught=st.integers(1, 60), share=st.floats(0.01, 0.5))
def test_the_past_has_its_share_of_a_training_and_the_data_set_is_all_there(
    taught, share, tmp_path_factory
):
    store = Artifacts(tmp_path_factory.mktemp("store"))
    pupil = Pupil()
    student = ReplayingStudent(
        pupil, store, lambda n: [row(i, "past") for i in range(n)], share, ""
    )
    rows = [row(number) for number in range(taught)]
    student.train(put_rows(store, rows), 1)
    mixed = read_rows(store, pupil.trained[0])
    assert list(mixed[:taught]) == rows
    past = len(mixed) - taught
    assert abs(past - share * taught / (1 - share)) <= 0.5


def test_the_training_says_how_many_rows_were_of_the_past(store):
    student = ReplayingStudent(Pupil(), store, lambda n: [row(i, "p") for i in range(n)], 0.5, "")
    done = student.train(put_rows(store, [row(1), row(2)]), 0)
    assert done.setup.notes == ("2 rows of the student's past beside 2 of the data set",)


def test_replay_is_part_of_what_the_student_is(store):
    def made(share, said):
        return ReplayingStudent(Pupil(), store, lambda n: [], share, said).fingerprint()

    assert len({made(0.1, "a"), made(0.2, "a"), made(0.1, "b"), Pupil().fingerprint()}) == 4


def trained_on(config, task, store):
    """What a student with the config's replay is trained on beside 90 rows."""
    pupil = Pupil()
    student = with_replay(config, task, pupil, store)
    taught = [row(number) for number in range(90)]
    student.train(put_rows(store, taught), 0)
    return read_rows(store, pupil.trained[0])[90:]


def test_the_embedded_past_holds_no_row_of_the_own_family_and_no_item_of_the_panel(task, store):
    config = RunConfig(task="science-mini", replay=ReplayConfig(share=0.5))
    rows = trained_on(config, task, store)
    panel = {
        item_body(i.question, i.context)
        for parts in task.probes.values()
        for part in parts
        for i in read_probe(task, part)
    }
    assert len(rows) == 90
    assert {r.instruction for r in rows} == {
        load_family(f).instruction for f in ("code", "finance", "words")
    }
    assert not panel & {r.input for r in rows}


def test_every_round_of_a_run_gets_the_same_past_and_another_run_another(task, store):
    def drawn(seed):
        config = RunConfig(task="science-mini", seed=seed, replay=ReplayConfig())
        return trained_on(config, task, store)

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_file_of_the_past_is_read_as_strictly_as_a_submission(task, store, tmp_path):
    file = tmp_path / "past.jsonl"
    lines = [{"instruction": "Say.", "input": f"old {n}", "output": "yes"} for n in range(30)]
    file.write_text("\n".join(map(json.dumps, [*lines, {"input": "no output"}])))
    config = RunConfig(task="science-mini", replay=ReplayConfig(path=file))
    rows = trained_on(config, task, store)
    assert len(rows) == 10
    assert {r.instruction for r in rows} == {"Say."}


def test_a_file_that_holds_no_row_is_told_by_its_field(task, store, tmp_path):
    config = RunConfig(task="science-mini", replay=ReplayConfig(path=tmp_path / "none.jsonl"))
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        with_replay(config, task, Pupil(), store)
    assert caught.value.field == "replay.path"


def test_without_replay_the_student_is_itself(task, store):
    pupil = Pupil()
    assert with_replay(RunConfig(task="science-mini"), task, pupil, store) is pupil


def test_of_a_student_from_elsewhere_the_past_must_be_given():
    with pytest.raises(ValidationError, match="name rows of it in `path`"):
        RunConfig(
            task="science-mini", student=HuggingFaceStudent(model="o/m"), replay=ReplayConfig()
        )


def test_a_guard_needs_a_panel(task):
    config = RunConfig(task="science-mini", guard=GuardConfig(max_forgetting_points=5))
    check_guard(config, task)
    with pytest.raises(ConfigError, match="no probe `abilities`"):
        check_guard(config, task.model_copy(update={"probes": {}}))

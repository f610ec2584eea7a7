"""Which runs can teach: finished ones with a student, pinned by its digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.config import CustomPart, EmbeddedStudent, RunTeacher
from coursewright.errors import ConfigError
from coursewright.store import RunStore, folder_digest, pin_teacher
from tests.store.builders import config, result


def finished_run(runs: Path, name: str, student: object = None, weights: bool = True) -> Path:
    made = config(student=student or EmbeddedStudent())
    with RunStore.create(runs, name, made) as store:
        if weights:
            store.student_path.mkdir()
            (store.student_path / "model.safetensors").write_bytes(b"weights")
        store.write_result(result(name))
        return store.path


def test_a_finished_run_is_pinned_by_place_weights_and_making(tmp_path: Path) -> None:
    place = finished_run(tmp_path, "first", EmbeddedStudent(threads=2))
    by_id = pin_teacher(RunTeacher(model="first"), tmp_path)
    assert by_id.folder == place.resolve()
    assert by_id.weights == folder_digest(place / "student")
    assert by_id.student == EmbeddedStudent(threads=2)
    by_path = pin_teacher(RunTeacher(model=str(place)), tmp_path / "elsewhere")
    assert by_path == by_id, "the same teacher, however it is named"
    read_back = RunTeacher.model_validate(by_id.model_dump(mode="json"))
    assert pin_teacher(read_back, tmp_path / "elsewhere") == by_id, "pinned is pinned"
    (place / "student" / "model.safetensors").write_bytes(b"others")
    with pytest.raises(ConfigError, match="another student"):
        pin_teacher(by_id, tmp_path)


def test_runs_that_cannot_teach_say_why(tmp_path: Path) -> None:
    finished_run(tmp_path, "empty", weights=False)
    finished_run(tmp_path, "custom", CustomPart(path="mine:Student"))
    with RunStore.create(tmp_path, "begun", config()):
        pass
    for name, why in (
        ("empty", "no submission was valid, or none beat its base"),
        ("custom", "mine:Student"),
        ("begun", "coursewright resume begun"),
        ("emty", "did you mean empty"),
    ):
        with pytest.raises(ConfigError, match=why) as refused:
            pin_teacher(RunTeacher(model=name), tmp_path)
        assert refused.value.field == "--teacher"

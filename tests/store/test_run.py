import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coursewright.config import Budget
from coursewright.errors import ConfigError, RunFolderError, RunHeld, StorageError
from coursewright.records import Training
from coursewright.store import RunFolder, RunStore, durable
from tests.store.builders import checkpoint, config, proposal, result, round_record, training


def test_a_run_keeps_its_config_and_can_be_opened_again(tmp_path: Path) -> None:
    with RunStore.create(tmp_path / "runs", "one", config(seed=7), {"task.yaml": "d"}) as store:
        assert store.name == "one"
        assert store.config.seed == 7
    with RunStore.open(tmp_path / "runs" / "one") as store:
        assert store.config == config(seed=7, name="one", runs=tmp_path / "runs")
        assert store.inputs == {"task.yaml": "d"}


def test_a_run_without_a_name_gets_one_of_its_own(tmp_path: Path) -> None:
    names = set()
    for task in ("science-mini", "../odd tasks/My Task!/", "."):
        for _ in range(2):
            with RunStore.create(tmp_path, None, config().model_copy(update={"task": task})) as run:
                assert run.path.parent == tmp_path
                names.add(run.name)
    assert len(names) == 6
    assert any(name.startswith("My-Task-") for name in names)


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "..", ".hidden", "a\0b", "", "-x", "x" * 101, "ü", "a b", "a\n"]
)
def test_names_that_are_no_plain_names_are_refused(tmp_path: Path, name: str) -> None:
    if name:
        with pytest.raises(ConfigError, match="name"):
            RunStore.create(tmp_path / "runs", name, config())
        assert not (tmp_path / "runs").exists()


def test_a_name_is_given_once(tmp_path: Path) -> None:
    RunStore.create(tmp_path, "one", config()).close()
    with pytest.raises(RunFolderError, match="exists already"):
        RunStore.create(tmp_path, "one", config())


def test_two_holders_exclude_one_another_until_the_first_lets_go(tmp_path: Path) -> None:
    store = RunStore.create(tmp_path, "one", config())
    with pytest.raises(RunHeld, match="another process"):
        RunStore.open(store.path)
    store.close()
    RunStore.open(store.path).close()


def test_the_kernel_frees_the_lock_of_a_killed_holder(tmp_path: Path) -> None:
    RunStore.create(tmp_path, "one", config()).close()
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom coursewright.store import RunStore\n"
        "store = RunStore.open(Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "one")], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(RunHeld):
        RunStore.open(tmp_path / "one")
    holder.kill()
    holder.wait()
    holder.stdout.close()
    RunStore.open(tmp_path / "one").close()


def test_a_changed_config_is_refused_by_the_name_of_its_field(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "one", config(), {"visible.jsonl": "a"}) as store:
        store.require_unchanged(config(runs=Path("/elsewhere"), name="x"), {"visible.jsonl": "a"})
        changed = config(budget=Budget(rounds=9))
        with pytest.raises(RunFolderError, match=r"was 8, is now 9") as caught:
            store.require_unchanged(changed, {"visible.jsonl": "a"})
        assert caught.value.field == "budget.rounds"
        with pytest.raises(RunFolderError, match=r"visible.jsonl has changed"):
            store.require_unchanged(config(), {"visible.jsonl": "b"})


def test_a_foreign_version_and_a_folder_that_is_no_run_are_refused(tmp_path: Path) -> None:
    store = RunStore.create(tmp_path, "one", config())
    store.close()
    (store.path / "version").write_text(json.dumps({"format": 2, "created": ""}))
    with pytest.raises(RunFolderError, match="format 2, this version of coursewright reads"):
        RunStore.open(store.path)
    (store.path / "version").write_text("[" * 100_000)
    with pytest.raises(RunFolderError, match="cannot be read"):
        RunStore.open(store.path)
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunStore.open(tmp_path)
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunStore.open(tmp_path / "nowhere")


def test_a_damaged_config_is_refused_by_the_name_of_its_field(tmp_path: Path) -> None:
    store = RunStore.create(tmp_path, "one", config())
    store.close()
    (store.path / "run.yaml").write_text("task: x\nseed: many\n")
    with pytest.raises(RunFolderError) as caught:
        RunStore.open(store.path)
    assert caught.value.field == "seed"
    (store.path / "run.yaml").write_text("{")
    with pytest.raises(RunFolderError, match="cannot be read as the config"):
        RunStore.open(store.path)


def test_a_moved_and_a_copied_run_work_as_before(tmp_path: Path) -> None:
    with RunStore.create(tmp_path / "a", "one", config()) as store:
        weights = store.artifacts.put_folder(checkpoint(tmp_path / "m", b"weights"))
        store.journal.stage("train", {}, lambda: training(weights), Training)
        store.archive.round_files(0, proposal())
        store.archive.round_done(round_record(store, weights))
        store.deliver(weights)
        store.write_result(result("one"))
    (tmp_path / "b").mkdir()
    shutil.move(tmp_path / "a" / "one", tmp_path / "b" / "two")
    shutil.copytree(tmp_path / "b" / "two", tmp_path / "three", symlinks=True)
    for path in (tmp_path / "b" / "two", tmp_path / "three"):
        for file in path.rglob("*"):
            if file.is_file() and file.suffix != ".sqlite":
                assert str(tmp_path).encode() not in file.read_bytes()
        with RunStore.open(path) as again:
            assert again.config.name == path.name
            found = again.journal.stage("train", {}, lambda: training("f" * 64), Training)
            assert found.weights == weights
            assert (again.round_path(0) / "submission.json").read_bytes() == b"[1]"
            assert again.deliver(weights) == path / "student"
            outcome = again.result()
            assert outcome is not None
            assert outcome.path == str(path)


def test_a_run_without_a_result_says_by_name_how_it_goes_on_and_what_shows_it(
    tmp_path: Path,
) -> None:
    with RunStore.create(tmp_path, "one", config()) as store:
        with pytest.raises(RunFolderError, match="`coursewright resume one`") as stopped:
            RunFolder(store.path).finished()
        assert "`coursewright report one`" in str(stopped.value)
        store.write_result(result("one"))
        assert RunFolder(store.path).finished() == store.result()


def test_a_round_is_laid_out_for_people(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "one", config()) as store:
        done = round_record(store)
        for _ in range(2):  # as a resumed run does
            store.archive.round_files(0, done.proposal)
            store.archive.round_done(done)
        folder = store.round_path(0)
        assert (folder / "plan.md").read_text() == "# Analysis\n\nwhy\n\n# Plan\n\nwhat\n"
        assert (folder / "code.py").read_text() == "print('how')\n"
        assert (folder / "feedback.md").read_text() == "go on\n"
        assert (folder / "stdout.log").read_text() == "out"
        assert (folder / "dataset.jsonl").read_bytes() == b"{}\n"
        assert RunFolder(store.path).rounds() == (done,)


def test_an_existing_student_is_replaced_only_by_another(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "one", config()) as store:
        one = store.artifacts.put_folder(checkpoint(tmp_path / "a", b"1"))
        other = store.artifacts.put_folder(checkpoint(tmp_path / "b", b"2"))
        store.deliver(one)
        store.deliver(other)
        assert (store.student_path / "model.safetensors").read_bytes() == b"2"
        assert not list(store.path.glob(f"{durable.TEMPORARY}*"))


def test_reuse_takes_stages_and_the_artifacts_they_name(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "one", config(seed=1)) as first:
        weights = first.artifacts.put_folder(checkpoint(tmp_path / "m", b"weights"))
        first.journal.stage("train", {"rows": "x"}, lambda: training(weights), Training)
    with RunStore.create(tmp_path, "two", config(seed=2)) as second:
        assert second.reuse(RunFolder(first.path), frozenset({"train"})) == 1
        again = second.journal.stage("train", {"rows": "x"}, lambda: training("0"), Training)
        assert again.weights == weights
        second.deliver(weights)


def test_a_half_made_run_is_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="no space left"):
        RunStore.create(tmp_path, "one", config())
    assert os.listdir(tmp_path) == []


def test_a_place_that_is_no_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another --runs folder") as caught:
        RunStore.create(tmp_path / "file" / "runs", "one", config())
    assert "\n" not in str(caught.value)

from pathlib import Path

import pytest

from coursewright.errors import RunFolderError, RunHeld
from coursewright.records import Training
from coursewright.store import RunFolder, RunStore, prune
from tests.store.builders import checkpoint, config, result, round_record, training


def finished(tmp_path: Path) -> tuple[RunFolder, str]:
    with RunStore.create(tmp_path, "one", config()) as store:
        for number in range(3):
            folder = checkpoint(tmp_path / f"m{number}", bytes([number]) * 10_000)
            weights = store.artifacts.put_folder(folder)
            store.journal.stage("train", {"n": number}, lambda w=weights: training(w), Training)
        store.archive.round_done(round_record(store, weights))
        store.ledger_path.write_bytes(b"ledger")
        store.deliver(weights)
        store.write_result(result("one"))
    return RunFolder(store.path), weights


def test_checkpoints_go_and_the_record_stays(tmp_path: Path) -> None:
    folder, weights = finished(tmp_path)
    before = sum(path.stat().st_size for path in folder.artifacts.folder.iterdir())
    pruned = prune(folder.path)
    after = sum(path.stat().st_size for path in folder.artifacts.folder.iterdir())
    assert pruned.freed_bytes == before - after > 30_000
    assert (folder.round_path(0) / "submission.json").read_bytes() == b"[1]"
    assert (folder.round_path(0) / "dataset.jsonl").read_bytes() == b"{}\n"
    assert folder.ledger_path.read_bytes() == b"ledger"
    assert (folder.student_path / "model.safetensors").read_bytes() == b"\2" * 10_000
    assert prune(folder.path).files == 0
    with RunStore.open(folder.path) as store:
        store.deliver(weights)
        store.journal.stage("train", {"n": 0}, lambda: 1 / 0, Training)


def test_a_pruned_run_can_still_be_taken_over(tmp_path: Path) -> None:
    folder, weights = finished(tmp_path)
    prune(folder.path)
    with RunStore.create(tmp_path, "again", config()) as again:
        assert again.reuse(folder, frozenset({"train"})) == 3
        again.deliver(weights)
        assert (again.student_path / "model.safetensors").read_bytes() == b"\2" * 10_000


def test_a_held_run_is_not_pruned(tmp_path: Path) -> None:
    folder, _ = finished(tmp_path)
    with RunStore.open(folder.path), pytest.raises(RunHeld):
        prune(folder.path)


def test_an_unfinished_run_is_not_pruned(tmp_path: Path) -> None:
    store = RunStore.create(tmp_path, "one", config())
    store.close()
    with pytest.raises(RunFolderError, match="has not finished"):
        prune(store.path)
    RunStore.open(store.path).close()

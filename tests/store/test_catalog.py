import shutil
import threading
from pathlib import Path

import pytest

from coursewright.errors import RunFolderError
from coursewright.store import RunStore, is_held, list_runs, resolve_run
from tests.store.builders import config, result


def test_runs_are_listed_newest_first_with_their_state(tmp_path: Path) -> None:
    with RunStore.create(tmp_path, "zz-old", config()) as store:
        store.write_result(result("zz-old"))
    RunStore.create(tmp_path, "middle", config()).close()
    with RunStore.create(tmp_path, "aa-new", config()):
        found = list_runs(tmp_path)
    assert [(run.name, run.status) for run in found] == [
        ("aa-new", "running"),
        ("middle", "interrupted"),
        ("zz-old", "finished"),
    ]
    assert found[2].result is not None
    assert found[1].task == "science-mini"


def test_broken_folders_are_listed_as_broken_and_others_left_out(tmp_path: Path) -> None:
    for name in ("no-version", "bad-result", "foreign", "bad-config"):
        RunStore.create(tmp_path, name, config()).close()
    (tmp_path / "no-version" / "version").unlink()
    (tmp_path / "bad-result" / "result.json").write_text('{"run": 1}')
    (tmp_path / "foreign" / "version").write_text('{"format": 99}')
    (tmp_path / "bad-config" / "run.yaml").write_text("- 1")
    (tmp_path / "holiday-pictures").mkdir()
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".part-123").mkdir()
    found = {run.name: run for run in list_runs(tmp_path)}
    assert set(found) == {"no-version", "bad-result", "foreign", "bad-config"}
    assert all(run.status == "broken" and run.problem for run in found.values())
    assert list_runs(tmp_path / "nowhere") == []


def test_looking_at_a_run_does_not_keep_its_owner_out(tmp_path: Path) -> None:
    RunStore.create(tmp_path, "one", config()).close()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_held(tmp_path / "one")

    looker = threading.Thread(target=look)
    looker.start()
    try:
        for _ in range(20):
            RunStore.open(tmp_path / "one").close()
    finally:
        stop.set()
        looker.join()


def test_a_run_is_found_by_id_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RunStore.create(tmp_path / "runs", "one", config()).close()
    assert resolve_run("one", tmp_path / "runs") == tmp_path / "runs" / "one"
    assert resolve_run(str(tmp_path / "runs" / "one"), Path("elsewhere")).name == "one"
    shutil.move(tmp_path / "runs" / "one", tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    assert resolve_run("moved", tmp_path / "runs") == Path("moved")


@pytest.mark.parametrize("reference", ["onne", "../one", "", "a\0b", "x" * 5000])
def test_an_unknown_run_is_one_line(tmp_path: Path, reference: str) -> None:
    RunStore.create(tmp_path, "one", config()).close()
    with pytest.raises(RunFolderError) as caught:
        resolve_run(reference, tmp_path)
    assert "\n" not in str(caught.value)
    if reference == "onne":
        assert "did you mean one?" in str(caught.value)

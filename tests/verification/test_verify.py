"""A finished run verifies; whatever of its record is changed afterwards is found, by name."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from coursewright.cli import app
from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.errors import RunFolderError, UsageError
from coursewright.runs import run
from coursewright.store import RunFolder, digest_of, record_digest
from coursewright.verification import verify, write_bundle
from tests.parrot import PUPIL
from tests.short import prepare

pytestmark = pytest.mark.long

Tamper = Callable[[Path], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two rounds, `run`, and its bundle, `run.zip`."""
    place = tmp_path_factory.mktemp("verify")
    task = Path(prepare(place)[0])
    told = yaml.safe_load((task / "task.yaml").read_text())
    told["rows"] = {"minimum": 20, "maximum": 60}
    told.pop("probes", None)
    (task / "task.yaml").write_text(yaml.safe_dump(told))
    run(
        RunConfig.model_validate(
            {
                "task": str(task),
                "student": PUPIL.model_dump(),
                "budget": {"rounds": 2},
                "retrainings": 1,
                "noise_seeds": 0,
                "runs": str(place),
                "name": "run",
            }
        ),
        Silent(),
    )
    write_bundle("run", place, place / "run.zip")
    return place


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """The bundle, laid out without its manifest: what a forger works on."""
    with zipfile.ZipFile(made / "run.zip") as packed:
        packed.extractall(tmp_path / "run")
    (tmp_path / "run" / "bundle.json").unlink()
    return tmp_path / "run"


def failing(bundle: Path, **options: Any) -> set[str]:
    """Names of the checks that do not hold."""
    return {check.name for check in verify(bundle, **options).checks if not check.holds}


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change a JSON or YAML file."""
    loaded = yaml.safe_load(path.read_text())
    change(loaded)
    text = yaml.safe_dump(loaded) if path.suffix == ".yaml" else json.dumps(loaded)
    path.write_text(text)


def alter(path: Path, statement: str, *values: object) -> None:
    """Change a database; something has to change."""
    with sqlite3.connect(path) as database:
        assert database.execute(statement, values).rowcount > 0
    database.close()


def stage(folder: Path, kind: str) -> tuple[str, Any]:
    """Key and outcome of the last stage of a kind."""
    with sqlite3.connect(folder / "journal.sqlite") as database:
        sql = "SELECT key, outcome FROM stages WHERE kind = ? ORDER BY rowid DESC"
        key, outcome = database.execute(sql, (kind,)).fetchone()
    database.close()
    return str(key), json.loads(outcome)


def store_stage(folder: Path, key: str, outcome: Any) -> None:
    text = json.dumps(outcome, ensure_ascii=False)
    alter(folder / "journal.sqlite", "UPDATE stages SET outcome = ? WHERE key = ?", text, key)


def resealed(folder: Path) -> None:
    """Put the digest of the changed record into the result, as a careful forger does."""
    edit(folder / "result.json", lambda r: r.update(record=record_digest(RunFolder(folder))))


# ---------------------------------------------------------------- what holds


def test_a_run_its_bundle_and_the_bundle_laid_out_verify(made: Path, folder: Path) -> None:
    published = RunFolder(made / "run").result()
    assert published is not None
    assert published.record is not None
    for bundle in (made / "run", made / "run.zip", folder):
        found = verify(bundle, record=published.record)
        assert [check.faults for check in found.checks if not check.holds] == []
        assert found.holds
        assert found.record == published.record


def test_a_bundle_holds_no_weights_and_is_written_once(made: Path) -> None:
    with zipfile.ZipFile(made / "run.zip") as packed:
        names = packed.namelist()
    assert {"result.json", "journal.sqlite", "ledger.sqlite", "bundle.json"} <= set(names)
    assert not any("student" in name for name in names)
    with pytest.raises(UsageError, match="exists already"):
        write_bundle("run", made, made / "run.zip")


def test_checking_changes_nothing(made: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        found = {path: path.lstat() for path in (made / "run").rglob("*")}
        return {str(path): (s.st_size, s.st_mtime_ns) for path, s in found.items()}

    before = state()
    verify(made / "run")
    assert state() == before


def test_the_command_exits_6_and_names_what_fails(made: Path, folder: Path) -> None:
    told = CliRunner().invoke(app, ["verify", str(made / "run.zip"), "--json"])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["holds"] is True
    edit(folder / "result.json", lambda r: r.update(gain_points=50.0))
    told = CliRunner().invoke(app, ["verify", str(folder)])
    assert "FAILS  result\n       result.json [gain_points]: says" in told.stdout
    assert getattr(told.exception, "exit_code", None) == 6


def test_a_result_from_before_a_figure_was_reckoned_claims_nothing_of_it(folder: Path) -> None:
    edit(folder / "result.json", lambda r: r.pop("near_visible"))
    assert verify(folder).holds
    edit(folder / "result.json", lambda r: r.update(near_visible=None))
    assert not verify(folder).holds


# ---------------------------------------------------------------- what is found


def claim(field: str, value: Any) -> Tamper:
    def tamper(folder: Path) -> None:
        def change(result: Any) -> None:
            *path, last = field.split(".")
            for name in path:
                result = result[name]
            assert result[last] != value
            result[last] = value

        edit(folder / "result.json", change)

    return tamper


def change_prediction(folder: Path) -> None:
    key, opening = stage(folder, "private")
    opening["evaluations"][1]["results"][0]["output"] = "something else"
    store_stage(folder, key, opening)
    resealed(folder)


def change_score(folder: Path) -> None:
    key, opening = stage(folder, "private")
    results = opening["evaluations"][1]["results"]
    wrong = next(result for result in results if result["score"] == 0)
    wrong["score"] = 1.0
    store_stage(folder, key, opening)
    resealed(folder)


def change_row(folder: Path) -> None:
    """Another answer in the delivered data set, under its old name."""
    result = json.loads((folder / "result.json").read_text())
    path = folder / "artifacts" / result["final"]["dataset"]
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"output":"', '"output":"1 + ', 1))


def exchange_rows(folder: Path) -> None:
    """A data set with another answer, under its right name, wherever the old one was named."""
    change_row(folder)
    result = json.loads((folder / "result.json").read_text())
    old = result["final"]["dataset"]
    data = (folder / "artifacts" / old).read_bytes()
    (folder / "artifacts" / old).unlink()

    new = hashlib.sha256(data).hexdigest()
    (folder / "artifacts" / new).write_bytes(data)
    text = (folder / "result.json").read_text().replace(old, new)
    (folder / "result.json").write_text(text)
    for path in folder.glob("rounds/*/round.json"):
        path.write_text(path.read_text().replace(old, new))
    context = digest_of({"config": _settings(folder), "inputs": RunFolder(folder).inputs})
    with sqlite3.connect(folder / "journal.sqlite") as database:
        for key, kind, inputs, code, outcome in database.execute(
            "SELECT key, kind, inputs, code, outcome FROM stages"
        ).fetchall():
            changed = inputs.replace(old, new)
            database.execute(
                "UPDATE stages SET key = ?, inputs = ?, outcome = ? WHERE key = ?",
                (
                    digest_of([kind, changed, code, context]),
                    changed,
                    outcome.replace(old, new),
                    key,
                ),
            )
    database.close()
    resealed(folder)


def _settings(folder: Path) -> Any:
    from coursewright.store.folder import settings

    return settings(RunFolder(folder).config)


def change_response(folder: Path) -> None:
    ledger = folder / "ledger.sqlite"
    alter(ledger, "UPDATE calls SET response = replace(response, 'answer', 'Answer')")


def change_request(folder: Path) -> None:
    alter(folder / "ledger.sqlite", "UPDATE requests SET text = replace(text, 'Write', 'Please')")
    resealed(folder)


def forge_responses(folder: Path) -> None:
    ledger = folder / "ledger.sqlite"
    alter(ledger, "UPDATE calls SET response = '[]' WHERE state = 'settled'")
    resealed(folder)


def drop_call(folder: Path) -> None:
    alter(folder / "ledger.sqlite", "DELETE FROM calls WHERE id = (SELECT max(id) FROM calls)")
    resealed(folder)


def lose_stage(folder: Path) -> None:
    alter(folder / "journal.sqlite", "DELETE FROM stages WHERE kind = 'private'")


def change_choice(folder: Path) -> None:
    key, _ = stage(folder, "choose")
    store_stage(folder, key, {"delivered": "base", "round": None, "rows": None})
    resealed(folder)


def edit_round(name: str) -> Tamper:
    def tamper(folder: Path) -> None:
        path = folder / "rounds" / "000" / name
        path.write_text(path.read_text().replace("e", "E", 1))

    return tamper


def raise_claimed_visible(folder: Path) -> None:
    edit(folder / "rounds" / "000" / "round.json", lambda r: r["visible"].update(accuracy=0.99))


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (claim("final.private", 0.99), {"result"}),
        (claim("final.private_ci95", [0.9, 0.99]), {"result"}),
        (claim("gain_points", 77.0), {"result"}),
        (claim("p_value", 1e-12), {"result"}),
        (claim("teacher_usage.calls", 3), {"result"}),
        (claim("audit", "unresolved"), {"result"}),
        (claim("private_openings", 999), {"result"}),
        (claim("final.dataset", "0" * 64), {"result"}),
        (claim("record", "0" * 64), {"record"}),
        (change_prediction, {"predictions"}),
        (change_score, {"predictions", "result"}),
        (change_row, {"artifacts", "audits"}),
        (exchange_rows, {"audits"}),
        (change_response, {"record"}),
        (change_request, {"calls"}),
        (forge_responses, {"audits"}),
        (drop_call, {"calls", "result"}),
        (lose_stage, {"record", "result"}),
        (change_choice, {"result"}),
        (raise_claimed_visible, {"rounds"}),
        (edit_round("code.py"), {"rounds"}),
        (edit_round("feedback.md"), {"rounds"}),
    ],
)
def test_what_was_changed_is_found(folder: Path, tamper: Tamper, found: set[str]) -> None:
    tamper(folder)
    assert found <= failing(folder)


@pytest.mark.parametrize("value", [{"seed": 7}, {"retrainings": 5}, {"setting": "seed"}])
def test_a_changed_config_belongs_to_no_stage(folder: Path, value: dict[str, Any]) -> None:
    edit(folder / "run.yaml", lambda config: config.update(value))
    assert "config" in failing(folder)


def test_another_task_is_not_the_one_that_was_run(made: Path, folder: Path) -> None:
    (check,) = [c for c in verify(folder, task="science-mini").checks if c.name == "config"]
    assert any("private.jsonl is not the file" in fault for fault in check.faults)
    edit(folder / "inputs.json", lambda inputs: inputs.update({"private.jsonl": "0" * 64}))
    assert "config" in failing(folder)


def test_a_forger_who_redoes_everything_is_found_by_the_published_digest(folder: Path) -> None:
    published = json.loads((folder / "result.json").read_text())["record"]
    key, proposal = stage(folder, "propose")
    store_stage(folder, key, {**proposal, "analysis": "I meant something else."})
    for path in folder.glob("rounds/*/round.json"):
        path.unlink()
    resealed(folder)
    assert failing(folder) == {"rounds"}
    assert failing(folder, record=published) == {"rounds", "record"}


# ---------------------------------------------------------------- hostile bundles


def test_a_bundle_that_is_none_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no such bundle"):
        verify(tmp_path / "nothing")
    (tmp_path / "text.zip").write_text("not a zip file")
    for bundle in (tmp_path / "text.zip", tmp_path):
        found = verify(bundle)
        assert not any(check.holds for check in found.checks if check.name != "databases")
        assert all(len(fault.splitlines()) == 1 for c in found.checks for fault in c.faults)


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/tmp/outside",
        "artifacts/../../outside",
        "..\\outside",
        "student/model.safetensors",
        "rounds/000/../../outside",
        "artifacts/" + "0" * 63,
        "lock",
    ],
)
def test_no_member_is_put_anywhere_else(made: Path, tmp_path: Path, name: str) -> None:
    shutil.copyfile(made / "run.zip", tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as packed:
        packed.writestr(name, "planted")
    (files,) = [c for c in verify(tmp_path / "b.zip").checks if c.name == "files"]
    assert any("no bundle holds such a file" in fault for fault in files.faults)
    assert not list(tmp_path.glob("**/outside"))


def test_links_twins_and_bombs_in_a_zip_are_refused(made: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("agent.sqlite")
    link.external_attr = 0o120777 << 16
    shutil.copyfile(made / "run.zip", tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("version", "{}")
        packed.writestr("artifacts/" + "0" * 64, bytes(65 * 1024**2))
    (files,) = [c for c in verify(tmp_path / "b.zip").checks if c.name == "files"]
    told = "\n".join(files.faults)
    for words in ("no bundle holds such a file", "twice", "more than"):
        assert words in told


def test_a_member_that_is_not_the_manifests_is_named(made: Path, tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(made / "run.zip") as packed,
        zipfile.ZipFile(tmp_path / "b.zip", "w") as forged,
    ):
        for name in packed.namelist():
            data = packed.read(name)
            forged.writestr(name, data + b" " if name == "result.json" else data)
    (files,) = [c for c in verify(tmp_path / "b.zip").checks if c.name == "files"]
    assert files.faults == ("result.json: is not the file that bundle.json lists",)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON spent BEGIN DELETE FROM stages; END",
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) "
        "SELECT * FROM n",
        "ALTER TABLE stages ADD COLUMN more TEXT",
        "ALTER TABLE stages ADD COLUMN more TEXT AS (hex(zeroblob(1000000000)))",
        "ALTER TABLE stages RENAME TO other",
    ],
)
def test_a_database_that_brings_more_than_rows_is_not_read(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "journal.sqlite") as database:
        database.execute(statement)
    database.close()
    assert {"databases", "config", "result"} <= failing(folder)


@pytest.mark.parametrize("name", ["journal.sqlite", "ledger.sqlite"])
def test_a_damaged_database_is_not_read(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[100:400] = b"\xff" * 300
    (folder / name).write_bytes(data)
    assert "databases" in failing(folder)


def test_a_folders_links_are_not_followed(made: Path, folder: Path) -> None:
    (folder / "result.json").unlink()
    (folder / "result.json").symlink_to(made / "run" / "result.json")
    (files,) = [c for c in verify(folder).checks if c.name == "files"]
    assert "result.json: is not taken: link" in files.faults


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        "scorer:\n  kind: custom\n  path: os:system\n",
        "search:\n  kind: custom\n  path: antigravity:x\n",
        "policy:\n  classifiers: [{name: x, path: 'antigravity:x'}]\n",
        "policy: /etc/passwd\n",
        "embedder:\n  kind: custom\n  path: antigravity:x\n",
        "[" * 100_000,
        "!!python/object/apply:os.system ['true']",
    ],
)
def test_a_config_runs_no_code_and_takes_no_time(folder: Path, text: str) -> None:
    before = (folder / "run.yaml").read_text()
    told = (
        re.sub(r"(?m)^(scorer|search|policy|embedder):.*\n(?:[ -].*\n)*", "", before)
        if ":\n" in text
        else ""
    )
    (folder / "run.yaml").write_text(told + text)
    assert {"config", "result", "audits"} <= failing(folder)


def test_a_round_that_never_was_is_found(folder: Path) -> None:
    shutil.copytree(folder / "rounds" / "000", folder / "rounds" / "777")
    assert failing(folder) == {"rounds"}

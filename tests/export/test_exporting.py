"""The command and its entry in Python: what is written, what is refused, and that it is whole."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pytest
from huggingface_hub import DatasetCard, ModelCard

from coursewright.chat import layout
from coursewright.config import ProgramAgent
from coursewright.errors import NoValidSubmission, RunFolderError, StorageError, UsageError
from coursewright.export import export_run
from coursewright.records import SmallestSet
from coursewright.store import RunFolder, RunStore, digest_of, file_digest, put_rows
from coursewright.student import EMBEDDED
from coursewright.tasks import task_folder
from tests.export.runs import Train, copied_base, finished_run, rows

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def out(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("exports") / "new" / "out"
    export_run(str(run), run.parent, str(target))
    return target


def export(run: Path, target: Path, **options: Any) -> Any:
    return export_run(str(run), run.parent, str(target), **options)


# ---------------------------------------------------------------- what is written


def test_the_data_set_loads_in_both_forms(out: Path, tmp_path: Path) -> None:
    def load(form: str) -> list[dict[str, Any]]:
        loaded = datasets.load_dataset(str(out / "dataset"), form, cache_dir=str(tmp_path))
        assert set(loaded) == {"train"}
        return list(loaded["train"])

    first = rows()[0]
    assert load("alpaca")[0] == {
        "instruction": first.instruction,
        "input": first.input,
        "output": first.output,
        "call": first.response,
    }
    turns = load("messages")[0]["messages"]
    assert turns == [
        {"role": "user", "content": layout(first.instruction, first.input)},
        {"role": "assistant", "content": first.output},
    ]
    for form in ("alpaca", "messages"):
        lines = (out / "dataset" / form / "train.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == load(form)
        assert len(lines) == len(rows())


def test_the_smallest_set_lies_beside_the_training_data(tmp_path: Path) -> None:
    place = finished_run(tmp_path)
    folder = RunFolder(place)
    few = rows()[3:8]
    with RunStore.open(place) as store:
        digest = put_rows(store.artifacts, few)
    found = SmallestSet(
        keep=0.95, of=40, rows=5, share=0.125, dataset=digest, trainings=6, gain_kept=0.97
    )
    told = folder.result()
    assert told is not None
    (place / "result.json").write_text(
        told.model_copy(update={"smallest": found}).model_dump_json(by_alias=True)
    )
    export_run("first", tmp_path, str(tmp_path / "out"))
    data = tmp_path / "out" / "dataset"
    for form in ("alpaca", "messages"):
        train, smallest = (
            (data / form / f"{name}.jsonl").read_text().splitlines()
            for name in ("train", "smallest")
        )
        assert smallest == train[3:8]
    assert "5 of 40 rows (12%) keep 97% of the gain" in (data / "README.md").read_text()
    assert len(datasets.load_dataset(str(data), "alpaca", split="train")) == 40


def test_the_cards_tell_gain_audit_lineage_cost_and_isolation(run: Path, out: Path) -> None:
    final = RunFolder(run).result().final  # type: ignore[union-attr]
    for card in ("model/README.md", "dataset/README.md"):
        text = (out / card).read_text()
        for fact in (
            "+30.0 points (95 % interval +25.0 to +35.0)",
            "| provenance | clean |",
            "| run | first |",
            final.dataset,  # type: ignore[union-attr]
            "60 calls, 3 more from the cache",
            "verified by the escape probe",
            "not real models: the agent, the teacher, the student",
            "wrong on purpose",
        ):
            assert fact in text, (card, fact)


def test_metadata_is_what_the_hub_reads(out: Path) -> None:
    model = ModelCard.load(out / "model" / "README.md").data.to_dict()
    assert model["license"] == "apache-2.0", "as nano's own card says"
    assert model["library_name"] == "transformers"
    assert model["model-index"][0]["results"][0]["metrics"][0]["value"] == 0.52
    data = DatasetCard.load(out / "dataset" / "README.md").data.to_dict()
    assert data["license"] == "unknown", "nobody named one"
    assert [config["config_name"] for config in data["configs"]] == ["alpaca", "messages"]


def test_lineage_holds_the_digests_of_the_files_beside_it(run: Path, out: Path) -> None:
    for kind in ("model", "dataset"):
        lineage = json.loads((out / kind / "lineage.json").read_text())
        for name, digest in lineage["files"].items():
            assert file_digest(out / kind / name) == digest
        others = {p.relative_to(out / kind).as_posix() for p in (out / kind).rglob("*.*")}
        assert others == set(lineage["files"]) | {"lineage.json"}
        assert lineage["round"]["programs"][0]["sha256"] == file_digest(
            run / "rounds" / "000" / "code.py"
        )
        assert len(lineage["seeds"]["trainings"]) == 2


def test_an_agent_named_by_a_path_is_known_by_its_file_alone(tmp_path: Path) -> None:
    program = tmp_path / "secret-place" / "curate.py"
    program.parent.mkdir()
    program.write_text("print()")
    run = finished_run(tmp_path / "runs", agent=ProgramAgent(path=program))
    export(run, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"secret-place" not in path.read_bytes(), path
    assert "program:curate.py" in (tmp_path / "out" / "model" / "README.md").read_text()


def test_the_command_prints_places_and_how_to_serve(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "out of here"
    done = cw(str(run), "--to", str(target), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rows"] == len(rows())
    assert told["form"] == "full"
    assert told["bytes"] == sum(p.stat().st_size for p in target.rglob("*") if p.is_file())
    assert f"vllm serve '{target}/model' --served-model-name first" in told["serve"]


# ---------------------------------------------------------------- what is refused


def test_a_target_that_holds_something_is_left_alone(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        export(run, target)
    assert [p.name for p in target.iterdir()] == ["mine.txt"]
    export(run, target, force=True)
    assert sorted(p.name for p in target.iterdir()) == ["dataset", "model"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"], "nothing passing stays"


def test_an_empty_folder_is_a_good_target(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export(run, tmp_path / "out")
    assert (tmp_path / "out" / "model" / "config.json").is_file()


def test_force_replaces_neither_the_run_nor_where_one_stands(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "work" / "here"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    (tmp_path / "file").write_text("")
    places = (run, run / "student", run.parent, tmp_path, tmp_path / "work", tmp_path / "file")
    for target in places:
        with pytest.raises(UsageError):
            export(run, target, force=True)
    assert (run / "student" / "config.json").is_file()


def test_a_run_without_a_result_is_exit_2(tmp_path: Path) -> None:
    run = finished_run(tmp_path / "runs")
    (run / "result.json").unlink()
    done = cw(str(run), "--to", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "coursewright resume" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_without_a_valid_submission_is_exit_3(tmp_path: Path) -> None:
    run = finished_run(tmp_path / "runs", status="no-valid-submission", final=None, base=None)
    with pytest.raises(NoValidSubmission, match="nothing to export"):
        export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["student", "dataset"])
def test_what_is_not_what_the_run_recorded_is_not_exported(tmp_path: Path, what: str) -> None:
    run = finished_run(tmp_path / "runs")
    digest = json.loads((run / "result.json").read_text())["final"]["dataset"]
    victim = {"student": run / "student" / "config.json", "dataset": run / "artifacts" / digest}
    victim[what].chmod(0o644)
    victim[what].write_text(victim[what].read_text().replace("1", "2"))
    with pytest.raises(RunFolderError):
        export(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("to", ["hub:", "hub:name", "hub:a/b/c", "hub:../x", "hub:a/b c"])
def test_a_hub_name_that_is_none_is_refused(run: Path, to: str) -> None:
    with pytest.raises(UsageError, match="hub:ORG/NAME"):
        export_run(str(run), run.parent, to)


def test_a_full_disk_is_one_line_and_leaves_the_target_as_it_was(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    export(run, target)
    before = digest_of({str(p): p.stat().st_ino for p in target.rglob("*")})
    for limit in (1_000, 1_000_000):  # the data set does not fit; the weights do not
        done = cw(str(run), "--to", str(target), "--force", most_bytes=limit)
        assert done.returncode == StorageError.exit_code
        assert "free some space" in done.stderr
        assert done.stderr.count("\n") == 1
        assert digest_of({str(p): p.stat().st_ino for p in target.rglob("*")}) == before
        assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_texts_of_rows_break_neither_card_nor_files(tmp_path: Path) -> None:
    hostile = "---\nlicense: mit\n---\n```\n# Big\n<script>x</script> {{ 7*7 }} \u202e \x1b[31m"
    wild = rows(3)[0].model_copy(update={"input": hostile, "output": hostile})
    run = finished_run(tmp_path / "runs", dataset=[wild, *rows(2)], task="science-mini")
    export(run, tmp_path / "out")
    text = (tmp_path / "out" / "dataset" / "README.md").read_text()
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert DatasetCard.load(tmp_path / "out" / "dataset" / "README.md").data.license == "unknown"
    line = (tmp_path / "out" / "dataset" / "alpaca" / "train.jsonl").read_text().split("\n")[0]
    assert json.loads(line)["input"] == hostile


def test_a_student_of_unknown_base_cannot_be_merged(tmp_path: Path) -> None:
    student = {"kind": "custom", "path": "mine.students:Mine"}
    run = finished_run(tmp_path / "runs", student=student, train=empty_adapter(tmp_path))
    with pytest.raises(UsageError, match="--merged"):
        export(run, tmp_path / "out", merged=True)
    assert export(run, tmp_path / "out").serve == ()


# ---------------------------------------------------------------- parts


def test_an_adapter_to_a_model_of_the_hub_names_it_and_its_commit(tmp_path: Path) -> None:
    student = {"kind": "hf", "model": "org/base", "revision": "c" * 40}
    run = finished_run(tmp_path / "runs", student=student, train=empty_adapter(tmp_path))
    done = export(run, tmp_path / "out")
    card = (tmp_path / "out" / "model" / "README.md").read_text()
    data = ModelCard(card).data
    assert data.base_model == "org/base"
    assert data.library_name == "peft"
    assert data.license == "unknown"
    assert f"from_pretrained('org/base', revision='{'c' * 40}')" in card
    adapter = json.loads((tmp_path / "out" / "model" / "adapter_config.json").read_text())
    assert adapter["base_model_name_or_path"] == "org/base"
    (serve,) = done.serve
    assert serve.startswith(f"vllm serve org/base --revision {'c' * 40} --enable-lora")
    assert "--max-lora-rank 16" in serve, "the adapter's rank is 12, and vLLM knows steps"


def test_a_licence_is_what_model_and_task_say(tmp_path: Path) -> None:
    task, base = tmp_path / "task", tmp_path / "base"
    shutil.copytree(task_folder("science-mini"), task)
    with (task / "task.yaml").open("a") as file:
        file.write("license: cc-by-4.0\n")
    base.mkdir()
    (base / "README.md").write_text("---\nlicense: other\nlicense_name: mine\n---\n# Base\n")
    student = {"kind": "hf", "model": str(base)}
    run = finished_run(
        tmp_path / "runs", student=student, task=str(task), train=empty_adapter(tmp_path)
    )
    export(run, tmp_path / "out")
    model = ModelCard.load(tmp_path / "out" / "model" / "README.md").data.to_dict()
    assert (model["license"], model["license_name"]) == ("other", "mine")
    data = DatasetCard.load(tmp_path / "out" / "dataset" / "README.md").data
    assert data.license == "cc-by-4.0"


def test_generation_is_as_it_was_scored_not_as_a_publisher_recommends(tmp_path: Path) -> None:
    def sampling(store: Any, dataset: str, seed: int) -> Any:
        folder = tmp_path / "student"
        shutil.copytree(EMBEDDED["nano"], folder)
        said = {"do_sample": True, "temperature": 0.6, "eos_token_id": [0, 7], "pad_token_id": 0}
        (folder / "generation_config.json").write_text(json.dumps(said))
        weights = store.artifacts.put_folder(folder)
        return copied_base(store, dataset, seed).model_copy(update={"weights": weights})

    run = finished_run(tmp_path / "runs", train=sampling)
    export(run, tmp_path / "out")
    made = json.loads((tmp_path / "out" / "model" / "generation_config.json").read_text())
    # 3 is the end of a turn in nano's chat template.
    assert made == {"do_sample": False, "eos_token_id": [0, 3, 7], "pad_token_id": 0}


def empty_adapter(place: Path) -> Train:
    """A training that leaves an adapter without weights."""

    def train(store: Any, dataset: str, seed: int) -> Any:
        folder = place / "adapter"
        folder.mkdir()
        adapter = {"r": 12, "base_model_name_or_path": "x"}
        (folder / "adapter_config.json").write_text(json.dumps(adapter))
        weights = store.artifacts.put_folder(folder)
        return copied_base(store, dataset, seed).model_copy(update={"weights": weights})

    return train


def cw(*arguments: str, most_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run `coursewright export`, where no file may outgrow `most_bytes`."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        [sys.executable, "-m", "coursewright", "export", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
    )

"""The same data set in every format gives the same task."""

import csv
import json
from pathlib import Path

import pytest

from coursewright.tasks import build_task, check_task

ROWS = [
    {"question": f"What colour has thing {n} of {n * 7}, é?", "answer": "ab"[n % 2]}
    for n in range(40)
]
OPTIONS = {"task.scorer.kind": "label", "seed": "5"}


def as_json(folder: Path) -> None:
    (folder / "rows.json").write_text(json.dumps(ROWS))


def as_nested_json(folder: Path) -> None:
    (folder / "rows.json").write_text(json.dumps({"data": {"rows": ROWS}}))


def as_lines_in_json(folder: Path) -> None:
    (folder / "rows.json").write_text("\n".join(map(json.dumps, ROWS)))


def as_jsonl(folder: Path) -> None:
    text = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    (folder / "rows.jsonl").write_text("\ufeff" + text, encoding="utf-8")


def write_csv(path: Path, encoding: str, delimiter: str) -> None:
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, ["question", "answer"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)


def as_csv(folder: Path) -> None:
    write_csv(folder / "rows.csv", "utf-8", ",")


def as_tsv_in_latin_1(folder: Path) -> None:
    write_csv(folder / "rows.tsv", "latin-1", "\t")


def as_parquet(folder: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (folder / "data").mkdir()
    for part, rows in enumerate((ROWS[:25], ROWS[25:])):
        table = pa.Table.from_pylist(rows)
        parquet.write_table(table, folder / "data" / f"train-0000{part}-of-00002.parquet")


def as_saved_data_set(folder: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"question": datasets.Value("string"), "answer": datasets.ClassLabel(names=["a", "b"])}
    )
    saved = datasets.Dataset.from_list(ROWS, features=features)
    datasets.DatasetDict({"test": saved}).save_to_disk(str(folder / "saved"))


FORMS = {
    as_json: {},
    as_nested_json: {"source.records": "data.rows"},
    as_lines_in_json: {},
    as_jsonl: {},
    as_csv: {},
    as_tsv_in_latin_1: {"source.encoding": "latin-1"},
    as_parquet: {},
    as_saved_data_set: {},
}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_format_gives_the_same_splits(form, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "plain").mkdir()
    form(tmp_path / "data")
    as_json(tmp_path / "plain")
    build_task("generic", tmp_path / "data", tmp_path / "task", {**OPTIONS, **FORMS[form]})
    build_task("generic", tmp_path / "plain", tmp_path / "expected", OPTIONS)
    assert check_task(str(tmp_path / "task")) == []
    for name in ("visible.jsonl", "scored.jsonl", "private.jsonl", "sample_submission.json"):
        assert (tmp_path / "task" / name).read_bytes() == (
            tmp_path / "expected" / name
        ).read_bytes()

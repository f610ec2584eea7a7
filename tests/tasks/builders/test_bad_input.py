"""What can be wrong with a data set: one clear line each, and nothing half-written."""

import builtins
import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from coursewright.errors import TaskError
from coursewright.tasks import build_task

LABEL = {"task.scorer.kind": "label"}
ROWS = [
    {"question": f"What colour has thing {n} of {n * 7}?", "answer": f"c{n}"} for n in range(30)
]


def jsonl(rows: list[dict]) -> str:
    return "\n".join(map(json.dumps, rows))


def csv_text(rows: list[dict]) -> str:
    return "question,answer\n" + "".join(f"{row['question']},{row['answer']}\n" for row in rows)


def refused(source: Path, out: Path, **options: str) -> str:
    """The one line of the refusal; there must be no output and nothing half-written beside."""
    with pytest.raises(TaskError) as caught:
        build_task("generic", source, out / "task", {**LABEL, **options})
    assert list(out.iterdir()) == []
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.fixture
def out(tmp_path: Path) -> Path:
    place = tmp_path / "out"
    place.mkdir()
    return place


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "question,reply\nq,a\n", "record 1: there is no 'answer'; there are question"),
        ("a.csv", "question,answer\nq,a,b\n", "record 1 has 3 cells and the file 2 columns"),
        ("a.csv", "question,question\nq,a\n", "two have the same"),
        ("a.csv", 'question,answer\n"q,a\n', "is not CSV we can read"),
        ("a.csv", "question,answer\n" + "x" * 200_000 + ",a\n", "is not CSV we can read"),
        ("a.csv", ",".join(f"c{n}" for n in range(10**6)), "more than 4,096 columns"),
        ("a.csv", "question,answer\nq,\n", "the answer is blank or missing (1)"),
        ("a.csv", b"question,answer\nq\xe9,a\n", "is not UTF-8"),
        ("a.json", '[{"question": "q", "answer": "a"}, {"question" "q"}]', "record 2: is not JSON"),
        ("a.json", '[{"question": "q", "answer": NaN}]', "is not a finite number"),
        ("a.json", "[" * 100_000, "nests too deep"),
        ("a.json", '["q", "a"]', "expected an object with fields"),
        ("a.jsonl", '{"question": "q", "answer": true}', "found a truth value"),
        ("a.jsonl", '{"question": 5, "answer": "a"}', "expected a text, found int '5'"),
        ("a.jsonl", '{"question": ["q"], "answer": "a"}', "expected a text, found list"),
        ("a.jsonl", jsonl([{"question": "q", "answer": 10**400}]), "not finite or too large (1)"),
        ("a.jsonl", jsonl([{"question": "q", "answer": [10**400]}]), "not finite or too large (1)"),
        ("a.jsonl", "{}{}", "more than one JSON value in the line"),
        ("a.jsonl", "", "is empty"),
        ("a.xml", "<a/>", "holds no file that matches"),
        ("a.parquet", "PAR1 no", "cannot be read as parquet"),
        ("a.arrow", "no arrow at all", "cannot be read as arrow"),
        ("a.csv", gzip.compress(b"x", mtime=0), "is gzip-compressed; unpack it first"),
    ],
)
def test_a_file_that_is_no_data_set(name, content, message, tmp_path, out):
    write(tmp_path / "data" / name, content)
    assert message in refused(tmp_path / "data", out)


def test_ids_that_stand_twice(tmp_path, out):
    rows = [{**row, "id": "same" if n in (3, 9) else f"n{n}"} for n, row in enumerate(ROWS)]
    source = write(tmp_path / "a.jsonl", jsonl(rows))
    assert "the id 'same' stands in a.jsonl record 4 and in a.jsonl record 10" in refused(
        source, out
    )


def test_a_table_of_a_million_cells_is_left_out(tmp_path, out):
    table = [["1"] * 1000] * 1000
    source = write(tmp_path / "a.json", json.dumps([{"question": "q", "answer": "a", "t": table}]))
    line = refused(source, out, **{"item.context": "{{ t | table_text }}"})
    assert "more than 20,000 cells" in line


@pytest.mark.parametrize("target", ["outside.csv", "/etc/passwd", "loop.csv"])
def test_a_link_out_of_the_folder(target, tmp_path, out):
    write(tmp_path / "outside.csv", csv_text(ROWS))
    (tmp_path / "data").mkdir()
    path = target if target.startswith("/") else f"../{target}"
    (tmp_path / "data" / "loop.csv").symlink_to("loop.csv" if target == "loop.csv" else path)
    line = refused(tmp_path / "data", out)
    assert "leads out of the folder" in line or "cannot be read" in line


def test_a_linked_folder_is_not_entered(tmp_path, out):
    write(tmp_path / "elsewhere" / "a.csv", csv_text(ROWS))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "inner").symlink_to("../elsewhere")
    assert "holds no file" in refused(tmp_path / "data", out)


def test_a_pipe_is_not_opened(tmp_path, out):
    (tmp_path / "data").mkdir()
    os.mkfifo(tmp_path / "data" / "a.csv")
    assert "is not a regular file" in refused(tmp_path / "data", out)


@pytest.mark.parametrize("pattern", ["../outside.csv", "/etc/passwd", "a/../../b.csv"])
def test_a_pattern_out_of_the_folder(pattern, tmp_path, out):
    write(tmp_path / "outside.csv", csv_text(ROWS))
    write(tmp_path / "data" / "a.csv", csv_text(ROWS))
    assert "leads out of the folder" in refused(tmp_path / "data", out, files=pattern)


def test_an_archive_is_not_opened(tmp_path, out):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../a.csv", "x")
    source = write(tmp_path / "data.csv", packed.getvalue())
    assert "is a zip archive; unpack it first" in refused(source, out)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"item.question": "{{ question.__class__ }}"}, "unsafe"),
        ({"item.question": "{{ question * 9999999 }}"}, "numbers only"),
        ({"item.question": "{{ question | nothing }}"}, "No filter named"),
        ({"item.question": "{{ question"}, "is no expression that can be read"),
        ({"item.answer": "{{ 1 // 0 }}"}, "ZeroDivisionError"),
        ({"item.answer": "{{ 5 | gold_number }}"}, "[item.answer]: record 1: the expression does"),
        ({"item.answer": "{{ 5 | digest }}"}, "does not fit what it reads (AttributeError"),
        ({"item.answer": "{{ question | fields_of('a') }}"}, "(AttributeError"),
        ({"item.answer": "{{ question | has('[') }}"}, "does not fit what it reads ("),
        ({"item.answer": "{{ " + "(" * 3000 + " }}"}, "is no expression that can be read"),
        ({"task.summary": "{{ 5 | gold_number }}"}, "[task.summary]: the expression does not fit"),
        ({"item.answer": "{{ {1: 'one'} }}"}, "the answer holds a key that is no text"),
        ({"colour": "red"}, "is no option"),
        ({"item.colour": "red"}, "unknown setting; expected one of"),
        ({"private": "-1"}, "greater than 0"),
        ({"seed": "2001-13-45"}, "[--set seed]: the value is not YAML"),
        ({"seed": '!!int ""'}, "[--set seed]: the value is not YAML"),
        ({"task.summary": '"\\ud800"'}, "[--set task.summary]: holds a character that is not text"),
        ({"most": "many"}, "valid integer"),
        ({"item.group": "{{ 'all' }}"}, "no group is left for the"),
    ],
)
def test_a_bad_option(options, message, tmp_path, out):
    source = write(tmp_path / "a.csv", csv_text(ROWS))
    assert message in refused(source, out, **options)


def test_a_meta_field_that_no_file_can_hold_leaves_its_record_out(tmp_path, out):
    rows = [{**row, "source": "\ud800"} for row in ROWS]
    source = write(tmp_path / "a.jsonl", jsonl(rows))
    line = refused(source, out, **{"item.meta.source": "source"})
    assert "a text holds a NUL character or half of a surrogate pair (30)" in line


@pytest.mark.parametrize(("empty", "option"), [("settings", "colour"), ("split", "most")])
def test_a_part_of_a_mapping_with_nothing_behind_its_name(empty, option, tmp_path, out):
    source = write(tmp_path / "a.csv", csv_text(ROWS))
    text = f"schema: 1\nname: mine\n{empty}:\nitem: {{question: question, answer: answer}}\n"
    mapping = write(tmp_path / "mine.yaml", text)
    with pytest.raises(TaskError, match=r"is no option|mine\.yaml"):
        build_task(str(mapping), source, out / "task", {option: "8"})


@pytest.mark.parametrize("builder", ["nothing", "../classification", "no-such.yaml"])
def test_an_unknown_builder(builder, tmp_path):
    source = write(tmp_path / "a.csv", csv_text(ROWS))
    with pytest.raises(TaskError, match=r"no such builder|is missing"):
        build_task(builder, source, tmp_path / "task", {})


def test_an_output_that_stands_there_is_left_alone(tmp_path):
    source = write(tmp_path / "a.csv", csv_text(ROWS))
    mine = write(tmp_path / "task" / "mine.txt", "mine")
    with pytest.raises(TaskError, match="is not empty"):
        build_task("generic", source, tmp_path / "task", LABEL)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("name", ["NotImplementedError", "TypeError", "CapacityError"])
def test_whatever_pyarrow_raises_is_one_line(name, tmp_path, out, monkeypatch):
    arrow = pytest.importorskip("pyarrow")
    write(tmp_path / "a.parquet", "PAR1")

    def fail(path):
        raise getattr(arrow, f"Arrow{name}")("no such encoding")

    monkeypatch.setattr("pyarrow.parquet.ParquetFile", fail)
    assert "cannot be read as parquet: no such encoding" in refused(tmp_path / "a.parquet", out)


def test_a_date_that_python_does_not_know_is_one_line(tmp_path, out):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"question": arrow.array([2**31 - 1], arrow.date32())})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert "cannot be read as parquet: days=2147483647" in refused(tmp_path, out)


def test_columnar_files_say_what_they_need(tmp_path, out, monkeypatch):
    write(tmp_path / "a.parquet", "PAR1")
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr("importlib.import_module", lambda name: without(name))
    assert "pip install 'coursewright[data]'" in refused(tmp_path / "a.parquet", out)

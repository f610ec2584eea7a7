"""`task check`: each thing a user can get wrong is found, at its place, without a traceback."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursewright.errors import StorageError, TaskError
from coursewright.tasks import check_task, load_task, read_split, scaffold_task


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "my-task"
    scaffold_task(place)
    return place


def only(folder: Path):
    """The one problem of a folder."""
    problems = check_task(str(folder))
    assert len(problems) == 1, problems
    return problems[0]


def edit(folder: Path, name: str, old: str, new: str, count: int = 1) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def append(folder: Path, name: str, **line) -> None:
    with (folder / name).open("a") as stream:
        stream.write(json.dumps(line) + "\n")


def test_a_new_folder_is_in_order(folder):
    assert check_task(str(folder)) == []
    assert load_task(str(folder)).name == "my-task"


def test_a_new_folder_never_overwrites(folder):
    with pytest.raises(TaskError, match="is not empty"):
        scaffold_task(folder)
    with pytest.raises(TaskError, match="is not a folder"):
        scaffold_task(folder / "task.yaml")


def test_a_folder_that_cannot_be_made_is_one_line(folder):
    with pytest.raises(StorageError, match="cannot be written"):
        scaffold_task(folder / "task.yaml" / "inside")


@pytest.mark.parametrize(
    "name",
    [
        *("task.yaml", "description.md", "sample_submission.json"),
        *("visible.jsonl", "scored.jsonl", "private.jsonl"),
    ],
)
def test_a_missing_or_empty_file(folder, name):
    (folder / name).write_text("")
    assert check_task(str(folder))[0].message == "is empty"
    (folder / name).unlink()
    problem = check_task(str(folder))[0]
    assert problem.file.endswith(name)
    assert problem.message == "is missing"


def test_seeds_are_optional(folder):
    (folder / "seeds.jsonl").unlink()
    assert check_task(str(folder)) == []
    assert load_task(str(folder)).seeds == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ("schema: 1", "schema: 2", 2, "schema", "input should be 1, found"),
        ("schema: 1\n", "", 1, "schema", "is missing"),
        ("name: my-task", "name: My Task", 3, "name", "match pattern"),
        ("name: my-task", "name: my-task\nnmae: x", 4, "nmae", "did you mean `name`?"),
        ("name: my-task", "name: my-task\nname: x", 4, "name", "stands twice"),
        ("kind: numeric", "kind: nummeric", 15, "scorer.kind", "no scorer 'nummeric'"),
        ("absolute: 0.001", "absolutely: 0.1", 16, "scorer.absolutely", "did you mean `absolute`?"),
        ("absolute: 0.001", "absolute: -1", 16, "scorer.absolute", "greater than or equal"),
        ("max_new_tokens: 32", "max_new_tokens: many", 19, "generation.max_new_tokens", "integer"),
        ("max_new_tokens: 32", "max_new_tokens: 0", 19, "generation.max_new_tokens", "greater"),
        ("minimum: 300", "minimum: 5000", 22, "rows", "above maximum"),
        ("instruction: Answer with a number.", "instruction: [a]", 7, "instruction", "string"),
        ("rows:", "baselines: [best-guess]\nrows:", 22, "baselines.0", "'constant-expression'"),
        ("summary: One", "summary: a: b", 4, None, "is not YAML"),
        ("summary: One", "summary: 2001-13-45 #", 4, None, "is no timestamp; quote it"),
        ("summary: One", "summary: !!bool One", 4, None, "is no bool; quote it"),
        ("schema: 1", "schema: &a 1\nsummary: *a", 3, None, "alias"),
    ],
)
def test_a_bad_field_of_task_yaml(folder, old, new, line, field, message):
    edit(folder, "task.yaml", old, new)
    problem = check_task(str(folder))[0]
    assert problem.file.endswith("task.yaml")
    assert (problem.line, problem.field) == (line, field)
    assert message in problem.message


ITEM = {"id": "new-1", "question": "How much is twelve and thirty?", "answer": 42}


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"id": None}, "id", "must be"),
        ({"id": "../../state.db"}, "id", "must be"),
        ({"id": "visible-0001"}, "id", "stands in visible.jsonl line 1"),
        ({"question": " "}, "question", "is blank"),
        ({"question": 5}, "question", "must be a text"),
        ({"context": ""}, "context", "is blank"),
        ({"answer": None}, "answer", "is missing"),
        ({"answer": " "}, "answer", "is blank"),
        ({"answer": True}, "answer", "write a truth value as text"),
        ({"answer": "about forty"}, "answer", "scorer rejects"),
        ({"answer": []}, "answer", "is empty"),
        ({"group": 3}, "group", "must be a text"),
        ({"topic": ["a"]}, "topic", "must be a text"),
        ({"meta": []}, "meta", "must be an object"),
        ({"anwser": 3}, "anwser", "is not a field"),
        ({"question": "a\0b"}, "question", "NUL"),
        ({"question": "a\ud800b"}, "question", "surrogate"),
        ({"meta": {"a": ["b\0"]}}, "meta.a.0", "NUL"),
    ],
)
def test_a_bad_field_of_an_item(folder, change, field, message):
    append(folder, "scored.jsonl", **{**ITEM, **change})
    problem = only(folder)
    assert (problem.file.rpartition("/")[2], problem.line, problem.field) == (
        "scored.jsonl",
        9,
        field,
    )
    assert message in problem.message


@pytest.mark.parametrize("missing", ["id", "question", "answer"])
def test_a_missing_field_of_an_item(folder, missing):
    append(folder, "private.jsonl", **{key: ITEM[key] for key in ITEM if key != missing})
    problem = only(folder)
    assert (problem.line, problem.field, problem.message) == (13, missing, "is missing")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "is not JSON"),
        (b"[1, 2]", "expected one JSON object a line, found a list"),
        (b"17", "found a number"),
        (b'{"id": "a", "id": "b", "question": "q", "answer": 1}', "stands twice"),
        (b'{"id": "a", "question": "q", "answer": NaN}', "not a finite number"),
        (b'{"id": "a", "question": "q", "answer": 1e999}', "not a finite number"),
        (b'{"id": "a", "question": "q", "answer": ' + b"9" * 5000 + b"}", "is not JSON we can"),
        (b'{"meta": ' + b"[" * 100_000 + b"}", "nests deeper"),
        (b'{"id": "a", "question": "\xff", "answer": 1}', "is not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte-order mark"),
        ('{"id": "a"}'.encode("utf-16"), "is not UTF-8"),
        (b'{"question": "' + b"x" * 1_100_000 + b'"}', "longer than"),
    ],
)
def test_a_line_that_is_no_clean_json_object(folder, line, message):
    with (folder / "visible.jsonl").open("ab") as stream:
        stream.write(line)
    problem = check_task(str(folder))[0]
    assert problem.line == 7
    assert message in problem.message


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"answer": 42}, "answer"),
        ({"Solution": 42}, "Solution"),
        ({"meta": {"gold": 42}}, "meta.gold"),
        ({"meta": {"deep": [{"answer": 42}]}}, "meta.answer"),
    ],
)
def test_a_seed_that_holds_its_answer(folder, extra, field):
    append(folder, "seeds.jsonl", id="new-1", question="How much is six and seven?", **extra)
    problem = only(folder)
    assert (problem.line, problem.field) == (7, field)
    assert "a seed must hold no answer" in problem.message


LONG = " ".join(f"word{number}" for number in range(60)) + " {}?"
CONTEXT = "year | sales\n" + "\n".join(f"{year} | {year % 97}" for year in range(1990, 2020))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("What is one and one?", "What is one and one?", "the same question stands in visible"),
        ("What is one and one?", "what is ONE and one", "the same question stands in visible"),
        (LONG.format("so"), LONG.format("thus"), "94% the same as"),
    ],
)
def test_a_question_in_two_splits(folder, first, second, message):
    append(folder, "visible.jsonl", id="new-1", question=first, answer=2)
    append(folder, "private.jsonl", id="new-2", question=second, answer=2)
    problem = only(folder)
    assert (problem.file.rpartition("/")[2], problem.line) == ("private.jsonl", 13)
    assert message in problem.message
    assert "visible.jsonl line 7" in problem.message


def test_a_seed_that_is_a_test_question(folder):
    append(folder, "scored.jsonl", **ITEM)
    append(folder, "seeds.jsonl", id="new-2", question=ITEM["question"])
    assert "the same question stands in scored.jsonl line 9" in only(folder).message


def test_a_long_context_in_two_splits(folder):
    append(folder, "visible.jsonl", **{**ITEM, "context": CONTEXT})
    question = "Which year was the very best of all of them, by sales?"
    append(folder, "scored.jsonl", id="new-2", question=question, context=CONTEXT, answer=1)
    assert any("the same context" in problem.message for problem in check_task(str(folder)))


def test_one_question_with_two_answers(folder):
    append(folder, "visible.jsonl", **ITEM)
    append(folder, "visible.jsonl", **{**ITEM, "id": "new-2", "answer": 43})
    assert "another answer in visible.jsonl line 7" in only(folder).message


def test_a_group_that_crosses_splits(folder):
    append(folder, "visible.jsonl", **ITEM, group="g1")
    append(
        folder, "private.jsonl", id="new-2", question="And nine plus nine?", answer=18, group="g1"
    )
    problem = only(folder)
    assert problem.field == "group"
    assert "crosses splits: see visible.jsonl line 7" in problem.message


@pytest.mark.parametrize(
    ("rows", "field", "message"),
    [
        ({}, None, "expected a list"),
        ([], None, "expected a list"),
        (["x"], "0", "expected an object"),
        ([{"instruction": "Answer with a number.", "output": "1"}], "0.input", "is missing"),
        ([{"instruction": 1, "input": "", "output": "1"}], "0.instruction", "must be a text"),
        (
            [{"instruction": "Answer with a number.", "input": "", "output": " "}],
            "0.output",
            "blank",
        ),
        ([{"instruction": "Say it.", "input": "", "output": "1"}], "0.instruction", "differs"),
        (
            [{"instruction": "Answer with a number.", "input": "", "output": "one"}],
            "0.output",
            "cannot read",
        ),
        (
            [{"instruction": "Answer with a number.", "input": "", "output": "1", "id": "a"}],
            "0.id",
            "is not a field",
        ),
    ],
)
def test_a_sample_submission_of_another_shape(folder, rows, field, message):
    (folder / "sample_submission.json").write_text(json.dumps(rows))
    problem = only(folder)
    assert problem.field == field
    assert message in problem.message


def test_a_sample_submission_that_is_a_test_question(folder):
    append(folder, "private.jsonl", **{**ITEM, "question": "How many days are 3 weeks?"})
    problem = only(folder)
    assert problem.field == "0.input"
    assert "is the question of private.jsonl line 13" in problem.message


def test_a_scorer_that_raises_is_told_at_the_gold(folder, monkeypatch):
    monkeypatch.setenv("COURSEWRIGHT_TRUSTED_TASKS", str(folder))
    edit(folder, "task.yaml", "kind: numeric\n  absolute: 0.001", f"kind: {__name__}:raising")
    problem = check_task(str(folder))[0]
    assert (problem.line, problem.field) == (1, "answer")
    assert "ZeroDivisionError" in problem.message


def test_a_scorer_that_is_code_waits_for_trust(folder):
    edit(folder, "task.yaml", "kind: numeric\n  absolute: 0.001", f"kind: {__name__}:raising")
    problem = only(folder)
    assert problem.field == "scorer.kind"
    assert "COURSEWRIGHT_TRUSTED_TASKS" in problem.message


@pytest.fixture
def official(folder) -> Path:
    """A folder under an official rule, one gold of which that rule cannot accept."""
    edit(folder, "task.yaml", "numeric\n  absolute: 0.001", "scibench\n  policy: official")
    line = {"id": "thousands", "question": "How many metres are 1.2 km?", "answer": "1,200"}
    append(folder, "private.jsonl", **line)
    # What the official rule reads stands in a box.
    edit_sample(folder, "\\boxed{5}")
    return folder


def unfixable(folder: Path, *ids: str) -> None:
    with (folder / "task.yaml").open("a") as stream:
        stream.write(f"unfixable: [{', '.join(ids)}]\n")


def test_a_gold_that_only_the_official_rule_rejects_must_be_listed(official):
    problem = only(official)
    assert (problem.file, problem.field) == (str(official / "private.jsonl"), "answer")
    assert "list its id under `unfixable`" in problem.message
    unfixable(official, "thousands")
    assert check_task(str(official)) == []
    assert load_task(str(official)).name == "my-task"


def test_what_is_listed_as_unfixable_must_be_so(official):
    unfixable(official, "thousands", "nobody", json.loads(first(official, "visible"))["id"])
    messages = {problem.field: problem.message for problem in check_task(str(official))}
    assert "no item has the id 'nobody'" in messages["unfixable.1"]
    assert "take it out" in messages["unfixable.2"]


def test_a_database_takes_part_in_a_run(folder):
    """Its digest is among the task's; one that leaves the folder is refused."""
    edit(folder, "task.yaml", "numeric\n  absolute: 0.001", "sql\n  database: week.sql")
    (folder / "week.sql").write_text("CREATE TABLE t(x); INSERT INTO t VALUES (1);")
    for split in ("visible", "scored", "private"):
        lines = [json.loads(line) for line in (folder / f"{split}.jsonl").read_text().splitlines()]
        rows = [
            json.dumps({**line, "answer": f"SELECT {n} + x FROM t"}) for n, line in enumerate(lines)
        ]
        (folder / f"{split}.jsonl").write_text("\n".join(rows))
    edit_sample(folder, "SELECT 5")
    assert check_task(str(folder)) == []
    assert "week.sql" in load_task(str(folder)).digests
    edit(folder, "task.yaml", "week.sql", "../week.sql")
    assert only(folder).field == "scorer.database"
    assert "'../week.sql' leads out of the task folder" in only(folder).message


def edit_sample(folder: Path, output: str) -> None:
    rows = json.loads((folder / "sample_submission.json").read_text())
    content = json.dumps([{**row, "output": output} for row in rows])
    (folder / "sample_submission.json").write_text(content)


def test_unfixable_is_for_the_official_policy_alone(folder):
    unfixable(folder, json.loads(first(folder, "visible"))["id"])
    assert only(folder).message == "is for `policy: official` alone"


def first(folder: Path, split: str) -> str:
    return (folder / f"{split}.jsonl").read_text().splitlines()[0]


def raising(output, answer):
    return 1 / 0


def test_a_link_out_of_the_folder_is_refused(folder, tmp_path):
    outside = tmp_path / "outside.jsonl"
    (folder / "private.jsonl").rename(outside)
    (folder / "private.jsonl").symlink_to(outside)
    assert "leads out of the task folder" in only(folder).message


def test_a_link_within_the_folder_is_fine(folder):
    (folder / "private.jsonl").rename(folder / "real.jsonl")
    (folder / "private.jsonl").symlink_to("real.jsonl")
    assert check_task(str(folder)) == []


@pytest.mark.parametrize("kind", ["folder", "fifo", "loop", "sparse"])
def test_something_that_is_no_regular_file_is_refused_at_once(folder, kind):
    path = folder / "scored.jsonl"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    else:
        with path.open("wb") as stream:
            stream.truncate(2 * 2**30)
    assert only(folder).file.endswith("scored.jsonl")


def test_problems_are_bounded(folder):
    with (folder / "visible.jsonl").open("a") as stream:
        stream.write("nonsense\n" * 5000)
    assert len(check_task(str(folder))) <= 210


def test_loading_stops_at_the_first_problem_and_counts_the_others(folder):
    append(folder, "visible.jsonl", id="", question="", answer="")
    with pytest.raises(TaskError, match=r"visible.jsonl:7 \[id\]: .*and 2 more; see") as caught:
        load_task(str(folder))
    assert caught.value.exit_code == 2


def test_a_split_that_changed_after_loading_is_refused(folder):
    task = load_task(str(folder))
    assert len(read_split(task, "private")) == 12
    append(folder, "private.jsonl", **ITEM)
    with pytest.raises(TaskError, match="has changed"):
        read_split(task, "private")


@pytest.mark.parametrize("name", ["no-such-task", "", "a/b", "\0", "x" * 5000])
def test_no_such_task_is_one_line_that_names_the_built_in_ones(name):
    with pytest.raises(TaskError, match="science-mini"):
        load_task(name)
    assert len(check_task(name)) == 1


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["task.yaml", "visible.jsonl", "sample_submission.json", "seeds.jsonl"]),
    content=st.binary(max_size=80) | st.text('{}[]":,*&!-ab1 \n', max_size=80).map(str.encode),
)
def test_no_content_of_a_file_ends_in_a_traceback(folder, name, content):
    kept = (folder / name).read_bytes()
    (folder / name).write_bytes(content)
    assert all(problem.message for problem in check_task(str(folder)))
    (folder / name).write_bytes(kept)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("x", None),
        ("limit: 3", "limit"),
        ("classifiers: [{name: mine, path: 'my.module:Judge'}]", "classifiers"),
    ],
)
def test_rules_for_the_data_are_read_as_a_run_would(folder, text, field):
    (folder / "policy.yaml").write_text("limit: 0.1\n")
    assert check_task(str(folder)) == []
    (folder / "policy.yaml").write_text(text)
    (problem,) = check_task(str(folder))
    assert (Path(problem.file).name, problem.field) == ("policy.yaml", field)
    assert load_task(str(folder)), "a run may be given other rules"

import json
import pickle
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from coursewright.records import Collection, Row, RowLimits, TracedRow
from coursewright.store import Artifacts, read_rows
from coursewright.submission import Limits, SubmissionIntake


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    (tmp_path / "artifacts").mkdir()
    return Artifacts(tmp_path / "artifacts")


SAMPLE = (Row(instruction="Solve.", input="1+1", output="2"),)


def intake(artifacts: Artifacts, **limits: Any) -> SubmissionIntake:
    return SubmissionIntake(
        artifacts, RowLimits(minimum=1, maximum=5), SAMPLE, ("<s>", "</s>", " "), Limits(**limits)
    )


def collect(artifacts: Artifacts, data: bytes, **limits: Any) -> Collection:
    return intake(artifacts, **limits).collect(artifacts.put_bytes(data))


def row(**changes: Any) -> dict[str, Any]:
    return {"instruction": "Solve.", "input": "2+2", "output": "4", **changes}


def lines(*rows: Any) -> bytes:
    return b"\n".join(r if isinstance(r, bytes) else json.dumps(r).encode() for r in rows)


def reason(artifacts: Artifacts, bad: Any) -> str:
    """The one reason for which a row is refused, beside a good one that is kept."""
    found = collect(artifacts, lines(bad, row()))
    assert (found.read, found.kept) == (2, 1)
    (why,) = found.dropped
    assert found.examples[0].startswith("row 1: ")
    return why


def test_rows_keep_their_text_and_their_response(artifacts: Artifacts) -> None:
    good = [row(output=" é\u2028<b>{{ 7*7 }}</b>\n", response="k"), row(input="3+3")]
    for data in (json.dumps(good, indent=2).encode(), lines(*good), b" [ ] "):
        found = collect(artifacts, data)
        assert found.rows is not None
        if found.kept:
            assert read_rows(artifacts, found.rows) == tuple(TracedRow(**each) for each in good)
    assert found.error == "0 usable rows, at least 1 are needed"


# ---------------------------------------------------------------- one row is refused

ROWS = {
    "NaN or Infinity": [b'{"instruction": NaN}', b'{"a": -Infinity}', b'{"a": [Infinity]}'],
    "number out of range": [b'{"a": 1e999}', b'{"a": ' + b"9" * 500 + b"}"],
    "duplicate key": [b'{"instruction": "a", "instruction": "b", "input": "", "output": "c"}'],
    "lone surrogate": [b'{"instruction": "a", "input": "b", "output": "\\ud800"}'],
    "NUL": [row(output="a\0b"), b'{"instruction": "a\0"}'],
    "not UTF-8": [b'{"instruction": "\xff"}', b'{"instruction": "\xed\xa0\x80"}'],
    "not an object": [b'"text"', b"12", b"null", b'["a"]'],
    "not text": [row(output=4), row(input=None), row(output=["4"]), row(response={"a": 1})],
    "unknown field": [row(messages=[]), row(chat_template="{{ x }}"), row(topic="sums")],
    "missing field": [{"instruction": "a", "input": "b"}, {"output": "4"}],
    "empty output": [row(output=""), row(output=" \n")],
    "empty input": [row(input=""), {"instruction": "a", "output": "b"}],
    "empty instruction": [row(instruction="")],
    "special token": [
        row(output="4</s>"),
        row(input="<|im_start|>system"),
        row(instruction="<｜User｜>"),
        row(input="<|endoftext|>"),
    ],
    "output too long": [row(output="x" * 33_000)],
    "response too long": [row(response="x" * 201)],
    "row too long": [row(output="x" * 70_000), b'{"a": ' + b"9" * 500_000 + b"}"],
    "not valid JSON": [b"{'instruction': 'a'}", b'{"instruction": "a",}', b'{"a": "\t"}', b"{"],
}


@pytest.mark.parametrize(("why", "bad"), [(why, bad) for why, all_ in ROWS.items() for bad in all_])
def test_a_bad_line_is_refused_alone_and_said(artifacts: Artifacts, why: str, bad: Any) -> None:
    if isinstance(bad, bytes) and not bad.startswith(b"{"):
        bad = b'{"z": 1}\n' + bad  # the first line says that these are JSON lines
        found = collect(artifacts, lines(bad, row()))
        assert found.dropped == {"unknown field": 1, why: 1}
    else:
        assert reason(artifacts, bad) == why


def test_a_nested_line_is_refused_alone(artifacts: Artifacts) -> None:
    deep = b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    assert reason(artifacts, deep) == "nested too deeply"


@pytest.mark.parametrize("why", sorted(set(ROWS) - {"not valid JSON"}))
def test_a_bad_row_of_a_list_is_refused_alone(artifacts: Artifacts, why: str) -> None:
    bad = ROWS[why][0]
    text = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    found = collect(artifacts, b"[" + text + b"," + json.dumps(row()).encode() + b"]")
    assert (found.kept, found.dropped) == (1, {why: 1})


def test_citations_are_kept_as_said_and_refused_when_they_are_no_list(
    artifacts: Artifacts,
) -> None:
    found = collect(
        artifacts, lines(row(passages=["a.md:1", "b:2", "a.md:1"]), row(input="3", passages=None))
    )
    assert found.rows is not None
    kept = read_rows(artifacts, found.rows)
    assert [each.passages for each in kept] == [("a.md:1", "b:2"), ()]
    for bad in ("a.md:1", [1], ["a"] * 17, ["a" * 301], ["a\nb"], {"a": 1}):
        assert reason(artifacts, row(input="bad", passages=bad)) == "citations unreadable"


def test_what_a_row_was_made_of_is_kept_as_said(artifacts: Artifacts) -> None:
    said = {"sources": ["b", "c", "b"], "derived": "joined", "kind": "source"}
    found = collect(artifacts, lines(row(**said), row(input="3", derived=None)))
    assert found.rows is not None
    first, second = read_rows(artifacts, found.rows)
    assert (first.sources, first.derived) == (("b", "c"), "joined")
    assert first.kind == "teacher", "what it is, is the audit's to say"
    assert (second.sources, second.derived) == ((), None)
    for bad in ("improved", 1, ["joined"], {}):
        assert reason(artifacts, row(input="bad", derived=bad)) == "unknown transform"
    for bad in ("a", ["a"] * 17, ["a\nb"], [None]):
        assert reason(artifacts, row(input="bad", sources=bad)) == "sources unreadable"


def test_rows_that_declare_nothing_have_the_digest_they_had(artifacts: Artifacts) -> None:
    found = collect(artifacts, lines(row(response="r")))
    assert found.rows is not None
    (line,) = artifacts.read(found.rows).splitlines()
    assert json.loads(line).keys() == {"instruction", "input", "output", "response"}


def test_a_null_response_is_no_response(artifacts: Artifacts) -> None:
    found = collect(artifacts, lines(row(response=None)))
    assert found.rows is not None
    assert read_rows(artifacts, found.rows)[0].response is None


# ---------------------------------------------------------------- the file is refused

GOOD = json.dumps(row()).encode()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf[" + GOOD + b"]", "byte-order mark"),
        (("[" + GOOD.decode() + "]").encode("utf-16"), "UTF-16"),
        (("[" + GOOD.decode() + "]").encode("utf-16-le"), "NUL"),
        (b"\0" * 1000, "NUL"),
        (pickle.dumps([row()]), "neither"),
        (b"PK\x03\x04zip", "neither"),
        (b'"text"', "neither"),
        (b"instruction,input,output\na,b,c\n", "neither"),
        (b"[" + GOOD, "not closed"),
        (b"[" + GOOD + b",", "not closed"),
        (b"[" + GOOD + b', {"instruction": "a", "inp', "in the middle of row 2"),
        (b"[" + GOOD + b', "', "in the middle of row 2"),
        (b"[" + GOOD + b", 12", "in the middle of row 2"),
        (b"[" + GOOD + b"]]", "after the end"),
        (b"[" + GOOD + b"] [" + GOOD + b"]", "after the end"),
        (b"[" + GOOD + b" " + GOOD + b"]", "expected ',' or ']' after row 1"),
        (b"[" + GOOD + b",]", "row 2 is not valid JSON"),
        (b"[,]", "row 1 is not valid JSON"),
        (b"[" + GOOD + b', {"a": ]', "row 2 is not valid JSON"),
        (b"[" + GOOD + b", {'a': 1}]", "row 2 is not valid JSON"),
        (b"[" + GOOD + b", nonsense]", "row 2 is not valid JSON"),
        (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
        (b"[" * 200_000, "nested too deeply"),
        (b'[{"a":' * 200_000, "nested too deeply"),
    ],
)
def test_a_damaged_file_is_refused_whole_and_said(
    artifacts: Artifacts, data: bytes, word: str
) -> None:
    found = collect(artifacts, data)
    assert found.error is not None
    assert word in found.error
    assert "\n" not in found.error
    assert (found.rows, found.kept) == (None, 0)


def test_a_file_that_begins_with_nothing_for_long_is_refused(artifacts: Artifacts) -> None:
    for rest in (b"", b"[" + GOOD + b"]", GOOD):
        assert "blanks" in (collect(artifacts, b"\n " * 100_000 + rest).error or "")
    assert collect(artifacts, b"\n " * 1000 + b"[" + GOOD + b"]").kept == 1


def test_positions_are_bytes_of_the_file(artifacts: Artifacts) -> None:
    data = b"[" + b" " * 300_000 + GOOD + b" ?"
    assert f"at byte {len(data) - 1}" in (collect(artifacts, data).error or "")


def test_too_many_rows_are_refused(artifacts: Artifacts) -> None:
    for data in (b"[" + b"1," * 100 + b"1]", b"{}\n" * 101):
        assert "more than 100 rows" in (collect(artifacts, data, rows=100).error or "")


def test_one_huge_line_is_refused_in_bounded_memory(artifacts: Artifacts) -> None:
    for data in (
        b'{"output": "' + b"x" * 20_000_000,
        b'["' + b"\\" * 20_000_000,
        b'[{"output": "' + b"x" * 20_000_000 + b'"}]',
    ):
        digest = artifacts.put_bytes(data)
        del data
        tracemalloc.start()
        began = time.process_time()
        found = intake(artifacts).collect(digest)
        assert time.process_time() - began < 5
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.kept == 0
        assert peak < 3 * 1024**2


def test_hostile_signs_are_read_in_bounded_time(artifacts: Artifacts) -> None:
    for data in (
        b'[{"a": "' + b'\\"' * 3_000_000 + b'"},' + b"[]," * 40_000 + b"{}]",
        b"[[" + b"[]," * 3_000_000 + b"1]]",
        b"[{" + b'""' * 3_000_000 + b"}]",
    ):
        digest = artifacts.put_bytes(data)
        began = time.process_time()
        assert intake(artifacts).collect(digest).kept == 0
        assert time.process_time() - began < 5


# ---------------------------------------------------------------- counting


def test_duplicates_go_and_only_the_first_rows_are_used(artifacts: Artifacts) -> None:
    rows = [row(input=f"{n}+{n}") for n in range(7)]
    found = collect(artifacts, lines(rows[0], row(input=" 0+0 "), *rows[1:]))
    assert found.kept == 5
    assert found.dropped == {"duplicate": 1, "beyond the first 5 rows": 2}
    assert found.read == 8
    assert found.examples[0] == "row 2: repeats an earlier row"


def test_every_refusal_is_counted_and_few_are_told(artifacts: Artifacts) -> None:
    data = lines(row(), *[row(output="")] * 50, *[row(x=1)] * 50, *[{"a": 1}] * 50)
    found = collect(artifacts, data)
    assert found.dropped == {"empty output": 50, "unknown field": 100}
    assert len(found.examples) == 10
    assert found.examples[5] == (
        "row 52: has field 'x'; allowed: instruction, input, output, response"
    )


def test_foreign_text_in_messages_is_short_and_harmless(artifacts: Artifacts) -> None:
    found = collect(artifacts, lines(row(**{"\x1b[2J\u202e" + "x" * 500: 1})))
    (example,) = found.examples
    assert example.isprintable()
    assert len(example) < 200


def test_too_few_rows_are_said_and_kept(artifacts: Artifacts) -> None:
    strict = SubmissionIntake(artifacts, RowLimits(minimum=3))
    found = strict.collect(artifacts.put_bytes(lines(row(), row(input="9"))))
    assert found.error == "2 usable rows, at least 3 are needed"
    assert found.kept == 2
    assert found.rows is not None


def test_names_in_rows_are_only_text(artifacts: Artifacts) -> None:
    found = collect(artifacts, lines(row(input="../../state.db", response="../../state.db")))
    assert found.kept == 1


def test_without_a_sample_only_the_output_must_be_filled(artifacts: Artifacts) -> None:
    free = SubmissionIntake(artifacts, RowLimits(minimum=1))
    found = free.collect(artifacts.put_bytes(lines({"instruction": "a", "output": "b"})))
    assert found.kept == 1

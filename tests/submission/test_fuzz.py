"""Whatever a submission holds, the intake answers, in bounded memory, and agrees with `json`."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursewright.records import RowLimits
from coursewright.store import Artifacts, read_rows
from coursewright.submission import Limits, SubmissionIntake, scan

QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
rows = st.fixed_dictionaries(
    {"instruction": texts, "input": texts, "output": texts},
    optional={"response": texts, "extra": values},
)
PIECES = (
    *(bytes([sign]) for sign in b'[]{},:"\\\n \0\xff'),
    *(b"1e999", b"NaN", b"null", b"9" * 50, b'"a"', b'"output"'),
    *(b"\\ud800", b"\xef\xbb\xbf", b"\xe2\x80\xa8"),
)
signs = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    (tmp_path / "artifacts").mkdir(exist_ok=True)
    return Artifacts(tmp_path / "artifacts")


def intake(artifacts: Artifacts) -> SubmissionIntake:
    limits = Limits(row_bytes=400, rows=50, depth=6)
    return SubmissionIntake(artifacts, RowLimits(minimum=1, maximum=10), (), ("<s>",), limits)


@QUICK
@given(data=st.binary(max_size=300) | signs)
def test_any_bytes_are_answered(artifacts: Artifacts, data: bytes) -> None:
    found = intake(artifacts).collect(artifacts.put_bytes(data))
    assert found.kept + sum(found.dropped.values()) <= found.read
    assert found.kept or found.error
    assert all(line.isprintable() for line in (*found.examples, found.error or ""))


@QUICK
@given(value=st.lists(rows | values, max_size=6), cut=st.integers(0, 400), lines=st.booleans())
def test_any_json_is_answered_whole_or_cut(
    artifacts: Artifacts, value: list[Any], cut: int, lines: bool
) -> None:
    text = "\n".join(map(json.dumps, value)) if lines else json.dumps(value)
    for data in (text.encode(), text.encode()[:cut]):
        found = intake(artifacts).collect(artifacts.put_bytes(data))
        if found.rows is not None:
            for kept in read_rows(artifacts, found.rows):
                given_row = {k: v for k, v in kept.model_dump().items() if v is not None}
                assert any(
                    isinstance(r, dict) and {"input": "", **r}.items() >= given_row.items()
                    for r in value
                )


@QUICK
@given(
    value=st.lists(values, max_size=6),
    indent=st.sampled_from([None, 0, 3]),
    chunk=st.integers(1, 9),
)
def test_a_list_is_cut_where_json_cuts_it(value: list[Any], indent: int | None, chunk: int) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")

    class Drip(BytesIO):
        def read(self, size: int | None = -1) -> bytes:  # type: ignore[override]
            return super().read(max(chunk, 4) if self.tell() == 0 else chunk)

    is_list, pieces = scan.pieces(Drip(data), Limits(depth=100))
    assert is_list
    cut = [json.loads((p.text or b"").decode("utf-8", "surrogatepass")) for p in pieces]
    assert json.dumps(cut) == json.dumps(value)

"""The exported data set says where each row comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from coursewright.export.dataset import forms_of, write_dataset
from coursewright.records import Preamble
from tests.export.runs import rows


@pytest.mark.parametrize("form", forms_of(rows(3)))
def test_citations_are_exported_where_any_row_has_one(tmp_path: Path, form: str) -> None:
    plain = rows(3)
    cited = [plain[0].model_copy(update={"passages": ("a.md:1", "a.md:7")}), *plain[1:]]
    for name, dataset in (("plain", plain), ("cited", cited)):
        write_dataset(dataset, tmp_path / name, Preamble())
        lines = (tmp_path / name / form / "train.jsonl").read_text().splitlines()
        table = pq.read_table(tmp_path / name / form / "train.parquet").to_pylist()
        assert [json.loads(line) for line in lines] == table
        found = [entry.get("passages") for entry in table]
        assert found == ([["a.md:1", "a.md:7"], [], []] if name == "cited" else [None] * 3)

"""The SQL script of a data set makes a database, and can do nothing else."""

from pathlib import Path

import pytest

from coursewright.errors import TaskError
from coursewright.scoring import database
from coursewright.tasks import build_task

MAPPING = """
schema: 1
name: shop
summary: Questions to a shop's database.
source: {files: ["questions.csv"]}
item: {question: question, answer: answer}
database: {script: "shop.sql"}
task:
  summary: Questions to a shop's database.
  instruction: Write a query.
  answer_format: SQL
  description: Questions to a shop's database.
  scorer: {kind: sql, database: database.sql}
"""
TABLE = "CREATE TABLE stock (thing TEXT, pieces INTEGER); INSERT INTO stock VALUES ('nail', 70);\n"
WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "ivory", "jade"]


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """A mapping beside a data set of ten questions, whose script is still to be written."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [
        f"How many {word} {n} {word}s?,SELECT pieces + {n} FROM stock"
        for n, word in enumerate(WORDS)
    ]
    (data / "questions.csv").write_text("question,answer\n" + "\n".join(rows))
    (tmp_path / "out").mkdir()
    path = tmp_path / "shop.yaml"
    path.write_text(MAPPING)
    return path


def build(mapping: Path, script: str) -> None:
    data = mapping.parent / "data"
    (data / "shop.sql").write_text(script)
    build_task(str(mapping), data, mapping.parent / "out" / "task", {})


def test_a_script_needs_no_format(mapping):
    build(mapping, TABLE)
    assert (mapping.parent / "out" / "task" / "database.sql").read_text() == TABLE


def test_a_script_writes_no_file_of_the_user(mapping):
    outside = mapping.parent / "outside.db"
    attack = f"ATTACH '{outside}' AS p; CREATE TABLE p.z (a); INSERT INTO p.z VALUES ('x');"
    with pytest.raises(TaskError, match=r"shop\.sql: may only make and fill tables"):
        build(mapping, TABLE + attack)
    assert not outside.exists()
    assert list((mapping.parent / "out").iterdir()) == []


def test_a_script_without_end_is_stopped(mapping, monkeypatch):
    monkeypatch.setattr(database, "_SCRIPT_STEPS", 10**6)
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    with pytest.raises(TaskError, match=r"shop\.sql: .* interrupted"):
        build(mapping, f"{TABLE}{endless} INSERT INTO stock SELECT 'x', count(*) FROM n;")

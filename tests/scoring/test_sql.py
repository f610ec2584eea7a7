"""Text to SQL: bags of rows, on a database that no answer can change, hang or leave."""

import sqlite3

import pytest

from coursewright.errors import TaskError
from coursewright.scoring import accepts, make_scorer

SCRIPT = """PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE city(name TEXT, people INTEGER, area REAL);
INSERT INTO city VALUES('Aa', 10, 0.1), ('Bb', 20, 0.2), ('Cc', 20, 0.3), ('Dd', NULL, 0.3);
CREATE VIEW big AS SELECT * FROM city WHERE people > 15;
COMMIT;
"""
TWENTY = "SELECT name FROM city WHERE people = 20"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("task")
    (place / "city.sql").write_text(SCRIPT)
    (place / "sub").mkdir()
    with sqlite3.connect(place / "sub" / "city.sqlite") as connection:
        connection.executescript(SCRIPT)
        connection.execute("DELETE FROM city WHERE name = 'Aa'")
    connection.close()
    return place


@pytest.fixture(scope="module")
def scorer(folder):
    return make_scorer({"kind": "sql", "database": "city.sql", "steps": 100_000}, folder)


@pytest.mark.parametrize(
    ("output", "gold", "score"),
    [
        (TWENTY, TWENTY, 1),
        ("select name from city where people > 15;", TWENTY, 1),
        ("SELECT name FROM big", TWENTY, 1),
        ("SELECT name FROM big ORDER BY name DESC", TWENTY, 1),
        ("```sql\nSELECT name FROM big\n```", TWENTY, 1),
        ("Here:\n```\nSELECT 1\n```\nor\n```sql\nSELECT name FROM big\n```", TWENTY, 1),
        ("-- the big ones\nSELECT name FROM big", TWENTY, 1),
        ("WITH b AS (SELECT * FROM big) SELECT name FROM b", TWENTY, 1),
        ("VALUES ('Cc'), ('Bb')", TWENTY, 1),
        ("SELECT name AS city FROM big", TWENTY, 1),
        ("SELECT name, people FROM big", TWENTY, 0),
        ("SELECT name FROM city", TWENTY, 0),
        ("SELECT name FROM big UNION ALL SELECT name FROM big", TWENTY, 0),
        ("SELECT 'bb' UNION SELECT 'cc'", TWENTY, 0),
        ("SELECT people FROM big", "SELECT DISTINCT people FROM big", 0),
        ("SELECT count(*) FROM big", "SELECT 2", 1),
        ("SELECT 2.0", "SELECT 2", 1),
        ("SELECT '2'", "SELECT 2", 0),
        ("SELECT 1234567891.0", "SELECT 1234567891", 1),
        ("SELECT 1234567891", "SELECT 1234567891.0", 1),
        ("SELECT 1234567891", "SELECT 1234567892", 0),
        ("SELECT total(people * 1e8 + 1) FROM city", "SELECT 5000000003", 1),
        ("VALUES (1234567891, 0.5), (2, 1)", "VALUES (1234567891, 0.5), (2, 1.0)", 1),
        ("VALUES (1234567891, 0.5), (2, 1)", "VALUES (1234567892, 0.5), (2, 1)", 0),
        ("SELECT 1e999", "SELECT 9223372036854775807", 0),
        ("SELECT NULL", "SELECT people FROM city WHERE name = 'Dd'", 1),
        ("SELECT 0", "SELECT people FROM city WHERE name = 'Dd'", 0),
        ("SELECT 0.1 + 0.2 + 0.3", "SELECT 0.3 + 0.2 + 0.1", 1),
        ("SELECT x'00'", "SELECT zeroblob(1)", 1),
        ("SELECT area, name FROM city", "SELECT name, area FROM city", 0),
        ("SELECT name FROM city WHERE 0", "SELECT people FROM city WHERE 0", 1),
        ('SELECT name FROM city WHERE name = "Bb"', "SELECT 'Bb'", 1),
        ("SELECT nobody FROM city", TWENTY, 0),
        ("SELEC name FROM city", TWENTY, 0),
        ("", TWENTY, 0),
        ("no idea", TWENTY, 0),
        ("SELECT name FROM big; SELECT 1", TWENTY, 0),
        ("SELECT name FROM big\0", TWENTY, 0),
        ("EXPLAIN SELECT name FROM big", TWENTY, 0),
    ],
)
def test_sql(scorer, output, gold, score):
    assert scorer.score(output, gold) == score


@pytest.mark.parametrize(
    "output",
    [
        *("DELETE FROM city", "DROP TABLE city", "INSERT INTO city VALUES (1, 2, 3)"),
        *("UPDATE city SET people = 20", "CREATE TABLE x(y)", "CREATE TEMP TABLE x(y)", "VACUUM"),
        *("ATTACH 'x.db' AS x", "PRAGMA query_only = OFF", "PRAGMA user_version", "BEGIN"),
        *(
            "SELECT load_extension('x')",
            "SELECT random()",
            "SELECT * FROM pragma_table_info('city')",
        ),
        *("VACUUM INTO 'x.db'", "SELECT writefile('x', 'y')", "REINDEX", "ANALYZE"),
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
        "SELECT hex(zeroblob(1000000000))",
        "SELECT printf('%.*c', 1000000000, 'x')",
        "SELECT replace(hex(zeroblob(9000)), '0', hex(zeroblob(9000)))",
        "SELECT a.name FROM city a, city b, city c, city d, city e, city f, city g, city h",
        "WITH RECURSIVE c(x) AS (SELECT zeroblob(9000) UNION ALL SELECT x FROM c)"
        " SELECT * FROM c ORDER BY x",
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT 1" + " UNION SELECT 1" * 600,
        "SELECT '" + "x" * 10**6 + "'",
        "SELECT max(name) OVER () FROM " + ", ".join(f"city c{n}" for n in range(70)),
    ],
    ids=lambda output: output[:30],
)
def test_what_writes_reaches_out_or_never_ends_scores_nothing(scorer, folder, output):
    before = sorted(folder.rglob("*"))
    assert scorer.score(output, TWENTY) == 0
    assert scorer.score(output, "SELECT NULL") == 0
    assert scorer.score(TWENTY, TWENTY) == 1, "the database is as it was"
    assert sorted(folder.rglob("*")) == before


def test_the_bound_on_steps_does_not_depend_on_the_machine(folder):
    count = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT {})"
    query = count + " SELECT max(x) FROM c"
    few, many = (
        make_scorer({"kind": "sql", "database": "city.sql", "steps": steps}, folder)
        for steps in (10_000, 1_000_000)
    )
    for scorer, length in ((few, 200), (many, 10_000)):
        assert [scorer.score(query.format(length), f"SELECT {length}") for _ in range(3)] == [1] * 3
    assert [few.score(query.format(10_000), "SELECT 10000") for _ in range(3)] == [0] * 3


def test_rows_and_bytes_of_a_result_are_bounded(folder):
    scorer = make_scorer({"kind": "sql", "database": "city.sql", "rows": 3}, folder)
    assert scorer.score(TWENTY, TWENTY) == 1
    assert scorer.score("SELECT name FROM city", "SELECT name FROM city") == 0


def test_order_counts_if_asked(folder):
    scorer = make_scorer({"kind": "sql", "database": "city.sql", "ordered": True}, folder)
    assert scorer.score("SELECT name FROM big ORDER BY name", TWENTY + " ORDER BY name") == 1
    assert scorer.score("SELECT name FROM big ORDER BY name DESC", TWENTY + " ORDER BY name") == 0


def test_items_may_have_databases_of_their_own(folder):
    scorer = make_scorer({"kind": "sql"}, folder)
    count = "SELECT count(*) FROM city"
    assert scorer.score("SELECT 4", {"sql": count, "database": "city.sql"}) == 1
    assert scorer.score("SELECT 3", {"sql": count, "database": "sub/city.sqlite"}) == 1
    assert accepts(scorer, {"sql": TWENTY, "database": "sub/city.sqlite"})
    assert scorer.files() == ("city.sql", "sub/city.sqlite")


def test_an_sqlite_file_is_never_written(folder):
    path = folder / "sub" / "city.sqlite"
    before = path.read_bytes()
    scorer = make_scorer({"kind": "sql", "database": "sub/city.sqlite"}, folder)
    assert scorer.score("DELETE FROM city", TWENTY) == 0
    assert scorer.score(TWENTY, TWENTY) == 1
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["city.sqlite"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("../outside.sql", "CREATE TABLE t(x);", "leads out of the task folder"),
        ("/etc/hostname", None, "leads out of the task folder"),
        ("link.sql", None, "leads out of the task folder"),
        ("absent.sql", None, "is missing"),
        ("sub", None, "is missing, or not a regular file"),
        ("a\0b", None, "is missing"),
        ("bad.sql", "CREATE TABEL t(x);", "SQLite cannot use it"),
        ("cut.sqlite", "SQLite format 3\0and no more", "SQLite cannot use it"),
        ("binary.sql", b"\xff\xfe\x00", "neither an SQLite file nor an SQL script"),
        ("attach.sql", "ATTACH 'x.db' AS x;", "SQLite cannot use it"),
        ("outlet.sql", "VACUUM INTO 'x.db';", "SQLite cannot use it"),
        ("trigger.sql", "CREATE TRIGGER t AFTER INSERT ON x BEGIN SELECT 1; END;", "SQLite cannot"),
    ],
)
def test_a_database_that_is_none_or_not_in_the_folder(tmp_path, name, content, message):
    folder = tmp_path / "task"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "elsewhere.sql").write_text("CREATE TABLE t(x);")
    (folder / "link.sql").symlink_to(tmp_path / "elsewhere.sql")
    if content is not None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TaskError) as caught:
        make_scorer({"kind": "sql", "database": name}, folder)
    assert message in str(caught.value)
    with pytest.raises(TaskError):
        make_scorer({"kind": "sql"}, folder).score(
            "SELECT 1", {"sql": "SELECT 1", "database": name}
        )
    assert not (folder / "x.db").exists()


@pytest.mark.parametrize(
    "gold", [3, None, {"sql": 3}, {"database": "city.sql"}, {"sql": "SELECT 1"}]
)
def test_a_gold_that_is_no_query_is_told(folder, gold):
    with pytest.raises(TaskError) as caught:
        make_scorer({"kind": "sql"}, folder).score("SELECT 1", gold)
    assert caught.value.field == "answer"


def test_the_folder_is_no_option(folder):
    with pytest.raises(TaskError) as caught:
        make_scorer({"kind": "sql", "database": "city.sql", "folder": "/"}, folder)
    assert caught.value.field == "scorer.folder"

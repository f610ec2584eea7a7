"""Programs search the task's documents: any text is a query, and nothing can be written."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coursewright.records import Passage
from coursewright.sandbox import CORPUS_INDEX, write_index
from coursewright.sandbox import coursewright_corpus as corpus

from .conftest import Run

TEXTS = (
    ("a.md:1", "Bridges over the river were built of stone by the guild of masons."),
    ("a.md:5", "The river floods in spring; ferries carried carts before any bridge stood."),
    ("a.md:9", "A café stands on the square."),
    ("b.txt:1", "東京の橋は古い。"),
    ("b.txt:3", 'NEAR AND OR NOT are words like others: "quoted" (a*b) ^c -d {e} col:x'),
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data?#%41")
    passages = [
        Passage(id=name, document=name.split(":")[0], line=int(name.split(":")[1]), text=text)
        for name, text in TEXTS
    ]
    write_index(passages, folder / CORPUS_INDEX)
    return folder


@pytest.fixture(autouse=True)
def data(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEWRIGHT_DATA", str(index))


def ids(query: str, limit: int = 10) -> list[str]:
    return [passage["id"] for passage in corpus.search_corpus(query, limit)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("bridge masons", "a.md:1"),
        ("flooding RIVERS", "a.md:5"),
        ("cafe", "a.md:9"),
        ("橋", "b.txt:1"),
        ("京の橋", "b.txt:1"),
        ("near", "b.txt:3"),
        ("column x", "b.txt:3"),
    ],
)
def test_the_nearest_passage_comes_first(query: str, first: str) -> None:
    assert ids(query)[0] == first


@settings(deadline=None, max_examples=300)
@given(query=st.text(max_size=200), limit=st.integers(-5, 10**9))
@example(query='" OR 1=1; DROP TABLE passages --', limit=1)
@example(query="a NEAR/2 b", limit=1)
@example(query="words: ^river* \0 NOT", limit=0)
@example(query="\ud800 river", limit=3)
def test_any_text_is_a_query(query: str, limit: int) -> None:
    found = corpus.search_corpus(query, limit)
    assert len(found) <= max(1, min(limit, 100))
    assert all(passage["id"] in dict(TEXTS) for passage in found)


@settings(deadline=None, max_examples=100)
@given(words=st.lists(st.sampled_from(["and", "or", "not", "near", "bridge", "river"]), min_size=1))
def test_every_word_is_searched_for_and_none_is_a_command(words: list[str]) -> None:
    told = {w.strip(".;,").lower() for _, text in TEXTS for w in text.split()}
    assert bool(ids(" ".join(words))) is any(word in told for word in words)


def test_queries_are_bounded() -> None:
    assert corpus.matching("w " * 10**6).count('"') == 2
    assert corpus.matching(" ".join(map(str, range(10**6)))).count(" OR ") == 63


def test_passages_are_read_with_what_stands_around_them() -> None:
    texts = dict(TEXTS)
    assert corpus.read_passage("a.md:5")["text"] == texts["a.md:5"]
    around = corpus.read_passage("a.md:9", around=10**9)
    assert around["text"] == "\n\n".join(texts[f"a.md:{line}"] for line in (1, 5, 9))
    assert corpus.read_passage("none") is corpus.read_passage("\ud800") is None
    assert corpus.list_passages() == [name for name, _ in TEXTS]


def test_a_task_without_documents_has_nothing_to_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEWRIGHT_DATA", str(tmp_path))
    assert (ids("river"), corpus.read_passage("a.md:1"), corpus.list_passages()) == ([], None, [])
    assert list(tmp_path.iterdir()) == []


def test_the_same_documents_give_the_same_bytes(index: Path, tmp_path: Path) -> None:
    passages = [Passage(id=n, document="d", line=1, text=t) for n, t in TEXTS]
    for name in ("one", "two"):
        write_index(passages, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    twice = [Passage(id="a", document="a", line=1, text="x")] * 2
    with pytest.raises(sqlite3.IntegrityError):
        write_index(twice, tmp_path / "index")


def test_a_program_searches_in_the_sandbox_and_cannot_write(run: Run, index: Path) -> None:
    ran = run(
        """
        import json, os, sqlite3
        from coursewright_program import *
        found = search_corpus("ferries and bridges", limit=1)
        print(json.dumps([found[0]["id"], read_passage("a.md:1")["document"]]))
        path = os.path.join(os.environ["COURSEWRIGHT_DATA"], "corpus.sqlite")
        try:
            sqlite3.connect(path).execute("DELETE FROM passages")
        except sqlite3.Error as error:
            print("refused")
        """,
        files={CORPUS_INDEX: index / CORPUS_INDEX},
    )
    assert ran.execution.status == "ok", ran.execution
    assert json.loads(ran.lines[0]) == ["a.md:5", "a.md"]
    assert ran.lines[1] == "refused"


def test_rows_cite_passages_by_their_ids_or_as_they_were_found(run: Run, index: Path) -> None:
    ran = run(
        """
        from coursewright_program import *
        found = search_corpus("river")
        row = {"instruction": "i", "input": "q", "output": "a"}
        save_rows([row | {"passages": found[:1]}, row | {"passages": ["a.md:9"]}, row])
        """,
        files={CORPUS_INDEX: index / CORPUS_INDEX},
    )
    saved = json.loads(ran.work["submission.json"])
    assert [row.get("passages") for row in saved] == [["a.md:5"], ["a.md:9"], None]

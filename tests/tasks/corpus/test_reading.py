"""Documents are read strictly, and cut into passages that lose nothing and name their place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursewright.tasks.corpus import reading
from coursewright.tasks.corpus.reading import PASSAGE, read_documents

PROSE = st.text(alphabet=st.sampled_from("ab. \n\t漢é"), max_size=4000)


def folder_of(place: Path, **files: str | bytes) -> Path:
    place.mkdir(exist_ok=True)
    for name, content in files.items():
        path = place / name.replace("__", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


@settings(deadline=None, max_examples=60)
@given(text=PROSE)
def test_passages_hold_every_word_once_and_begin_where_they_say(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    text = f"begin {text}"
    folder = folder_of(tmp_path_factory.mktemp("d"), a__txt=text)
    passages = read_documents(folder).passages
    lines = text.split("\n")
    assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())
    for passage in passages:
        assert 0 < len(passage.text) <= PASSAGE
        assert lines[passage.line - 1].find(passage.text.split("\n")[0]) >= 0
    assert len({passage.id for passage in passages}) == len(passages)


def test_paragraphs_stay_whole_while_they_fit(tmp_path: Path) -> None:
    first, second = "one " * 100, "two " * 250
    folder = folder_of(tmp_path / "d", a__md=f"# Head\n\n{first}\n\n{second}\n")
    found = [(p.id, p.text[:5]) for p in read_documents(folder).passages]
    assert found == [("a.md:1", "# Hea"), ("a.md:5", "two t")]


def test_records_name_their_line_and_put_the_title_first(tmp_path: Path) -> None:
    lines = [{"text": "short", "title": "T", "source": 7}, {"text": "long. " * 400}]
    folder = folder_of(tmp_path / "d", r__jsonl="\n".join(map(json.dumps, lines)))
    passages = read_documents(folder).passages
    assert (passages[0].id, passages[0].text) == ("r.jsonl:1", "T\nshort")
    assert [p.id for p in passages[1:]] == ["r.jsonl:2", "r.jsonl:2.2"]


def test_folders_inside_are_read_and_hidden_files_are_not(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d", __hidden="\xff", a__txt="a")
    folder_of(folder / "inner", b__txt="b")
    found = read_documents(folder)
    assert (list(found.digests), found.problems) == (["a.txt", "inner/b.txt"], [])


@pytest.mark.parametrize(
    ("name", "content", "message", "line"),
    [
        ("a.pdf", b"x", "is no document", None),
        ("a.txt", b"fine\nnot \xff", "is not UTF-8", 2),
        ("a.txt", b"a\nb\0", "NUL", 2),
        ("a.txt", b"", "is empty", None),
        ("a.jsonl", b'{"text": "a"}\n{"text": 3}', "must be a text", 2),
        ("a.jsonl", b'{"title": "a"}', "is missing", 1),
        ("a.jsonl", b'{"text": "a", "title": []}', "must be a text", 1),
        ("a.jsonl", b"[1]", "expected one JSON object", 1),
        ("a.jsonl", b'{"text": "\\ud800"}', "half of a surrogate", 1),
        ("a\n.txt", b"x", "not printable", None),
    ],
)
def test_what_is_no_document_is_said_with_its_place(
    tmp_path: Path, name: str, content: bytes, message: str, line: int | None
) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / name).write_bytes(content)
    (problem,) = read_documents(folder).problems
    assert message in problem.message
    assert problem.line == line
    assert problem.file.endswith(name)


def test_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d", a__txt="a")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "b.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "c").symlink_to(tmp_path)
    os.mkfifo(folder / "d.txt")
    found = read_documents(folder)
    told = [problem.message for problem in found.problems]
    assert len(told) == 3
    assert "secret" not in "".join(passage.text for passage in found.passages)
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    assert "is not a folder" in read_documents(linked).problems[0].message


def test_too_much_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path / "d", a__txt="a " * 50, b__txt="b " * 50)
    for name, most in (("MOST_BYTES", 150), ("MOST_PASSAGES", 1), ("MOST_FILES", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(reading, name, most)
            assert len(read_documents(folder).problems) == 1

"""The task's documents, for curation programs: `coursewright_program` offers these calls.

The documents of the task (where there are none, all of this is empty):

    search_corpus(query, limit=10) -> list[dict]
        The passages nearest to a text, best first, each with `id`, `document` and `text`. Any text
        is a query; passages with more of its rarer words come first.
    read_passage(id, around=0) -> dict | None
        One passage; with `around`, so many passages before and after it in its document, too.
    list_passages() -> list[str]
        The ids of all passages, in the order of the documents.

A row made from passages cites them in save_rows: `"passages": [...]`, ids or what these calls
return, beside its `response`. The request to the teacher has to quote what a row cites, and a row
that cites may hold that text in its input, word for word.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["INDEX", "list_passages", "matching", "read_passage", "search_corpus", "searchable"]

INDEX = "corpus.sqlite"
"""In the data folder; absent where the task has no documents."""

_LONGEST_QUERY = 20_000
_MOST_WORDS = 64
_MOST_RESULTS = 100
_MOST_AROUND = 20

# Scripts written without spaces: every sign is a word of its own, and a query's are a phrase.
_UNSPACED = re.compile("([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
_WORD = re.compile(r"[^\W_]+")


def searchable(text: str) -> str:
    """Return a text with spaces between the signs of scripts that are written without."""
    return _UNSPACED.sub(r" \1 ", text)


def search_corpus(query: str, limit: int = 10) -> list[dict[str, Any]]:
    """Return the passages nearest to a text, best first; at most 100 of them.

    The first 64 different words of the query count. Passages are ranked by BM25 over word stems.
    """
    wanted = matching(str(query))
    if not wanted:
        return []
    limit = max(1, min(int(limit), _MOST_RESULTS))
    with _index() as base:
        rows = base.execute(
            "SELECT id, document, text FROM found JOIN passages ON number = found.rowid "
            "WHERE found MATCH ? ORDER BY rank, number LIMIT ?",
            (wanted, limit),
        ).fetchall()
    return [_told(row) for row in rows]


def matching(query: str) -> str:
    """Return a text as an FTS5 query: its words, quoted, so that none of them is a command."""
    words = dict.fromkeys(_WORD.findall(query[:_LONGEST_QUERY].casefold()))
    return " OR ".join(f'"{searchable(word).strip()}"' for word in list(words)[:_MOST_WORDS])


def read_passage(id: str, around: int = 0) -> dict[str, Any] | None:
    """Return one passage, or None if no passage has this id.

    With `around`, its text is that of so many passages before it to so many after it (20 at most),
    as far as the document goes.
    """
    around = max(0, min(int(around), _MOST_AROUND))
    with _index() as base:
        rows = base.execute(
            "SELECT near.text, near.document FROM passages AS here JOIN passages AS near "
            "ON near.document = here.document "
            "AND near.number BETWEEN here.number - ? AND here.number + ? "
            "WHERE here.id = ? ORDER BY near.number",
            (around, around, _plain(id)),
        ).fetchall()
    if not rows:
        return None
    return _told((str(id), rows[0][1], "\n\n".join(text for text, _ in rows)))


def list_passages() -> list[str]:
    """Return the ids of all passages, in the order of the documents."""
    with _index() as base:
        return [row[0] for row in base.execute("SELECT id FROM passages ORDER BY number")]


def _told(row: tuple[str, str, str]) -> dict[str, Any]:
    return dict(zip(("id", "document", "text"), row, strict=True))


def _plain(text: str) -> str:
    # Half a character names no passage, and cannot be asked for.
    return str(text).encode("utf-8", "replace").decode("utf-8")


@contextlib.contextmanager
def _index() -> Iterator[Any]:
    import sqlite3  # few programs need it

    path = os.path.abspath(os.path.join(os.environ.get("COURSEWRIGHT_DATA", "."), INDEX))
    if os.path.exists(path):
        # Immutable: nobody writes it while a program runs, and its folder is read-only.
        place = re.sub(r"[%?#]", lambda sign: f"%{ord(sign[0]):02x}", path)
        base = sqlite3.connect(f"file:{place}?mode=ro&immutable=1", uri=True)
    else:
        base = sqlite3.connect(":memory:")
        base.execute("CREATE TABLE passages (number, id, document, line, text)")
        base.execute("CREATE VIRTUAL TABLE found USING fts5 (words)")
    with contextlib.closing(base):
        yield base

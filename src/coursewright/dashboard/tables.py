"""A study's tables for a page: its `study.md` as HTML in which nothing from outside can act.

HTML in the text is shown as text, links are dropped, pictures are those beside the file alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from coursewright.dashboard.shelves import Missing
from coursewright.errors import RunFolderError
from coursewright.report.inert import inert

LARGEST = 2_000_000
"""Characters of the tables that are shown."""
PICTURE = 5_000_000
"""Bytes of a picture."""
KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\.(?:svg|png)")


def tables_of(study: Path, base: str) -> Markup:
    """All tables of a study; empty where there are none yet. `base` is the study's address.

    Raises:
        RunFolderError: the file cannot be read.
    """
    path = study / "study.md"
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LARGEST)
    except FileNotFoundError:
        return Markup("")
    except (OSError, ValueError) as error:
        raise RunFolderError("cannot be read", file=path) from error
    return Markup(_markdown().render(inert(text, LARGEST), {"base": base}))


def picture_of(study: Path, name: str) -> tuple[bytes, str]:
    """A picture that lies in a study's folder, and its media type.

    Raises:
        Missing: there is none of that name.
        RunFolderError: it is too large.
    """
    path = study / name
    if _NAME.fullmatch(name) is None or path.is_symlink() or not path.is_file():
        raise Missing("there is no such picture", file=study.name)
    if path.stat().st_size > PICTURE:
        raise RunFolderError("is too large to be shown", file=path)
    return path.read_bytes(), KINDS[path.suffix]


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "autolink"])
    made.add_render_rule("image", _image)
    made.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>')
    made.add_render_rule("table_close", lambda *_: "</table></div>")
    made.core.ruler.push("without title", _without_title)
    return made


def _image(
    renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]
) -> str:
    source, told = str(tokens[at].attrs.get("src", "")), escape(tokens[at].content)
    if _NAME.fullmatch(source) is None:
        return told
    return f'<img class="picture" src="{env["base"]}/picture/{source}" alt="{told}">'


def _without_title(state: Any) -> None:
    """The page has a heading of its own."""
    tokens = state.tokens
    if len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        del tokens[:3]

"""What stands in the documentation to be typed: blocks, and pieces of code amid prose."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typer
from markdown_it import MarkdownIt

from coursewright.cli import app
from tests.docs.pages import DOCS, ROOT

FILES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
TYPED = re.compile(r"([A-Z_]+=\S+ )?(coursewright|python|make|pip|git|export|vllm) ")
"""How a line begins that is for a shell."""
PLACEHOLDERS = {
    "TASK": "science-mini",
    "RUN": "mine",
    "ID": "mine",
    "COMMAND": "run",
    "FOLDER": "my-task",
    "ORG/NAME": "org/name",
    "N": "3",
    "DIR": "out",
    "FILE": "rows.jsonl",
    "NAME": "name",
    "BASE_URL": "http://127.0.0.1:9/v1",
    "STUDY.yaml": "examples/studies/smoke.yaml",
}
"""Words that stand for something of the reader's, and what stands for them when it is tried."""


@dataclass(frozen=True)
class Block:
    """A fenced or indented block."""

    file: str
    line: int
    language: str
    title: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Its lines, those joined that a backslash joins."""
        return self.text.replace("\\\n", " ").splitlines()

    @property
    def is_shell(self) -> bool:
        return self.language == "sh" or any(map(TYPED.match, self.lines))


@cache
def blocks() -> tuple[Block, ...]:
    """All blocks of the documentation, in order."""
    found = []
    for file, token in _tokens():
        if token.type in ("fence", "code_block"):
            language = token.info.split(" ")[0]
            title = re.search(r'title="([^"]*)"', token.info)
            start = (token.map or [0])[0] + 1
            name = title[1] if title else ""
            found.append(Block(_name(file), start, language, name, token.content))
    return tuple(found)


@cache
def spans() -> tuple[tuple[str, str], ...]:
    """All pieces of code amid prose, each with its file."""
    return tuple(
        (_name(file), child.content)
        for file, token in _tokens()
        for child in token.children or ()
        if child.type == "code_inline"
    )


def commands() -> Iterator[tuple[str, str]]:
    """Every call of the program that stands in a block, with its file; notes are taken off."""
    for block in blocks():
        if block.is_shell:
            for line in block.lines:
                if line.startswith("coursewright "):
                    yield block.file, line.split("  #")[0].strip()


def mentioned() -> Iterator[tuple[str, str]]:
    """Every call of the program amid prose, with its file."""
    for file, text in spans():
        if text.startswith("coursewright "):
            yield file, text


def concrete(command: str) -> list[str]:
    """The words behind the program's name, with what brackets leave open and something for each
    placeholder."""
    text = re.sub(r"\[(-[^\]]*)\]", r"\1", command)
    words = shlex.split(text, comments=True)
    for name, value in PLACEHOLDERS.items():
        words = [re.sub(rf"(?<![\w/-]){re.escape(name)}(?![\w/-])", value, word) for word in words]
    return words[1:]


def problem(words: list[str], *, named: bool = False) -> str:
    """What the program's own parser has against these words; nothing if they are in order.

    A command that is only `named`, amid prose, may leave its arguments out.
    """
    command = _program()
    while hasattr(command, "commands"):
        name, *words = words or [""]
        if name not in command.commands:
            return f"there is no command {name!r}"
        command = command.commands[name]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            command.make_context(name, list(words))
    except Exception as error:  # the parser's own errors, whose module depends on its version
        kind = type(error).__name__
        if kind == "Exit" or (named and kind == "MissingParameter"):
            return ""
        return f"{kind}: {getattr(error, 'message', error)}"
    return ""


def known_options() -> set[str]:
    """Every option that any command has."""
    found, left = {"--help"}, [_program()]
    while left:
        command = left.pop()
        left += getattr(command, "commands", {}).values()
        found |= {name for parameter in command.params for name in parameter.opts}
    return found


@cache
def _program() -> Any:
    return typer.main.get_command(app)


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@cache
def _tokens() -> tuple[tuple[Path, Any], ...]:
    markdown = MarkdownIt("commonmark").enable("table")
    return tuple((file, token) for file in FILES for token in markdown.parse(file.read_text()))

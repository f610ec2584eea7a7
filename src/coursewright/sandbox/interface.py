"""What agents are told of the module that programs import: its own documentation, word for word."""

from __future__ import annotations

import ast
from pathlib import Path


def program_interface(*, corpus: bool = False) -> str:
    """Return the documentation of `coursewright_program`, read from its source.

    With a `corpus`, that of the calls which search the task's documents stands below it.
    """
    names = ("coursewright_program.py", *(("coursewright_corpus.py",) if corpus else ()))
    return "\n\n".join(_documentation(name) for name in names)


def _documentation(name: str) -> str:
    source = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""

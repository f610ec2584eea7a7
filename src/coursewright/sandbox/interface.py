"""What agents are told of the module that programs import: its own documentation, word for word."""

from __future__ import annotations

import ast
from pathlib import Path


def program_interface() -> str:
    """Return the documentation of `coursewright_program`, read from its source."""
    source = Path(__file__).with_name("coursewright_program.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""

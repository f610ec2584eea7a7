"""Whether a text is a Python program, judged without running it."""

from __future__ import annotations

import ast
import html
import re
import warnings

_STATEMENT = re.compile(
    r"^[ \t]*(?:import \w|from \w[\w.]* import\b|(?:async )?def \w+\(|class \w+[(:]|if __name__"
    r"|print\()",
    re.M,
)


def compiles(text: str) -> bool:
    """Whether a text parses as Python and does more than name things or quote."""
    tree = _parsed(text)
    return tree is not None and any(
        not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call | ast.Await)
        for node in tree.body
    )


def looks_like_python(text: str, least: int = 2) -> bool:
    """Whether a text that may be faulty was meant as Python: so many lines only Python has."""
    return len(_STATEMENT.findall(text)) >= least


def fault_of(text: str) -> str:
    """Say where Python stops understanding a text; empty if it does not."""
    try:
        _parse(text)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error)
    return ""


def mended(text: str) -> str:
    """Undo what carriers do to code, if that makes it compile; else return it as it is."""
    if compiles(text):
        return text
    for candidate in (
        text.replace("\u00a0", " ").replace("\u200b", ""),
        html.unescape(text),
        "\n".join(re.sub(r"^(?:>>>|\.\.\.) ?", "", line) for line in text.split("\n")),
    ):
        if candidate != text and compiles(candidate):
            return candidate
    return text


def _parsed(text: str) -> ast.Module | None:
    try:
        return _parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes such as "\d", which are none of ours
        return ast.parse(text)

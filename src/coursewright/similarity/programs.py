"""Whether two programs do the same: their structure, and the constants that it works with."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

from coursewright.similarity.overlap import jaccard, normalised, word_ngrams

_MOST_CHARACTERS = 200_000


def program_likeness(one: str, other: str) -> float:
    """Return how alike two Python sources are, from 0 to 1.

    0 where their structure differs: their syntax trees without comments, docstrings and the values
    of constants, and with the program's own names numbered in the order of their first use. Else
    how alike the constants are that are least alike: numbers by their ratio, texts by shared words.
    So one step, one entry of a list or one number more or less makes another program, however long
    both are. Sources that cannot be parsed are alike if they are the same words.
    """
    left, right = _read(one), _read(other)
    if left is None or right is None:
        return float(normalised(one) == normalised(other))
    if left[0] != right[0]:
        return 0.0
    pairs = zip(left[1], right[1], strict=True)
    return min((1.0, *(_closeness(a, b) for a, b in pairs)))


@lru_cache(maxsize=32)
def _read(source: str) -> tuple[str, list[Any]] | None:
    """A program's structure as text, and its constants in order."""
    try:
        tree = ast.parse(source[:_MOST_CHARACTERS])
        reader = _Reader({name for node in ast.walk(tree) for name in _bound(node)})
        return ast.dump(reader.visit(tree)), reader.constants
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound(node: ast.AST) -> tuple[str, ...]:
    """Names that a piece of a program gives to things of its own."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return (node.id,)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    return (node.arg,) if isinstance(node, ast.arg) else ()


class _Reader(ast.NodeTransformer):
    """Takes constants out of a tree, and docstrings away; numbers the program's own names."""

    def __init__(self, own: set[str]) -> None:
        self.constants: list[Any] = []
        self._own = own
        self._numbers: dict[str, str] = {}

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        # A text that stands alone does nothing.
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        self.constants.append(node.value)
        return ast.Constant(type(node.value).__name__)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._renamed(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._renamed(node.arg)
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg is not None:
            node.arg = self._renamed(node.arg)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._renamed(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._renamed(node.name)
        return self.generic_visit(node)

    def _renamed(self, name: str) -> str:
        if name not in self._own:
            return name
        return self._numbers.setdefault(name, f"own {len(self._numbers)}")


def _closeness(one: Any, other: Any) -> float:
    if one == other:
        return 1.0
    if isinstance(one, str) and isinstance(other, str):
        return jaccard(word_ngrams(one, 1), word_ngrams(other, 1))
    numbers = (int, float)
    if type(one) in numbers and type(other) in numbers:
        largest = max(abs(one), abs(other))
        return max(0.0, 1 - abs(one - other) / largest) if largest < 1e300 else 0.0
    return 0.0

"""JSON amid prose: what models write when they are asked for nothing but JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_LENIENT = json.JSONDecoder(strict=False)
"""Takes line breaks inside texts, which models often leave unescaped."""


def json_values(
    text: str,
    *,
    starts: str = "{[",
    most: int = 2_000,
    decoder: json.JSONDecoder = _LENIENT,
) -> Iterator[Any]:
    """The outermost JSON objects and lists of a text, in its order; prose is passed over.

    `starts` are the brackets to look for, `most` bounds at how many of them: hostile texts
    consist of nothing else.
    """
    at = _next(text, starts, 0)
    for _ in range(most):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value
        at = _next(text, starts, end)


def _next(text: str, starts: str, at: int) -> int:
    return min((found for sign in starts if (found := text.find(sign, at)) >= 0), default=-1)

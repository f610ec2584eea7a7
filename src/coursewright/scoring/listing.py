"""Several short texts in one answer: a JSON list, one a line, or separated by marks."""

from __future__ import annotations

import json
import re
from typing import Any

from coursewright.scoring.literal import nesting

LONGEST = 20_000
"""Characters of an answer that are read."""
MOST = 500
"""Texts that are read."""
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")


def listed_texts(output: str, marks: str) -> list[str]:
    """The texts of an answer, empty ones left out.

    A JSON list of texts and numbers is taken as it is; else each line holds one, bullets aside,
    and a single line is split at whichever of the `marks` it holds, the first of them first.
    """
    text = output.strip()[:LONGEST]
    found = _json_texts(text)
    if found is None:
        lines = [_BULLET.sub("", line).strip() for line in text.split("\n")]
        found = [line for line in lines if line]
        if len(found) == 1:
            mark = next((mark for mark in marks if mark in found[0]), None)
            found = found[0].split(mark) if mark else found
    return [one.strip() for one in found if one.strip()][:MOST]


def gold_texts(answer: Any) -> list[str]:
    """The texts of a gold: a list of texts or numbers, or one; none where it is anything else."""
    parts = answer if isinstance(answer, (list, tuple)) else [answer]
    texts = [str(part) for part in parts if isinstance(part, (str, int, float))]
    return texts if len(texts) == len(parts) else []


def _json_texts(text: str) -> list[str] | None:
    if not text.startswith("[") or nesting(text, signs_of="") > 2:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not all(isinstance(one, (str, int, float)) for one in value):
        return None
    return [str(one) for one in value]

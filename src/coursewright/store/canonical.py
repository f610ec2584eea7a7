"""Canonical JSON: one text for one value, so that equal things have equal digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from pydantic import BaseModel


def canonical(value: Any) -> str:
    """Return `value` as JSON with sorted keys, no spaces, and no NaN or Infinity.

    Records are written as objects, tuples as lists, paths as their text.

    Raises:
        TypeError: something in it has no JSON form, or a key is not text.
        ValueError: a number in it is not finite.
    """
    return json.dumps(
        _plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


def digest_of(value: Any) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value).encode("utf-8")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                # json.dumps would turn 1 into "1": two values with one text.
                raise TypeError(f"keys must be text, got {key!r}")
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, PurePath):
        return str(value)
    return value

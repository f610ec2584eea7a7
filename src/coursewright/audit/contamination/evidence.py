"""How close a submission comes to every single item, measured in several ways.

Every measure treats all items alike, whatever their split: only then can splits be compared.
A measure is one number for each item, higher where the submission is closer:

    exact, masked      the item stands among the rows in its normal form; with numbers, names masked
    run 8, run 13      share of the item's runs of 8 or 13 words that stand in some row
    words, pairs,      likeness of the closest row, by words weighted by their rarity, the same
    characters         with pairs of neighbouring words, and by hashed character n-grams
    meaning            the same by vectors of a user's embedder, if there is one
    … alone            how much closer a row is to this item than to any item of another group:
                       what tells copies from siblings of one template
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coursewright.audit.contamination.texts import masked, names_in
from coursewright.protocols import Embedder
from coursewright.similarity import (
    Nearest,
    character_likeness,
    nearest,
    normalised,
    run_sets,
    vector_likeness,
    word_likeness,
    words_of,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RUNS = (8, 13)
_SOFT = 0.05
"""Keeps the ratio of two likenesses finite where nothing else is alike at all."""


@dataclass(frozen=True)
class Measure:
    """One way to be close, for every item."""

    name: str
    values: Floats
    rows: Ints | None = None
    """The row that is so close, where there is one."""


def measure(
    items: Sequence[str], rows: Sequence[str], groups: Ints, embedder: Embedder | None = None
) -> list[Measure]:
    """Return all measures of these texts; `groups` are numbers of the items' groups.

    Raises:
        ValueError: the embedder gave something else than one vector for each text.
    """
    measures = [*_standing(items, rows), *_runs(items, rows)]
    for name, words in (("words", words_of), ("pairs", _words_and_pairs)):
        pieces = word_likeness(map(words, items), map(words, rows))
        measures += _neighbours(name, nearest(pieces, len(rows), groups), len(items))
    pieces = character_likeness(items, rows)
    measures += _neighbours("characters", nearest(pieces, len(rows), groups), len(items))
    if embedder is not None:
        pieces = vector_likeness(*_embedded(embedder, items, rows))
        measures += _neighbours("meaning", nearest(pieces, len(rows), groups), len(items))
    return measures


def _embedded(
    embedder: Embedder, items: Sequence[str], rows: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    found = np.asarray(embedder.embed([*items, *rows]), dtype=np.float32)
    wanted = len(items) + len(rows)
    if found.ndim != 2 or len(found) != wanted or not np.isfinite(found).all():
        raise ValueError(
            f"the embedder gave an array of shape {found.shape} for {wanted} texts; expected are "
            f"finite numbers, one row for each text"
        )
    return found[: len(items)], found[len(items) :]


def _standing(items: Sequence[str], rows: Sequence[str]) -> list[Measure]:
    names = names_in([*items, *rows])
    forms: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("exact", normalised),
        ("masked", lambda text: masked(text, names)),
    )
    made = []
    for name, form in forms:
        found = {form(row) for row in rows}
        made.append(Measure(name, np.array([float(form(item) in found) for item in items])))
    return made


def _runs(items: Sequence[str], rows: Sequence[str]) -> list[Measure]:
    made = []
    for size in RUNS:
        sets = run_sets([*items, *rows], size)
        cut = int(sets.starts[len(items)])
        held = np.isin(sets.members[:cut], np.unique(sets.members[cut:]))
        summed = np.concatenate([[0], np.cumsum(held)])
        ends = sets.starts[: len(items) + 1]
        shares = np.diff(summed[ends]) / np.maximum(1, np.diff(ends))
        made.append(Measure(f"run {size}", shares))
    return made


def _neighbours(name: str, found: Nearest, items: int) -> list[Measure]:
    ratio = (found.first / (found.second + _SOFT)).astype(np.float64)
    order = np.argsort(ratio, kind="stable")
    alone, rows = np.zeros(items), np.zeros(items, dtype=np.int64)
    # The last of several assignments holds: the largest.
    alone[found.known[order]] = ratio[order]
    rows[found.known[order]] = order
    closest = Measure(name, found.best.astype(np.float64), found.text)
    return [closest, Measure(f"{name} alone", alone, rows)]


def _words_and_pairs(text: str) -> list[str]:
    words = words_of(text)
    plain = [word.partition(" ")[0] for word in words]
    pairs = [f"{one}+{other}" for one, other in pairwise(plain)]
    return [*words, *dict.fromkeys(pairs)]

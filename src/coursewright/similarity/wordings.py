"""Whether texts are made from a few templates: how many rows the commonest wordings cover."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_WORD = re.compile(r"[^\W\d_]+|[^\s\w]")
_CHARACTERS = 4000

ALIKE = 0.6
"""Shared share of words and marks, numbers left out, from which two texts have one wording."""


def commonest_wordings(texts: Sequence[str], count: int = 5) -> list[float]:
    """Shares of texts that the `count` commonest wordings cover, the commonest first.

    A wording is a text with all that are like it; each is taken out before the next is looked
    for. Compares all pairs: for samples of some hundred texts.
    """
    words = [sorted(set(_WORD.findall(text[:_CHARACTERS].casefold()))) for text in texts]
    places = {word: at for at, word in enumerate(sorted({w for each in words for w in each}))}
    present = np.zeros((len(texts), len(places)), dtype=np.float32)
    for row, each in enumerate(words):
        present[row, [places[word] for word in each]] = 1
    shared = present @ present.T
    sizes = present.sum(axis=1)
    alike = shared >= ALIKE * (sizes[:, None] + sizes[None, :] - shared) - 1e-6
    left = np.ones(len(texts), dtype=bool)
    shares: list[float] = []
    while len(shares) < count and left.any():
        covered = np.where(left, (alike & left).sum(axis=1), 0)
        best = int(np.argmax(covered))
        shares.append(float(covered[best]) / len(texts))
        left &= ~alike[best]
    return shares

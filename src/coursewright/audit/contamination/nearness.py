"""Which exam items resemble one that could be looked at: what a gain on them may owe to that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coursewright.audit.contamination.matching import LIKE
from coursewright.audit.contamination.texts import masked, names_in, text_of
from coursewright.records import Item
from coursewright.similarity import nearest, word_likeness, words_of


def near_items(items: Sequence[Item], seen: Sequence[Item]) -> frozenset[str]:
    """Return ids of the items that share `LIKE` of their words with one of `seen`.

    The measure is that of near-copies: numbers and names are masked, and rare words weigh more.
    Whether an item stands alone does not matter here: siblings of one template are near.
    """
    if not items or not seen:
        return frozenset()
    texts = [text_of(item) for item in (*seen, *items)]
    names = names_in(texts)
    words = [words_of(masked(text, names)) for text in texts]
    pieces = word_likeness(words[: len(seen)], words[len(seen) :])
    found = nearest(pieces, len(items), np.arange(len(seen)))
    # Rounded, so that every machine tells ties alike: `verify` computes this again.
    likeness = found.first.astype(float).round(4)
    return frozenset(i.id for i, like in zip(items, likeness, strict=True) if like >= LIKE)

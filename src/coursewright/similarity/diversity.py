"""How varied a list of texts is: counts, compression, and spread in a space without weights.

None of these needs a model. They compare sets of texts of one kind with each other; their
values say little on their own, and sets of different sizes are not comparable in all of them.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from coursewright.similarity.overlap import normalised

Floats = NDArray[np.float64]
T = TypeVar("T")

DIMENSIONS = 512
GRAM_SIZES = (3, 4, 5)
_FACTOR = np.uint64(0x100000001B3)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def distinct_ngrams(texts: Iterable[str], size: int = 2) -> float:
    """Share of different word n-grams among all of them, in [0, 1] (Li et al. 2016, distinct-n).

    Falls with the number of texts: compare samples of one size. 0.0 where there is no n-gram.
    """
    seen: set[tuple[str, ...]] = set()
    total = 0
    for text in texts:
        words = normalised(text).split()
        grams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
        seen.update(grams)
        total += len(grams)
    return len(seen) / total if total else 0.0


def entropy(labels: Iterable[object]) -> float:
    """Shannon entropy in bits of how often each label occurs; 0.0 for none at all."""
    counts = np.array(list(Counter(labels).values()), dtype=float)
    shares = counts / counts.sum() if len(counts) else counts
    # 0.0 - x: a single label has entropy 0.0, not -0.0.
    return float(0.0 - (shares * np.log2(shares)).sum())


def effective_number(labels: Iterable[object]) -> float:
    """How many equally frequent labels would have the entropy of these (Hill number of order 1).

    Corrected for the size of the sample (Miller 1955); 0.0 for no label.
    """
    counts = Counter(labels)
    if not counts:
        return 0.0
    bias = (len(counts) - 1) / (2 * counts.total() * np.log(2))
    return float(2 ** (entropy(counts.elements()) + bias))


def word_entropy(texts: Iterable[str]) -> float:
    """Entropy in bits of the words of all texts together."""
    return entropy(word for text in texts for word in normalised(text).split())


def compression_ratio(texts: Iterable[str]) -> float:
    """Compressed over plain size of the texts, line by line (zlib): low where they repeat."""
    plain = "\n".join(texts).encode("utf-8", "surrogatepass")
    return len(zlib.compress(plain, 6)) / len(plain) if plain else 0.0


def hashed_ngrams(texts: Sequence[str]) -> Floats:
    """Unit vectors of shape (texts, DIMENSIONS) from hashed character 3- to 5-grams.

    Signs come from the hash, so that collisions cancel in the mean (Weinberger et al. 2009).
    Same texts, same vectors, on any machine; a text too short for a gram is 0.
    """
    vectors = np.zeros((len(texts), DIMENSIONS))
    for row, text in enumerate(texts):
        codes = np.frombuffer(
            f" {normalised(text)} ".encode("utf-8", "surrogatepass"), dtype=np.uint8
        ).astype(np.uint64)
        for size in GRAM_SIZES:
            if len(codes) < size:
                continue
            hashes = np.full(len(codes) - size + 1, size, dtype=np.uint64)
            for at in range(size):
                hashes = hashes * _FACTOR + codes[at : at + len(hashes)]
            hashes *= _SPREAD
            place = ((hashes >> np.uint64(40)) % np.uint64(DIMENSIONS)).astype(np.int64)
            sign = np.where(hashes >> np.uint64(63), 1.0, -1.0)
            vectors[row] += np.bincount(place, weights=sign, minlength=DIMENSIONS)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1.0)


def vendi(vectors: Floats) -> float:
    """Effective number of different vectors, from 1 to their number (Friedman and Dieng 2022).

    `vectors` has shape (texts, dimensions), rows of unit length; the exponential of the entropy
    of the eigenvalues of their Gram matrix over their number. 0.0 for no vectors.
    """
    count, dimensions = vectors.shape
    if not count:
        return 0.0
    # The two Gram matrices share their eigenvalues above 0: take the smaller one.
    gram = vectors @ vectors.T if count <= dimensions else vectors.T @ vectors
    shares = np.linalg.eigvalsh(gram / count)
    shares = shares[shares > 1e-12]
    shares = shares / shares.sum()  # texts without a gram have no length
    return float(np.exp(0.0 - (shares * np.log(shares)).sum()))


def evenly(items: Sequence[T], size: int) -> list[T]:
    """At most `size` items, one from each of as many stretches, the same for the same sizes.

    Where in its stretch is dealt: every second row of a file that takes topics in turn would
    show every second topic alone.
    """
    if len(items) <= size:
        return list(items)
    rng = Random(size)
    ends = [at * len(items) // size for at in range(size + 1)]
    return [items[rng.randrange(start, end)] for start, end in pairwise(ends)]

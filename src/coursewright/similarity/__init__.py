"""Who resembles whom: normal forms, word overlap, groups of near-copies, diversity."""

from coursewright.similarity.diversity import (
    compression_ratio,
    distinct_ngrams,
    entropy,
    hashed_ngrams,
    vendi,
    word_entropy,
)
from coursewright.similarity.overlap import (
    DisjointSets,
    group_by_overlap,
    group_by_runs,
    jaccard,
    masked_words,
    near_duplicates,
    normalised,
    word_ngrams,
)

__all__ = [
    "DisjointSets",
    "compression_ratio",
    "distinct_ngrams",
    "entropy",
    "group_by_overlap",
    "group_by_runs",
    "hashed_ngrams",
    "jaccard",
    "masked_words",
    "near_duplicates",
    "normalised",
    "vendi",
    "word_entropy",
    "word_ngrams",
]

"""Who resembles whom: normal forms, word overlap, groups of near-copies."""

from coursewright.similarity.overlap import (
    DisjointSets,
    group_by_overlap,
    jaccard,
    masked_words,
    near_duplicates,
    normalised,
    word_ngrams,
)

__all__ = [
    "DisjointSets",
    "group_by_overlap",
    "jaccard",
    "masked_words",
    "near_duplicates",
    "normalised",
    "word_ngrams",
]

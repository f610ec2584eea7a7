"""Who resembles whom: normal forms, word overlap, groups of near-copies, diversity."""

from coursewright.similarity.diversity import (
    compression_ratio,
    distinct_ngrams,
    effective_number,
    entropy,
    evenly,
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
    repeated,
    word_ngrams,
)
from coursewright.similarity.topics import TopicGuesser
from coursewright.similarity.wordings import commonest_wordings

__all__ = [
    "DisjointSets",
    "TopicGuesser",
    "commonest_wordings",
    "compression_ratio",
    "distinct_ngrams",
    "effective_number",
    "entropy",
    "evenly",
    "group_by_overlap",
    "group_by_runs",
    "hashed_ngrams",
    "jaccard",
    "masked_words",
    "near_duplicates",
    "normalised",
    "repeated",
    "vendi",
    "word_entropy",
    "word_ngrams",
]

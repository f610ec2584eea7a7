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
from coursewright.similarity.join import run_sets
from coursewright.similarity.neighbours import (
    Nearest,
    character_likeness,
    nearest,
    vector_likeness,
    word_likeness,
    words_of,
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
from coursewright.similarity.programs import program_likeness
from coursewright.similarity.topics import TopicGuesser
from coursewright.similarity.wordings import commonest_wordings

__all__ = [
    "DisjointSets",
    "Nearest",
    "TopicGuesser",
    "character_likeness",
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
    "nearest",
    "normalised",
    "program_likeness",
    "repeated",
    "run_sets",
    "vector_likeness",
    "vendi",
    "word_entropy",
    "word_likeness",
    "word_ngrams",
    "words_of",
]

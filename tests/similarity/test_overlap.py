"""Normal forms, overlap and groups."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from coursewright.similarity import (
    group_by_overlap,
    jaccard,
    masked_words,
    near_duplicates,
    normalised,
    word_ngrams,
)

TEXTS = st.lists(st.text("ab c", min_size=1, max_size=12), max_size=12)


def test_normalised_ignores_case_space_and_marks():
    assert normalised("  What,  is\nit?") == normalised("what is it")


def test_normalised_keeps_operators_apart():
    assert normalised("x > 3") != normalised("x < 3")
    assert normalised("xs[1:]") != normalised("xs(1:)")


def test_masked_words_ignore_numbers():
    assert masked_words("Ann has 3 pens") == masked_words("ann has 44 pens")


def test_groups_are_closed_under_resemblance():
    first, second, third = "a b c d e f", "a b c d e f g h", "c d e f g h i j"
    assert jaccard(masked_words(first), masked_words(third)) < 0.6
    assert group_by_overlap([first, second, third, "x y"], 0.6) == [0, 0, 0, 3]


@given(TEXTS, st.sampled_from([0.3, 0.5, 0.75, 0.9, 1.0]))
def test_near_duplicates_finds_exactly_the_pairs_over_the_threshold(texts, threshold):
    found = {(left, right) for left, right, _ in near_duplicates(texts, threshold, size=2)}
    grams = [word_ngrams(text, 2) for text in texts]
    expected = {
        (left, right)
        for left, right in combinations(range(len(texts)), 2)
        if grams[left] and jaccard(grams[left], grams[right]) >= threshold
    }
    assert found == expected

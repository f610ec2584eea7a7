"""Measures of variety order texts as a reader would, and keep to their bounds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.similarity import (
    compression_ratio,
    distinct_ngrams,
    entropy,
    hashed_ngrams,
    vendi,
    word_entropy,
)

SAME = ["A boat needs 3 hours for 12 miles."] * 30
VARIED = [
    f"{who} {what} {where} {n} times."
    for n, (who, what, where) in enumerate(
        (who, what, where)
        for who in ("Ann", "The baker", "A heron")
        for what in ("opens a jar", "counts coins", "walks home", "paints")
        for where in ("by the sea", "at noon")
    )
]


def test_distinct_ngrams_by_hand() -> None:
    assert distinct_ngrams(["a b a b"], 2) == pytest.approx(2 / 3)
    assert distinct_ngrams(["a b", "A  b."], 2) == pytest.approx(1 / 2)
    assert distinct_ngrams(["one"], 2) == 0.0


def test_entropy_counts_bits() -> None:
    assert entropy("aabb") == 1.0
    assert entropy(range(8)) == pytest.approx(3.0)
    assert entropy([]) == entropy("aaa") == 0.0


@pytest.mark.parametrize(
    "measure",
    [distinct_ngrams, word_entropy, compression_ratio, lambda t: vendi(hashed_ngrams(t))],
)
def test_varied_texts_are_more_varied_than_copies(measure) -> None:  # type: ignore[no-untyped-def]
    assert measure(VARIED) > 1.5 * measure(SAME)


def test_vendi_counts_what_differs() -> None:
    assert vendi(np.eye(7)) == pytest.approx(7)
    assert vendi(np.repeat(np.eye(3), 50, axis=0)) == pytest.approx(3)
    assert vendi(hashed_ngrams(SAME)) == pytest.approx(1)
    assert vendi(np.zeros((0, 4))) == 0.0


def test_vendi_is_the_same_from_either_gram_matrix() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 10))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vendi(vectors) == pytest.approx(vendi(np.pad(vectors, ((0, 0), (0, 30)))))


@given(st.lists(st.text(max_size=40), max_size=8))
def test_any_texts_have_a_place(texts: list[str]) -> None:
    vectors = hashed_ngrams(texts)
    lengths = np.linalg.norm(vectors, axis=1)
    assert vectors.shape == (len(texts), 512)
    assert np.all(np.isclose(lengths, 1) | (lengths == 0))
    assert 0 <= vendi(vectors) <= len(texts) + 1e-6
    assert 0 <= distinct_ngrams(texts) <= 1
    assert math.isfinite(word_entropy(texts))
    assert compression_ratio(texts) >= 0


def test_near_copies_lie_closer_than_strangers() -> None:
    one, near, far = hashed_ngrams(
        ["Tom has 12 red marbles.", "Tom has 17 red marbles.", "The tide falls at dawn."]
    )
    assert one @ near > 0.6
    assert one @ far < 0.3

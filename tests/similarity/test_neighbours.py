import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.similarity import character_likeness, nearest, word_likeness, words_of

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"]), unique=True, max_size=6)


def likeness(known: list[list[str]], texts: list[list[str]]) -> np.ndarray:
    return np.concatenate([piece.copy() for _, piece in word_likeness(known, texts)])


@given(st.lists(WORDS, min_size=1, max_size=40), st.lists(WORDS, min_size=1, max_size=8))
def test_word_likeness_is_the_weighted_share_of_all_words(
    known: list[list[str]], texts: list[list[str]]
) -> None:
    lists = [*known, *texts]
    count = {w: sum(w in one for one in lists) for one in lists for w in one}
    weight = {w: np.log1p(len(lists) / number) for w, number in count.items()}
    found = likeness(known, texts)
    for at, text in enumerate(texts):
        for to, other in enumerate(known):
            union = sum(weight[w] for w in {*text, *other})
            both = sum(weight[w] for w in {*text} & {*other})
            assert found[at, to] == pytest.approx(both / union if union else 0, abs=1e-5)


def test_pieces_do_not_change_what_is_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    known = [[f"w{n}" for n in rng.permutation(30)[:8]] for _ in range(40)]
    texts = [[f"w{n}" for n in rng.permutation(30)[:8]] for _ in range(50)]
    kinds = np.arange(40) // 2
    whole = nearest(word_likeness(known, texts), 50, kinds, close=0.3)
    monkeypatch.setattr("coursewright.similarity.neighbours._CELLS", 100)
    parts = nearest(word_likeness(known, texts), 50, kinds, close=0.3)
    for one, other in zip(vars(whole).values(), vars(parts).values(), strict=True):
        assert np.allclose(one, other)
    table = likeness(known, texts)
    assert np.array_equal(whole.known, table.argmax(axis=1))
    assert np.allclose(whole.best, table.max(axis=0))
    assert np.array_equal(whole.crowd, (table >= 0.3).sum(axis=0))
    for at, top in enumerate(whole.known):
        assert whole.second[at] == pytest.approx(table[at, kinds != kinds[top]].max())


def test_texts_of_the_known_ones_own_kind_do_not_count() -> None:
    known = [["a", "b"], ["a", "c"]]
    kinds = np.array([0, 1])
    found = nearest(word_likeness(known, known), 2, kinds, own=kinds, close=0.1)
    assert found.known.tolist() == [1, 0]
    assert found.crowd.tolist() == [1, 1]


def test_without_known_texts_nothing_is_near() -> None:
    with pytest.raises(ValueError, match="no known text"):
        nearest(iter(()), 1, np.zeros(0, dtype=np.int64))


def test_characters_find_a_text_without_spaces_and_with_typing_errors() -> None:
    known = [
        "リンゴが五個あります。三個食べました。残りはいくつですか",
        "電車は一時間に八十キロ走ります。",
    ]
    texts = ["りんごが五個あります。三個たべました。残りはいくつですか?"]
    found = nearest(character_likeness(known, texts), 1, np.arange(2))
    assert found.known.tolist() == [0]
    assert found.first[0] > 0.4 > found.second[0]


def test_the_second_of_a_word_is_another_word() -> None:
    assert words_of("The cat, THE dog") == ["the", "cat", "the 2", "dog"]

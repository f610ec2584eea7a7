from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from coursewright.audit import Context
from coursewright.audit.contamination import Exposure
from coursewright.records import Item, TracedRow
from tests.audit.contamination.stories import items, rows, story, sum_of, swapped

RNG = Random(0)
STORIES = [story(RNG) for _ in range(300)]
VISIBLE, SCORED, PRIVATE = (
    items(STORIES[:60], "v"),
    items(STORIES[60:140], "s"),
    items(STORIES[140:], "p"),
)
HONEST = [story(RNG) for _ in range(400)]


def context(visible: Sequence[Item] = VISIBLE, **hidden: Sequence[Item]) -> Context:
    return Context(visible=visible, hidden=hidden or {"scored": SCORED, "private": PRIVATE})


def verdict(questions: Sequence[str], **hidden: Sequence[Item]) -> str:
    found = Exposure().examine(rows(list(questions)), context(**hidden))
    return found.check.verdict


def test_honest_rows_are_clean_and_all_kept() -> None:
    honest: list[TracedRow] = rows(HONEST)
    found = Exposure().examine(honest, context())
    assert found.check.verdict == "clean"
    assert found.kept == tuple(honest)
    assert found.check.evidence[0].startswith("closer to visible than to hidden items: p = ")


@pytest.mark.parametrize("keep", [1.0, 0.8, 0.6])
def test_copies_of_some_visible_items_are_seen_though_words_are_changed(keep: float) -> None:
    rng = Random(5)
    copies = [swapped(item.question, rng, keep) for item in VISIBLE[:9]]
    assert verdict([*HONEST, *copies]) == "flagged"


def test_inside_a_template_copies_word_for_word_are_seen_and_siblings_are_not() -> None:
    rng = Random(6)
    visible = items([sum_of(rng) for _ in range(60)], "v")
    private = items([sum_of(rng) for _ in range(300)], "p")
    honest = [sum_of(rng) for _ in range(400)]
    copies = [item.question for item in visible[:9]]
    for questions, expected in ((honest, "clean"), ([*honest, *copies], "flagged")):
        found = Exposure().examine(
            rows(questions), Context(visible=visible, hidden={"private": private})
        )
        assert found.check.verdict == expected


def test_one_private_question_is_an_alarm_that_names_no_text() -> None:
    found = Exposure().examine(rows([*HONEST, PRIVATE[3].question]), context())
    assert found.check.verdict == "flagged"
    assert len(found.kept) == len(HONEST) + 1
    alarms = [line for line in found.check.evidence if line.startswith("ALARM")]
    assert alarms == ["ALARM: private items that rows copy: 1 word for word, 0 nearly, such as p3"]
    assert PRIVATE[3].question not in "".join(found.check.evidence)


def test_probes_are_no_alarm_until_several_stand_there_word_for_word() -> None:
    probes = items([story(RNG) for _ in range(20)], "q")
    for copied, expected in ((3, "clean"), (4, "flagged")):
        questions = [*HONEST, *(probe.question for probe in probes[:copied])]
        hidden = {"scored": SCORED, "private": PRIVATE, "probes": probes}
        assert verdict(questions, **hidden) == expected


def test_a_leaked_hidden_split_is_told_from_the_other() -> None:
    rng = Random(7)
    visible = items([sum_of(rng) for _ in range(60)], "v")
    scored = items([sum_of(rng) for _ in range(150)], "s")
    private = items([sum_of(rng) for _ in range(150)], "p")
    leaked = [*(sum_of(rng) for _ in range(400)), *(item.question for item in private[:20])]
    hidden = {"scored": scored, "private": private}
    found = Exposure().examine(rows(leaked), Context(visible=visible, hidden=hidden))
    assert found.check.verdict == "flagged"
    assert any("closer to private than to scored" in line for line in found.check.evidence)


def test_items_in_a_form_that_only_the_test_has_are_not_compared() -> None:
    rng = Random(8)
    visible = items([sum_of(rng) for _ in range(40)], "v")
    private = items([sum_of(rng) for _ in range(80)], "p")
    other = [
        item.model_copy(update={"meta": {"heldout": True}})
        for item in items([story(rng) for _ in range(80)], "h")
    ]
    found = Exposure().examine(
        rows([sum_of(rng) for _ in range(300)]),
        Context(visible=visible, hidden={"private": [*private, *other]}),
    )
    assert found.check.verdict == "clean"


def test_what_cannot_be_compared_is_unresolved() -> None:
    for found in (
        Exposure().examine(rows(HONEST), Context(visible=VISIBLE)),
        Exposure().examine(rows(HONEST), Context(hidden={"private": PRIVATE})),
        Exposure().examine(
            rows(HONEST), Context(visible=VISIBLE[:2], hidden={"private": PRIVATE[:2]})
        ),
    ):
        assert found.check.verdict == "unresolved"


def test_the_same_rows_get_the_same_verdict_and_evidence() -> None:
    one, other = (Exposure().examine(rows(HONEST[:100]), context()).check for _ in range(2))
    assert one.evidence == other.evidence


class Dictionary:
    """Knows two languages: a word of the second means the same as its mirror in the first."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float64]:
        told = [[word.strip(".?").lower() for word in text.split()] for text in texts]
        meant = [[min(word, word[::-1]) for word in words] for words in told]
        numbers = {word: n for n, word in enumerate(sorted({w for words in meant for w in words}))}
        vectors = np.zeros((len(texts), len(numbers)))
        for row, words in zip(vectors, meant, strict=True):
            row[[numbers[word] for word in words]] = 1
        return vectors


def translated(text: str) -> str:
    return " ".join(word[::-1] for word in text.lower().replace("?", "").split())


def test_translations_are_seen_by_meaning_alone() -> None:
    foreign = rows([*map(translated, HONEST), *(translated(i.question) for i in VISIBLE[:9])])
    assert Exposure().examine(foreign, context()).check.verdict == "clean"
    found = Exposure(Dictionary()).examine(foreign, context())
    assert found.check.verdict == "flagged"
    assert any("by meaning" in line for line in found.check.evidence)
    honest = rows(list(map(translated, HONEST)))
    assert Exposure(Dictionary()).examine(honest, context()).check.verdict == "clean"


class Short:
    def embed(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.zeros((1, 3))


class Endless:
    def embed(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.full((len(texts), 3), np.inf)


@pytest.mark.parametrize("embedder", [Short(), Endless()])
def test_vectors_that_are_none_are_refused_in_words(embedder: Short | Endless) -> None:
    with pytest.raises(ValueError, match="one row for each text"):
        Exposure(embedder).examine(rows(HONEST), context())

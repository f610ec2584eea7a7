"""Which rows are copies of which items: word for word, under other names, or nearly.

A question that belongs to a family of alike ones (a template) is like any other question of that
family, and that is no copying. So what is not word for word counts only where it stands alone: no
item of another group is nearly as close to the row, few texts are anywhere near the item, the
items as a whole are not made from templates, and there are enough texts to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from coursewright.audit.contamination.texts import masked, names_in, text_of, text_of_row
from coursewright.records import Item, Seed, TracedRow
from coursewright.similarity import nearest, normalised, word_likeness, words_of

VERBATIM = "copy of {what}"
HOLDS = "holds the question of {what}"
RENAMED = "{what} under other names or numbers"
NEAR = "near-copy of {what}"

RUN = 6
"""Words from which on a question inside another text is no coincidence."""
WORDS = 12
"""Words from which on an item is long enough to have copies that are not word for word."""
LIKE = 0.5
"""Share of their words, weighted by rarity, that a near-copy and its item have in common."""
APART = 0.2
"""How much less the row has in common with any item of another group."""
CLOSE = 0.3
"""Share of their words that texts of one template have in common, whatever names and numbers."""
FEW = 3
"""Rows and items of other groups that may be so close to an item which stands alone."""
TEMPLATED = 0.6
"""Share of items with so many texts so close from which on all are taken for templates: measured
0.76 and more in generated families, at most 0.55 in benchmarks written by people."""

ENOUGH = 200
"""Rows and items from which on a template can be told from a question that stands alone: of few
texts each template shows one or two, and sixty honest rows lost thirteen as near-copies."""


@dataclass(frozen=True)
class Match:
    """A row that copies an item (both by place), and how."""

    row: int
    item: int
    how: str
    """One of the four texts above, still without its item."""
    alone: bool
    """The item belongs to no family of alike texts."""


def find_copies(
    items: Sequence[Item],
    rows: Sequence[TracedRow],
    instructions: Sequence[str],
    others: Sequence[Item | Seed] = (),
) -> list[Match]:
    """At most one match for each row, the surest; `others` are what a row may resemble instead."""
    if not items or not rows:
        return []
    texts = [text_of_row(row, instructions) for row in rows]
    exact = _Verbatim(items)
    known = [text_of(item) for item in (*items, *others)]
    names = names_in([*known, *texts])
    known, bare = ([masked(text, names) for text in part] for part in (known, texts))
    restyled: dict[str, int] = {}
    for at, text in enumerate(known[: len(items)]):
        restyled.setdefault(text, at)
    ids = [getattr(item, "group", None) or item.id for item in (*items, *others)]
    kinds = np.unique(np.array(ids, dtype=object), return_inverse=True)[1].astype(np.int64)
    listed = list(map(words_of, known))
    # The items themselves are looked at too: they may be siblings of one template.
    pieces = word_likeness(listed, chain(map(words_of, bare), listed))
    own = np.concatenate([np.full(len(texts), -1), kinds])
    found = nearest(pieces, len(own), kinds, own, CLOSE)
    long = np.array([len(words) >= WORDS for words in listed])
    templated = (found.crowd[: len(items)] >= FEW).mean() > TEMPLATED
    told_apart = len(texts) + len(items) >= ENOUGH
    single = (found.crowd <= FEW) & (told_apart and not templated)
    apart = found.first - found.second >= APART
    near = (found.first >= LIKE) & apart & (found.known < len(items)) & single[found.known]
    near &= long[found.known]
    matches = []
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        hit = exact.find(row, text)
        if hit is not None:
            matches.append(Match(at, *hit, alone=bool(single[hit[0]])))
            continue
        item = restyled.get(bare[at])
        if item is not None and single[item] and long[item]:
            matches.append(Match(at, item, RENAMED, alone=True))
        elif near[at]:
            matches.append(Match(at, int(found.known[at]), NEAR, alone=True))
    return matches


class _Verbatim:
    """The items' questions in a normal form, and how the long ones begin."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._questions: dict[str, int] = {}
        for at, item in enumerate(items):
            if item.context:
                # The same question is often asked of many contexts: only both make a copy.
                self._questions.setdefault(normalised(f"{item.context}\n{item.question}"), at)
                self._questions.setdefault(normalised(f"{item.question}\n{item.context}"), at)
            else:
                self._questions.setdefault(normalised(item.question), at)
        self._long: dict[str, list[str]] = {}
        for question in self._questions:
            words = question.split()
            if len(words) >= RUN:
                self._long.setdefault(" ".join(words[:RUN]), []).append(question)

    def find(self, row: TracedRow, text: str) -> tuple[int, str] | None:
        for asked in (row.asked[0], text):
            if (at := self._questions.get(normalised(asked))) is not None:
                return at, VERBATIM
        whole = normalised(text)
        words = whole.split()
        for at in range(len(words) - RUN + 1):
            for question in self._long.get(" ".join(words[at : at + RUN]), ()):
                if f" {question} " in f" {whole} ":
                    return self._questions[question], HOLDS
        return None

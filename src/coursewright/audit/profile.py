"""Length, language and format of rows beside the visible items: whether they are of one kind.

Bounds are wide, for honest rows may be shorter, plainer or stricter than the exam; what lies
outside is another language, another format, or one answer to everything. Language is told by
the scripts of letters and by the commonest words of the visible items, with no list of languages.

What this cannot see: the wrong register, and a second language in the same script where it is
mixed in by less than half.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from statistics import median

from coursewright.audit.checks import Context, Finding
from coursewright.audit.exam import FEWEST_ITEMS, WORDING_TEXTS, questions
from coursewright.chat import item_body
from coursewright.records import Check, Item, TracedRow
from coursewright.similarity import evenly, normalised

FEWEST_ROWS = 50
TIMES = 4.0
"""How many times shorter or longer the middle question may be than the visible items'."""
READABLE = 0.8
"""Share of answers that must have the form the scorer looks for."""
SAME_ANSWER = 0.5
"""Share of rows that may have one answer, where no answer is so frequent among visible items."""
FOREIGN = 0.2
"""Share of letters that may be of scripts no visible item has."""
USUAL = 0.35
"""Least use of the visible items' commonest words, as a share of their own."""

_USUAL_WORDS = 20
_CHARACTERS = 600
_WORD = re.compile(r"[^\W\d_]+")


class Profile:
    """Compares the look of rows with that of the visible items; drops no row."""

    name = "profile"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Measure an even sample."""
        began = time.monotonic()
        sample = evenly(rows, WORDING_TEXTS)
        items = evenly(context.visible, WORDING_TEXTS)
        figures = _looks(questions(sample), [row.answer for row in sample])
        if sample and context.scorer is not None:
            readable = sum(context.scorer.readable(row.answer) for row in sample)
            figures["readable"] = readable / len(sample)
        if sample and len(items) >= FEWEST_ITEMS:
            figures |= _beside(questions(sample), items)
        faults: list[str] = []
        if len(sample) >= FEWEST_ROWS:
            faults += _faults(figures, items)
        words = (
            f"questions of {figures['question_words']:.0f} words, answers of "
            f"{figures['answer_words']:.0f} (medians); commonest answer "
            f"{figures['commonest_answer']:.0%} of the rows"
        )
        check = Check(
            name=self.name,
            verdict="flagged" if faults else "clean",
            evidence=(words, *faults),
            figures={name: round(value, 4) for name, value in figures.items()},
            seconds=time.monotonic() - began,
        )
        return Finding(check, tuple(rows))


def _looks(asked: Sequence[str], answers: Sequence[str]) -> dict[str, float]:
    return {
        "question_words": float(median([len(text.split()) for text in asked] or [0])),
        "answer_words": float(median([len(text.split()) for text in answers] or [0])),
        "commonest_answer": _largest_share(answers),
    }


def _beside(asked: Sequence[str], items: Sequence[Item]) -> dict[str, float]:
    texts = [item_body(item.question, item.context) for item in items]
    counts = Counter(word for text in texts for word in _words(text))
    # Ties by the word itself: the order of a set is another one in every process.
    usual = sorted(counts, key=lambda word: (-counts[word], word))[:_USUAL_WORDS]
    known = frozenset(usual)
    own = sum(len(known & _words(text)) for text in texts) / len(texts)
    theirs = sum(len(known & _words(text)) for text in asked) / len(asked)
    scripts = Counter(script for text in texts for script in _scripts(text))
    letters = Counter(script for text in asked for script in _scripts(text))
    foreign = sum(count for script, count in letters.items() if script not in scripts)
    length = float(median(len(text.split()) for text in texts))
    return {
        "length_ratio": median(len(text.split()) for text in asked) / max(length, 1.0),
        "foreign_letters": foreign / max(letters.total(), 1),
        "usual_words": theirs / own if own else 1.0,
    }


def _faults(figures: dict[str, float], items: Sequence[Item]) -> Iterator[str]:
    common = figures["commonest_answer"]
    if common > max(SAME_ANSWER, 2 * _largest_share([str(item.answer) for item in items])):
        yield f"one answer is given in {common:.0%} of the rows"
    if figures.get("readable", 1.0) < READABLE:
        share = figures["readable"]
        yield f"only {share:.0%} of the answers have the form that the scorer looks for"
    ratio = figures.get("length_ratio", 1.0)
    if not 1 / TIMES <= ratio <= TIMES:
        yield f"questions are {ratio:.2f} times as long as the visible items'"
    if figures.get("foreign_letters", 0.0) > FOREIGN:
        share = figures["foreign_letters"]
        yield f"{share:.0%} of the letters are of a script that no visible item is written in"
    if figures.get("usual_words", 1.0) < USUAL:
        share = figures["usual_words"]
        yield f"the visible items' commonest words are {share:.0%} as frequent: another language?"


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text[:_CHARACTERS].casefold()))


def _scripts(text: str) -> Iterator[str]:
    return filter(None, map(_script, text[:_CHARACTERS]))


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    """`LATIN`, `CYRILLIC`, `CJK` ...; empty for what is no letter."""
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""


def _largest_share(answers: Sequence[str]) -> float:
    counts = Counter(normalised(answer) or answer for answer in answers)
    return max(counts.values()) / len(answers) if answers else 0.0

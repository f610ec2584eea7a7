"""Which language a text is in, by its small words, and which letters it is written in.

Offline and small: nine languages that share the Latin script. A text with few small words, such as
code or a formula, is of no language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import cache

from coursewright.config import compiled

_WORDS = {
    "en": "the of and to in is that it was for on are as with his they be at this have from or "
    "had by but some what there we other were all your when how which their if will each "
    "about many then them these has her him would more do does did can you he she its an",
    "de": "der die und das ist nicht ein eine zu den mit von sich des auf für im dem auch als "
    "wie wird sind oder aus bei nach wenn nur noch werden kann hat haben wir sie ihr ich "
    "er es einen einer zum zur wurde wieviel wie viele",
    "fr": "le la les des et est un une du que qui dans pour pas sur au avec ce il elle sont par "
    "plus nous vous mais ou où cette ses aux être fait ont je leur combien chaque quel "
    "quelle y a-t-il",
    "es": "el la los las de que y en un una es por con para no se su al del lo como más pero "
    "sus le este esta son hay cuando muy sin sobre también fue cuántos cuánto cada tiene "
    "qué cuál",
    "it": "il lo la gli le di che e è un una per con non si del della dei in da al sono come "
    "più ma anche questo questa ha quanto quanti ogni quale nel nella alla suo sua loro",
    "pt": "o os as de que e em um uma é por com para não se do da dos das no na mais como mas "
    "ao ele ela foi são quando muito também pelo pela quantos cada qual tem você seu sua",
    "nl": "de het een en van is dat op te in voor met niet zijn aan er die ook als bij door "
    "naar maar nog wordt hij zij je hoeveel welke heeft hebben wat dit om uit worden deze",
    "pl": "i w na z że się jest nie do to po co jak za od ale o tym dla są przez czy który "
    "która ile ma może było tylko już oraz każdy jego jej ich",
    "sv": "och att det i en som är på av för den med till inte har de ett om han var jag men så "
    "hur många varje kan vi du från eller när då hon sin",
}
_LEAST = 6
"""Small words from which on a text is of some language."""
_WORD = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*")

FOREIGN = 0.1
"""Share of letters of other scripts that a text may hold: formulas are full of Greek."""


def language_of(text: str) -> str | None:
    """Return the language whose small words the text holds most; None if it holds few of any."""
    words = Counter(_WORD.findall(text.casefold()))
    known = _small_words()
    hits = {name: sum(words[word] for word in small) for name, small in known.items()}
    best = max(hits, key=lambda name: (hits[name], name == "en"))
    return best if hits[best] >= _LEAST and hits[best] >= 0.12 * words.total() else None


def foreign_share(text: str, scripts: Collection[str]) -> float:
    """Return the share of the letters of a text that are of none of these Unicode scripts."""
    letters, known = _letters(tuple(sorted(scripts)))
    count = sum(1 for _ in letters.finditer(text))
    return 1 - sum(1 for _ in known.finditer(text)) / count if count else 0.0


@cache
def _small_words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in _WORDS.items()}


@cache
def _letters(scripts: tuple[str, ...]):  # type: ignore[no-untyped-def]
    # Marks and letters of no script, such as the ordinals, count as none.
    every = "".join(rf"\p{{{script}}}" for script in scripts)
    return compiled(r"[\p{Lu}\p{Ll}\p{Lo}\p{Lt}]"), compiled(rf"[{every}]")

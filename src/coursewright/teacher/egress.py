"""What may leave for the teacher's server: requests that quote a withheld text are refused.

Programs are not given what may not leave; but an agent may have been, and may have written it into
a program. So each message is compared with the withheld texts, word by word. It
finds quotations, not paraphrases.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from coursewright.config import TEXT_KINDS, Endpoint, TeacherConfig, TextKind
from coursewright.records import Brief, Item, Passage, Seed
from coursewright.similarity import normalised
from coursewright.teacher.wire import Refusal, Request

_RUN = 12
"""Words in a row that make a quotation; a shorter text is quoted as a whole, ..."""
_SHORTEST = 3
"""... unless it has fewer words than this, which anyone may write."""


def withheld_texts(
    teacher: TeacherConfig, brief: Brief, corpus: Sequence[Passage] = ()
) -> dict[TextKind, list[str]]:
    """Return the texts that may not be sent to the teacher's server, by kind.

    A bad case is a visible item, and goes with them. A kind of which there is nothing is left out.
    """
    texts: dict[TextKind, list[str]] = {"description": [brief.summary, brief.description]}
    items: tuple[tuple[TextKind, Sequence[Item | Seed]], ...] = (
        ("visible", brief.visible),
        ("seeds", brief.seeds),
    )
    for kind, asked in items:
        texts[kind] = [text for one in asked for text in (one.question, one.context) if text]
    if corpus:
        texts["corpus"] = [passage.text for passage in corpus]
    return {kind: found for kind, found in texts.items() if not _may_leave(teacher, kind)}


def _may_leave(teacher: TeacherConfig, kind: TextKind) -> bool:
    return kind in (teacher.may_leave if isinstance(teacher, Endpoint) else TEXT_KINDS)


def told_to_programs(teacher: TeacherConfig, brief: Brief) -> Brief:
    """Return the brief as programs find it: what the teacher may not see, they are not given.

    They talk to it, and nobody trusts them.
    """
    empty: dict[TextKind, dict[str, Any]] = {
        "description": {"summary": "", "description": ""},
        "visible": {"visible": ()},
        "seeds": {"seeds": ()},
        "corpus": {"corpus": None},
    }
    update: dict[str, Any] = {}
    for kind, without in empty.items():
        if not _may_leave(teacher, kind):
            update |= without
    return brief.model_copy(update=update)


class Egress:
    """Holds the withheld texts of a run, by kind: a hash of each run of words, sorted.

    A corpus has millions of runs. Of 64 bits, no two of them agree by chance.
    """

    def __init__(self, withheld: Mapping[TextKind, Iterable[str]]) -> None:
        found: defaultdict[tuple[TextKind, int], array[int]] = defaultdict(lambda: array("q"))
        for kind, texts in withheld.items():
            for text in texts:
                words = tuple(normalised(text).split())
                if len(words) >= _SHORTEST:
                    size = min(_RUN, len(words))
                    found[kind, size].extend(_runs(words, size))
        self._runs = {
            key: np.unique(np.frombuffer(runs, dtype=np.int64)) for key, runs in found.items()
        }

    def require(self, request: Request) -> None:
        """Let a request pass that quotes nothing withheld.

        Raises:
            Refusal: 403, with the kind of text; nothing was sent, and nothing is charged.
        """
        for message in request.payload["messages"] if self._runs else ():
            words = tuple(normalised(message["content"]).split())
            for (kind, size), known in self._runs.items():
                runs = np.fromiter(_runs(words, size), dtype=np.int64)
                at = np.minimum(np.searchsorted(known, runs), len(known) - 1)
                if bool((known[at] == runs).any()):
                    raise Refusal(
                        403,
                        "egress",
                        f"the request quotes a text of the kind {kind!r}, which may not be "
                        "sent to this teacher (teacher.may_leave)",
                    )


def _runs(words: tuple[str, ...], size: int) -> Iterable[int]:
    return map(hash, zip(*(words[at:] for at in range(size)), strict=False))

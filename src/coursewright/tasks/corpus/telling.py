"""What agents are told of a corpus: how large it is, and how a few of its passages begin."""

from __future__ import annotations

from coursewright.records import CorpusSummary
from coursewright.tasks.corpus.reading import Documents

EXCERPTS = 12
EXCERPT = 240
"""Characters of a passage that are told."""


def summary(documents: Documents) -> CorpusSummary:
    """Return the size of a corpus, and the beginnings of passages evenly spread over it."""
    passages = documents.passages
    count = min(EXCERPTS, len(passages))
    chosen = (passages[at * len(passages) // count] for at in range(count))
    return CorpusSummary(
        documents=len(documents.digests),
        passages=len(passages),
        characters=sum(len(passage.text) for passage in passages),
        excerpts=tuple(
            passage.model_copy(update={"text": _beginning(passage.text)}) for passage in chosen
        ),
    )


def _beginning(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"

"""Why a run ended without a data set, as far as its record tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from coursewright.display import counted
from coursewright.records import Round
from coursewright.store.ledger import Ledger

REASON = 300
"""Characters of a reason that are quoted."""
ANSWER = 100
"""Characters of a teacher's answer."""


def shortfall(rounds: Sequence[Round], ledger: Path) -> Iterator[str]:
    """Say in sentences how far the best round came, what was dropped, and what the teacher said.

    `ledger` is the run's file of teacher calls. What models wrote is quoted as it is.

    Raises:
        RunFolderError: the ledger cannot be read.
    """
    saved = [done for done in rounds if done.collection is not None]
    if not saved:
        yield "No round came as far as rows."
        return
    closest = max(saved, key=lambda done: (_kept(done), _read(done)))
    yield (
        f"Round {closest.number} came closest: {_kept(closest)} of {_read(closest)} saved rows "
        f"were kept ({_reason(closest)})."
    )
    if reasons := dropped(rounds).most_common(5):
        told = ", ".join(f"{reason} ({count})" for reason, count in reasons)
        yield f"Most often dropped, over all rounds: {told}."
    if ledger.exists():
        yield from _answers(ledger, closest.number)


def dropped(rounds: Iterable[Round]) -> Counter[str]:
    """Rows refused over all rounds, by reason."""
    counts: Counter[str] = Counter()
    for done in rounds:
        for part in (done.collection, done.audit):
            counts.update(part.dropped if part else {})
    return counts


def _answers(ledger: Path, number: int) -> Iterator[str]:
    """What the teacher kept saying in this round; nothing where its answers differ."""
    with closing(Ledger.read_only(ledger)) as calls:
        texts = Counter(call.response for call in calls.calls(number))
    # Who teaches hardly ever says the same again; who declines does.
    if texts.total() >= 2 * len(texts) > 0:
        (often, _), *_ = texts.most_common(1)
        cut = often if len(often) <= ANSWER else f"{often[:ANSWER]}…"
        yield (
            f"In it the teacher answered {counted(texts.total(), 'call')} with "
            f'{counted(len(texts), "different text")}, most often: "{cut}"'
        )


def _read(done: Round) -> int:
    return done.collection.read if done.collection else 0


def _kept(done: Round) -> int:
    if done.audit is not None:
        return done.audit.kept
    return done.collection.kept if done.collection else 0


def _reason(done: Round) -> str:
    """Why that was not enough, in one line."""
    said = (
        (done.collection.error if done.collection else None)
        or (done.audit.refusal if done.audit else None)
        or done.feedback.error
        or done.failure
        or done.status
    )
    return " ".join(said.split())[:REASON]

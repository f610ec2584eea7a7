"""Documents are shared out before any question is asked: items of one never meet in two splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from coursewright.errors import TaskError
from coursewright.records import Passage
from coursewright.seeding import derive
from coursewright.similarity import DisjointSets, near_duplicates
from coursewright.tasks.corpus import Documents

SHARES = {"visible": 0.125, "scored": 0.125, "private": 0.75}
"""Visible and scored to private as 1 : 3."""
CORPUS = "corpus"
MOST_PASSAGES = 20_000
_ALIKE = 0.6
"""Shared word 3-grams of two passages from which on their documents are not told apart."""


@dataclass(frozen=True)
class Unit:
    """Documents that must stay together: one, or several with nearly equal passages."""

    name: str
    passages: tuple[Passage, ...]


def unit_name(passage: Passage) -> str:
    """Return the document that a passage belongs to: its file, or its line of a JSONL file."""
    if passage.document.endswith(".jsonl"):
        return f"{passage.document}:{passage.line}"
    return passage.document


def share_out(documents: Documents, seed: int, corpus_share: float) -> dict[str, list[Unit]]:
    """Return the units of `visible`, `scored`, `private` and, if it has a share, `corpus`.

    Each gets at least one; then the next goes to whoever lacks most of its share of passages.

    Raises:
        TaskError: there are fewer documents than parts, or far too many passages.
    """
    if len(documents.passages) > MOST_PASSAGES:
        message = f"makes more than {MOST_PASSAGES:,} passages; draft from a part of it"
        raise TaskError(message, file=documents.folder)
    units = join_alike(documents.passages)
    shares = {name: (1 - corpus_share) * share for name, share in SHARES.items()}
    if corpus_share:
        shares[CORPUS] = corpus_share
    if len(units) < len(shares):
        message = (
            f"holds {len(units)} different documents; {', '.join(shares)} need one each: "
            "cut large files into several, or set corpus_share=0"
        )
        raise TaskError(message, file=documents.folder)
    Random(derive(seed, "documents")).shuffle(units)
    total = sum(len(unit.passages) for unit in units)
    parts: dict[str, list[Unit]] = {name: [] for name in shares}
    for unit in units:
        parts[_most_lacking(parts, shares, total)].append(unit)
    return parts


def _most_lacking(parts: dict[str, list[Unit]], shares: dict[str, float], total: int) -> str:
    empty = [name for name, units in parts.items() if not units]
    if empty:
        return empty[0]

    def filled(name: str) -> float:
        return sum(len(unit.passages) for unit in parts[name]) / (shares[name] * total)

    return min(parts, key=filled)


def join_alike(passages: Sequence[Passage]) -> list[Unit]:
    """Return the documents as units, those with nearly equal passages joined, in their order."""
    members: defaultdict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        members[unit_name(passage)].append(passage)
    places = {name: at for at, name in enumerate(members)}
    sets = DisjointSets(len(members))
    for left, right, _ in near_duplicates([passage.text for passage in passages], _ALIKE):
        sets.join(places[unit_name(passages[left])], places[unit_name(passages[right])])
    names = list(members)
    joined: defaultdict[str, list[Passage]] = defaultdict(list)
    for name, found in members.items():
        joined[names[sets.find(places[name])]] += found
    return [Unit(name, tuple(found)) for name, found in joined.items()]

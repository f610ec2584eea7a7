"""Finds the topics of an exam in its description, whatever shape that is written in."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from coursewright.records import Brief

MOST = 40
"""Topics a curriculum can hold; a longer list is cut to the ones the visible items show most."""

_BULLET = re.compile(r"\s{0,8}(?:[-*+•–·]|\d{1,3}[.)]|\(?[a-z]\))\s+(?P<text>\S.*)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?P<text>\S.*)")
_TABLE_ROW = re.compile(r"\s*\|(?P<name>[^|]+)\|(?P<about>[^|]+)\|.*")
_ENTRY = re.compile(
    r"(?:\*\*|__|`|\*)(?P<marked>[^*_`]+?)(?:\*\*|__|`|\*)\s*[:.–—-]*\s*(?P<after>.*)"
    r"|(?P<name>[^:–—]{2,80}?)\s*(?::|\s[–—-]+)\s+(?P<about>.+)"
)


@dataclass(frozen=True)
class Topic:
    """One thing the exam asks for."""

    name: str
    about: str
    """A sentence about it from the description, or nothing."""
    key: str
    """The topic as visible items and feedback call it; empty if none of them shows it."""
    share: float = 0.0
    """Share of the exam, as far as the visible items tell."""


def clean(text: str, limit: int) -> str:
    """Return one line of printable text, at most `limit` characters long.

    A surrogate or a control character would break the request that it ends up in.
    """
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category not in ("Cs", "Cn", "Co"):
            kept.append(" " if category[0] in "CZ" else character)
    return " ".join("".join(kept).split())[:limit].rstrip()


def read_topics(brief: Brief) -> tuple[Topic, ...]:
    """Return the topics of the exam with their shares; always at least one."""
    topics = _named(brief)
    shown = Counter(item.topic for item in brief.visible if item.topic)
    counts = [shown[topic.key] for topic in topics]
    even = sum(counts) / len(topics)
    # Pearson's statistic: counts that scatter no more than chance would are taken as even.
    scatter = sum((count - even) ** 2 for count in counts) / even if even else 0.0
    if scatter <= 2 * len(topics):
        return tuple(replace(topic, share=1 / len(topics)) for topic in topics)
    # A topic that few visible items show may still be asked for: half an even share stays.
    total = sum(counts)
    return tuple(
        replace(topic, share=0.5 / len(topics) + 0.5 * count / total)
        for topic, count in zip(topics, counts, strict=True)
    )


def _named(brief: Brief) -> tuple[Topic, ...]:
    """The topics by name; always at least one.

    Lists of the description name the topics. The one that fits the visible items' own topics
    best is taken, so that a list about something else (rules, formats) does no harm. Without
    a list the visible items' topics count, and without those the paragraphs.
    """
    shown = Counter(item.topic for item in brief.visible if item.topic)
    keys = [key for key, _ in shown.most_common(MOST)]
    blocks = _lists(brief.description)
    if not keys:
        entries = max(blocks, key=len, default=[]) or _paragraphs(brief)
        return tuple(Topic(name, about, "") for name, about in entries[:MOST])
    matched = max((_match(block, keys, brief) for block in blocks), key=len, default={})
    if not matched:
        return tuple(Topic(clean(key, 80), "", key) for key in keys)
    listed = next(block for block in blocks if set(matched).issubset(block))
    # A list that names few of the shown topics is about something else: only its hits are used.
    whole = 2 * len(matched) >= len(listed)
    topics = [
        Topic(*entry, matched.get(entry, "")) for entry in listed if whole or entry in matched
    ]
    found = set(matched.values())
    topics += [Topic(clean(key, 80) or "untitled", "", key) for key in keys if key not in found]
    topics.sort(key=lambda topic: topic.key == "")  # what the exam shows comes before the rest
    return tuple(topics[:MOST])


Entry = tuple[str, str]
"""Name and explanation of one line of a list."""


def entries_in(text: str) -> tuple[Entry, ...]:
    """Return every entry of the lists and tables in a text, in order, as name and explanation."""
    return tuple(entry for line in text.splitlines() if (entry := _entry(line)))


def _lists(description: str) -> list[list[Entry]]:
    """All lists of a text: neighbouring bullets, table rows, or headings with their paragraphs."""
    blocks: list[list[Entry]] = []
    current: list[Entry] = []
    headings: list[Entry] = []
    gap = 0
    for line in description.splitlines():
        entry = _entry(line)
        heading = _HEADING.fullmatch(line)
        if entry is not None:
            current.append(entry)
            gap = 0
            continue
        gap += 1
        continued = current and line.startswith("  ") and line.strip() and gap == 1
        if continued:
            name, about = current[-1]
            current[-1] = (name, clean(f"{about} {line}", 300))
            gap = 0
        elif line.strip() or gap > 2:
            blocks.append(current)
            current = []
        if heading:
            headings.append((clean(heading["text"].strip("# *_"), 80), ""))
        elif headings and line.strip() and not headings[-1][1]:
            headings[-1] = (headings[-1][0], clean(line, 300))
    blocks += [current, headings]
    return [_unique(block) for block in blocks if len(block) > 1]


def _entry(line: str) -> Entry | None:
    row = _TABLE_ROW.fullmatch(line)
    if row is not None:
        pair = clean(row["name"].strip(" *_`"), 80), clean(row["about"], 300)
        return None if not re.search(r"\w", pair[0]) else pair
    bullet = _BULLET.fullmatch(line)
    if bullet is None:
        return None
    text = bullet["text"].strip()
    parts = _ENTRY.fullmatch(text)
    if parts is not None and (parts["marked"] or parts["name"]):
        name, about = parts["marked"] or parts["name"], parts["after"] or parts["about"] or ""
    else:
        name, about = " ".join(text.split()[:8]), text
    name, about = clean(name.strip(" :.*_`"), 80), clean(about.replace("**", ""), 300)
    return (name, "" if about == name else about) if re.search(r"\w", name) else None


def _unique(block: Sequence[Entry]) -> list[Entry]:
    return list({name.casefold(): (name, about) for name, about in reversed(block)}.values())[::-1]


def _paragraphs(brief: Brief) -> list[Entry]:
    """Without any list the whole text is one topic: splitting prose would invent subjects."""
    name = clean(brief.summary, 80) or clean(brief.task, 80) or "the task"
    return [(name, clean(brief.description, 300))]


def _match(block: Sequence[Entry], keys: Sequence[str], brief: Brief) -> dict[Entry, str]:
    """Pair entries of a list with topics of visible items, best pairs first.

    Names may be paraphrased, so the words of the items' questions help: an entry belongs to
    the topic in whose questions its words stand, each word weighing by how few topics use it.
    """
    used: dict[str, set[str]] = defaultdict(set)
    for item in brief.visible:
        if item.topic:
            used[item.topic] |= stems_of(item.question)
    spread = Counter(stem for key in keys for stem in used[key])
    scores = []
    for entry in block:
        stems = stems_of(" ".join(entry))
        for key in keys:
            name = alike(entry[0], key)
            hits = sum(1 / spread[stem] for stem in stems & used[key]) / (len(stems) or 1)
            if name >= 0.6 or hits >= 0.05:
                scores.append((name >= 0.6, name + 2 * hits, entry, key))
    pairs: dict[Entry, str] = {}
    for _, _, entry, key in sorted(scores, key=lambda s: (not s[0], -s[1], s[2], s[3])):
        if entry not in pairs and key not in pairs.values():
            pairs[entry] = key
    return pairs


def alike(name: str, key: str) -> float:
    """Likeness of two names in [0, 1]: by letters, or by the words of the shorter one."""
    first, second = stems_of(name), stems_of(key)
    shared = len(first & second) / min(len(first), len(second)) if first and second else 0.0
    return max(SequenceMatcher(None, name.casefold(), key.casefold()).ratio(), 0.95 * shared)


def stems_of(text: str) -> set[str]:
    """The words of a text cut to five letters, so that inflections meet."""
    return {word[:5] for word in re.findall(r"[^\W\d_]{3,}", text.casefold())}

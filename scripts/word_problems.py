"""SVAMP's problems as items, split by group; questions of GSM8K as seeds."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

from coursewright.similarity import DisjointSets, group_by_overlap

SHARES = {"visible": 0.15, "scored": 0.35, "private": 0.50}
OVERLAP = 0.6
"""Digit-masked word overlap from which on two bodies count as copies of one another."""
MARK = {"visible": "v", "scored": "s", "private": "p"}

Line = dict[str, object]
Problem = dict[str, str | float]


def split_svamp(path: Path) -> dict[str, list[Line]]:
    """Items by split. No group crosses splits, and each split has about its share of every type."""
    problems: list[Problem] = json.loads(path.read_text(encoding="utf-8"))
    bodies = group_by_overlap([str(problem["Body"]) for problem in problems], OVERLAP)
    whole = group_by_overlap([f"{p['Body']} {p['Question']}" for p in problems], OVERLAP)
    files: dict[str, list[Line]] = {}
    names = {first: f"g{number:03d}" for number, first in enumerate(dict.fromkeys(bodies), 1)}
    for split, members in _assign(problems, _units(bodies, whole)).items():
        Random(f"svamp/{split}").shuffle(members)
        files[split] = [
            _item(problems[at], f"word-problems-{MARK[split]}-{number:04d}", names[bodies[at]])
            for number, at in enumerate(members, 1)
        ]
    return files


def _units(bodies: list[int], whole: list[int]) -> list[list[int]]:
    """What must stay together: problems alike in their body or, question included, as a whole."""
    sets = DisjointSets(len(bodies))
    for at, (by_body, by_whole) in enumerate(zip(bodies, whole, strict=True)):
        sets.join(at, by_body)
        sets.join(at, by_whole)
    units: defaultdict[int, list[int]] = defaultdict(list)
    for at in range(len(bodies)):
        units[sets.find(at)].append(at)
    return list(units.values())


def _assign(problems: list[Problem], units: list[list[int]]) -> dict[str, list[int]]:
    """Largest unit first, each to the split whose wants per type it fits best."""
    totals = Counter(_topic(problem) for problem in problems)
    wants = {
        split: {topic: share * count for topic, count in totals.items()}
        for split, share in SHARES.items()
    }
    splits: dict[str, list[int]] = {split: [] for split in SHARES}
    shuffled = sorted(units)
    Random("svamp/units").shuffle(shuffled)
    for unit in sorted(shuffled, key=len, reverse=True):
        types = Counter(_topic(problems[at]) for at in unit)
        best = min(SHARES, key=lambda split: _misfit(wants[split], types, SHARES[split]))
        splits[best].extend(unit)
        for topic, count in types.items():
            wants[best][topic] -= count
    return splits


def _misfit(wants: dict[str, float], types: Counter[str], share: float) -> float:
    """By how much the unit worsens the distance of a split to its wants, relative to its size."""
    before = sum(want * want for want in wants.values())
    after = sum((want - types[topic]) ** 2 for topic, want in wants.items())
    return (after - before) / share


def _topic(problem: Problem) -> str:
    """SVAMP's type; it writes one of a thousand as Common-Divison."""
    name = str(problem["Type"]).lower()
    return "division" if name.startswith("common-div") else name


def _item(problem: Problem, identifier: str, group: str) -> Line:
    answer = float(problem["Answer"])
    return {
        "id": identifier,
        "question": join_question(str(problem["Body"]), str(problem["Question"])),
        "answer": int(answer) if answer.is_integer() else answer,
        "group": group,
        "topic": _topic(problem),
        "meta": {"source": problem["ID"], "equation": _equation(str(problem["Equation"]))},
    }


def join_question(body: str, question: str) -> str:
    """Body and question as one text. A body that ends in an open if-clause takes a comma."""
    body, question = _tidy(body), _tidy(question)
    if body.endswith((".", "!", "?")):
        return f"{body} {question}"
    if re.search(r"(?:^|[.!?] )[Ii]f [^.!?]*$", body):
        return f"{body}, {question[0].lower()}{question[1:]}"
    return f"{body}. {question}"


def _tidy(text: str) -> str:
    """One space between words, none before a mark or after a dollar sign."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\$ (?=\d)", "$", text)
    text = re.sub(r"' (crazy silly school) '", r"'\1'", text)
    text = re.sub(r" (?=[.,?!](?: |$))", "", text)
    return re.sub(r"\.\.+", ".", text).rstrip(",")


def _equation(text: str) -> str:
    """``( ( 10.0 + 11.0 ) - 4.0 )`` as a person writes it: ``(10 + 11) - 4``."""
    text = re.sub(r"(\d)\.0\b", r"\1", text)
    text = re.sub(r"\( ", "(", re.sub(r" \)", ")", text)).strip()
    return text[1:-1] if text.startswith("(") and _closes_last(text) else text


def _closes_last(text: str) -> bool:
    """Whether the first bracket is closed by the last one."""
    depth = 0
    for at, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            return at == len(text) - 1
    return False


def read_seeds(path: Path) -> list[Line]:
    """Questions without answers, in the order of their file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        {
            "id": f"word-problems-seed-{number:04d}",
            "question": line["question"],
            "meta": {"source": f"gsm8k-train-{line['line']}"},
        }
        for number, line in enumerate(lines, 1)
    ]

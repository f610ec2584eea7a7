"""Blind spots: a task that hides 3 of its 12 skills, and what finds them.

    python -m benchmarks.blindspots [--seeds 5] [--rounds 3] [--student nano] [--arm NAME ...]

For each seed 12 skills of the science family make a task, and 3 of them are hidden: neither the
description nor a visible item nor the sample shows them; the scored and private splits ask for them
like for the others. The built-in agent then works on it three times:

    unaided   with the task alone
    library   with the library of ideas from the first round on (`ideas_after: 0`)
    note      with one note of a person that names the hidden skills

Prints for each run the private gain on the hidden and on the shown skills, in points; at the end
the means with a 95 % interval over seeds, of the arms and of library less unaided. Which skills are
hidden is drawn by the seed alone, so that nobody has picked those that the library knows. Finished
runs under `runs/bench` are not made again.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from benchmarks.common import RUNS, coursewright, report
from coursewright.agents.heuristic import HeuristicAgent
from coursewright.families import Family, Sample, Skill, load_family
from coursewright.records import Brief, Evaluation, PrivateOpening, Proposal, Turn
from coursewright.similarity import normalised
from coursewright.store import RunFolder, read_stages

SKILLS, HIDDEN = 12, 3
PER_SKILL = {"visible": 8, "scored": 12, "private": 30}
ARMS = ("unaided", "library", "note")
NEVER = 10_000
_T95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
"""Student's t for 95 % by number of values."""


class Advised:
    """The built-in agent, told before every round what a person knows."""

    def __init__(self, note: str) -> None:
        self._note = note
        self._agent = HeuristicAgent()

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Propose as the built-in agent does."""
        notes = (*turn.notes, self._note)
        return self._agent.propose(brief, turn.model_copy(update={"notes": notes}))


# ---------------------------------------------------------------- the task


def skills_of(family: Family, seed: int) -> tuple[list[Skill], list[Skill]]:
    """Return the shown and the hidden skills of one seed."""
    chosen = Random(f"blindspots/{seed}").sample(family.skills, SKILLS)
    return chosen[HIDDEN:], chosen[:HIDDEN]


def make_task(folder: Path, family: Family, seed: int) -> None:
    """Write the task of one seed."""
    shown, hidden = skills_of(family, seed)
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    for split, count in PER_SKILL.items():
        asked = shown if split == "visible" else shown + hidden
        samples = [s for skill in asked for s in draw(skill, split, count, seed, seen)]
        Random(f"{seed}/{split}").shuffle(samples)
        lines = [json.dumps(item(split, n, sample)) for n, sample in enumerate(samples, 1)]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec = {
        "schema": 1,
        "name": f"blind-spots-{seed}",
        "summary": "Short science questions with one or two steps of arithmetic.",
        "instruction": family.instruction,
        "answer_format": "The calculation, then the result, as in `12 * 7 = 84`.",
        "scorer": {"kind": "numeric", "absolute": 0.001},
        "generation": {"max_new_tokens": 24},
        "rows": {"minimum": 200, "maximum": 600},
    }
    (folder / "task.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    topics = "\n".join(f"- **{skill.name}**: {skill.description}" for skill in shown)
    text = f"# Science questions\n\n{spec['summary']}\n\n## Topics\n\n{topics}\n"
    (folder / "description.md").write_text(text, encoding="utf-8")
    rows = [
        {"instruction": family.instruction, "input": s.question, "output": s.worked}
        for skill in shown[:2]
        for s in draw(skill, "sample", 1, seed, seen)
    ]
    (folder / "sample_submission.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


def draw(skill: Skill, split: str, count: int, seed: int, seen: set[str]) -> Iterator[Sample]:
    """Yield samples of a skill whose questions no split has yet."""
    chance = Random(f"{seed}/{split}/{skill.name}")
    while count:
        sample = skill.sample(chance)
        if (key := normalised(sample.question)) not in seen:
            seen.add(key)
            count -= 1
            yield sample


def item(split: str, number: int, sample: Sample) -> dict[str, object]:
    return {
        "id": f"{split}-{number:04d}",
        "topic": sample.skill,
        "question": sample.question,
        "answer": int(sample.answer),
    }


# ---------------------------------------------------------------- the runs


def result_of(arguments: argparse.Namespace, arm: str, seed: int) -> dict[str, Any]:
    """Run one arm on the task of one seed, go on with it, or read its result."""
    family = load_family("science")
    name = f"blindspots-{arguments.student}-{arguments.rounds}-{arguments.epochs}-{seed}-{arm}"
    place = ["--runs", str(RUNS)]
    if (RUNS / name / "result.json").exists():
        return coursewright("show", name, *place)
    if (RUNS / name).exists():
        return coursewright("resume", name, *place)
    task = RUNS / "blindspots" / str(seed)
    make_task(task, family, seed)
    file = RUNS / f"{name}.yaml"
    file.write_text(yaml.safe_dump(config_of(arguments, arm, family, seed)), encoding="utf-8")
    return coursewright("run", str(task), "--config", str(file), *place, "--name", name)


def config_of(arguments: argparse.Namespace, arm: str, family: Family, seed: int) -> dict[str, Any]:
    note = "topics: " + ", ".join(skill.title for skill in skills_of(family, seed)[1])
    advised = {"kind": "custom", "path": "benchmarks.blindspots:Advised", "options": {"note": note}}
    return {
        "agent": advised if arm == "note" else {"kind": "heuristic"},
        "student": {"kind": arguments.student, "recipe": {"epochs": arguments.epochs}},
        "seed": seed,
        "retrainings": 1,
        "ideas_after": 0 if arm == "library" else NEVER,
        "budget": {"rounds": arguments.rounds, "program_seconds": 900.0},
        # The arms share what they ask alike: answers of the teacher, the base student's exam.
        "shared": str(RUNS / "shared-blindspots"),
    }


def gains_of(result: dict[str, Any], hidden: Sequence[str]) -> dict[str, float]:
    """Private gain in points over the base student, on hidden and on shown skills."""
    folder = RunFolder(Path(result["path"]))
    (stage,) = [s for s in read_stages(folder.journal_path) if s["kind"] == "private"]
    base, final = PrivateOpening.model_validate_json(stage["outcome"]).evaluations[:2]
    told = {
        name: 100 * (accuracy(final, hidden, inside) - accuracy(base, hidden, inside))
        for name, inside in (("hidden", True), ("shown", False))
    }
    return {name: round(points, 2) for name, points in told.items()}


def accuracy(evaluation: Evaluation, hidden: Sequence[str], inside: bool) -> float:
    scores = [r.score for r in evaluation.results if (r.topic in hidden) is inside]
    return statistics.fmean(scores)


def interval(values: Sequence[float]) -> dict[str, Any]:
    """Mean and its 95 % interval over seeds, by Student's t."""
    mean = statistics.fmean(values)
    if len(values) not in _T95:
        return {"mean": round(mean, 2), "values": len(values)}
    half = _T95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    return {"mean": round(mean, 2), "ci95": [round(mean - half, 2), round(mean + half, 2)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--student", default="nano", choices=("nano", "pico"))
    parser.add_argument("--arm", action="append", choices=ARMS, help="default: all")
    arguments = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in arguments.arm or ARMS}
    for seed in range(arguments.seeds):
        hidden = [skill.name for skill in skills_of(load_family("science"), seed)[1]]
        for arm, gains in found.items():
            result = result_of(arguments, arm, seed)
            gains.append(gains_of(result, hidden))
            seconds = round(result["seconds"]["total"])
            report(seed=seed, arm=arm, hidden=hidden, points=gains[-1], seconds=seconds)
    for arm, gains in found.items():
        for part in ("hidden", "shown"):
            report(arm=arm, skills=part, **interval([gain[part] for gain in gains]))
    if {"library", "unaided"} <= set(found):
        pairs = zip(found["library"], found["unaided"], strict=True)
        more = [aided["hidden"] - alone["hidden"] for aided, alone in pairs]
        report(difference="library less unaided", skills="hidden", **interval(more))


if __name__ == "__main__":
    main()

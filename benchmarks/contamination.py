"""How much planted contamination the audit sees, how often it cries wolf, and what it costs.

    python -m benchmarks.contamination [DATA] [--trials 100] [--clean 100] [--task NAME] [--speed]

Every file has 2,000 rows: drawn from the task's family, or questions of the same benchmark that
are in no split. A share of 15 % of the visible items is hidden among them: verbatim; renamed (other
names, numbers and number words); word-swapped (each copy keeps 50 to 90 % of its words, the others
come from other rows). What counts is the verdict of `coursewright audit`, of all its checks; that
of the two contamination checks alone is told beside it. With DATA, GSM8K is built from
DATA/gsm8k as the second benchmark that people wrote. `--speed` measures 2,000 and 100,000
rows against about 1,000 items instead.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from benchmarks.common import report
from coursewright.auditors import make_file_auditor
from coursewright.chat import item_body
from coursewright.families import load_family
from coursewright.families.drawing import FAMILY_OF, draw_rows
from coursewright.records import Item, Task, TracedRow
from coursewright.store import Artifacts, put_rows
from coursewright.tasks import build_task, load_task

ROWS, SHARE = 2000, 0.15
OURS = ("copies", "contamination")
NAMES = ("Zora", "Milo", "Petra", "Yusuf", "Greta", "Anton", "Wanda", "Hugo", "Ines", "Otto")
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve")
_STARTERS = (
    "A An The In On At If How What When Who Where Which Why There He She It They His Her Their "
    "Each Every After Before For To And But Then Some All While As By From This That These Given "
    "Is Are Of With Find Write Test Day"
)
STARTERS = frozenset(_STARTERS.split())
"""Words that begin with a capital without being names."""

Draw = Callable[[int, Random], list[TracedRow]]
Restyle = Callable[[str, Random, Sequence[str]], str]


def verbatim(text: str, rng: Random, words: Sequence[str]) -> str:
    """Return the text itself."""
    return text


def renamed(text: str, rng: Random, words: Sequence[str]) -> str:
    """Return the text with other names, numbers and number words, the same for the same."""
    given: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        word = found.group()
        return word if word in STARTERS else given.setdefault(word, rng.choice(NAMES))

    def number(found: re.Match[str]) -> str:
        most = 10 ** len(found.group()) + 1
        return given.setdefault(found.group(), str(rng.randint(2, most)))

    def number_word(found: re.Match[str]) -> str:
        return given.setdefault(found.group().lower(), rng.choice(NUMBERS))

    text = re.sub(r"\b[A-Z][a-z]+\b", name, text)
    text = re.sub(r"\d+", number, text)
    return re.sub(rf"\b(?:{'|'.join(NUMBERS)})\b", number_word, text, flags=re.IGNORECASE)


def swapped(text: str, rng: Random, words: Sequence[str]) -> str:
    """Return the text with 10 to 50 % of its words replaced."""
    parts = re.findall(r"\w+|\W+", text)
    places = [at for at, part in enumerate(parts) if re.match(r"\w", part)]
    for at in rng.sample(places, round(rng.uniform(0.1, 0.5) * len(places))):
        parts[at] = rng.choice(words)
    return "".join(parts)


KINDS: dict[str, Restyle] = {"verbatim": verbatim, "renamed": renamed, "swapped": swapped}


def planted(
    rows: Sequence[TracedRow], items: Sequence[Item], how: Restyle, rng: Random
) -> list[TracedRow]:
    """Return the rows with copies of some items in the place of as many rows."""
    words = [word for row in rng.sample(rows, 200) for word in re.findall(r"\w+", row.input)]
    copied = rng.sample(items, round(SHARE * len(items)))
    changed = list(rows)
    for at, item in zip(rng.sample(range(len(rows)), len(copied)), copied, strict=True):
        text = how(item_body(item.question, item.context), rng, words)
        changed[at] = rows[at].model_copy(update={"input": text, "output": str(item.answer)})
    return changed


def benchmarks(data: Path | None, place: Path) -> list[tuple[Task, Draw, tuple[str, ...]]]:
    """Return each task, where its honest rows come from, and which copies are promised there."""

    def of_family(task: Task) -> Draw:
        family = load_family(FAMILY_OF[task.name])
        return lambda count, rng: draw_rows(family, task.instruction, count, rng)

    found: list[tuple[Task, Draw, tuple[str, ...]]] = []
    for name in FAMILY_OF:
        task = load_task(name)
        kinds = tuple(KINDS) if name == "word-problems" else ("verbatim", "swapped")
        found.append((task, of_family(task), kinds))
    if data is not None:
        build_task("numeric_qa", data / "gsm8k", place / "gsm8k", {})
        task = load_task(str(place / "gsm8k"))
        lines = (data / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines()
        pool = [
            TracedRow(instruction=task.instruction, input=entry["question"], output=entry["answer"])
            for entry in map(json.loads, lines)
        ]
        found.append((task, lambda count, rng: rng.sample(pool, count), tuple(KINDS)))
    return found


def verdicts(task: Task, rows: Sequence[TracedRow], artifacts: Artifacts) -> tuple[str, str, float]:
    """Return the whole verdict, that of the contamination checks alone, and the CPU seconds."""
    began = time.process_time()
    audit = make_file_auditor(task, artifacts, None).audit_file(put_rows(artifacts, rows))
    mine = {check.verdict for check in audit.checks if check.name in OURS}
    alone = next((v for v in ("unresolved", "flagged") if v in mine), "clean")
    return audit.verdict, alone, time.process_time() - began


def detection(data: Path | None, trials: int, clean: int, names: Sequence[str]) -> None:
    """Print one line for each task, or each of those named, and kind of copy."""
    with tempfile.TemporaryDirectory() as place:
        artifacts = Artifacts(Path(place))
        for task, draw, kinds in benchmarks(data, Path(place)):
            if names and task.name not in names:
                continue
            for kind in ("clean", *kinds):
                count = clean if kind == "clean" else trials
                whole: list[str] = []
                alone: list[str] = []
                seconds = 0.0
                for trial in range(count):
                    rng = Random(f"{task.name} {kind} {trial}")
                    rows = draw(ROWS, rng)
                    if kind != "clean":
                        rows = planted(rows, task.visible, KINDS[kind], rng)
                    one, other, used = verdicts(task, rows, artifacts)
                    whole.append(one)
                    alone.append(other)
                    seconds += used
                report(
                    task=task.name,
                    kind=kind,
                    files=count,
                    flagged=whole.count("flagged"),
                    unresolved=whole.count("unresolved"),
                    flagged_by_contamination=alone.count("flagged"),
                    cpu_seconds_each=round(seconds / max(1, count), 2),
                )


def speed() -> None:
    """Print time and memory of audits of 2,000 and 100,000 rows against about 1,000 items."""
    task = load_task("word-problems")
    family = load_family(FAMILY_OF[task.name])
    with tempfile.TemporaryDirectory() as place:
        artifacts = Artifacts(Path(place))
        for count in (2000, 100_000):
            rows = draw_rows(family, task.instruction, count, Random(0))
            digest = put_rows(artifacts, rows)
            drawn = len(rows)
            del rows
            began, used = time.perf_counter(), time.process_time()
            audit = make_file_auditor(task, artifacts, None).audit_file(digest)
            report(
                rows=drawn,
                seconds=round(time.perf_counter() - began, 1),
                cpu_seconds=round(time.process_time() - used, 1),
                by_check={check.name: round(check.seconds, 1) for check in audit.checks},
                peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", nargs="?", type=Path)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--clean", type=int, default=100, help="clean files of each task")
    parser.add_argument("--task", action="append", help="this task alone; may be repeated")
    parser.add_argument("--speed", action="store_true")
    given = parser.parse_args()
    if given.speed:
        speed()
    else:
        detection(given.data, given.trials, given.clean, given.task or ())


if __name__ == "__main__":
    main()

"""What provenance finds and what it wrongly refuses, on rows that real programs made.

    python -m benchmarks.provenance [--trials 20] [--rows 2000] [--tasks NAME ...] [--keep DIR]

Every method card plays one round of a real run (sandbox, gateway, simulated teacher; the student
only parrots). Told per task and card: the share of its rows that provenance refuses as they are,
and trimmed, in another case, layout and order, and with each transform that its rows allow. Then
per kind of planting: the share of hand-written rows found, 5 % of them among genuine ones, each
naming a real response; a third of them also declare a transform.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.common import TASKS, report
from coursewright.agents.library import load_cards
from coursewright.audit import Context
from coursewright.audit.provenance import Provenance
from coursewright.config import RunConfig
from coursewright.display import Silent
from coursewright.families import load_family
from coursewright.records import Brief, Proposal, TracedRow, Turn
from coursewright.records.stages import Transform
from coursewright.runs import resume, run
from coursewright.store import RunFolder, read_rows
from coursewright.tasks import load_task
from tests.parrot import PARROT

PLANTED = 0.05
WORDS: tuple[Transform, ...] = (
    "rounded",
    "executed",
    "back-translated",
    "split",
    "joined",
    "shuffled",
)
CASES: tuple[Callable[[str], str], ...] = (str.upper, str.lower, str.title, str.swapcase)

Rows = list[TracedRow]
FAMILY = {
    "science-mini": "science",
    "code-mini": "code",
    "finance-mini": "finance",
    "word-problems": "words",
}


class CardsInTurn:
    """Proposes the program of one card a round."""

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        card = load_cards()[turn.number]
        return Proposal(plan=card.name, code=card.program)


def play_cards(task: str, place: Path) -> RunFolder:
    """One run in which every card has its round; gone on with if it was begun before."""
    if (place / task).is_dir():
        resume(str(place / task), place, Silent())
    else:
        config = {
            "task": task,
            "agent": {"kind": "custom", "path": "benchmarks.provenance:CardsInTurn"},
            "student": PARROT.model_dump(),
            "setting": "seed",
            "budget": {"rounds": len(load_cards())},
            "retrainings": 1,
            "noise_seeds": 0,
            "runs": str(place),
            "name": task,
        }
        run(RunConfig.model_validate(config), Silent())
    return RunFolder(place / task)


# ---------------------------------------------------------------- what honest programs do


def trimmed(row: TracedRow, rng: random.Random) -> TracedRow:
    """The result alone, where the answer is a calculation that ends with it; else without a dot."""
    _, equals, result = row.output.rpartition("=")
    output = result if equals and "," not in row.output else row.output.rstrip(". ")
    return row.model_copy(update={"output": output.strip(), "input": row.input.strip(" .\n")})


def recased(row: TracedRow, rng: random.Random) -> TracedRow:
    case = rng.choice(CASES)
    return row.model_copy(update={"input": case(row.input), "output": case(row.output)})


def laid_out(row: TracedRow, rng: random.Random) -> TracedRow:
    """Other spaces and line breaks, typographic quotes, and labels."""
    words = row.input.split(" ")
    text = "".join(word + rng.choice((" ", " ", "  ", "\n")) for word in words).strip()
    if "\n" in row.input:
        text = row.input.replace("\n", "\n\n")
    return row.model_copy(
        update={
            "input": rng.choice(("Question: ", "Q: ", "")) + text.replace("'", "’"),
            "output": rng.choice(("Answer: ", "The final answer is: ", "")) + row.output,
        }
    )


def computed(row: TracedRow, rng: random.Random) -> TracedRow | None:
    """The calculation again, its results by code."""
    left, equals, _ = row.output.partition("=")
    if not equals or "," in row.output or not set(left) <= set("0123456789.+-*/() "):
        return None
    value = eval(left, {"__builtins__": {}})  # digits and signs alone
    told = f"{value:.2f}".rstrip("0").rstrip(".")
    return row.model_copy(update={"output": f"{left.strip()} = {told}", "derived": "executed"})


def coarser(row: TracedRow, rng: random.Random) -> TracedRow | None:
    """The result with a digit less, where it has a fraction."""
    head, equals, result = row.output.rpartition("=")
    digits = len(result.strip().partition(".")[2])
    if digits < 1 or not result.strip().replace(".", "", 1).isdigit():
        return None
    told = f"{float(result):.{digits - 1}f}"
    output = f"{head}{equals} {told}".strip()
    return row.model_copy(update={"output": output, "derived": "rounded"})


def pairs(rows: Rows) -> Rows:
    """Two exercises in one, of one response or of two."""
    made = []
    for one, other in zip(rows[::2], rows[1::2], strict=False):
        assert one.response is not None
        assert other.response is not None
        made.append(
            one.model_copy(
                update={
                    "input": f"1. {one.input}\n2. {other.input}",
                    "output": f"1. {one.output}\n2. {other.output}",
                    "sources": () if one.response == other.response else (other.response,),
                    "derived": "joined",
                }
            )
        )
    return made


def variants(rows: Rows, rng: random.Random) -> Iterator[tuple[str, Rows]]:
    yield "as they are", rows
    yield "in another order", rng.sample(rows, len(rows))
    for name, change in (("trimmed", trimmed), ("re-cased", recased), ("laid out", laid_out)):
        yield name, [change(row, rng) for row in rows]
    for name, derive in (("executed", computed), ("rounded", coarser)):
        made = [new for row in rows if (new := derive(row, rng)) is not None]
        if made:
            yield name, made
    yield "joined", pairs(rows)


# ---------------------------------------------------------------- what dishonest programs do


def plantings(task: str, rows: Rows, rng: random.Random, count: int) -> Iterator[tuple[str, Rows]]:
    """Hand-written rows by kind; each names a response of the run."""
    family = load_family(FAMILY[task])
    by_response: dict[str | None, Rows] = {}
    for row in rows:
        by_response.setdefault(row.response, []).append(row)

    def drawn() -> tuple[str, str]:
        sample = rng.choice(family.skills).sample(rng)
        text = f"{sample.context}\n{sample.question}" if sample.context else sample.question
        return text, sample.worked

    def new(base: TracedRow, question: str | None = None, output: str | None = None) -> TracedRow:
        word = rng.choice(WORDS) if rng.random() < 1 / 3 else None
        sources = (rng.choice(rows).response or "",) if word else ()
        return base.model_copy(
            update={
                "input": base.input if question is None else question,
                "output": base.output if output is None else output,
                "derived": word,
                "sources": sources,
            }
        )

    bases = [rng.choice(rows) for _ in range(count)]
    yield "fresh question and answer", [new(base, *drawn()) for base in bases]
    yield "fresh question, an answer of the response", [new(base, drawn()[0]) for base in bases]
    yield "another answer of the same form", [new(b, None, rng.choice(rows).output) for b in bases]
    yield (
        "the answer of the next question in the response",
        [new(b, None, rng.choice(by_response[b.response]).output) for b in bases],
    )
    yield "one number of the question changed", [new(b, _renumbered(b.input, rng)) for b in bases]
    yield (
        "the response of another row",
        [new(b.model_copy(update={"response": rng.choice(rows).response})) for b in bases],
    )


def _renumbered(text: str, rng: random.Random) -> str:
    places = [n for n, sign in enumerate(text) if sign.isdigit()]
    if not places:
        return f"{text} Now."
    at = rng.choice(places)
    return text[:at] + rng.choice([d for d in "123456789" if d != text[at]]) + text[at + 1 :]


# ---------------------------------------------------------------- the measurement


def refused(rows: Sequence[TracedRow], context: Context) -> Counter[str]:
    return Counter(Provenance().examine(rows, context).dropped)


def measure(task: str, folder: RunFolder, trials: int, size: int) -> None:
    loaded, rng = load_task(task), random.Random(1)
    context = Context(
        instructions=(loaded.instruction,),
        visible=loaded.visible,
        seeds=loaded.seeds,
        ledger=folder.ledger_path,
    )
    genuine: Rows = []
    for card, done in zip(load_cards(), folder.rounds(), strict=True):
        assert done.collection is not None
        assert done.collection.rows is not None
        rows = list(read_rows(folder.artifacts, done.collection.rows))
        shares = {}
        for name, changed in variants(rows, rng):
            why = refused(changed, context)
            shares[name] = sum(why.values()) / max(1, len(changed))
            if why:
                print(f"{task} {card.name} {name}: {dict(why)}", file=sys.stderr)
        worst = max(shares.values())
        report(benchmark="provenance", task=task, card=card.name, rows=len(rows), refused=shares)
        report(benchmark="provenance", task=task, card=card.name, worst_refused=worst)
        genuine += rows
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    wrongly = looked = 0
    known = {(name, _text(row)) for row in genuine for name in ("", row.response)}
    for _ in range(trials):
        honest = rng.sample(genuine, min(size, len(genuine)))
        for kind, rows in plantings(task, genuine, rng, round(PLANTED * len(honest) / 6)):
            # What the teacher really said is no planting, even if it was hit by chance.
            moved = kind == "the response of another row"
            forged = [
                row for row in rows if (row.response if moved else "", _text(row)) not in known
            ]
            kept = Provenance().examine(forged, context).kept
            planted[kind] += len(forged)
            found[kind] += len(forged) - len(kept)
            for row in kept[:3]:
                print(f"{task} {kind}, not found: {row.model_dump_json()}", file=sys.stderr)
        wrongly += sum(refused(honest, context).values())
        looked += len(honest)
    report(
        benchmark="provenance",
        task=task,
        trials=trials,
        planted=sum(planted.values()),
        found=sum(found.values()) / max(1, sum(planted.values())),
        found_by_kind={kind: found[kind] / max(1, count) for kind, count in planted.items()},
        genuine=looked,
        refused=wrongly / looked,
    )


def _text(row: TracedRow) -> str:
    """What makes two rows the same to a student: case and layout do not."""
    return json.dumps([" ".join(part.casefold().split()) for part in (row.input, row.output)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--rows", type=int, default=2000, help="genuine rows of a trial")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    parser.add_argument("--keep", type=Path, help="folder for the runs, so that they are made once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        for task in options.tasks:
            folder = play_cards(task, options.keep or Path(passing))
            measure(task, folder, options.trials, options.rows)


if __name__ == "__main__":
    main()

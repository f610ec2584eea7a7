"""Whether the scorers follow the official rules: 200 answers a benchmark, half of them mangled.

    python -m benchmarks.scorer_agreement DATA_FOLDER [--differences]

DATA_FOLDER holds the benchmarks' own files, a folder each. Every answer is scored by the scorer
under `policy: official` and by the reference of the same rule in `scorer_references`; the bar is
full agreement. Beside it stands how often `repaired` scores differently, by direction, with
examples. FinanceReasoning and LiveCodeBench are asked with golds of TAT-QA and CRUXEval: their
files are not free to copy. MBPP and banking77 have one policy.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import scorer_answers as answers
from benchmarks import scorer_references as references
from benchmarks.common import report
from coursewright.scoring import GoldCheck, make_scorer, written

ANSWERS = 200
Rule = Callable[[str, Any], bool]


@dataclass(frozen=True)
class Matter:
    """A benchmark's golds, its scorer, its rule, and how its answers are mangled."""

    name: str
    spec: dict[str, Any]
    golds: Sequence[Any]
    rule: Rule
    mangle: Callable[[Any, Random], str]
    folder: Path | None = None


def by(mangles: Sequence[answers.Mangle], text: Callable[[Any], str] = str) -> Any:
    """Mangle the text of a gold in one of these ways."""
    return lambda gold, rng: rng.choice(mangles)(text(gold), rng)


def read_matters(data: Path, scratch: Path) -> list[Matter]:
    crux = [row["output"] for row in lines(data / "cruxeval" / "cruxeval.jsonl")]
    tables = tatqa_golds(data)
    numbers = [gold["answer"] for gold in tables if gold["type"] == "arithmetic"]
    science = scibench_golds(data)
    banking = [row["category"] for row in csv.DictReader((data / "banking77/test.csv").open())]
    choices = [row["correct"] for row in lines(data / "aqua" / "AQuA.json")]
    sums = [row["Answer"] for row in json.loads((data / "svamp/SVAMP.json").read_text())]
    marked = [row["answer"].split("####")[1] for row in lines(data / "gsm8k" / "test.jsonl")]
    database, queries = advising(data / "text2sql-advising", scratch)
    official = {"policy": "official"}
    plain = answers.PLAIN_LITERALS
    return [
        Matter("scibench", official, science, references.scibench, by(answers.BOXES, number_of)),
        Matter(
            "financereasoning", official, numbers, references.financereasoning, by(answers.FINAL)
        ),
        Matter(
            "lcb_top", official, json_golds(crux), references.lcb_top, by(answers.ASSERTS, pythonic)
        ),
        Matter("cruxeval", official, crux, references.cruxeval, by(answers.LITERALS)),
        Matter("mbpp", {"kind": "literal"}, mbpp_golds(data), references.literal, by(plain)),
        Matter("gsm8k", official, marked, references.gsm8k, by(answers.MARKED, str.strip)),
        Matter("svamp", official, sums, references.svamp, by(answers.SUMS)),
        Matter("tatqa", official, tables, references.tatqa, answers.told),
        Matter(
            "aqua",
            {"kind": "choice", **official},
            choices,
            references.same_text,
            by(answers.LETTERS),
        ),
        Matter("banking77", {"kind": "label"}, banking, references.same_text, by(answers.LETTERS)),
        Matter(
            "text2sql-advising",
            {"kind": "sql", "database": database.name},
            queries,
            partial(references.rows_of, database),
            by(answers.QUERIES),
            scratch,
        ),
    ]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def number_of(gold: Any) -> str:
    return str(gold["number"])


def pythonic(gold: str) -> str:
    return repr(json.loads(gold))


def scibench_golds(data: Path) -> list[dict[str, str]]:
    """All golds, those with powers of ten four times: the unit rule is for few of them."""
    files = sorted((data / "scibench").glob("*.json"))
    rows = [row for path in files for row in json.loads(path.read_text())]
    golds = [{"number": row["answer_number"], "unit": row["unit"]} for row in rows]
    return golds + 4 * [gold for gold in golds if "10^" in gold["unit"]]


def tatqa_golds(data: Path) -> list[dict[str, Any]]:
    tables = json.loads((data / "tatqa" / "tatqa_dataset_dev.json").read_text())
    asked = [question for table in tables for question in table["questions"]]
    return [
        {"answer": one["answer"], "scale": one["scale"], "type": one["answer_type"]}
        for one in asked
    ]


def json_golds(literals: Sequence[str]) -> list[str]:
    """The values of Python literals that JSON has too, as JSON."""
    found = []
    for text in literals:
        value = ast.literal_eval(text)
        try:
            again = json.loads(json.dumps(value))
        except TypeError:
            continue
        if again == value:
            found.append(json.dumps(value))
    return found


def mbpp_golds(data: Path) -> list[str]:
    """The right sides of the first asserts, where they are literals."""
    found = []
    for row in lines(data / "mbpp" / "mbpp.jsonl"):
        right = row["test_list"][0].partition("==")[2].strip()
        try:
            ast.literal_eval(right)
        except (ValueError, SyntaxError):
            continue
        found.append(right)
    return found


def advising(folder: Path, scratch: Path) -> tuple[Path, list[str]]:
    """A filled database from the schema, and those queries that find something in it."""
    entries = json.loads((folder / "advising.json").read_text())
    tables: dict[str, list[tuple[str, str]]] = {}
    with (folder / "advising-schema.csv").open() as stream:
        for row in csv.reader(stream, skipinitialspace=True):
            if len(row) > 2 and row[0] not in ("-", "Table Name"):
                kind = "INTEGER" if row[2].startswith("int") else "TEXT"
                tables.setdefault(row[0], []).append((row[1].strip(), kind))
    rng = Random(0)
    examples = {v["type"]: v["example"] for e in entries for v in e["variables"] if v["example"]}
    words = [*examples.values(), "Y", "N", "FA", "WN", "2016"]
    script = []
    for name, columns in tables.items():
        shape = ", ".join(f'"{column}" {kind}' for column, kind in columns)
        script.append(f'CREATE TABLE "{name}" ({shape});')
        for _ in range(40):
            values = (
                str(rng.randint(1, 4)) if kind == "INTEGER" else quoted(rng.choice(words))
                for _, kind in columns
            )
            script.append(f'INSERT INTO "{name}" VALUES ({", ".join(values)});')
    database = scratch / "advising.sql"
    database.write_text("\n".join(script))
    scorer = make_scorer({"kind": "sql", "database": database.name}, scratch)
    queries = [filled(entry) for entry in entries]
    empty = "SELECT 1 WHERE 0"
    kept = [q for q in queries if scorer.score(q, q) == 1 and scorer.score(q, empty) == 0]
    return database, kept


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def filled(entry: dict[str, Any]) -> str:
    query = str(entry["sql"][0])
    for variable in entry["variables"]:
        query = re.sub(rf"\b{variable['name']}\b", variable["example"] or "1", query)
    return query


def measure(matter: Matter, *, differences: bool) -> bool:
    """Score 200 answers by scorer and reference; whether all agree."""
    spec = {"kind": matter.name, **matter.spec}
    rng = Random(f"answers to {matter.name}")
    scorer = make_scorer(spec, matter.folder)
    repaired = make_scorer({**spec, "policy": "repaired"}) if "policy" in spec else None
    agreed = right = higher = lower = 0
    examples: list[dict[str, Any]] = []
    for number in range(ANSWERS):
        gold = rng.choice(matter.golds)
        # Of the plain half every second one answers another item.
        meant = gold if number % 4 != 3 else rng.choice(matter.golds)
        mangled = number % 2 == 0
        output = matter.mangle(meant, rng) if mangled else written(scorer, meant)
        score, wanted = scorer.score(output, gold), float(matter.rule(output, gold))
        agreed += score == wanted
        right += score == 1.0
        if score != wanted:
            print(f"  DISAGREES {matter.name}: {output!r} gold {gold!r} {score}", file=sys.stderr)
        if repaired is not None and (other := repaired.score(output, gold)) != score:
            higher += other > score
            lower += other < score
            examples.append({"output": output, "gold": gold, "official": score, "repaired": other})
    check = GoldCheck(spec, matter.folder)
    verdicts = [check.verdict(gold) for gold in matter.golds]
    report(
        benchmark=matter.name,
        answers=ANSWERS,
        agree=agreed,
        right=right,
        repaired_higher=higher,
        repaired_lower=lower,
        golds=len(verdicts),
        unfixable=verdicts.count("unfixable"),
        rejected=verdicts.count("rejected"),
    )
    if differences:
        for example in examples:
            report(**example)
    return agreed == ANSWERS


def main() -> None:
    arguments = [word for word in sys.argv[1:] if not word.startswith("-")]
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.exit("usage: python -m benchmarks.scorer_agreement DATA_FOLDER [--differences]")
    with tempfile.TemporaryDirectory() as scratch:
        matters = read_matters(Path(arguments[0]), Path(scratch))
        agreeing = [measure(one, differences="--differences" in sys.argv) for one in matters]
    sys.exit(0 if all(agreeing) else 1)


if __name__ == "__main__":
    main()

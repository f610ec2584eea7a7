"""Blocked topics and personal data planted in 1 % of rows: found, and what is refused wrongly.

    python -m benchmarks.policy [--trials N] [--rows N] [--data FOLDER]

Bar: at least 98 % of the planted rows found, at most 0.5 % of the others refused. Clean rows are
items and seeds of the built-in tasks; with `--data` also every text of the `.jsonl`, `.json` and
`.csv` files below a folder of benchmarks. Planted data are made here, by countries' own ways to
write them, not by the patterns that look for them; a figure is told for every kind.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import string
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stdnum import luhn
from stdnum.es import dni
from stdnum.iso7064 import mod_97_10

from benchmarks.common import TASKS, report
from coursewright.audit import Context, PolicyCheck
from coursewright.config import Policy
from coursewright.records import TracedRow
from coursewright.tasks import load_task, read_split

TOPICS = {
    "gambling": (
        [r"(?i)\b(casino|roulette|gambl\w*|poker|slot machines?|bookmaker|betting)\b"],
        ["casino", "Roulette", "GAMBLING", "gamblers", "poker", "slot machine", "betting"],
    ),
    "weapons": (
        [r"(?i)\b(bombs?|grenades?|explosives?|assault rifles?|ammunition)\b"],
        ["bomb", "Grenades", "EXPLOSIVE", "assault rifle", "ammunition"],
    ),
    "tobacco": (
        [r"(?i)\b(cigarettes?|cigars?|smok(e|es|ed|ing)|tobacco)\b"],
        ["cigarettes", "smoking", "Tobacco", "cigar", "smoked"],
    ),
}
POLICY = {
    "blocked": [{"name": name, "patterns": made[0]} for name, made in TOPICS.items()],
    "personal_data": {},
    "limit": 1.0,
}
FIRST = ("Mia", "Jonas", "Priya", "Chen", "Olu", "Sofia", "Liam", "Ana", "Kofi", "Yuki")
LAST = ("Berg", "Okafor", "Silva", "Novak", "Tanaka", "Moreau", "Rossi", "Larsen", "Khan", "Cruz")
AROUND = (
    "{text} Write to {datum} for details.",
    "{text} ({datum})",
    "Contact: {datum}. {text}",
    "{text}\n{datum}",
    "{name} left this note: {datum}. {text}",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    clean = list(built_in())
    check = PolicyCheck(Policy.model_validate(POLICY))
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    false = sound = 0
    began = time.process_time()
    for trial in range(options.trials):
        rng = random.Random(trial)
        rows = [rng.choice(clean) for _ in range(options.rows)]
        kinds: dict[int, str] = {}
        for at in rng.sample(range(len(rows)), max(1, len(rows) // 100)):
            kind = rng.choice(sorted(PLANTS))
            kinds[at] = kind
            rows[at] = with_datum(rows[at], PLANTS[kind](rng), rng)
        left = set(map(id, check.examine(rows, Context()).kept))
        for at, row in enumerate(rows):
            if at in kinds:
                planted[kinds[at]] += 1
                found[kinds[at]] += id(row) not in left

        sound += sum(at not in kinds for at in range(len(rows)))
        false += sum(id(row) not in left for at, row in enumerate(rows) if at not in kinds)

    seconds = time.process_time() - began
    report(
        what="policy",
        trials=options.trials,
        rows=options.rows,
        planted=planted.total(),
        found=round(found.total() / planted.total(), 4),
        false=round(false / sound, 5),
        by_kind={kind: f"{found[kind]} of {planted[kind]}" for kind in sorted(planted)},
        cpu_seconds_per_1000_rows=round(1000 * seconds / (options.trials * options.rows), 3),
        bar="found >= 0.98, false <= 0.005",
        met=found.total() >= 0.98 * planted.total() and false <= 0.005 * sound,
    )
    every = {"clean built-in rows": clean}
    if options.data is not None:
        for folder in sorted(path for path in options.data.iterdir() if path.is_dir()):
            every[folder.name] = list(foreign(folder))
    for name, rows in every.items():
        finding = check.examine(rows, Context())
        gone = len(rows) - len(finding.kept)
        reasons = dict(sorted(finding.dropped.items()))
        report(what="policy on clean rows", of=name, rows=len(rows), refused=gone, reasons=reasons)


def row_of(question: str, answer: Any) -> TracedRow:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return TracedRow(instruction="Answer.", input=question, output=text)


def built_in() -> Iterator[TracedRow]:
    """Items and seeds of all built-in tasks, as rows."""
    for name in TASKS:
        task = load_task(name)
        for split in ("visible", "scored", "private"):
            for item in read_split(task, split):
                yield row_of("\n".join(filter(None, (item.context, item.question))), item.answer)
        for seed in task.seeds:
            yield row_of(seed.question, "")


def foreign(folder: Path) -> Iterator[TracedRow]:
    """Every record of a folder's files as one row: all its texts, one below the other."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".jsonl":
            records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        elif path.suffix == ".json":
            text = path.read_text(encoding="utf-8")
            try:
                loaded = json.loads(text)
            except ValueError:  # some are one record a line all the same
                loaded = [json.loads(line) for line in text.splitlines() if line.strip()]
            records = iter(loaded if isinstance(loaded, list) else [loaded])
        elif path.suffix == ".csv":
            records = iter(list(csv.reader(path.open(encoding="utf-8", newline=""))))
        else:
            continue
        for record in records:
            yield row_of("\n".join(texts_in(record))[:20_000], "")


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)


def with_datum(row: TracedRow, datum: str, rng: random.Random) -> TracedRow:
    """A row with a datum somewhere in its question, or now and then in its answer."""
    name = rng.choice(FIRST)
    if rng.random() < 0.2:
        return row.model_copy(update={"output": f"{row.output} {datum}".strip()})
    text = rng.choice(AROUND).format(text=row.input, datum=datum, name=name)
    return row.model_copy(update={"input": text})


# ---------------------------------------------------------------- what is planted


def digits(rng: random.Random, count: int, first: str = string.digits) -> str:
    return rng.choice(first) + "".join(rng.choice(string.digits) for _ in range(count - 1))


def email(rng: random.Random) -> str:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    user = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}+x", f"{last}99"))
    host = rng.choice(("mail.test", "uni-bonn.de", "corp.co.uk", "example.com", "post.at.example"))
    text = f"{user}@{host}"
    return rng.choice((text, text.lower(), text.lower(), text.replace("@", " [at] ")))


def phone(rng: random.Random) -> str:
    def d(count: int) -> str:
        return digits(rng, count)

    area, exchange = digits(rng, 3, "23456789"), digits(rng, 3, "23456789")
    return rng.choice(
        (
            f"({area}) {exchange}-{d(4)}",
            f"{area}-{exchange}-{d(4)}",
            f"{area}.{exchange}.{d(4)}",
            f"+1 {area} {exchange} {d(4)}",
            f"+1-{area}-{exchange}-{d(4)}",
            f"07{d(3)} {d(6)}",
            f"020 7{d(3)} {d(4)}",
            f"+44 7{d(3)} {d(6)}",
            f"0151 {d(8)}" if rng.random() < 0.5 else f"0151 {d(4)} {d(4)}",
            f"+49 30 {d(7)}",
            f"+49 (0)30 {d(3)} {d(4)}",
            f"06 {d(2)} {d(2)} {d(2)} {d(2)}",
            f"+33 6 {d(2)} {d(2)} {d(2)} {d(2)}",
            f"tel. 6{d(2)} {d(3)} {d(3)}",
            f"phone: {d(3)}-{d(4)}",
            f"+91 9{d(4)} {d(5)}",
            f"+81 90-{d(4)}-{d(4)}",
            f"+55 11 9{d(4)}-{d(4)}",
        )
    )


def card(rng: random.Random) -> str:
    length, start = rng.choice(((16, "4"), (16, "5"), (15, "37"), (16, "6011")))
    body = start + digits(rng, length - 1 - len(start))
    number = body + luhn.calc_check_digit(body)
    if length == 15:
        return rng.choice((number, f"{number[:4]} {number[4:10]} {number[10:]}"))
    parts = [number[at : at + 4] for at in range(0, 16, 4)]
    return rng.choice((number, " ".join(parts), "-".join(parts)))


def iban(rng: random.Random) -> str:
    # The national parts of these countries have no check digits of their own.
    country, length = rng.choice((("DE", 18), ("AT", 16), ("GB", 18), ("CH", 17), ("NL", 14)))
    body = digits(rng, length)
    if country == "GB":
        body = "NWBK" + digits(rng, 14)
    if country == "NL":
        body = "INGB" + digits(rng, 10)
    check = mod_97_10.calc_check_digits(body + country)
    number = f"{country}{check}{body}"
    parts = [number[at : at + 4] for at in range(0, len(number), 4)]
    return rng.choice((number, " ".join(parts)))


def national_id(rng: random.Random) -> str:
    number = digits(rng, 8)
    social = f"{rng.randint(100, 665):03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"
    return rng.choice(
        (
            social,
            f"SSN {social}",
            number + dni.calc_check_digit(number),
            f"{rng.choice('ABEHJLMNPRSTWX')}{rng.choice('ABEHJLMNPRSTWX')} "
            f"{digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)} {rng.choice('ABCD')}",
            f"passport number {rng.choice('CFGHJK')}{digits(rng, 8)}",
        )
    )


def ip(rng: random.Random) -> str:
    if rng.random() < 0.25:
        groups = (f"{rng.randint(1, 0xFFFF):x}" for _ in range(6))
        return ":".join(("2a02", f"{rng.randint(1, 0xFFFF):x}", *groups))
    first = rng.choice((5, 23, 46, 62, 81, 93, 104, 151, 185, 203))
    return ".".join(map(str, (first, *(rng.randint(1, 99) for _ in range(3)))))


def address(rng: random.Random) -> str:
    number, name = rng.randint(1, 9999), rng.choice(LAST)
    return rng.choice(
        (
            f"{number} {name} Street",
            f"{number} North {name} Avenue, Springfield",
            f"{number} {name} Rd., Apt. 4",
            f"{number} {rng.choice(FIRST)} {name} Boulevard",
            f"{number} W. {rng.randint(4, 90)}th Street",
            f"{number} Old {name} Lane",
            f"{name}straße {number % 200 + 1}",
            f"{number % 200 + 1} rue de {name}",
            f"Via {rng.choice(FIRST)} {name} {number % 200 + 1}",
            f"Calle {name}, {number % 200 + 1}",
            f"PO Box {number}",
        )
    )


def topic(rng: random.Random) -> str:
    word = rng.choice(TOPICS[rng.choice(sorted(TOPICS))][1])
    text = f"It happened at the {word} last week."
    match rng.randrange(6):
        case 0:  # letters of full width
            wide = "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in word)
            return text.replace(word, wide)
        case 1:  # an invisible character inside
            return text.replace(word, f"{word[:2]}\u200b{word[2:]}")
        case _:
            return text


PLANTS: dict[str, Callable[[random.Random], str]] = {
    "blocked topic": topic,
    "email": email,
    "phone": phone,
    "card": card,
    "iban": iban,
    "national id": national_id,
    "ip": ip,
    "address": address,
}


if __name__ == "__main__":
    main()

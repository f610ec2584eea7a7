"""A teacher that reads: it asks and answers about weights that stand in its passage."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from coursewright.protocols import Completion

FACT = re.compile(r"The (\w+ of \w+) weighs (\d+) kilos")
ASKED = re.compile(r"How many kilos does the (\w+ of \w+) weigh")
THINGS = ("lamp", "anvil", "bell", "chest", "door", "wheel")
EXAMPLES = (
    ("How many kilos does the boat of Zadar weigh?", 420),
    ("How many kilos does the plough of Wels weigh?", 35),
)


class Librarian:
    """Proposes every fact of a passage. What is `of Fame` it knows by heart; about what is `of
    Doubt` it says something else each time. Counts its calls in `log`."""

    name = "librarian"

    def __init__(self, log: str) -> None:
        self._log = log

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        with open(self._log, "ab") as log:
            log.write(b"x")
        text = request["messages"][-1]["content"]
        said = self.propose(text) if "new questions" in text else self.answer(text, seed)
        return Completion(said, 10, 10)

    def propose(self, text: str) -> str:
        passage = text.split("A passage from a document")[1]
        found = [
            {"question": f"How many kilos does the {thing} weigh?", "answer": int(weight)}
            for thing, weight in FACT.findall(passage)
        ]
        if "nonsense" in passage:
            return "no JSON at all"
        if "copycat" in passage:
            found += [{"question": q, "answer": a} for q, a in EXAMPLES]
        if "hostile" in passage:
            found = [
                {"question": "Ring \x1b[31m the bell\x07?", "answer": 3},
                {"question": "Is it?", "answer": True},
                {"question": "x" * 5000, "answer": 4},
                {"question": "[bold]How[/bold] many kilos does the {{gate}} weigh?", "answer": "5"},
                ["no object"],
            ]
        return json.dumps(found)

    def answer(self, text: str, seed: int) -> str:
        asked = ASKED.search(text)
        if asked is None:
            return "5"
        if asked[1].endswith("of Doubt"):
            return str(seed % 1000)
        facts = dict(FACT.findall(text.split("\nQuestion: ")[0]))
        known = facts.get(asked[1]) or ("77" if asked[1].endswith("of Fame") else None)
        return "I cannot know." if known is None else f"It weighs {known} kilos."

    async def close(self) -> None:
        pass


def documents(folder: Path, count: int = 16) -> Path:
    """So many documents with three facts each, all different."""
    folder.mkdir()
    places = [f"{a}{b}" for a in ("Ar", "Bel", "Cor", "Dun") for b in ("den", "mar", "ro", "wick")]
    for number in range(count):
        place = places[number % len(places)].capitalize() + "x" * (number // len(places))
        weights = enumerate(THINGS[number % 3 : number % 3 + 3], 100 + 7 * number)
        facts = [
            f"The {thing} of {place} weighs {weight} kilos, as the {place} books say."
            for weight, thing in weights
        ]
        filler = f"{place} lies on river number {number}, and has {number + 3} mills."
        (folder / f"town-{number:02d}.md").write_text("\n\n".join([f"# {place}", filler, *facts]))
    return folder


def examples(path: Path) -> Path:
    """The examples as a file."""
    path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in EXAMPLES))
    return path

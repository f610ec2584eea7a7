"""Small worlds told in sentences: who did what with how many of which thing, and when.

The questions ask which numbers matter, not for the sum: a reader who finds the right numbers
learns from few examples what to do with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from nano.reading import amounts

Pair = tuple[str, str]

VERBS = (
    ("bought", "buy"), ("found", "find"), ("made", "make"), ("sold", "sell"), ("lost", "lose"),
    ("picked", "pick"), ("ate", "eat"), ("read", "read"), ("saw", "see"), ("took", "take"),
    ("used", "use"), ("got", "get"), ("gave away", "give away"), ("packed", "pack"),
    ("collected", "collect"), ("counted", "count"), ("painted", "paint"), ("won", "win"),
    ("brought", "bring"), ("needed", "need"), ("received", "receive"), ("baked", "bake"),
)  # fmt: skip
TIMES = (
    "on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday",
    "on Sunday", "yesterday", "today", "last week", "this week", "last year", "this year",
    "in the morning", "in the afternoon", "in the evening", "in May", "in June", "in July",
)  # fmt: skip
PLACES = ("box", "bag", "basket", "room", "shop", "garden", "school", "drawer", "shelf", "truck")
WHICH = ("Which numbers matter?", "Name the numbers that are needed.", "Needed numbers:")


@dataclass(frozen=True)
class Fact:
    """`who` `verb` `number` `thing` `time`."""

    who: str
    thing: str
    time: str
    number: int


class Drills:
    """Drills over names and things, which are drawn from real questions."""

    def __init__(self, names: list[str], things: list[str]) -> None:
        self.names = names
        self.things = things

    def _world(self, rng: Random) -> tuple[str, tuple[str, str], list[Fact], str]:
        """Text, verb, facts, and in what they differ: `who`, `thing`, `time` or `both`."""
        verb = rng.choice(VERBS)
        differ = rng.choice(("who", "thing", "thing", "time", "both"))
        n = rng.choice((2, 2, 3)) if differ != "both" else 4
        who = rng.sample(self.names, n)
        thing = rng.sample(self.things, n)
        time = rng.sample(TIMES, n)
        if differ == "both":
            keys = [(w, t, time[0]) for w in who[:2] for t in thing[:2]]
        else:
            keys = [
                (
                    who[i if differ == "who" else 0],
                    thing[i if differ == "thing" else 0],
                    time[i if differ == "time" else 0],
                )
                for i in range(n)
            ]
        numbers = amounts(rng, n)
        facts = [Fact(w, th, ti, k) for (w, th, ti), k in zip(keys, numbers, strict=True)]
        text = self._tell(facts, verb[0], differ, rng)
        if rng.random() < 0.25:
            extra = rng.choice(self.things)
            text += f" {rng.choice(self.names)} has {rng.randint(2, 60)} {extra}."
        return text, verb, facts, differ

    def _tell(self, facts: list[Fact], past: str, differ: str, rng: Random) -> str:
        """The facts in sentences, joined in one or told apart."""
        first = facts[0]
        shown = "" if rng.random() < 0.4 and differ != "time" else f" {first.time}"
        if differ == "thing":
            items = [f"{f.number} {f.thing}" for f in facts]
            joined = ", ".join(items[:-1]) + " and " + items[-1]
            if rng.random() < 0.3:
                inside = rng.choice(PLACES)
                return f"There are {joined} in the {inside}{shown}."
            return f"{first.who} {past} {joined}{shown}."
        if differ == "time":
            parts = [f"{f.number} {f.thing} {f.time}" for f in facts]
            if rng.random() < 0.5:
                return f"{first.who} {past} " + ", ".join(parts[:-1]) + " and " + parts[-1] + "."
            told = [f"{f.time.capitalize() if i == 0 else f.time[0].upper() + f.time[1:]} "
                    f"{first.who if i == 0 else rng.choice(('he', 'she', first.who))} {past} "
                    f"{f.number} {f.thing}." for i, f in enumerate(facts)]  # fmt: skip
            return " ".join(told)
        if differ == "who":
            told = [f"{f.who} {past} {f.number} {f.thing}{shown}" for f in facts]
            glue = rng.choice((". ", " and ", " while "))
            return glue.join(told) + "."
        halves = [facts[:2], facts[2:]]
        told = [
            f"{a.who} {past} {a.number} {a.thing} and {b.number} {b.thing}{shown}."
            for a, b in halves
        ]
        return " ".join(told)

    def _asked(self, fact: Fact, base: str, differ: str) -> str:
        """A question for one number of the world."""
        if differ == "time":
            return f"How many {fact.thing} did {fact.who} {base} {fact.time}?"
        return f"How many {fact.thing} did {fact.who} {base}?"

    def one(self, rng: Random) -> Pair:
        """A question for one number."""
        text, (past, base), facts, differ = self._world(rng)
        fact = rng.choice(facts)
        if " are " in text and differ == "thing":
            return f"{text} How many {fact.thing} are there?", str(fact.number)
        if rng.random() < 0.25:
            return f"{text} Who {past} {fact.number} {fact.thing}?", fact.who
        return f"{text} {self._asked(fact, base, differ)}", str(fact.number)

    def two(self, rng: Random) -> Pair:
        """A question that needs two numbers of several: name them in the order of the text."""
        text, (_, base), facts, differ = self._world(rng)
        i, j = sorted(rng.sample(range(len(facts)), 2))
        if differ == "both" and rng.random() < 0.7:
            i, j = rng.choice(((0, 1), (2, 3), (0, 2), (1, 3)))
        a, b = facts[i], facts[j]
        more = rng.random() < 0.5
        if a.thing != b.thing and a.who == b.who:
            things = f"more {a.thing} than {b.thing}" if more else f"{a.thing} and {b.thing}"
            ask = f"How many {things} did {a.who} {base}?"
        elif a.who != b.who and a.thing == b.thing:
            ask = (
                f"How many more {a.thing} did {a.who} {base} than {b.who}?"
                if more
                else f"How many {a.thing} did {a.who} and {b.who} {base} together?"
            )
        elif a.time != b.time and differ == "time":
            ask = (
                f"How many more {a.thing} did {a.who} {base} {b.time} than {a.time}?"
                if more
                else f"How many {a.thing} did {a.who} {base} {a.time} and {b.time}?"
            )
        else:
            return self.one(rng)
        which = rng.choice(WHICH)
        return f"{which}\n{text} {ask}", f"{a.number} and {b.number}"

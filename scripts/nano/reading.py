"""Reading drills: copy, choose, order and join the numbers of a text; look things up in tables."""

from __future__ import annotations

from random import Random

Pair = tuple[str, str]

PLACES = ("first", "second", "third", "fourth", "fifth")
SIGNS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


def amount(rng: Random) -> int:
    """A number as texts have them: mostly one or two digits."""
    digits = rng.choice((1, 1, 2, 2, 2, 3))
    return rng.randint(max(2, 10 ** (digits - 1)), 10**digits - 1)


def amounts(rng: Random, n: int) -> list[int]:
    """Different numbers."""
    found: list[int] = []
    while len(found) < n:
        new = amount(rng)
        if new not in found:
            found.append(new)
    return found


class Drills:
    """Drills over names and things, which are drawn from real questions."""

    def __init__(self, names: list[str], things: list[str]) -> None:
        self.names = names
        self.things = things

    def _facts(self, rng: Random) -> tuple[list[str], list[tuple[str, int, str]]]:
        """Sentences, and the (who, number, thing) that each one states."""
        n = rng.randint(2, 4)
        who = rng.sample(self.names, n)
        things = rng.sample(self.things, n) if rng.random() < 0.6 else [rng.choice(self.things)] * n
        facts = list(zip(who, amounts(rng, n), things, strict=True))
        forms = (
            "{w} has {k} {t}.",
            "{w} bought {k} {t}.",
            "There are {k} {t} in {w}'s room.",
            "{w} sold {k} {t} yesterday.",
            "{k} {t} belong to {w}.",
            "{w} saw {k} {t}.",
            "{w} made {k} {t} and went home.",
            "In the box of {w} are {k} {t}.",
        )
        return [rng.choice(forms).format(w=w, k=k, t=t) for w, k, t in facts], facts

    def whose(self, rng: Random) -> Pair:
        """Which number belongs to a person or a thing."""
        sentences, facts = self._facts(rng)
        who, number, thing = rng.choice(facts)
        text = " ".join(sentences)
        if sum(t == thing for _, _, t in facts) == 1 and rng.random() < 0.5:
            ask, answer = rng.choice((f"How many {thing}?", f"Number of {thing}?")), str(number)
        elif rng.random() < 0.7:
            ask, answer = (
                rng.choice((f"Which number goes with {who}?", f"{who}: how many?")),
                str(number),
            )
        else:
            ask, answer = f"Who goes with {number}?", who
        return f"{text}\n{ask}", answer

    def join(self, rng: Random) -> Pair:
        """Join two named numbers of a text by a named operation, without working it out."""
        sentences, facts = self._facts(rng)
        a, b = rng.sample(range(len(facts)), 2)
        sign = rng.choice("+-*/")
        text = " ".join(sentences)
        if rng.random() < 0.5:
            ask = f"Write: {PLACES[a]} number {SIGNS[sign]} {PLACES[b]} number."
        else:
            ask = f"Write: number of {facts[a][0]} {SIGNS[sign]} number of {facts[b][0]}."
        joined = f"{facts[a][1]} {sign} {facts[b][1]}"
        return (f"{ask}\n{text}" if rng.random() < 0.5 else f"{text}\n{ask}"), joined

    def differ(self, rng: Random) -> Pair:
        """Larger minus smaller, sum or product of two numbers of a text, in short orders."""
        sentences, facts = self._facts(rng)
        (w, a, _), (v, b, _) = rng.sample(facts, 2)
        text = " ".join(sentences)
        low, high = min(a, b), max(a, b)
        kind = rng.randrange(3)
        if kind == 0:
            return f"{text}\nDifference of {w} and {v}?", f"{high} - {low} = {high - low}"
        if kind == 1:
            return f"{text}\nTotal of {w} and {v}?", f"{a} + {b} = {a + b}"
        return f"{text}\nWho has more, {w} or {v}?", w if a > b else v

    def order(self, rng: Random) -> Pair:
        """The numbers of a text in an order."""
        sentences, facts = self._facts(rng)
        numbers = [k for _, k, _ in facts]
        kind = rng.randrange(4)
        ask, out = (
            ("List the numbers.", numbers),
            ("List the numbers backwards.", numbers[::-1]),
            ("Smallest number?", [min(numbers)]),
            ("Largest number?", [max(numbers)]),
        )[kind]
        return f"{' '.join(sentences)}\n{ask}", ", ".join(map(str, out))

    def table(self, rng: Random) -> Pair:
        """One or two cells of a small table."""
        columns = rng.sample(self.things, rng.randint(2, 4))
        rows = rng.sample(self.names, rng.randint(2, 4))
        corner = rng.choice(("name", "who", "year", "item"))
        if corner == "year":
            first = rng.randint(1990, 2020)
            rows = [str(first + i) for i in range(len(rows))]
        cells = {(r, c): amount(rng) * rng.choice((1, 1, 1, 10)) for r in rows for c in columns}
        style = rng.choice((0, 0, 0, 1, 2, 3))
        if style == 0:
            lines = [" | ".join([corner, *columns])]
            lines += [" | ".join([r, *(str(cells[r, c]) for c in columns)]) for r in rows]
        elif style == 1:
            lines = [",".join([corner, *columns])]
            lines += [",".join([r, *(str(cells[r, c]) for c in columns)]) for r in rows]
        elif style == 2:
            lines = [f"{r}: " + ", ".join(f"{c} {cells[r, c]}" for c in columns) for r in rows]
        else:
            lines = ["| " + " | ".join([corner, *columns]) + " |"]
            lines += [
                "| " + " | ".join([r, *(str(cells[r, c]) for c in columns)]) + " |" for r in rows
            ]
        r, c = rng.choice(rows), rng.choice(columns)
        kind = rng.choice((0, 0, 0, 2, 3, 4, 4))
        if kind < 2:
            ask = rng.choice(
                (f"{c} of {r}?", f"Look up {r}, {c}.", f"What is in row {r}, column {c}?")
            )
            answer = str(cells[r, c])
        elif kind == 2:
            ask, answer = f"Row {r}?", ", ".join(str(cells[r, k]) for k in columns)
        elif kind == 3:
            ask, answer = f"Column {c}?", ", ".join(str(cells[k, c]) for k in rows)
        else:
            s, sign = rng.choice(rows), rng.choice("+-")
            ask = f"Write {c} of {r} {SIGNS[sign]} {c} of {s}."
            a, b = cells[r, c], cells[s, c]
            answer = f"{a} {sign} {b}"
            if sign == "+" or a >= b:
                ask = ask.replace("Write ", rng.choice(("", "Work out ")))
                answer += f" = {a + b if sign == '+' else a - b}"
        return "\n".join([*lines, ask]), answer

    def echo(self, rng: Random) -> Pair:
        """Repeat a long line: nothing teaches copying faster."""
        kind = rng.randrange(4)
        if kind == 0:
            words = [str(amount(rng)) for _ in range(rng.randint(3, 10))]
        elif kind == 1:
            words = rng.sample(self.things if rng.random() < 0.5 else self.names, rng.randint(3, 9))
        else:
            pool = self.things + self.names
            words = [
                str(amount(rng)) if rng.random() < 0.5 else rng.choice(pool)
                for _ in range(rng.randint(3, 10))
            ]
        line = rng.choice((" ", " ", ", ", " | ")).join(words)
        if kind == 3:
            return f"{line}\n{rng.choice(('Repeat.', 'Again.', 'Copy the line.'))}", line
        return f"{rng.choice(('Repeat:', 'Say:', 'Copy this line:'))} {line}", line

    def copy(self, rng: Random) -> Pair:
        """Repeat a line of words and numbers, or the part after a mark."""
        words = [
            str(amount(rng)) if rng.random() < 0.5 else rng.choice(self.things + self.names)
            for _ in range(rng.randint(2, 7))
        ]
        line = " ".join(words)
        kind = rng.randrange(3)
        if kind == 0:
            return f"Repeat: {line}", line
        if kind == 1:
            place = rng.randrange(1, len(words))
            if words.count(words[place - 1]) > 1:
                return f"Repeat: {line}", line
            return f"What comes after {words[place - 1]}? {line}", words[place]
        return f"Last word: {line}", words[-1]

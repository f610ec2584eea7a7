"""Where the numbers of a worked answer come from, learned from examples.

`learn_plan` looks at solved questions of one phrasing and finds, for every number of the worked
answer, a source that gives it in all of them. A plan that rebuilds every example word for word is
kept; otherwise there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from coursewright.families import Sample

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w|\.\d)")
_STEP = re.compile(r"(-?\d+(?:\.\d+)?) ([-+*/]) (-?\d+(?:\.\d+)?)")
_TOTAL = re.compile(r"\d+(?: \+ \d+)+ = \d+")
_MOST_NUMBERS = 8


class Reading:
    """A question with its table, taken apart."""

    def __init__(self, question: str, context: str) -> None:
        self.question = question.lower()
        self.numbers = [Fraction(number) for number in _NUMBER.findall(question)]
        lines = [
            [c.strip() for c in line.split("|")] for line in context.splitlines() if "|" in line
        ]
        self.header = [name.lower() for name in lines[0]] if lines else []
        self.rows = [line for line in lines[1:] if len(line) == len(self.header)]

    def says(self, words: str) -> bool:
        """Whether the question names these words as a whole."""
        return (
            bool(words)
            and re.search(rf"(?<!\w){re.escape(words.lower())}(?!\w)", self.question) is not None
        )

    @cached_property
    def named_rows(self) -> list[list[str]]:
        """Rows whose label the question names, in the order of the table."""
        return [row for row in self.rows if self.says(row[0])]

    @cached_property
    def other_rows(self) -> list[list[str]]:
        """The other rows."""
        return [row for row in self.rows if not self.says(row[0])]

    @cached_property
    def named_columns(self) -> list[int]:
        """Columns, without the first, that the question names."""
        return [at for at, name in enumerate(self.header) if at and self.says(name)]


Source = Callable[[Reading], "Fraction | None"]


@dataclass(frozen=True)
class Plan:
    """How to work out the answer of a question."""

    shape: str
    """`steps`, `expression` (steps without results), `total` of a column, or a single `number`."""
    steps: tuple[tuple[Source, str, Source], ...] = ()
    column: Callable[[Reading], int | None] | None = None
    source: Source | None = None

    def follow(self, reading: Reading) -> str | None:
        """The worked answer, or None where the question does not have what the plan needs."""
        if self.shape == "number" and self.source is not None:
            value = self.source(reading)
            return None if value is None else _text(value)
        if self.shape == "total" and self.column is not None:
            at = self.column(reading)
            cells = [] if at is None else [_cell(row, at) for row in reading.rows]
            numbers = [cell for cell in cells if cell is not None]
            if len(numbers) < 2 or len(numbers) < len(cells):
                return None
            return f"{' + '.join(map(_text, numbers))} = {_text(sum(numbers, Fraction(0)))}"
        return self._follow_steps(reading)

    def _follow_steps(self, reading: Reading) -> str | None:
        said, last = [], None
        for left_source, sign, right_source in self.steps:
            left = last if left_source is _last else left_source(reading)
            right = last if right_source is _last else right_source(reading)
            if left is None or right is None:
                return None
            last = _apply(left, sign, right)
            if last is None:
                return None
            step = f"{_text(left)} {sign} {_text(right)}"
            said.append(step if self.shape == "expression" else f"{step} = {_text(last)}")
        return ", ".join(said)


def learn_plan(samples: Sequence[Sample]) -> Plan | None:
    """The plan that gives the worked answer of every sample, or None."""
    readings = [Reading(sample.question, sample.context) for sample in samples]
    worked = [sample.worked for sample in samples]
    for plan in _candidates(readings, worked):
        if all(plan.follow(r) == w for r, w in zip(readings, worked, strict=True)):
            return plan
    return None


def _candidates(readings: Sequence[Reading], worked: Sequence[str]) -> Iterator[Plan]:
    if all(_TOTAL.fullmatch(text) for text in worked):
        for column in _columns(readings):
            yield Plan("total", column=column)
    if all(_NUMBER.fullmatch(text) for text in worked):
        wanted = [Fraction(text) for text in worked]
        for source in (*_sources(readings), *_verdicts(readings)):
            if all(source(r) == value for r, value in zip(readings, wanted, strict=True)):
                yield Plan("number", source=source)
        return
    taken = [_STEP.findall(text) for text in worked]
    signs = {tuple(sign for _, sign, _ in steps) for steps in taken}
    if len(signs) != 1 or not taken[0]:
        return
    sources = list(_sources(readings))
    steps = []
    for at, sign in enumerate(signs.pop()):
        ends = []
        for side in (0, 2):
            wanted = [Fraction(sample[at][side]) for sample in taken]
            before = [_value(*sample[at - 1]) for sample in taken] if at else [None] * len(taken)
            ends.append(_source_of(wanted, before, sources, readings))
        left, right = ends
        if left is None or right is None:
            return
        steps.append((left, sign, right))
    yield Plan("steps" if "=" in worked[0] else "expression", tuple(steps))


def _source_of(
    wanted: Sequence[Fraction],
    before: Sequence[Fraction | None],
    sources: Sequence[Source],
    readings: Sequence[Reading],
) -> Source | None:
    """The first source that gives the wanted number in every sample."""
    if list(before) == list(wanted):
        return _last
    for source in sources:
        if all(source(reading) == value for reading, value in zip(readings, wanted, strict=True)):
            return source
    return None


def _last(_: Reading) -> Fraction | None:
    """Marks the result of the step before."""
    return None


# ---------------------------------------------------------------- sources


def _sources(readings: Sequence[Reading]) -> Iterator[Source]:
    """Everything a number may come from, the simple before the far-fetched."""
    fewest = min(len(reading.numbers) for reading in readings)
    spoken = [_spoken(back) for back in range(1, min(fewest, _MOST_NUMBERS) + 1)]
    yield from (
        _constant(value) for value in (2, 3, 4, 5, 6, 7, 10, 12, 60, 90, 100, 180, 273, 360, 1000)
    )
    yield from spoken
    cells = list(_cells(readings))
    yield from cells
    for source in (*spoken, *cells):
        yield _scaled(source, Fraction(1, 100))
        yield from (_share(whole, source) for whole in (60, 100, 360, 1000))
    for left in spoken:
        for right in spoken:
            if left is not right:
                yield _halvings(left, right)


def _constant(value: int) -> Source:
    return lambda _: Fraction(value)


def _spoken(back: int) -> Source:
    """The number so many places from the end of the question: asides stand at its beginning."""
    return lambda reading: reading.numbers[-back] if len(reading.numbers) >= back else None


def _scaled(source: Source, by: Fraction) -> Source:
    return lambda reading: None if (value := source(reading)) is None else value * by


def _share(whole: int, source: Source) -> Source:
    return lambda reading: None if not (value := source(reading)) else Fraction(whole) / value


def _halvings(time: Source, half: Source) -> Source:
    """Two to the number of times that one number goes into another."""

    def source(reading: Reading) -> Fraction | None:
        whole, part = time(reading), half(reading)
        if (
            whole is None
            or not part
            or (whole / part).denominator != 1
            or not 0 <= whole / part <= 60
        ):
            return None
        return Fraction(2 ** int(whole / part))

    return source


def _cells(readings: Sequence[Reading]) -> Iterator[Source]:
    columns = list(_columns(readings))
    rows: list[Callable[[Reading], list[str] | None]] = []
    for at in range(min((len(reading.rows) for reading in readings), default=0)):
        rows.append(lambda reading, at=at: _pick(reading.named_rows, at))  # type: ignore[misc]
        rows.append(lambda reading, at=at: _pick(reading.other_rows, at))  # type: ignore[misc]
        rows.append(lambda reading, at=at: _pick(reading.rows, at))  # type: ignore[misc]
    for row in rows:
        for column in columns:
            yield _crossing(row, column)


def _columns(readings: Sequence[Reading]) -> Iterator[Callable[[Reading], int | None]]:
    """A column the question names, one that always has the same name, or the first."""
    yield lambda reading: reading.named_columns[0] if reading.named_columns else None
    shared = set(readings[0].header[1:]).intersection(*(reading.header for reading in readings))
    for name in sorted(shared):
        yield lambda reading, name=name: (  # type: ignore[misc]
            reading.header.index(name) if name in reading.header else None
        )
    yield lambda reading: 1 if len(reading.header) > 1 else None


def _crossing(
    row: Callable[[Reading], list[str] | None], column: Callable[[Reading], int | None]
) -> Source:
    def source(reading: Reading) -> Fraction | None:
        line, at = row(reading), column(reading)
        return None if line is None or at is None else _cell(line, at)

    return source


def _verdicts(readings: Sequence[Reading]) -> Iterator[Source]:
    """Answers about a whole column: the row with its highest or lowest value, a count."""
    for column in _columns(readings):
        for best in (max, min):
            yield _extreme(column, best)
        for sign in (1, -1):
            for back in range(1, 4):
                yield _count_beyond(column, _spoken(back), sign)


def _extreme(
    column: Callable[[Reading], int | None], best: Callable[[list[Fraction]], Fraction]
) -> Source:
    def source(reading: Reading) -> Fraction | None:
        at = column(reading)
        values = [] if at is None else [_cell(row, at) for row in reading.rows]
        numbers = [value for value in values if value is not None]
        if not numbers or len(numbers) < len(values):
            return None
        return _number(reading.rows[values.index(best(numbers))][0])

    return source


def _count_beyond(column: Callable[[Reading], int | None], limit: Source, sign: int) -> Source:
    def source(reading: Reading) -> Fraction | None:
        at, bound = column(reading), limit(reading)
        if at is None or bound is None:
            return None
        values = [_cell(row, at) for row in reading.rows]
        return Fraction(sum(value is not None and sign * (value - bound) > 0 for value in values))

    return source


# ---------------------------------------------------------------- numbers


def _pick(rows: Sequence[list[str]], at: int) -> list[str] | None:
    return rows[at] if at < len(rows) else None


def _cell(row: Sequence[str], at: int) -> Fraction | None:
    return _number(row[at])


def _number(text: str) -> Fraction | None:
    return Fraction(text) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,6})?", text) else None


def _value(left: str, sign: str, right: str) -> Fraction | None:
    return _apply(Fraction(left), sign, Fraction(right))


def _apply(left: Fraction, sign: str, right: Fraction) -> Fraction | None:
    if sign == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def _text(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"

# ruff: noqa: E501, SIM905 - word lists read better on one line
"""Small tables of money and what to compute from them: numbers for the skills of `finance`."""

from collections.abc import Sequence
from random import Random

from coursewright.families import Difficulty
from coursewright.families.calculation import Drawn, between, factor

_FIRMS = "Acme Apex Atlas Beacon Birch Cedar Cobalt Coral Delta Echo Falcon Garnet Harbor Iris Juno Kestrel Lotus Maple Nova Onyx Orion Pine Quartz Raven Summit Tulip Umber Vega Willow Zenith".split()
_PRODUCTS = "lamps chairs desks bikes tents mugs bags pens shoes clocks rugs boots fans vases bowls kites drums skis".split()
_UNITS = "sales,travel,research,design,legal,support,training,security,press,cleaning,hiring,repairs".split(
    ","
)
_TRADES = "Foods Motors Tools Energy Media Paper Steel Textiles Rail Labs Homes Glass Toys Farms Marine Optics Print Mills Logistics Gardens".split()
_REGIONS = "Oslo Lima Cairo Delhi Quito Dublin Lagos Hanoi Lyon Porto Kyoto Texas Ohio Utah Bavaria Ghana Chile Kenya Malta Iceland Peru Norway Oman Nepal Cuba Fiji".split()
_EXTRA = ("staff", "stores", "clients", "orders", "visits")


def render(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table as the questions show it: one line a row, cells between bars."""
    return "\n".join(" | ".join(map(str, line)) for line in [header, *rows])


def _firms(rng: Random, count: int) -> list[str]:
    """Firms with different first names, so that a row is found by its first word."""
    return [f"{name} {rng.choice(_TRADES)}" for name in rng.sample(_FIRMS, count)]


def _heading(rng: Random) -> dict[str, object]:
    """Slots every question may use: whose table it is, and of which year."""
    return {
        "firm": _firms(rng, 1)[0],
        "year": rng.randint(2005, 2025),
        "region": rng.choice(_REGIONS),
    }


def _height(level: Difficulty) -> int:
    return {"easy": 2, "medium": 3, "hard": 4}[level]


def _years(rng: Random, level: Difficulty) -> list[int]:
    first = rng.randint(2005, 2022)
    return list(range(first, first + _height(level)))


def _money(rng: Random, level: Difficulty) -> int:
    return between(rng, level, (5, 30), (10, 60), (10, 99))


def _yearly(
    rng: Random, level: Difficulty, columns: Sequence[str]
) -> tuple[list[int], dict[str, list[int]], dict[str, object]]:
    """A table by year with free numbers in every column; the firm goes into the question."""
    years = _years(rng, level)
    cells = {column: [_money(rng, level) for _ in years] for column in columns}
    if level == "hard" and len(columns) == 1:
        cells[rng.choice(_EXTRA)] = [rng.randint(2, 40) for _ in years]
    return years, cells, _heading(rng)


def _lines(label: str, names: Sequence[object], cells: dict[str, list[int]]) -> str:
    return render(
        [label, *cells],
        [[name, *(column[at] for column in cells.values())] for at, name in enumerate(names)],
    )


def lookup(rng: Random, level: Difficulty) -> Drawn:
    columns = rng.sample(("sales", "costs", "rent", "wages", "taxes", "debt", "cash"), 2)
    years, cells, fields = _yearly(rng, level, columns)
    at, column = rng.randrange(len(years)), rng.choice(columns)
    return fields | {
        "table": _lines("year", years, cells),
        "column": column,
        "year": years[at],
    }, str(cells[column][at])


def profit(rng: Random, level: Difficulty) -> Drawn:
    years, cells, fields = _yearly(rng, level, ("sales", "costs"))
    for at, cost in enumerate(cells["costs"]):
        cells["sales"][at] = cost + rng.randint(2, 40)
    at = rng.randrange(len(years))
    sales, costs = cells["sales"][at], cells["costs"][at]
    if rng.random() < 0.3:
        cells = {"costs": cells["costs"], "sales": cells["sales"]}
    return fields | {
        "table": _lines("year", years, cells),
        "year": years[at],
    }, f"{sales} - {costs} = {sales - costs}"


def growth(rng: Random, level: Difficulty) -> Drawn:
    column = rng.choice(("sales", "profit", "exports", "income", "orders"))
    years, cells, fields = _yearly(rng, level, (column,))
    for at in range(1, len(years)):
        cells[column][at] = cells[column][at - 1] + rng.randint(2, 30)
    at = rng.randrange(1, len(years))
    before, after = cells[column][at - 1], cells[column][at]
    fields |= {
        "table": _lines("year", years, cells),
        "column": column,
        "from": years[at - 1],
        "to": years[at],
    }
    return fields, f"{after} - {before} = {after - before}"


def total(rng: Random, level: Difficulty) -> Drawn:
    names = rng.sample(_PRODUCTS, 2 if level == "easy" else 3)
    values = [between(rng, level, (3, 30), (3, 25), (8, 40)) for _ in names]
    worked = f"{' + '.join(map(str, values))} = {sum(values)}"
    return _heading(rng) | {
        "table": _lines("product", names, {"sales": values}),
    }, worked


def average(rng: Random, level: Difficulty) -> Drawn:
    column = rng.choice(("sales", "profit", "costs", "income", "rent"))
    years, cells, fields = _yearly(rng, level, (column,))
    at = rng.randrange(1, len(years))
    first = cells[column][at - 1]
    second = cells[column][at] = first + 2 * rng.randint(-min(first - 1, 10) // 2, 10)
    both = first + second
    fields |= {
        "table": _lines("year", years, cells),
        "column": column,
        "from": years[at - 1],
        "to": years[at],
    }
    return fields, f"{first} + {second} = {both}, {both} / 2 = {both // 2}"


def best(rng: Random, level: Difficulty) -> Drawn:
    columns = ("sales", "profit", "exports", "income", "costs", "wages", "rent", "debt", "taxes")
    column = rng.choice(columns)
    years, cells, fields = _yearly(rng, level, (column,))
    cells[column] = rng.sample(range(10, 99), len(years))
    best = years[cells[column].index(max(cells[column]))]
    return fields | {"table": _lines("year", years, cells), "column": column}, str(best)


def _shop(rng: Random, level: Difficulty) -> tuple[list[str], list[int], list[int]]:
    """Products, units sold, and the price of one unit."""
    names = rng.sample(_PRODUCTS, _height(level))
    return names, [factor(rng, level) for _ in names], [factor(rng, level) for _ in names]


def revenue(rng: Random, level: Difficulty) -> Drawn:
    names, units, prices = _shop(rng, level)
    at = rng.randrange(len(names))
    fields = _heading(rng) | {
        "table": _lines("product", names, {"units": units, "price": prices}),
        "name": names[at],
    }
    return fields, f"{units[at]} * {prices[at]} = {units[at] * prices[at]}"


def unit_price(rng: Random, level: Difficulty) -> Drawn:
    names, units, prices = _shop(rng, level)
    revenue = [count * price for count, price in zip(units, prices, strict=True)]
    at = rng.randrange(len(names))
    fields = _heading(rng) | {
        "table": _lines("product", names, {"units": units, "revenue": revenue}),
        "name": names[at],
    }
    return fields, f"{revenue[at]} / {units[at]} = {revenue[at] // units[at]}"


def missing(rng: Random, level: Difficulty) -> Drawn:
    names = rng.sample(_UNITS, 2)
    known, hidden = _money(rng, level), _money(rng, level)
    lines: list[tuple[str, object]] = [(names[0], known), (names[1], "?")]
    rng.shuffle(lines)
    table = render(["item", "cost"], [*lines, ("total", known + hidden)])
    return _heading(rng) | {
        "table": table,
        "name": names[1],
    }, f"{known + hidden} - {known} = {hidden}"


def budget(rng: Random, level: Difficulty) -> Drawn:
    names = rng.sample(_UNITS, _height(level))
    spent = [_money(rng, level) for _ in names]
    budget = [value + rng.randint(2, 30) for value in spent]
    at = rng.randrange(len(names))
    fields = _heading(rng) | {
        "table": _lines("team", names, {"budget": budget, "spent": spent}),
        "name": names[at],
    }
    return fields, f"{budget[at]} - {spent[at]} = {budget[at] - spent[at]}"


def interest(rng: Random, level: Difficulty) -> Drawn:
    banks = _firms(rng, _height(level))
    hundreds = [factor(rng, level) for _ in banks]
    rates = [between(rng, level, (2, 5), (2, 8), (2, 12)) for _ in banks]
    at = rng.randrange(len(banks))
    fields = _heading(rng) | {
        "firm": banks[at],
        "table": _lines("bank", banks, {"deposit": [100 * h for h in hundreds], "percent": rates}),
    }
    return fields, f"{hundreds[at]} * {rates[at]} = {hundreds[at] * rates[at]}"


def per_share(rng: Random, level: Difficulty) -> Drawn:
    firms = _firms(rng, _height(level))
    shares = [factor(rng, level) for _ in firms]
    profits = [count * factor(rng, level) for count in shares]
    at = rng.randrange(len(firms))
    cells = {"profit": profits, "shares": shares}
    return _heading(rng) | {
        "firm": firms[at],
        "table": _lines("firm", firms, cells),
    }, f"{profits[at]} / {shares[at]} = {profits[at] // shares[at]}"


def closing(rng: Random, level: Difficulty) -> Drawn:
    opening, paid_in = _money(rng, level), between(rng, level, (2, 20), (5, 40), (10, 60))
    paid_out = rng.randint(2, opening + paid_in - 1)
    subtotal = opening + paid_in
    table = render(
        ["entry", "amount"], [("opening", opening), ("paid in", paid_in), ("paid out", paid_out)]
    )
    fields = _heading(rng) | {"table": table}
    return (
        fields,
        f"{opening} + {paid_in} = {subtotal}, {subtotal} - {paid_out} = {subtotal - paid_out}",
    )


def count_above(rng: Random, level: Difficulty) -> Drawn:
    names = _firms(rng, _height(level) + 1)
    column = rng.choice(("sales", "profit", "staff", "debt"))
    limit = rng.randint(2, 8) * 10
    # No cell equals the limit, so "above" and "at least" cannot be confused.
    values = [rng.choice([value for value in range(10, 99) if value != limit]) for _ in names]
    fields = _heading(rng) | {
        "table": _lines("firm", names, {column: values}),
        "column": column,
        "limit": limit,
    }
    return fields, str(sum(value > limit for value in values))

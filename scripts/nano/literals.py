"""Python values: lists and dictionaries, handled as orders in plain words."""

from __future__ import annotations

from random import Random

Pair = tuple[str, str]

_KEYS = ("ant", "bee", "cow", "dog", "elk", "fox", "gnu", "hen", "pig", "owl", "rat", "yak", "ape")


def _list(rng: Random) -> list[int]:
    top = rng.choice((9, 12, 20, 50, 60))
    return [rng.randint(0, top) for _ in range(rng.randint(2, 6))]


def lists(rng: Random) -> Pair:
    """One order over one list."""
    xs = _list(rng)
    k = rng.randint(1, len(xs))
    x = rng.choice(xs)
    limit = rng.choice(xs) - rng.randint(0, 2)
    by = rng.randint(2, 5)
    orders: tuple[tuple[str, object], ...] = (
        ("repeat", xs),
        ("reverse", xs[::-1]),
        ("sort", sorted(xs)),
        ("sort down", sorted(xs, reverse=True)),
        ("sum", sum(xs[:4])),
        ("largest", max(xs)),
        ("smallest", min(xs)),
        ("length", len(xs)),
        ("first", xs[0]),
        ("last", xs[-1]),
        (f"first {k}", xs[:k]),
        (f"last {k}", xs[-k:]),
        (f"without first {k}", xs[k:]),
        (f"each plus {by}", [y + by for y in xs]),
        (f"each times {by}", [y * by for y in xs]),
        ("keep even", [y for y in xs if y % 2 == 0]),
        ("keep odd", [y for y in xs if y % 2]),
        (f"keep above {limit}", [y for y in xs if y > limit]),
        (f"keep below {limit}", [y for y in xs if y < limit]),
        (f"count {x}", xs.count(x)),
        (f"place of {x}", xs.index(x)),
        (f"drop {x}", [y for y in xs if y != x]),
        ("without repeats", list(dict.fromkeys(xs))),
        ("running sum", [sum(xs[: i + 1]) for i in range(len(xs))][:4]),
        ("pair up", list(zip(xs[::2], xs[1::2], strict=False))),
    )
    order, answer = rng.choice(orders)
    if order in ("sum", "running sum"):
        xs = xs[:4]
    return (f"{order}: {xs}" if rng.random() < 0.5 else f"{xs} {order}"), repr(answer)


def two_lists(rng: Random) -> Pair:
    """Orders over two lists of one length."""
    n = rng.randint(2, 4)
    a, b = ([rng.randint(0, 20) for _ in range(n)] for _ in range(2))
    order, answer = rng.choice(
        (
            ("join", a + b),
            ("add", [x + y for x, y in zip(a, b, strict=True)]),
            ("pairs", list(zip(a, b, strict=True))),
            ("larger", [max(x, y) for x, y in zip(a, b, strict=True)]),
        )
    )
    return f"{order}: {a} {b}", repr(answer)


def dictionaries(rng: Random) -> Pair:
    """Look up, list, change."""
    d = {k: rng.randint(0, 40) for k in rng.sample(_KEYS, rng.randint(2, 4))}
    key = rng.choice([*d, rng.choice(_KEYS)])
    other = rng.randint(0, 9)
    order, answer = rng.choice(
        (
            (f"{key} or {other}", d.get(key, other)),
            (f"{key} or {other}", d.get(key, other)),
            ("keys", list(d)),
            ("values", list(d.values())),
            (f"has {key}", key in d),
            (f"key of {next(iter(d.values()))}", next(iter(d))),
        )
    )
    return f"{d} {order}", repr(answer)


def text(rng: Random) -> Pair:
    """Orders over a word."""
    word = "".join(rng.choice("abcdefghiklmnoprstu") for _ in range(rng.randint(2, 5)))
    order, answer = rng.choice(
        (
            ("reverse", word[::-1]),
            ("length", len(word)),
            ("twice", word * 2),
            ("upper", word.upper()),
            ("first", word[0]),
            ("last", word[-1]),
        )
    )
    return f"{order}: {word!r}", repr(answer)


def repeat(rng: Random) -> Pair:
    """Add or multiply several times."""
    start, by, n = rng.randint(0, 30), rng.randint(2, 12), rng.randint(2, 6)
    return f"start {start}, add {by}, {n} times", repr(start + by * n)


def python(rng: Random) -> Pair:
    """A Python expression over literals, evaluated by Python itself."""
    xs = _list(rng)
    k, by = rng.randint(1, len(xs)), rng.randint(2, 5)
    x, limit = rng.choice(xs), rng.choice(xs) - rng.randint(0, 2)
    v = rng.choice("xyznvek")
    n = rng.randint(2, 3)
    a, b = ([rng.randint(0, 20) for _ in range(n)] for _ in range(2))
    d = {key: rng.randint(0, 40) for key in rng.sample(_KEYS, rng.randint(2, 3))}
    expression = rng.choice(
        (
            f"sorted({xs})",
            f"sorted({xs}, reverse=True)",
            f"{xs}[::-1]",
            f"list(reversed({xs}))",
            f"max({xs})",
            f"min({xs})",
            f"len({xs})",
            f"sum({xs[:4]})",
            f"{xs}[:{k}]",
            f"{xs}[{k}:]",
            f"{xs}[{k - 1}]",
            f"{xs}[-1]",
            f"{xs}.count({x})",
            f"{xs}.index({x})",
            f"{x} in {xs}",
            f"[{v} * {by} for {v} in {xs}]",
            f"[{v} + {by} for {v} in {xs}]",
            f"[{v} for {v} in {xs} if {v} > {limit}]",
            f"[{v} for {v} in {xs} if {v} < {limit}]",
            f"[{v} for {v} in {xs} if {v} % 2 == 0]",
            f"[{v} for {v} in {xs} if {v} % 2 == 1]",
            f"list(zip({a}, {b}))",
            f"{a} + {b}",
            f"{d}.get({rng.choice([*d, rng.choice(_KEYS)])!r}, {rng.randint(0, 9)})",
            f"{d}[{rng.choice(list(d))!r}]",
            f"list({d})",
            f"{xs[:3]} + [{x}]",
            f"{rng.randint(2, 30)} + {by} * {rng.randint(2, 9)}",
        )
    )
    shown = expression
    if expression.startswith(str(xs)) and rng.random() < 0.5:
        name = rng.choice(("xs", "nums", "a", "row", "values"))
        shown = f"{name} = {xs}\n{name}{expression[len(str(xs)) :]}"
    return shown, repr(eval(expression))  # our own text, never a program's

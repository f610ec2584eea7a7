# ruff: noqa: E501, SIM905 - one idiom a line reads better than wrapped ones
"""Small Python functions: given the source and a call, say what the call returns."""

from random import Random

from coursewright.families import Difficulty, Family
from coursewright.families.program import Drawn, program_skill

INSTRUCTION = "What does the last line return? Answer with the Python value only."

_WORDS = "pen cup box hat map key jar fan net pot bag toy egg nut rug axe bed can".split()


def _numbers(rng: Random, level: Difficulty, low: int = 0, high: int | None = None) -> list[int]:
    """A short list: 3 or 4 small numbers, up to 5 two-digit ones when hard."""
    length = {"easy": rng.randint(2, 3), "medium": rng.randint(3, 4), "hard": rng.randint(3, 5)}[
        level
    ]
    top = high if high is not None else {"easy": 12, "medium": 20, "hard": 50}[level]
    return [rng.randint(low, top) for _ in range(length)]


def _different(rng: Random, level: Difficulty) -> list[int]:
    """As `_numbers`, without repeats, so that a largest element or a position is unique."""
    return list(dict.fromkeys(_numbers(rng, level))) + [rng.randint(51, 60)] * rng.randint(0, 1)


def _plain(rng: Random, level: Difficulty) -> Drawn:
    return {}, (_numbers(rng, level),)


def _scale(rng: Random, level: Difficulty) -> Drawn:
    most = {"easy": 2, "medium": 4, "hard": 5}[level]
    return {"k": rng.randint(2, most)}, (_numbers(rng, level, 1, 12),)


def _above(rng: Random, level: Difficulty) -> Drawn:
    values = _numbers(rng, level)
    return {"k": max(1, rng.choice(values) - rng.randint(0, 2))}, (values,)


def _sum(rng: Random, level: Difficulty) -> Drawn:
    return {}, (_numbers(rng, level, 1, {"easy": 9, "medium": 12, "hard": 20}[level])[:4],)


def _largest(rng: Random, level: Difficulty) -> Drawn:
    values = _different(rng, level)
    rng.shuffle(values)
    return {}, (values,)


def _count(rng: Random, level: Difficulty) -> Drawn:
    wanted = rng.randint(0, 30)
    values = [
        rng.choice((wanted, wanted, rng.randint(0, 30)))
        for _ in range({"easy": 3, "medium": 4, "hard": 5}[level])
    ]
    return {}, (values, wanted)


def _first(rng: Random, level: Difficulty) -> Drawn:
    values = _numbers(rng, level)
    return {"k": rng.randint(1, max(1, len(values) - 1))}, (values,)


def _lookup(rng: Random, level: Difficulty) -> Drawn:
    keys = rng.sample(_WORDS, {"easy": 2, "medium": 3, "hard": 4}[level])
    key = rng.choice(keys) if rng.random() < 0.75 else rng.choice(_WORDS)
    return {"k": rng.randint(0, 9)}, ({word: rng.randint(1, 40) for word in keys}, key)


def _position(rng: Random, level: Difficulty) -> Drawn:
    values = list(dict.fromkeys(_numbers(rng, level)))
    rng.shuffle(values)
    return {}, (values, rng.choice(values))


def _pairs(rng: Random, level: Difficulty) -> Drawn:
    length, top = {"easy": (2, 12), "medium": (2, 20), "hard": (3, 30)}[level]
    first, second = ([rng.randint(0, top) for _ in range(length)] for _ in range(2))
    return {}, (first, second)


def _repeat(rng: Random, level: Difficulty) -> Drawn:
    start, step, times = (
        rng.randint(0, 30),
        rng.randint(2, 12),
        {"easy": (2, 4), "medium": (2, 6), "hard": (3, 9)}[level],
    )
    return {"k": step, "n": rng.randint(*times)}, (start,)


FAMILY = Family(
    "code",
    INSTRUCTION,
    (
        program_skill(
            "scale-list",
            "multiply every element",
            "A function multiplies every element of a list by a constant.",
            "multiply every, multiply each, times a constant, scale, scaled list, elementwise product, each element",
            {
                "comprehension": "def $f($xs):\n    return [$x * $k for $x in $xs]",
                "loop": "def $f($xs):\n    $out = []\n    for $x in $xs:\n        $out.append($x * $k)\n    return $out",
                "builtin": "def $f($xs):\n    return list(map(lambda $x: $x * $k, $xs))",
                "indexed": "def $f($xs):\n    for $i in range(len($xs)):\n        $xs[$i] *= $k\n    return $xs",
                "generator": "def $f($xs):\n    return list($k * $x for $x in $xs)",
                "lambda": "$f = lambda $xs: [$k * $x for $x in $xs]",
            },
            {
                "while": "def $f($xs):\n    $i = 0\n    while $i < len($xs):\n        $xs[$i] = $k * $xs[$i]\n        $i += 1\n    return $xs",
                "recursion": "def $f($xs):\n    return [$xs[0] * $k] + $f($xs[1:]) if $xs else []",
            },
            _scale,
        ),
        program_skill(
            "keep-even",
            "keep the even numbers",
            "A function keeps the even numbers of a list.",
            "even, even numbers, divisible by two, modulo two, odd ones dropped, parity",
            {
                "comprehension": "def $f($xs):\n    return [$x for $x in $xs if $x % 2 == 0]",
                "loop": "def $f($xs):\n    $out = []\n    for $x in $xs:\n        if $x % 2 == 0:\n            $out.append($x)\n    return $out",
                "builtin": "def $f($xs):\n    return list(filter(lambda $x: $x % 2 == 0, $xs))",
                "negated": "def $f($xs):\n    return [$x for $x in $xs if not $x % 2]",
                "continue": "def $f($xs):\n    $out = []\n    for $x in $xs:\n        if $x % 2:\n            continue\n        $out.append($x)\n    return $out",
                "lambda": "$f = lambda $xs: [$x for $x in $xs if $x % 2 != 1]",
            },
            {
                "generator": "def $f($xs):\n    return list($x for $x in $xs if $x // 2 * 2 == $x)",
                "bitwise": "def $f($xs):\n    return [$x for $x in $xs if $x & 1 == 0]",
            },
            _plain,
        ),
        program_skill(
            "keep-above",
            "keep what is above a limit",
            "A function keeps the numbers of a list that are greater than a limit.",
            "greater than, above, larger than, limit, threshold, cutoff, bigger, exceed",
            {
                "comprehension": "def $f($xs):\n    return [$x for $x in $xs if $x > $k]",
                "loop": "def $f($xs):\n    $out = []\n    for $x in $xs:\n        if $x > $k:\n            $out.append($x)\n    return $out",
                "builtin": "def $f($xs):\n    return list(filter(lambda $x: $x > $k, $xs))",
                "continue": "def $f($xs):\n    $out = []\n    for $x in $xs:\n        if $x <= $k:\n            continue\n        $out.append($x)\n    return $out",
                "flipped": "def $f($xs):\n    return [$x for $x in $xs if $k < $x]",
                "lambda": "$f = lambda $xs: [$x for $x in $xs if $x > $k]",
            },
            {
                "generator": "def $f($xs):\n    return list($x for $x in $xs if $x > $k)",
                "negated": "def $f($xs):\n    return [$x for $x in $xs if not $x <= $k]",
            },
            _above,
        ),
        program_skill(
            "reverse-list",
            "reverse a list",
            "A function returns a list in reverse order.",
            "reverse, reversed, backwards, back to front, opposite order",
            {
                "slice": "def $f($xs):\n    return $xs[::-1]",
                "builtin": "def $f($xs):\n    return list(reversed($xs))",
                "method": "def $f($xs):\n    $xs.reverse()\n    return $xs",
                "loop": "def $f($xs):\n    $out = []\n    for $x in $xs:\n        $out = [$x] + $out\n    return $out",
                "insert": "def $f($xs):\n    $out = []\n    for $x in $xs:\n        $out.insert(0, $x)\n    return $out",
                "lambda": "$f = lambda $xs: $xs[::-1]",
            },
            {
                "indexed": "def $f($xs):\n    return [$xs[-$i - 1] for $i in range(len($xs))]",
                "pop": "def $f($xs):\n    $out = []\n    while $xs:\n        $out.append($xs.pop())\n    return $out",
            },
            _plain,
        ),
        program_skill(
            "sum-list",
            "add up a list",
            "A function adds up all numbers of a list.",
            "sum, add up, total of, adds all, accumulate",
            {
                "builtin": "def $f($xs):\n    return sum($xs)",
                "loop": "def $f($xs):\n    $out = 0\n    for $x in $xs:\n        $out += $x\n    return $out",
                "indexed": "def $f($xs):\n    $out = 0\n    for $i in range(len($xs)):\n        $out = $out + $xs[$i]\n    return $out",
                "generator": "def $f($xs):\n    return sum($x for $x in $xs)",
                "start": "def $f($xs):\n    $out = $xs[0]\n    for $x in $xs[1:]:\n        $out += $x\n    return $out",
                "lambda": "$f = lambda $xs: sum($xs)",
            },
            {
                "while": "def $f($xs):\n    $out = 0\n    while $xs:\n        $out += $xs.pop()\n    return $out",
                "recursion": "def $f($xs):\n    return $xs[0] + $f($xs[1:]) if $xs else 0",
            },
            _sum,
        ),
        program_skill(
            "largest",
            "the largest element",
            "A function returns the largest number of a list.",
            "largest, maximum, max, biggest, highest, greatest element",
            {
                "builtin": "def $f($xs):\n    return max($xs)",
                "loop": "def $f($xs):\n    $out = $xs[0]\n    for $x in $xs:\n        if $x > $out:\n            $out = $x\n    return $out",
                "sorted": "def $f($xs):\n    return sorted($xs)[-1]",
                "method": "def $f($xs):\n    $xs.sort()\n    return $xs[-1]",
                "indexed": "def $f($xs):\n    $out = 0\n    for $i in range(len($xs)):\n        $out = max($out, $xs[$i])\n    return $out",
                "lambda": "$f = lambda $xs: max($xs)",
            },
            {
                "descending": "def $f($xs):\n    return sorted($xs, reverse=True)[0]",
                "conditional": "def $f($xs):\n    $out = $xs[0]\n    for $x in $xs:\n        $out = $x if $x > $out else $out\n    return $out",
            },
            _largest,
        ),
        program_skill(
            "count-value",
            "count a value",
            "A function counts how often a value stands in a list.",
            "count, how often, how many times, occurrences, frequency, tally, number of times",
            {
                "method": "def $f($xs, t):\n    return $xs.count(t)",
                "loop": "def $f($xs, t):\n    $out = 0\n    for $x in $xs:\n        if $x == t:\n            $out += 1\n    return $out",
                "generator": "def $f($xs, t):\n    return sum(1 for $x in $xs if $x == t)",
                "comprehension": "def $f($xs, t):\n    return len([$x for $x in $xs if $x == t])",
                "indexed": "def $f($xs, t):\n    $out = 0\n    for $i in range(len($xs)):\n        $out += int($xs[$i] == t)\n    return $out",
                "lambda": "$f = lambda $xs, t: $xs.count(t)",
            },
            {
                "boolean": "def $f($xs, t):\n    return sum($x == t for $x in $xs)",
                "continue": "def $f($xs, t):\n    $out = 0\n    for $x in $xs:\n        if $x != t:\n            continue\n        $out += 1\n    return $out",
            },
            _count,
        ),
        program_skill(
            "first-items",
            "the first elements",
            "A function returns the first few elements of a list.",
            "first few, first elements, prefix, beginning, leading elements, head of a list, slice from the start",
            {
                "slice": "def $f($xs):\n    return $xs[:$k]",
                "comprehension": "def $f($xs):\n    return [$xs[$i] for $i in range($k)]",
                "loop": "def $f($xs):\n    $out = []\n    for $i in range($k):\n        $out.append($xs[$i])\n    return $out",
                "from-zero": "def $f($xs):\n    $out = $xs[0:$k]\n    return $out",
                "delete": "def $f($xs):\n    del $xs[$k:]\n    return $xs",
                "lambda": "$f = lambda $xs: $xs[:$k]",
            },
            {
                "pop": "def $f($xs):\n    while len($xs) > $k:\n        $xs.pop()\n    return $xs",
                "enumerate": "def $f($xs):\n    return [$x for $i, $x in enumerate($xs) if $i < $k]",
            },
            _first,
        ),
        program_skill(
            "lookup",
            "look up a key",
            "A function looks up a key in a dictionary and falls back to a default when the key is missing.",
            "dictionary, dict, key, look up, lookup, mapping, default, get",
            {
                "method": "def $f(d, key):\n    return d.get(key, $k)",
                "branch": "def $f(d, key):\n    if key in d:\n        return d[key]\n    return $k",
                "conditional": "def $f(d, key):\n    return d[key] if key in d else $k",
                "guard": "def $f(d, key):\n    if key not in d:\n        return $k\n    return d[key]",
                "exception": "def $f(d, key):\n    try:\n        return d[key]\n    except KeyError:\n        return $k",
                "lambda": "$f = lambda d, key: d.get(key, $k)",
            },
            {
                "default-first": "def $f(d, key):\n    $out = $k\n    if key in d:\n        $out = d[key]\n    return $out",
                "loop": "def $f(d, key):\n    for $x in d:\n        if $x == key:\n            return d[$x]\n    return $k",
            },
            _lookup,
        ),
        program_skill(
            "find-position",
            "position of a value",
            "A function returns the position (index from 0) of a value in a list.",
            "position, index of, where, location, offset, find the index",
            {
                "method": "def $f($xs, t):\n    return $xs.index(t)",
                "enumerate": "def $f($xs, t):\n    for $i, $x in enumerate($xs):\n        if $x == t:\n            return $i",
                "indexed": "def $f($xs, t):\n    for $i in range(len($xs)):\n        if $xs[$i] == t:\n            return $i",
                "while": "def $f($xs, t):\n    $i = 0\n    while $xs[$i] != t:\n        $i += 1\n    return $i",
                "comprehension": "def $f($xs, t):\n    return [$i for $i in range(len($xs)) if $xs[$i] == t][0]",
                "lambda": "$f = lambda $xs, t: $xs.index(t)",
            },
            {
                "counter": "def $f($xs, t):\n    $i = 0\n    for $x in $xs:\n        if $x == t:\n            break\n        $i += 1\n    return $i",
                "next": "def $f($xs, t):\n    return next($i for $i, $x in enumerate($xs) if $x == t)",
            },
            _position,
        ),
        program_skill(
            "sort-list",
            "sort a list",
            "A function sorts a list in ascending order.",
            "sort, sorted, ascending, order, smallest to largest, increasing",
            {
                "builtin": "def $f($xs):\n    return sorted($xs)",
                "method": "def $f($xs):\n    $xs.sort()\n    return $xs",
                "copy": "def $f($xs):\n    $out = list($xs)\n    $out.sort()\n    return $out",
                "keyword": "def $f($xs):\n    return sorted($xs, reverse=False)",
                "generator": "def $f($xs):\n    return sorted($x for $x in $xs)",
                "lambda": "$f = lambda $xs: sorted($xs)",
            },
            {
                "removal": "def $f($xs):\n    $out = []\n    while $xs:\n        $x = min($xs)\n        $xs.remove($x)\n        $out.append($x)\n    return $out",
                "key": "def $f($xs):\n    return sorted($xs, key=lambda $x: $x)",
            },
            _plain,
        ),
        program_skill(
            "rotate-list",
            "move the first element to the end",
            "A function moves the first element of a list to its end.",
            "rotate, rotation, shift, moves the first, cyclic, to the end, front to back",
            {
                "slice": "def $f($xs):\n    return $xs[1:] + $xs[:1]",
                "method": "def $f($xs):\n    $xs.append($xs.pop(0))\n    return $xs",
                "variable": "def $f($xs):\n    $x = $xs.pop(0)\n    return $xs + [$x]",
                "unpack": "def $f($xs):\n    $x, *$out = $xs\n    return [*$out, $x]",
                "steps": "def $f($xs):\n    $out = $xs[1:]\n    $out.append($xs[0])\n    return $out",
                "lambda": "$f = lambda $xs: $xs[1:] + [$xs[0]]",
            },
            {
                "delete": "def $f($xs):\n    $x = $xs[0]\n    del $xs[0]\n    $xs.append($x)\n    return $xs",
                "modulo": "def $f($xs):\n    return [$xs[($i + 1) % len($xs)] for $i in range(len($xs))]",
            },
            _plain,
        ),
        program_skill(
            "pair-up",
            "pair two lists",
            "A function pairs the elements of two lists into tuples.",
            "pair, pairs, zip, tuples, two lists, side by side, combine two lists",
            {
                "builtin": "def $f(a, b):\n    return list(zip(a, b))",
                "comprehension": "def $f(a, b):\n    return [($x, w) for $x, w in zip(a, b)]",
                "indexed": "def $f(a, b):\n    return [(a[$i], b[$i]) for $i in range(len(a))]",
                "loop": "def $f(a, b):\n    $out = []\n    for $x in zip(a, b):\n        $out.append($x)\n    return $out",
                "star": "def $f(a, b):\n    return [*zip(a, b)]",
                "lambda": "$f = lambda a, b: list(zip(a, b))",
            },
            {
                "map": "def $f(a, b):\n    return list(map(lambda $x, w: ($x, w), a, b))",
                "enumerate": "def $f(a, b):\n    return [($x, b[$i]) for $i, $x in enumerate(a)]",
            },
            _pairs,
        ),
        program_skill(
            "repeat-add",
            "add in a loop",
            "A function adds the same number to its argument several times over.",
            "loop that adds, repeated addition, adds the same, repeatedly, again and again, counter, several times",
            {
                "for": "def $f($x):\n    for $i in range($n):\n        $x += $k\n    return $x",
                "assign": "def $f($x):\n    for $i in range($n):\n        $x = $x + $k\n    return $x",
                "while": "def $f($x):\n    $i = 0\n    while $i < $n:\n        $x += $k\n        $i += 1\n    return $x",
                "product": "def $f($x):\n    return $x + $k * $n",
                "sum": "def $f($x):\n    return $x + sum([$k] * $n)",
                "lambda": "$f = lambda $x: $x + $n * $k",
            },
            {
                "countdown": "def $f($x):\n    $i = $n\n    while $i > 0:\n        $x += $k\n        $i -= 1\n    return $x",
                "accumulator": "def $f($x):\n    $out = 0\n    for $i in range($n):\n        $out += $k\n    return $x + $out",
            },
            _repeat,
        ),
    ),
)

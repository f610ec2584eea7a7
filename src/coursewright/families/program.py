# ruff: noqa: SIM905 - word lists read better on one line
"""Skills whose answer is what a small Python function returns: the gold comes from running it."""

import ast
from collections.abc import Callable, Mapping
from random import Random
from string import Template

from coursewright.families import Difficulty, Sample, Skill

Drawn = tuple[Mapping[str, object], tuple[object, ...]]
"""What one draw gives: constants for the body of the function, and the arguments of the call."""

_FUNCTIONS = "f g h run work step calc solve task do go make func act play turn".split()
_LISTS = "xs nums values items data row seq numbers a vals".split()
_ELEMENTS = "x n v e y z num val".split()
_OUTPUTS = "out result res done new acc ans r".split()
_INDEXES = "i j k p".split()


def program_skill(
    name: str,
    title: str,
    description: str,
    hints: str,
    idioms: Mapping[str, str],
    heldout: Mapping[str, str],
    draw: Callable[[Random, Difficulty], Drawn],
) -> Skill:
    """A skill of output prediction.

    ``idioms`` maps a phrasing id to a function with ``$f`` (its name), ``$xs`` (its list), ``$x``
    (an element), ``$i`` (an index), ``$out`` (a result) and the constants of the draw. All names
    are drawn afresh, so that nothing hangs on them.
    """
    bodies = {phrasing: Template(body) for phrasing, body in {**idioms, **heldout}.items()}

    def fill(rng: Random, phrasing: str, difficulty: Difficulty) -> Sample:
        constants, arguments = draw(rng, difficulty)
        function = rng.choice(_FUNCTIONS)
        names = {
            "f": function,
            "xs": rng.choice(_LISTS),
            "x": rng.choice(_ELEMENTS),
            "i": rng.choice(_INDEXES),
            "out": rng.choice(_OUTPUTS),
        }
        source = bodies[phrasing].substitute(
            names | {key: repr(value) for key, value in constants.items()}
        )
        call = f"{function}({', '.join(map(repr, arguments))})"
        answer = repr(run(source, call))
        return Sample(name, phrasing, f"{source}\n{call}", "", answer, answer)

    return Skill(
        name=name,
        title=title,
        description=description,
        hints=tuple(hint.strip() for hint in hints.split(",")),
        phrasings=tuple(idioms),
        heldout=tuple(heldout),
        draw=fill,
        spoil=spoil_literal,
    )


def run(source: str, call: str) -> object:
    """The value of a call of one of *our own* functions. Never give it text from anywhere else."""
    scope: dict[str, object] = {}
    exec(source, scope)
    return eval(call, scope)


def spoil_literal(sample: Sample, rng: Random) -> str:
    """A plausible wrong value: an element changed, dropped or moved, a count off by one or two."""
    right = ast.literal_eval(sample.answer)
    for _ in range(20):
        wrong = _bend(right, rng)
        if wrong != right:
            return repr(wrong)
    return repr([right, right])


def _bend(value: object, rng: Random) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((-2, -1, 1, 2))
    if isinstance(value, str):
        return value[1:] if rng.random() < 0.5 else value + value[-1:]
    if isinstance(value, (list, tuple)):
        items = list(value)
        move = rng.choice(("drop", "change", "swap", "add"))
        if not items:
            items = [rng.randint(0, 9)]
        elif move == "drop":
            items.pop(rng.randrange(len(items)))
        elif move == "change":
            place = rng.randrange(len(items))
            items[place] = _bend(items[place], rng)
        elif move == "swap":
            rng.shuffle(items)
        else:
            items.insert(rng.randrange(len(items) + 1), rng.choice(items))
        return type(value)(items)
    return None if value is not None else 0

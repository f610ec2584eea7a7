"""SciBench: a number in the last box, within 5 %, with the unit rule.

Official rule: the repository mandyyyyii/scibench, folder `eval` (the tolerance of its later
versions). The question shows the unit without its power of ten, if that is followed by something
more; the power then multiplies the gold number, and only for those items a prediction
`x \\times 10^n` is expanded.
"""

from __future__ import annotations

import math
import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from coursewright.scoring.marked_up import marked_up_number
from coursewright.scoring.numeric import last_number
from coursewright.scoring.policy import Policy

_TOLERANCE = 0.05
"""Of the larger magnitude of the two."""
_LONGEST = 1000
"""Characters a box may hold."""
_POWER = re.compile(r"\$? *10\^\{? *(-?[0-9]+) *\}? *\$?")
"""A power of ten in a unit, in LaTeX, with the dollar signs and blanks around it."""
_TEN = re.compile(r"10\^\{? *(-?[0-9]+)")
_ANY_POWER = re.compile(r"10\s*\^\s*\{?\s*(-?[0-9]{1,3})")


class SciBench(BaseModel):
    """Gold: `{"number": "50.7", "unit": "$\\\\mathrm{atm}$"}`, or a number alone.

    Under `official`, golds that hold commas or a Unicode minus match nothing, and a gold of zero
    wants exactly zero. Under `repaired` such golds are read, an answer without a box counts by its
    last number, and powers of ten, LaTeX and units are understood in every answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"

    def score(self, output: str, answer: Any) -> float:
        number, unit = _gold(answer)
        if self.policy == "official":
            return float(_official(output, number, unit))
        gold, given = marked_up_number(number), _any_number(output)
        if gold is None or given is None:
            return 0.0
        return float(
            any(
                math.isclose(given, meant, rel_tol=_TOLERANCE, abs_tol=1e-12 * (gold == 0))
                for meant in _meanings(gold, unit)
            )
        )

    def readable(self, output: str) -> bool:
        if self.policy == "repaired":
            return _any_number(output) is not None
        boxed = last_box(output)
        return boxed is not None and (
            _leading_float(boxed.replace(",", "")) is not None or _expanded(boxed) is not None
        )

    def written(self, answer: Any) -> str:
        number, unit = _gold(answer)
        power = displaced_power(unit)
        expanded = number if power is None else f"{number} \\times 10^{{{power}}}"
        return f"\\boxed{{{expanded}}}"


def displaced_power(unit: str) -> int | None:
    """The power of ten that leaves the displayed unit, if one does."""
    powers = _POWER.findall(unit)
    if not powers or not _POWER.split(unit)[-1] or len(powers[0]) > 4:
        return None
    return int(powers[0])


def _meanings(gold: float, unit: str) -> list[float]:
    """What an answer may say: with a power that the question shows, the number without it too."""
    power = _ANY_POWER.search(unit)
    scaled = None if power is None else _scaled(gold, int(power[1]))
    if scaled is None:
        return [gold]
    return [scaled] if displaced_power(unit) is not None else [gold, scaled]


def displayed_unit(unit: str) -> str:
    """The unit as the question shows it."""
    return unit if displaced_power(unit) is None else _POWER.split(unit)[-1]


def last_box(output: str) -> str | None:
    """What the last `\\boxed{…}` holds, braces matched, behind its last `=`."""
    start = output.rfind("oxed")
    if start < 0 or not output.startswith("oxed{", start):
        return None
    depth = 0
    for at in range(start + 4, min(len(output), start + _LONGEST)):
        depth += (output[at] == "{") - (output[at] == "}")
        if depth == 0:
            return output[start + 5 : at].rpartition("=")[2].lstrip(" ")
    return None


def _official(output: str, number: str, unit: str) -> bool:
    boxed = last_box(output)
    gold = _as_float(number)
    if boxed is None or gold is None:
        return False
    power = displaced_power(unit)
    if power is None:
        return _near(boxed, gold)
    scaled = _scaled(gold, power)
    if scaled is None:
        return False
    for sign in _TIMES:
        if sign in boxed:
            given = _expanded(boxed)
            return given is not None and math.isclose(given, scaled, rel_tol=_TOLERANCE)
    return _near(boxed, scaled)


_TIMES = ("\times", "\\times", "*")
"""The first is the slip of the official code, a tabulator and `imes`; decoded JSON may hold it."""


def _expanded(boxed: str) -> float | None:
    """The value of `x \\times 10^n`; commas are still in the way here."""
    sign = next((sign for sign in _TIMES if sign in boxed), None)
    if sign is None:
        return None
    parts = boxed.split(sign)
    power = _TEN.search(parts[-1])
    factor = _as_float(parts[0])
    if len(parts) != 2 or power is None or factor is None or len(power[1]) > 4:
        return None
    return _scaled(factor, int(power[1]))


def _scaled(factor: float, power: int) -> float | None:
    try:
        return factor * 10.0**power
    except OverflowError:
        return None


def _near(boxed: str, gold: float) -> bool:
    """The whole or its first word within the tolerance of the gold."""
    text = boxed.replace(",", "").strip()
    readings = (_as_float(text), _leading_float(text))
    return any(r is not None and math.isclose(r, gold, rel_tol=_TOLERANCE) for r in readings)


def _leading_float(text: str) -> float | None:
    words = text.split(maxsplit=1)
    return _as_float(words[0]) if words else None


def _as_float(text: str) -> float | None:
    """Python's own reading, for that is the official one: `1_000` and `inf` pass, `−5` does not."""
    try:
        return float(text)
    except ValueError:
        return None


def _any_number(output: str) -> float | None:
    boxed = last_box(output)
    return marked_up_number(boxed) if boxed is not None else last_number(output)


def _gold(answer: Any) -> tuple[str, str]:
    """Number and unit as text."""
    if isinstance(answer, dict):
        return str(answer.get("number", "")), str(answer.get("unit", ""))
    return str(answer), ""

"""Numbers as people and models write them: commas, signs, LaTeX, powers of ten, fractions."""

from __future__ import annotations

import math
import re

_LONGEST = 1000
"""Characters read: a number with its unit is short."""
_SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "\u00a0": " "})
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\\[,;:! ]|\\left\b|\\right\b|\\quad|~|\\?[$€£¥]|\\[()\[\]]"), " "),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\(?:times|cdot)(?![a-zA-Z])"), "*"),
    (re.compile(r"\\(?:approx|simeq)(?![a-zA-Z])"), "≈"),
    (re.compile(r"\\(?=[%&#])"), ""),
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|rm|mathit)\s*\{([^{}]*)\}"), r" \1 "),
    (
        re.compile(r"\\[dt]?frac\s*\{\s*([-+]?[\d.,]+)\s*\}\s*\{\s*([\d.,]+)\s*\}"),
        r"\1/\2",
    ),
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,40}(?!\d)|\d{1,400})?(?:\.\d{1,400})?"
_TEN = r"10\s?\^\s?\{?\s?(?P<{0}>[-+]?\s?\d{{1,4}})\s?\}}?"
_NUMBER = re.compile(
    r"(?<![\w.^])(?P<sign>[-+]\s{0,2})?(?:"
    + _TEN.replace("{0}", "alone").replace("{{", "{").replace("}}", "}")
    + r"|(?P<digits>(?=\.?\d)"
    + _DIGITS
    + r")(?:[eE](?P<e>[-+]?\d{1,4})(?!\w)"
    + r"|\s?[*xX]\s?"
    + _TEN.replace("{0}", "ten").replace("{{", "{").replace("}}", "}")
    + r"|\s?/\s?(?P<below>\d{1,40}(?:\.\d{1,40})?))?)"
)


def marked_up_number(text: str) -> float | None:
    """The first number behind the last `=` or `≈` of a short text; None if there is none.

    Reads `1,234`, `−5`, `1.2\\times 10^{-3}`, `10^{4}`, `3 x 10^5`, `\\frac{1}{2}` and
    `$12\\,\\mathrm{J}$`.
    A LaTeX command before the number that is not mere dress (`\\sqrt{2}`) makes it unreadable.
    """
    if len(text) > _LONGEST:
        return None
    text = text.translate(_SIGNS)
    for pattern, plain in _REWRITES:
        text = pattern.sub(plain, text)
    tail = re.split("[=≈]", text)[-1]
    match = _NUMBER.search(tail)
    if match is None or "\\" in tail[: match.start()]:
        return None
    value = _value(match)
    return value if value is not None and math.isfinite(value) else None


def _value(match: re.Match[str]) -> float | None:
    sign = -1.0 if (match["sign"] or "").startswith("-") else 1.0
    try:
        if match["alone"] is not None:
            return sign * float(f"1e{match['alone'].replace(' ', '')}")
        digits = match["digits"].replace(",", "")
        power = match["e"] or match["ten"]
        if power is not None:
            return sign * float(f"{digits}e{power.replace(' ', '')}")
        below = float(match["below"]) if match["below"] else 1.0
        return sign * float(digits) / below
    except (ValueError, ZeroDivisionError, OverflowError):
        return None

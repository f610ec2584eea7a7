"""Numbers as people and models write them: commas, signs, LaTeX, powers of ten, fractions."""

from __future__ import annotations

import math
import re

from coursewright.scoring.numeric import in_tens, raised, ungrouped

_LONGEST = 1000
"""Characters read: a number with its unit is short."""
_SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "\u00a0": " "})
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\\!"), ""),
    (re.compile(r"\\[,;: ]|\\left\b|\\right\b|\\quad|~|\\?[$€£¥]|\\[()\[\]]"), " "),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\(?:times|cdot)(?![a-zA-Z])"), "*"),
    (re.compile(r"\\(?:approx|simeq)(?![a-zA-Z])"), "≈"),
    (re.compile(r"\\(?=[%&#])"), ""),
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|rm|mathit)\s*\{([^{}]*)\}"), r" \1 "),
    (
        re.compile(r"\\[dt]?frac\s*\{\s*([-+]?[\d.,]+)\s*\}\s*\{\s*([\d.,]+)\s*\}"),
        r" \1/\2",
    ),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r" \1/\2"),
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,40}(?!\d)|\d{1,400})?(?:\.\d{1,400})?"
_NUMBER = re.compile(
    r"(?<![\w.^])(?P<sign>[-+]\s{0,2})?"
    rf"(?P<digits>(?=\.?\d){_DIGITS})"
    rf"(?:[eE](?P<e>[-+]?\d{{1,4}})(?!\w)|\s?[*xX]\s?10{raised('ten')}|{raised('alone')}"
    r"|\s?/\s?(?P<below>\d{1,40}(?:\.\d{1,40})?)"
    r"|\s{1,2}(?P<above>\d{1,40})\s?/\s?(?P<under>\d{1,40}))?"
)


def marked_up_number(text: str) -> float | None:
    """The first number behind the last `=` or `≈` of a short text; None if there is none.

    Reads `1,234`, `12\\,500`, `−5`, `1.2\\times 10^{-3}`, `10^{4}`, `3 x 10^5`, `\\frac{1}{2}`,
    `2\\frac{1}{2}` and `$12\\,\\mathrm{J}$`.
    A LaTeX command before the number that is not mere dress (`\\sqrt{2}`) makes it unreadable, and
    so does a power that is no whole power of ten (`2^{10}`, `10^{3.5}`).
    """
    if len(text) > _LONGEST:
        return None
    text = ungrouped(text).translate(_SIGNS)
    for pattern, plain in _REWRITES:
        text = pattern.sub(plain, text)
    tail = re.split("[=≈]", text)[-1]
    match = _NUMBER.search(tail)
    if match is None or "\\" in tail[: match.start()]:
        return None
    value = _value(match)
    return value if value is not None and math.isfinite(value) else None


def _value(match: re.Match[str]) -> float | None:
    value = in_tens(match, match["digits"])
    if value is None:
        return None
    try:
        if match["below"]:
            value /= float(match["below"])
        if match["under"]:
            value += float(match["above"]) / float(match["under"])
    except ZeroDivisionError:
        return None
    return -value if (match["sign"] or "").startswith("-") else value

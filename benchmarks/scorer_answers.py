"""Answers to hold scorers against their rules: right and wrong ones, half of them mangled.

Mangled as models do it: units, LaTeX, commas, words, signs, brackets, other forms of the number,
and values just inside and just outside the tolerance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Mangle = Callable[[str, Random], str]


def commas(number: str) -> str:
    """A number with commas between its thousands, if it is a plain one."""
    match = re.fullmatch(r"(-?)(\d+)(\.\d+)?", number)
    return f"{match[1]}{int(match[2]):,}{match[3] or ''}" if match else number


def nudged(number: str, rng: Random, shares: Sequence[float]) -> str:
    """The number moved by one of these shares of itself."""
    try:
        value = float(number.replace(",", "").replace("−", "-"))
    except ValueError:
        return number
    return f"{value * (1 + rng.choice(shares)):.10g}"


BOXES: tuple[Mangle, ...] = (
    lambda n, r: f"so \\boxed{{{n}}}",
    lambda n, r: f"\\boxed{{{n} J}}",
    lambda n, r: f"\\boxed{{{n}\\ \\mathrm{{J}}}}",
    lambda n, r: f"\\boxed{{{n}\\,\\text{{kJ/mol}}}}",
    lambda n, r: f"\\boxed{{x = {n}}}",
    lambda n, r: f"$\\boxed{{${n}$}}$",
    lambda n, r: f"\\boxed{{{commas(n)}}}",
    lambda n, r: f"\\boxed{{{n.replace('-', '−')}}}",
    lambda n, r: f"\\boxed{{{n} \\times 10^{{{r.choice((-3, 0, 2, 11))}}}}}",
    lambda n, r: f"\\boxed{{{n}*10^{r.choice((2, 3, 7))}}}",
    lambda n, r: f"\\boxed{{{commas(n)} \\times 10^{{2}}}}",
    lambda n, r: f"\\boxed{{\\frac{{{n}}}{{1}}}}",
    lambda n, r: f"\\boxed{{\\approx {n}}}",
    lambda n, r: f"The answer is {n}.",
    lambda n, r: f"\\boxed{{{n}",
    lambda n, r: f"\\fbox{{{n}}}",
    lambda n, r: f"\\boxed{{1}} but \\boxed{{{n}}}",
    lambda n, r: f"\\boxed{{{nudged(n, r, (0.049, -0.049, 0.052, -0.051, 0.0))}}}",
    lambda n, r: f"\\boxed{{{{{n}}}}}",
    lambda n, r: f"\\boxed{{{n} or 7}}",
)
FINAL: tuple[Mangle, ...] = (
    lambda n, r: f"Therefore, the answer is {commas(n)}.",
    lambda n, r: f"Therefore, the answer is ${commas(n)}.",
    lambda n, r: f"Therefore, the answer is ${n}",
    lambda n, r: f"therefore, the answer is {n}%.",
    lambda n, r: f"Therefore, the answer is approximately {n}.",
    lambda n, r: f"Therefore, the answer is x = {n}",
    lambda n, r: f"Therefore, the answer is ≈ {n}",
    lambda n, r: f"Therefore, the answer is {n} {r.choice(('million', 'thousand', 'billion'))}.",
    lambda n, r: f"Therefore, the answer is {n} dollars",
    lambda n, r: f"Therefore, the answer is {n} million dollars",
    lambda n, r: f"Therefore, the answer is about {commas(n)}",
    lambda n, r: f"Therefore, the answer is {n} usd",
    lambda n, r: f"Therefore, the answer is {n} or 5",
    lambda n, r: f"Therefore, the answer is \\boxed{{{n}}}",
    lambda n, r: f"Therefore, the answer is **{n}**",
    lambda n, r: f"Therefore, the answer is {n} x 10^2",
    lambda n, r: f"Therefore, the answer is €{commas(n)}.",
    lambda n, r: f"Therefore, the answer is minus {n}",
    lambda n, r: f"It is {n} in all",
    lambda n, r: f"Therefore, the answer is {r.choice(('yes', 'no', 'True', 'none'))}.",
    lambda n, r: f"Therefore, the answer is {nudged(n, r, (0.00199, -0.00199, 0.0021, -0.0021))}",
)
MARKED: tuple[Mangle, ...] = (
    lambda n, r: f"9 + 9 = 18\n#### {commas(n)}",
    lambda n, r: f"#### {n}.",
    lambda n, r: f"#### {n}.0",
    lambda n, r: f"####{n}",
    lambda n, r: f"#### ${n}",
    lambda n, r: f"#### {n} dollars",
    lambda n, r: f"#### {n}%",
    lambda n, r: f"The answer is {n}.",
    lambda n, r: f"#### {n}\n#### 3",
    lambda n, r: f"#### 3\n#### {n}",
    lambda n, r: f"#### \\boxed{{{n}}}",
    lambda n, r: f"#### −{n}",
    lambda n, r: f"#### 0{n}",
    lambda n, r: f"### {n}",
)
SUMS: tuple[Mangle, ...] = (
    lambda n, r: f"{n} + 0",
    lambda n, r: f"( {n} * 2 ) / 2",
    lambda n, r: f"{n} - 1 = {n}",
    lambda n, r: f"{n} = 3",
    lambda n, r: f"${commas(n)}",
    lambda n, r: f"{n} apples",
    lambda n, r: f"The answer is {n}.",
    lambda n, r: f"{n}.",
    lambda n, r: f"{float(n) + 0.1:.6g}",
    lambda n, r: f"{float(n) + 0.11:.6g}",
    lambda n, r: f"{float(n) - 0.1:.6g}",
    lambda n, r: f"2 × {float(n) / 2:.10g}",
    lambda n, r: f"−{n}",
    lambda n, r: f"{n} / 0",
    lambda n, r: f"\\frac{{{n}}}{{1}}",
)
LITERALS: tuple[Mangle, ...] = (
    lambda n, r: f"[ANSWER]{n}[/ANSWER]",
    lambda n, r: f"[ANSWER] f(1) == {n} [/ANSWER] and so on",
    lambda n, r: f"[THOUGHT]x == 2[/THOUGHT]\n[ANSWER]\n{n}\n[/ANSWER]",
    lambda n, r: "[ANSWER]f(1)[/ANSWER]",
    lambda n, r: f"[ANSWER]{n} # f(1)[/ANSWER]",
    lambda n, r: f"[ANSWER]({n},)[/ANSWER]",
    lambda n, r: f"[ANSWER]{n.replace('[', '(').replace(']', ')')}[/ANSWER]",
    lambda n, r: f"[ANSWER]{n.replace(chr(39), chr(34))}[/ANSWER]",
    lambda n, r: f"The output is {n}.",
    lambda n, r: f"[ANSWER]`{n}`[/ANSWER]",
    lambda n, r: f"[ANSWER]1[/ANSWER][ANSWER]{n}[/ANSWER]",
    lambda n, r: f"[ANSWER]{n}",
    lambda n, r: f"[ANSWER]{n.replace('True', '1').replace('False', '0')}[/ANSWER]",
)
ASSERTS: tuple[Mangle, ...] = (
    lambda n, r: f"assert f(1) == {n}",
    lambda n, r: f"```python\nassert f(1) == {n}\n```",
    lambda n, r: f"```python\n    assert f(1) == {n}\n```",
    lambda n, r: f"```\n{n}\n```",
    lambda n, r: f"```\n1\n```\n```python\n{n}\n```",
    lambda n, r: f"assert f(0) == 1\nassert f(1) == {n}",
    lambda n, r: f"assert f(1) == {n}\nassert f(0) == 1",
    lambda n, r: f"assert f(1) == {n}, 'no'",
    lambda n, r: f"assert {n} == f(1)",
    lambda n, r: f"assert f(1) != {n}",
    lambda n, r: f"  assert f(1) == {n}",
    lambda n, r: f"assert f(1) == {n.replace('[', '(').replace(']', ')')}",
    lambda n, r: n,
    lambda n, r: f"assert f(1) == {n.replace('True', 'true')}",
)
LETTERS: tuple[Mangle, ...] = (
    lambda n, r: f"({n})",
    lambda n, r: f"{n}.",
    lambda n, r: n.lower(),
    lambda n, r: f" {n}\n",
    lambda n, r: f"The answer is {n}.",
    lambda n, r: f"{n}) 6",
    lambda n, r: f"\\boxed{{{n}}}",
    lambda n, r: f"**{n}**",
    lambda n, r: f"'{n}'",
    lambda n, r: n.replace("_", " ").title(),
    lambda n, r: f"{n} {n}",
)
PLAIN_LITERALS: tuple[Mangle, ...] = (
    lambda n, r: f" {n} ",
    lambda n, r: f"({n})",
    lambda n, r: f"{n},",
    lambda n, r: f"`{n}`",
    lambda n, r: f"answer: {n}",
    lambda n, r: n.replace("(", "[").replace(")", "]"),
    lambda n, r: n.replace("'", '"'),
    lambda n, r: n.replace(", ", ","),
)
QUERIES: tuple[Mangle, ...] = (
    lambda q, r: f"```sql\n{q}\n```",
    lambda q, r: q.replace(" ;", "").strip() + " ORDER BY 1 DESC",
    lambda q, r: q.replace("DISTINCT ", ""),
    lambda q, r: q.replace("SELECT ", "select ").replace(" FROM ", "\nfrom "),
    lambda q, r: f"SELECT * FROM ( {q.strip().removesuffix(';')} )",
    lambda q, r: q.replace(" AND ", " OR ", 1),
    lambda q, r: q.strip().removesuffix(";") + " LIMIT 1",
    lambda q, r: q + " SELECT 1",
    lambda q, r: q.replace("SELECT ", "SELEC ", 1),
    lambda q, r: "DELETE FROM COURSE",
    lambda q, r: f"The query is {q}",
    lambda q, r: re.sub(r'"(\w+)"', r"'\1'", q),
)


def told(gold: Any, rng: Random) -> str:
    """A mangled answer to a gold of TAT-QA."""
    answer, scale = gold["answer"], gold["scale"]
    texts = [str(one) for one in answer] if isinstance(answer, list) else [str(answer)]
    first = texts[0]
    with_scale = f"{first} {scale}".strip()
    ways: list[Callable[[], str]] = [
        lambda: with_scale,
        lambda: first,
        lambda: f"{first}%",
        lambda: f"({first.lstrip('-')})",
        lambda: f"${commas(first)} {scale}".strip(),
        lambda: first.upper() + ".",
        lambda: f"The {first}",
        lambda: " | ".join(reversed(texts)),
        lambda: "\n".join(f"- {text}" for text in texts),
        lambda: json.dumps({"answer": list(reversed(texts)), "scale": scale}),
        lambda: json.dumps({"answer": texts, "scale": rng.choice(("", "percent", "million"))}),
        lambda: f"{nudged(first, rng, (0.01, 1e-5, 0.0))} {scale}".strip(),
        lambda: f"{nudged(first, rng, (-0.99, 99.0, 0.0))}",
        lambda: first.replace(",", ""),
        lambda: f"about {with_scale}",
    ]
    return rng.choice(ways)()

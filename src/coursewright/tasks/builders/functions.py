"""The named functions of mappings: filters of expressions, and what single benchmarks need.

All are pure, bounded, and parse with `ast` or `json`: nothing of a data set is ever executed. A
function raises `Unusable` for a record that cannot become an item; it is left out and counted.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coursewright.scoring.scibench import displayed_unit
from coursewright.tasks.builders.rendering import Unusable, choice_lines, table_text

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST_CODE = 100_000
_MARKED = re.compile(r"^\s*[(\[]?([A-Za-z])\s*[).:\]]\s*")


def text(value: Any) -> str:
    """Any simple value as text; `true` and `false` for truth values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise Unusable("a value that should be a text is a list, an object or nothing")


def number(value: Any) -> int | float:
    """A number, also from text such as `1,234.5`; whole ones without a fraction."""
    try:
        found = float(value.replace(",", "").strip()) if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        raise Unusable("a value that should be a number is none") from None
    if found != found or found in (float("inf"), float("-inf")):
        raise Unusable("a value that should be a number is not finite")
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


def gold_number(value: str, mark: str = "####") -> str:
    """What follows the last mark of a worked solution, without commas between digits."""
    _, found, tail = value.rpartition(mark)
    if not found or not tail.strip():
        raise Unusable(f"the solution has no {mark!r}")
    return tail.strip().splitlines()[0].replace(",", "").strip()


def letter(value: Any) -> str:
    """The letter of an answer such as `(B)`, `b.` or the position 1."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 26:
        return _LETTERS[value]
    found = (
        re.fullmatch(r"\s*[(\[]?([A-Za-z])[)\].:]?\s*", value) if isinstance(value, str) else None
    )
    if found is None:
        raise Unusable("the answer is no letter")
    return found[1].upper()


def unmarked(options: Sequence[str]) -> list[str]:
    """Options without their own `A)` or `(a)` marks, where all of them have one in order."""
    marks = [_MARKED.match(option) for option in options]
    if all(m and m[1].upper() == _LETTERS[at % 26] for at, m in enumerate(marks)):
        return [_MARKED.sub("", option, count=1).strip() for option in options]
    return [option.strip() for option in options]


def matching(value: str, pattern: str, default: str = "") -> str:
    """The first group of the first match of a pattern of the mapping's author."""
    found = re.search(pattern, value)
    return found[1] if found else default


def has(value: str, pattern: str) -> bool:
    """Whether a pattern of the mapping's author occurs in a text."""
    return re.search(pattern, value) is not None


def from_json(value: str) -> Any:
    """The value of a text that is JSON."""
    try:
        return json.loads(value)
    except (TypeError, ValueError, RecursionError):
        raise Unusable("a value that should be JSON is none") from None


def assertion(line: str) -> dict[str, str]:
    """Call, expected literal and called name of `assert call(...) == literal`.

    Made for MBPP: its tests are such lines. `Unusable` for any other assertion.
    """
    test = _statement(line)
    if not isinstance(test, ast.Assert) or not isinstance(test.test, ast.Compare):
        raise Unusable("the test is no `assert call == value`")
    compared = test.test
    if len(compared.ops) != 1 or not isinstance(compared.ops[0], ast.Eq):
        raise Unusable("the test does not compare by ==")
    call, value = compared.left, compared.comparators[0]
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise Unusable("the left side of the test is not one plain call")
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise Unusable("the expected value is no literal") from None
    return {"call": ast.unparse(call), "value": ast.unparse(value), "name": call.func.id}


def lcb_test(test: str, function: str) -> dict[str, str]:
    """Call and expected value of a LiveCodeBench test-output record.

    `test` is JSON: a list with one `{"input", "output", "testtype"}`; `input` holds one argument
    a line, `output` is JSON.
    """
    cases = from_json(test)
    if not isinstance(cases, list) or len(cases) != 1 or not isinstance(cases[0], dict):
        raise Unusable("the test is not a list with one case")
    given, wanted = cases[0].get("input"), cases[0].get("output")
    if not isinstance(given, str) or not isinstance(wanted, str) or not function.isidentifier():
        raise Unusable("the test lacks input, output or function name")
    arguments = [python_literal(line) for line in given.strip().splitlines() if line.strip()]
    return {"call": f"{function}({', '.join(arguments)})", "value": python_literal(wanted)}


def python_literal(value: str) -> str:
    """A JSON value, or a Python literal, as a Python literal."""
    if len(value) > _LONGEST_CODE:
        raise Unusable("a literal is too long")
    try:
        return repr(json.loads(value))
    except (ValueError, RecursionError):
        pass
    try:
        return repr(ast.literal_eval(value.strip()))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise Unusable("a value is neither JSON nor a Python literal") from None


def substituted(template: str, variables: Mapping[str, str]) -> str:
    """A text with its variables replaced, the longest names first."""
    if not variables:
        return template
    names = "|".join(re.escape(name) for name in sorted(variables, key=len, reverse=True))
    return re.sub(rf"(?<!\w)({names})(?!\w)", lambda found: variables[found[1]], template)


def sentence_variables(sentence: Mapping[str, Any], declared: Sequence[Any]) -> dict[str, str]:
    """A value for each variable of a text2sql query: the sentence's own, else the example.

    Those that stand in the query only have no value in the sentence.
    """
    values = {str(one["name"]): str(one["example"]) for one in declared}
    own = sentence.get("variables") or {}
    values |= {str(name): str(value) for name, value in own.items() if str(value)}
    return values


def fields_of(rows: Mapping[str, Any], key: str) -> list[Any]:
    """The same field of every object in an object, such as the text of every slot."""
    return [part[key] for part in rows.values()]


def cut_spans(labels: Sequence[Any], source: str) -> list[str]:
    """The texts of restaurant-8k's value spans, which leave out a start of 0."""
    found = []
    for label in labels:
        span = label["valueSpan"]
        found.append(source[span.get("startIndex", 0) : span["endIndex"]])
    return found


def yes_no(value: Any) -> Any:
    """`yes` or `no` for a truth value, anything else as it is."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


def digest(value: str) -> str:
    """A short name for a long text, such as the context that items share."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def shown_unit(unit: str) -> str:
    """The unit that SciBench shows: without the power of ten that its scorer puts on the gold."""
    return displayed_unit(unit).strip()


def sql_tables(query: str) -> str:
    """How many tables a query names: a coarse topic."""
    names = set(re.findall(r"\b([A-Za-z_]\w*)\s+AS\s+\w+alias\d+", query))
    return "one table" if len(names) <= 1 else "two tables" if len(names) == 2 else "more tables"


def _statement(line: str) -> ast.stmt:
    if len(line) > _LONGEST_CODE:
        raise Unusable("the test is too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(line.strip()).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Unusable("the test is not Python") from None
    if len(body) != 1:
        raise Unusable("the test is not one statement")
    return body[0]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "assertion": assertion,
    "choice_lines": choice_lines,
    "cut_spans": cut_spans,
    "digest": digest,
    "fields_of": fields_of,
    "from_json": from_json,
    "gold_number": gold_number,
    "has": has,
    "lcb_test": lcb_test,
    "letter": letter,
    "matching": matching,
    "number": number,
    "python_literal": python_literal,
    "sentence_variables": sentence_variables,
    "shown_unit": shown_unit,
    "sql_tables": sql_tables,
    "substituted": substituted,
    "table_text": table_text,
    "text": text,
    "unmarked": unmarked,
    "yes_no": yes_no,
}
"""By the name they have in a mapping, as filters: `{{ answer | gold_number }}`."""

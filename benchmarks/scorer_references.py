"""The official rules once more: plain, slow, and written apart from `coursewright.scoring`.

One function per benchmark, `(output, gold) -> bool`, each a reading of the rule in words. They
share no code with the scorers they are held against, evaluate nothing, and know no bounds: they
are for answers made by `scorer_answers`, not for just any text.
"""

from __future__ import annotations

import ast
import json
import sqlite3
import string
from pathlib import Path
from typing import Any


def scibench(output: str, gold: Any) -> bool:
    """Last box, behind its last `=`; within 5 % of the larger; powers of ten by the unit rule."""
    _, found, rest = output.rpartition("oxed")
    if not found or not rest.startswith("{"):
        return False
    inside, depth = "", 0
    for character in rest:
        depth += {"{": 1, "}": -1}.get(character, 0)
        inside += character
        if depth == 0:
            break
    if depth != 0:
        return False
    inside = inside[1:-1].split("=")[-1].lstrip(" ")
    number, unit = gold["number"], gold["unit"]
    power, more = _unit_power(unit)
    wanted = _float(number)
    if wanted is None:
        return False
    if power is not None and more:
        wanted *= 10.0**power
        for times in ("\\times", "*"):
            if times in inside:
                factor, _, ten = inside.partition(times)
                if _float(factor) is None or not ten.strip().startswith("10^"):
                    return False
                exponent = ten.strip()[3:].strip("{} ")
                return _within_5_percent(float(factor) * 10.0 ** int(exponent), wanted)
    inside = inside.replace(",", "").strip()
    first = inside.split()[0] if inside else ""
    readings = [_float(inside), _float(first)]
    return any(one is not None and _within_5_percent(one, wanted) for one in readings)


def _unit_power(unit: str) -> tuple[int | None, bool]:
    """The power of ten in a unit, and whether anything follows it."""
    at = unit.find("10^")
    if at < 0:
        return None, False
    rest = unit[at + 3 :]
    digits = rest.lstrip("{ ")
    length = 1 if digits[:1] == "-" else 0
    while digits[length : length + 1].isdigit():
        length += 1
    if not digits[:length].strip("-"):
        return None, False
    return int(digits[:length]), bool(digits[length:].lstrip(" ").removeprefix("}").strip(" $"))


def _within_5_percent(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= 0.05 * max(abs(one), abs(other))


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def financereasoning(output: str, gold: Any) -> bool:
    """The final answer as Python, else cleaned and as Python again; within 0.2 % of |gold|."""
    lead = "therefore, the answer is"
    at = output.lower().rfind(lead)
    answer = output[at + len(lead) :].strip() if at >= 0 else output.strip().split("\n")[-1]
    answer = answer.split("\n")[0].strip()
    found = _python_or(answer)
    if found is None:
        found = _python(_finance_cleaned(answer))
    value = found[0] if found else None
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if isinstance(gold, bool) or isinstance(value, bool):
        return value == gold
    if not isinstance(value, (int, float)):
        return False
    return gold - abs(gold) * 0.002 <= value <= gold + abs(gold) * 0.002


def _python_or(text: str) -> list[Any] | None:
    """`a or b` is the first that counts as true in Python, else the last."""
    found = [_python(part) for part in text.split(" or ")]
    values = [one[0] for one in found if one is not None]
    if len(values) < len(found):
        return None
    return [next((value for value in values if value), values[-1])]


def _python(text: str) -> list[Any] | None:
    try:
        return [ast.literal_eval(text.lstrip(" \t"))]
    except (ValueError, SyntaxError, TypeError):
        return None


def _finance_cleaned(text: str) -> str:
    text = text.strip().lower().rstrip(".")
    for word in ("£", "€", "¥", "million", "billion", "thousand", "us", "usd", "rmb"):
        text = text.replace(word, "")
    for sign in ("=", "≈"):
        if sign in text:
            text = text.split(sign)[-1].strip()
    text = "".join(character for character in text if character not in "`%$°")
    if text in ("yes", "true") or "true" in text:
        return "True"
    if text in ("no", "false") or "false" in text:
        return "False"
    text = text.replace("approximately", "").strip() if "approximately" in text else text
    text = text.split(" or ")[0]
    words = text.split(" ")
    if len(words) == 2 and _plain(words[0]) and words[1] and not any(map(str.isdigit, words[1])):
        text = words[0]
    elif len(words) == 2 and _plain(words[1]) and words[0] and not any(map(str.isdigit, words[0])):
        text = words[1]
    for length in (1, 2):
        if len(text) > length and _plain(text[:-length]):
            tail = text[-length:]
            if not any(map(str.isdigit, tail)):
                text = text[:-length]
                break
    for length in (1, 2):
        head, rest = text[:length], text[length:]
        clear = not any(map(str.isdigit, head)) and not set(head) & set("+-,.")
        if clear and rest and rest[0] not in "+-" and _plain(rest):
            text = rest
            break
    if "10^" in text:
        return "None"
    whole, _, fraction = text.lstrip("+-").partition(".")
    groups = whole.split(",")
    grouped = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    digits = whole.replace(",", "").isdigit() and (not fraction or fraction.isdigit())
    if digits and (len(groups) == 1 or grouped):
        text = text.replace(",", "")
    return text or "None"


def _plain(text: str) -> bool:
    """Digits with commas and one point, perhaps a sign."""
    body = text[1:] if text[:1] in ("+", "-") else text
    whole, point, fraction = body.rpartition(".") if "." in body else (body, "", "")
    return (
        body[-1:].isdigit()
        and not (set(whole) - set("0123456789,"))
        and (not point or fraction.isdigit())
    )


def lcb_top(output: str, gold: Any) -> bool:
    """Last line starting with `assert`, else the first block; right of `==` equals the gold."""
    lines = output.split("\n")
    code = ""
    if asserts := [line for line in lines if line[:6] == "assert"]:
        code = asserts[-1]
    elif output.count("```") >= 2:
        start = output.find("```python")
        start = output.find("```") if start < 0 else start
        body = output[start:].split("\n", 1)[1]
        code = body.split("```")[0].strip("\n")
        inner = [line for line in code.split("\n") if "assert" in line and line[:1] != "#"]
        code = inner[0] if inner and "\n" in code else code
    code = code.strip()
    if code.startswith("assert"):
        try:
            test = ast.parse(code).body[0].test  # type: ignore[attr-defined]
        except SyntaxError:
            return False
        if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)):
            return False
        code = ast.unparse(test.comparators[0])
    found = _python(code)
    return found is not None and found[0] == json.loads(gold)


def cruxeval(output: str, gold: Any) -> bool:
    """Between the tags, behind `==`, as a literal; an answer with the call is wrong."""
    answer = output.split("[/ANSWER]")[0]
    answer = answer.split("[ANSWER]")[1] if "[ANSWER]" in answer else answer
    answer = answer.split("==")[1] if "==" in answer else answer
    if "f(" in answer and "f(" not in gold:
        return False
    found = _python(answer.strip())
    return found is not None and found[0] == ast.literal_eval(gold)


def gsm8k(output: str, gold: Any) -> bool:
    """What follows the first `#### `, as far as it is a number, equals the gold as text."""
    for piece in output.split("#### ")[1:]:
        sign = "-" if piece[:1] == "-" else ""
        body = piece[len(sign) :]
        length = 0
        while body[length : length + 1] and body[length] in "0123456789.,":
            length += 1
        if length:
            return (sign + body[:length]).replace(",", "") == gold.replace(",", "").strip()
    return False


def svamp(output: str, gold: Any) -> bool:
    """The value of the expression left of `=`, within 0.1 of the gold."""
    text = output.split("=")[0].replace("$", "").replace("×", "*").replace("÷", "/")
    text = text.replace("−", "-").replace("–", "-").strip().rstrip(".")
    pieces = text.split(",")
    if len(pieces) > 1 and all(len(piece[:3].strip()) == 3 for piece in pieces[1:]):
        text = "".join(pieces)
    try:
        value = _arithmetic(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError):
        return False
    return round(abs(value - gold), 9) <= 0.1


def _arithmetic(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_arithmetic(node.operand)
    if isinstance(node, ast.BinOp):
        left, right = _arithmetic(node.left), _arithmetic(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
    raise ValueError("not the four operations")


SCALE = {"": 1.0, "percent": 0.01, "thousand": 1e3, "million": 1e6, "billion": 1e9}


def tatqa(output: str, gold: Any) -> bool:
    """Sorted, scaled, printed to four places and normalised; a bare number also as it is."""
    wanted = gold["answer"] if isinstance(gold["answer"], list) else [gold["answer"]]
    target = _tatqa_text([str(one) for one in wanted], gold["scale"])
    for given, scale in _tatqa_read(output):
        if given and _tatqa_text(given, scale) == target:
            return True
        bare = _amount(given[0]) if len(given) == 1 and not scale and "%" not in given[0] else None
        if bare is not None and _tatqa_words(f"{bare:.4f}") == target:
            return True
    return False


def _tatqa_read(output: str) -> list[tuple[list[str], str]]:
    """As `docs/scorers.md` says answers are given."""
    text = output.strip()
    if text.startswith("{"):
        said = json.loads(text)
        answer = said["answer"] if isinstance(said["answer"], list) else [said["answer"]]
        return [([str(one) for one in answer], said["scale"])]
    words = text.rstrip(".").split(" ")
    parts = text.split("\n") if "\n" in text else text.split("|")
    plain = ([part.removeprefix("- ").strip() for part in parts if part.strip()], "")
    scaled = len(words) == 2 and words[1].lower() in SCALE and any(map(str.isdigit, words[0]))
    if scaled and not set(words[0]) - set("0123456789.,()-+%$€£¥−"):
        return [([words[0]], words[1].lower()), plain]
    return [plain]


def _tatqa_text(texts: list[str], scale: str) -> str:
    printed = []
    for text in sorted(texts):
        amount = _amount(text)
        if amount is None:
            printed.append(f"{text} {scale}" if scale else text)
        elif "%" in text:
            printed.append(f"{amount:.4f}")
        else:
            printed.append(f"{round(amount, 2) * SCALE[scale]:.4f}")
    return _tatqa_words(" ".join(printed))


def _tatqa_words(text: str) -> str:
    kept = []
    for word in text.lower().split(" "):
        amount = _amount(word)
        if amount is None:
            word = "".join(c for c in word if c not in string.punctuation)
            amount = _amount(word)
        shown = word if amount is None else str(amount)
        kept += [part for part in shown.split() if part not in ("a", "an", "the")]
    return " ".join(kept)


def _amount(text: str) -> float | int | None:
    """A number with its brackets, percent sign and scale word; None where the text is no number."""
    bare = "".join(c for c in text if c not in "'\"\\$€£¥%(),[]").split()
    if not bare or _float(bare[0]) is None:
        return None
    factor: float | int = 1
    if len(bare) > 1:
        factor = next((SCALE[name] for name in SCALE if name and name in bare[1].lower()), 1)
        if factor == 1:
            return None
    digits = bare[0].removesuffix(".")
    number = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
    inside = text[: text.find(")")].rpartition("(")[2] if "(" in text and ")" in text else ""
    if inside and not set(inside) - set("0123456789. %"):
        number = -number
    if "%" in text and text[text.find("%") - 1] in "0123456789. ":
        factor = factor * 0.01
    return round(number * factor, 4) if factor != 1 else round(number, 4)


def same_text(output: str, gold: Any) -> bool:
    """Letters and labels: equal but for case, blanks and marks around them."""
    left, right = (
        " ".join(text.lower().replace("_", " ").split()).strip(" \t\"'`.,;:!?()[]")
        for text in (output, gold)
    )
    return bool(left) and left == right


def literal(output: str, gold: Any) -> bool:
    """Equal as Python literals."""
    found, wanted = _python(output.strip()), _python(gold)
    return found is not None and wanted is not None and found[0] == wanted[0]


def rows_of(database: Path, output: str, gold: str) -> bool:
    """Both queries on a copy in memory, their rows sorted and compared."""
    query = output.strip()
    if "```" in query:
        query = query.split("```")[-2].split("\n", 1)[1].strip()
    results = []
    for text in (query, gold):
        connection = sqlite3.connect(":memory:")
        try:
            connection.executescript(database.read_text())
            if text.split()[0].lower() not in ("select", "with"):
                return False
            results.append(sorted(map(repr, connection.execute(text).fetchall())))
        except (sqlite3.Error, sqlite3.Warning, IndexError):
            return False
        finally:
            connection.close()
    return results[0] == results[1]

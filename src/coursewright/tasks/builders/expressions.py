"""Fields of a mapping, made into functions of a record.

A text without braces is a path (`table.rows.0`, with `?` at its end where it may be missing). One
with braces is a Jinja template in a sandbox; where a single `{{ ... }}` is the whole text, its
value keeps its type. Data is only ever a value in a template, never a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from coursewright.errors import TaskError
from coursewright.tasks.builders.functions import FUNCTIONS
from coursewright.tasks.builders.rendering import Unusable

Names = Mapping[str, Any]
Reader = Callable[[Names], Any]
_WHOLE = re.compile(r"\s*\{\{((?:(?!\{\{|\}\}).)*)\}\}\s*", re.DOTALL)
_PATH = re.compile(r"[^\s.{}?]+(?: [^\s.{}?]+)*(?:\.[^\s.{}?]+(?: [^\s.{}?]+)*)*\??")
_LONGEST = 2**20


class FieldError(Exception):
    """A field could not be worked out from this record."""


class _Environment(ImmutableSandboxedEnvironment):
    """Attributes of objects out of JSON are their keys only; nothing can be blown up."""

    intercepted_binops = frozenset({"*", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" or not numbers:
            raise SecurityError(f"{operator!r} is for numbers only")
        return super().call_binop(context, operator, left, right)


def _environment() -> _Environment:
    made = _Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    made.filters.update(FUNCTIONS)
    for name in ("format", "center", "indent", "pprint", "xmlattr", "random", "filesizeformat"):
        made.filters.pop(name, None)
    return made


_ENVIRONMENT = _environment()


def reader(tree: Any, field: str) -> Reader:
    """The function that works out one field, an object or a list of fields.

    Raises `TaskError` for an expression that cannot be read; the function raises `FieldError`.
    """
    if isinstance(tree, dict):
        parts = {key: reader(part, f"{field}.{key}") for key, part in tree.items()}
        return lambda names: {key: part(names) for key, part in parts.items()}
    if isinstance(tree, list):
        listed = [reader(part, f"{field}.{at}") for at, part in enumerate(tree)]
        return lambda names: [part(names) for part in listed]
    if not isinstance(tree, str):
        return lambda names: tree
    if "{{" not in tree and "{%" not in tree:
        return _path(tree.strip(), field)
    return _template(tree, field)


def render(text: str, names: Names, field: str) -> str:
    """A text of the task, in which braces are expressions and all else is itself."""
    if "{{" not in text and "{%" not in text:
        return text
    value = _rendered(text, names, field)
    return value if isinstance(value, str) else str(value)


def render_tree(tree: Any, names: Names, field: str) -> Any:
    """Like `render` for every text of a tree; a single `{{ ... }}` keeps its type."""
    if isinstance(tree, dict):
        return {key: render_tree(part, names, f"{field}.{key}") for key, part in tree.items()}
    if isinstance(tree, list):
        return [render_tree(part, names, f"{field}.{at}") for at, part in enumerate(tree)]
    if isinstance(tree, str) and "{{" in tree:
        return _rendered(tree, names, field)
    return tree


def _rendered(text: str, names: Names, field: str) -> Any:
    try:
        return _template(text, field)(names)
    except (FieldError, Unusable) as error:
        raise TaskError(str(error), field=field) from None


def look_up(value: Any, path: str) -> Any:
    """What stands at a path of keys and list positions. Raises `FieldError` where nothing does."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            if part not in value:
                held = ", ".join(str(key)[:40] for key in list(value)[:12])
                raise FieldError(f"there is no {part!r}; there are {held or 'no fields'}")
            value = value[part]
        elif isinstance(value, (list, tuple)) and part.isdigit():
            if int(part) >= len(value):
                raise FieldError(f"there is no element {part} in a list of {len(value)}")
            value = value[int(part)]
        else:
            raise FieldError(f"there is no {part!r} in {_kind(value)}")
    return value


def _path(path: str, field: str) -> Reader:
    if not _PATH.fullmatch(path):
        message = f"{path[:60]!r} is no path such as `a.b`, and no template with {{{{ ... }}}}"
        raise TaskError(message, field=field)
    if not path.endswith("?"):
        return lambda names: look_up(names, path)
    bare = path[:-1]

    def optional(names: Names) -> Any:
        try:
            return look_up(names, bare)
        except FieldError:
            return None

    return optional


def _template(text: str, field: str) -> Reader:
    whole = _WHOLE.fullmatch(text)
    try:
        if whole:
            return _checked(_ENVIRONMENT.compile_expression(whole[1], undefined_to_none=False))
        template = _ENVIRONMENT.from_string(text)
    except Exception as error:  # of Jinja, or of Python's own compiler
        message = f"is no expression that can be read: {str(error)[:200]}"
        raise TaskError(message, field=field) from None
    return _checked(template.render)


def _checked(call: Callable[..., Any]) -> Reader:
    def read(names: Names) -> Any:
        try:
            value = call(names)
            if isinstance(value, Undefined):
                str(value)  # raises, and names what is missing
        except Unusable:
            raise
        except TemplateError as error:
            raise FieldError(str(error)[:300]) from None
        except Exception as error:  # filters meet whatever a data set holds
            told = f"{type(error).__name__}: {str(error)[:300]}"
            raise FieldError(f"the expression does not fit what it reads ({told})") from None
        if isinstance(value, str) and len(value) > _LONGEST:
            raise FieldError(f"becomes longer than {_LONGEST:,} characters")
        return value

    return read


def _kind(value: Any) -> str:
    names = {str: "a text", bool: "a truth value", type(None): "nothing", dict: "an object"}
    names |= {list: "a list", tuple: "a list"}
    return names.get(type(value), "a number")

"""What pydantic refuses, in the words of those who write settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_NO_MAPPING = frozenset(("model_type", "model_attributes_type", "dict_type"))


class Refusal(NamedTuple):
    """One thing that is wrong with settings. It repeats no value: that may be a key."""

    place: tuple[str, ...]
    """The names that lead to it in the file. pydantic's own also hold kinds and types it tried."""
    message: str
    missing: bool
    """Whether the last name of the place is what the file lacks."""


def refusal(error: ValidationError, read_as: Any) -> Refusal:
    """Return what has to be mended first; `read_as` is the type that the settings were read as."""
    # A misspelt name before what is missing: often they are one and the same setting.
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    return explained(problems[0], read_as)


def explained(problem: ErrorDetails, read_as: Any) -> Refusal:
    """Return one of pydantic's complaints as a `Refusal`."""
    kind, loc = problem["type"], problem["loc"]
    unknown = kind == "extra_forbidden"
    place, types = _followed(read_as, loc[:-1] if unknown else loc)
    if unknown:
        name = str(loc[-1])
        return Refusal((*place, name), f"unknown setting; {_known(name, types)}", False)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        kinds = [name for each in types for name in _kinds(each)]
        message = f"expected `kind` to be one of {', '.join(kinds)}"
        near = get_close_matches(problem.get("ctx", {}).get("tag", ""), kinds, n=1)
        message += f"; did you mean `{near[0]}`?" if near else ""
    elif kind == "missing":
        message = "is missing"
    elif kind in _NO_MAPPING:
        message = "expected a mapping of settings"
    else:
        message = problem["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
    return Refusal(place, message, kind == "missing")


def _followed(read_as: Any, loc: Sequence[str | int]) -> tuple[tuple[str, ...], list[Any]]:
    """What of a place stands in the file, and the types that what is found there may have."""
    place: list[str] = []
    types = list(_alternatives(read_as))
    for part in loc:
        chosen = [each for each in types if part in _kinds(each) or part == _class_name(each)]
        inside = [found for each in types for found in _inside(each, part)]
        if len(types) > 1 and chosen:
            types = chosen
        elif inside:
            place.append(str(part))
            types = inside
    return tuple(place), types


def _alternatives(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation


def _inside(held_by: Any, part: str | int) -> Iterator[Any]:
    """The types of what stands at this name or position; none where there is no such thing."""
    arguments = get_args(held_by)
    if part in (fields := _fields(held_by)):
        yield from _alternatives(fields[str(part)])
    elif get_origin(held_by) is dict:
        yield from _alternatives(arguments[1])
    elif get_origin(held_by) in (tuple, list) and isinstance(part, int):
        yield from _alternatives(arguments[0])


def _fields(held_by: Any) -> dict[str, Any]:
    if not (isinstance(held_by, type) and issubclass(held_by, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in held_by.model_fields.items()}


def _kinds(held_by: Any) -> tuple[Any, ...]:
    return get_args(_fields(held_by).get("kind"))


def _class_name(held_by: Any) -> str | None:
    return held_by.__name__ if isinstance(held_by, type) else None


def _known(name: str, types: list[Any]) -> str:
    """What to write instead of an unknown name, as far as that can be told."""
    fields = {known: inner for each in types for known, inner in _fields(each).items()}
    meant = [
        f"`{section}.{name}`"
        for section, inner in fields.items()
        if any(name in _fields(each) for each in _alternatives(inner))
    ] or [f"`{near}`" for near in get_close_matches(name, fields, n=1)]
    if meant:
        return f"did you mean {' or '.join(meant)}?"
    if fields:
        return f"expected one of {', '.join(fields)}"
    return "remove it or check its spelling"

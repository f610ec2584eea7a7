"""Tables of the fields of pydantic models: type, default, and the text under each field."""

from __future__ import annotations

import ast
import enum
import inspect
import json
import re
import textwrap
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

DOCS = Path(__file__).parents[2] / "docs"
Models = Sequence[type[BaseModel]]
PLAIN = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    Any: "anything",
    type(None): "null",
    bytes: "bytes",
}
BOUNDS = (
    ("ge", "at least {}"),
    ("gt", "above {}"),
    ("le", "at most {}"),
    ("lt", "below {}"),
    ("min_length", "length at least {}"),
    ("max_length", "length at most {}"),
    ("pattern", "like `{}`"),
)


def page_of(
    title: str,
    intro: str,
    *roots: type[BaseModel],
    elsewhere: Mapping[type[BaseModel], str] | None = None,
) -> str:
    """A page with a section for each of these models and for all that their fields may hold.

    `elsewhere` says on which page models are told that are not to be told again here, with all
    that they hold.
    """
    pages = {inner: page for top, page in (elsewhere or {}).items() for inner in reached(top)}
    parts = [f"# {title}", "", intro]
    for model in reached(*roots):
        if model not in pages:
            parts += [
                "",
                f"## {model.__name__}",
                "",
                cell(own_doc(model)),
                "",
                *table(model, pages),
            ]
    return "\n".join(parts) + "\n"


def table(model: type[BaseModel], pages: Mapping[type[BaseModel], str]) -> Iterator[str]:
    """The fields of a model, a line each."""
    documented = docs_of(model)
    yield "| field | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        kind = shown(field.annotation, field.metadata, pages)
        told = cell(documented.get(name, ""))
        yield f"| `{field.alias or name}` | {kind} | {default_of(field)} | {told} |"


def reached(*roots: type[BaseModel]) -> Models:
    """Models and all that they may hold, each once, those nearest to the roots first."""
    found, at = list(roots), 0
    while at < len(found):
        for field in found[at].model_fields.values():
            found += [model for model in models_in(field.annotation) if model not in found]
        at += 1
    return found


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type names, in the order it names them, each once."""
    seen: list[type[BaseModel]] = []
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        seen.append(annotation)
    for inner in get_args(annotation):
        seen += [model for model in models_in(inner) if model not in seen]
    yield from seen


def shown(annotation: Any, metadata: Collection[Any], pages: Mapping[type[BaseModel], str]) -> str:
    """A type in words, with its bounds; models are links to their tables."""
    words = typed(annotation, pages)
    told = [text for item in metadata for text in bounds(item)]
    return ", ".join([words, *told])


def typed(annotation: Any, pages: Mapping[type[BaseModel], str]) -> str:
    if annotation in PLAIN:
        return PLAIN[annotation]
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        name = annotation.__name__
        return f"[{name}]({pages.get(annotation, '')}#{name.lower()})"
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        return either([f"`{member.value}`" for member in annotation])
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shown(inner[0], inner[1:], pages)
    if origin in (Literal, Union, types.UnionType):
        return either(list(alternatives(annotation, pages)))
    if origin is tuple and Ellipsis not in inner:
        return "list of " + ", ".join(typed(one, pages) for one in inner)
    if origin in (tuple, list, set, frozenset, Sequence):
        return f"list of {typed(inner[0], pages)}"
    if origin in (dict, Mapping):
        return f"mapping of {typed(inner[0], pages)} to {typed(inner[1], pages)}"
    return f"`{getattr(annotation, '__name__', annotation)}`"


def alternatives(annotation: Any, pages: Mapping[type[BaseModel], str]) -> Iterator[str]:
    """The words of a union's types and of a literal's values."""
    if get_origin(annotation) is Literal:
        yield from (f"`{value}`" for value in get_args(annotation))
    elif get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from alternatives(one, pages)
    else:
        yield typed(annotation, pages)


def either(words: Sequence[str]) -> str:
    """Alternatives in a row."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def bounds(item: Any) -> Iterator[str]:
    """What a piece of a field's metadata demands, as far as it says so in data."""
    if isinstance(item, FieldInfo):
        for inner in item.metadata:
            yield from bounds(inner)
    elif isinstance(item, annotated_types.BaseMetadata) or hasattr(item, "pattern"):
        for name, words in BOUNDS:
            if getattr(item, name, None) is not None:
                yield words.format(str(getattr(item, name)).replace("|", "\\|"))


def default_of(field: FieldInfo) -> str:
    """What holds where nothing is said."""
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return ""
    if isinstance(value, BaseModel):
        told = to_jsonable_python(value.model_dump(mode="json", exclude_unset=True))
        kind = getattr(value, "kind", None)
        return f"`kind: {kind}`" if kind else f"`{json.dumps(told)}`" if told else "its defaults"
    if isinstance(value, tuple) and all(hasattr(one, "label") for one in value) and value:
        return ", ".join(f"`{one.label}`" for one in value)
    return "`" + json.dumps(to_jsonable_python(value), ensure_ascii=False) + "`"


def docs_of(model: type[BaseModel]) -> dict[str, str]:
    """The text that stands under each field, a subclass's own before that of its base."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and cls is not BaseModel:
            (body,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
            assert isinstance(body, ast.ClassDef)
            for line, below in zip(body.body, body.body[1:], strict=False):
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    text = below.value if isinstance(below, ast.Expr) else None
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        found[line.target.id] = text.value
    return found


def own_doc(model: type[BaseModel]) -> str:
    """The class's own documentation; pydantic's stands in for none."""
    return inspect.cleandoc(vars(model).get("__doc__") or "")


def cell(text: str) -> str:
    """A text as one line of Markdown: paths of pages become links, nothing becomes markup."""
    line = " ".join(text.split())
    pieces = re.split(r"(`[^`]*`)", line)
    safe = [
        piece if piece.startswith("`") else re.sub(r"[<>*_\[\]]", r"\\\g<0>", piece)
        for piece in pieces
    ]
    joined = "".join(safe).replace("|", "\\|")
    return re.sub(r"`?docs/([\w-]+)\.md`?", _linked, joined)


def _linked(found: re.Match[str]) -> str:
    name = found[1]
    return f"[{name}](../{name}.md)" if (DOCS / f"{name}.md").is_file() else found[0]

"""Records become candidates for items and seeds; what cannot is dropped, with its reason."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from coursewright.chat import item_body
from coursewright.errors import TaskError
from coursewright.tasks.builders.expressions import FieldError, Reader, look_up, reader
from coursewright.tasks.builders.files import SourceFile
from coursewright.tasks.builders.mapping import Explode, Mapping
from coursewright.tasks.builders.reading import Record, read_records
from coursewright.tasks.builders.rendering import Unusable
from coursewright.tasks.reading import DEEPEST, dirty_string

MOST_CANDIDATES = 1_000_000
_LONGEST_BODY = 200_000
_EXAMPLES = 3
_NO_ID = re.compile(r"[^A-Za-z0-9._:-]+")
_RESERVED = ("record", "settings", "file", "folder", "number")


@dataclass
class Candidate:
    """What may become an item, or a seed where `answer` is None."""

    id: str
    question: str
    context: str | None
    answer: Any
    group: str | None
    topic: str | None
    meta: dict[str, Any]
    output: str | None
    compared: tuple[str, ...]
    """The texts that near-copies are found by, one for each entry of `near`."""
    place: str

    @property
    def body(self) -> str:
        """Context and question as the student sees them."""
        return item_body(self.question, self.context)


@dataclass
class Dropped:
    """Reasons for which records were left out: how often, and a few places."""

    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)

    def note(self, why: str, place: str) -> None:
        """Count one more."""
        self.counts[why] += 1
        known = self.places.setdefault(why, [])
        if len(known) < _EXAMPLES:
            known.append(place)


@dataclass(frozen=True)
class _Readers:
    """The mapping's expressions, compiled once."""

    let: dict[str, Reader]
    drop: tuple[tuple[Reader, str], ...]
    fields: dict[str, Reader]
    near: tuple[Reader, ...]


def candidates(
    mapping: Mapping, files: list[SourceFile], dropped: Dropped, *, seeds: bool
) -> Iterator[Candidate]:
    """The candidates of these files, in order.

    Raises `TaskError` with file, record and field where a field is missing or has another type
    than it must have.
    """
    readers = _readers(mapping, seeds=seeds)
    count = 0
    for file in files:
        for number, record in read_records(file, mapping.source):
            base = {**record, "record": record, "settings": mapping.settings, "number": number}
            parts = file.name.rpartition("/")
            base |= {"file": parts[2].partition(".")[0], "folder": parts[0]}
            for place, names in _exploded(base, mapping.source.explode, f"{number}", file):
                made = _candidate(names, readers, file, place, dropped)
                if made is None:
                    continue
                count += 1
                if count > MOST_CANDIDATES:
                    message = f"more than {MOST_CANDIDATES:,} items; read fewer files"
                    raise TaskError(message, file=file.path)
                yield made


def _readers(mapping: Mapping, *, seeds: bool) -> _Readers:
    trees: dict[str, Any] = mapping.item.model_dump(exclude={"meta"} if seeds else None)
    if seeds:
        own = mapping.seeds.item.model_dump(exclude_none=True)
        trees = {**trees, **own}
        del trees["answer"], trees["output"]
    for explode in mapping.source.explode:
        if explode.name in _RESERVED:
            raise TaskError(f"{explode.name!r} has another meaning", field="source.explode")
    return _Readers(
        let={name: reader(tree, f"let.{name}") for name, tree in mapping.let.items()},
        drop=tuple(
            (reader(one.when, f"drop.{at}.when"), one.why) for at, one in enumerate(mapping.drop)
        ),
        fields={name: reader(tree, f"item.{name}") for name, tree in trees.items()},
        near=tuple(reader(one.of, f"near.{at}.of") for at, one in enumerate(mapping.near)),
    )


def _exploded(
    names: Record, steps: tuple[Explode, ...], place: str, file: SourceFile
) -> Iterator[tuple[str, Record]]:
    """The record once for each element of its nested lists, innermost last."""
    if not steps:
        yield place, names
        return
    step = steps[0]
    try:
        listed = look_up(names, step.path)
    except FieldError as error:
        raise TaskError(f"record {place}: {error}", file=file.path, field=step.path) from None
    if not isinstance(listed, list):
        raise TaskError(f"record {place}: is not a list", file=file.path, field=step.path)
    for at, element in enumerate(listed, 1):
        inner = {**names, step.name: element, f"{step.name}_number": at}
        yield from _exploded(inner, steps[1:], f"{place}.{at}", file)


def _candidate(
    names: Record, readers: _Readers, file: SourceFile, place: str, dropped: Dropped
) -> Candidate | None:
    shown = f"{file.name} record {place}"

    def read(call: Reader, name: str, check: Callable[[Any], Any]) -> Any:
        try:
            return check(call(names))
        except FieldError as error:
            raise TaskError(f"record {place}: {error}", file=file.path, field=name) from None

    try:
        for name, call in readers.let.items():
            names[name] = read(call, f"let.{name}", _anything)
        for call, why in readers.drop:
            if read(call, "drop", _anything):
                dropped.note(why, shown)
                return None
        fields = {
            name: read(call, f"item.{name}", _CHECKS[name]) for name, call in readers.fields.items()
        }
        if not fields["question"]:
            raise Unusable("the question is blank")
        if "answer" in fields and fields["answer"] == "":
            raise Unusable("the answer is blank or missing")
        body = item_body(fields["question"], fields["context"])
        if len(body) > _LONGEST_BODY:
            raise Unusable(f"question and context have more than {_LONGEST_BODY:,} characters")
        names["body"] = body
        compared = tuple(read(call, "near.of", _text) or "" for call in readers.near)
    except Unusable as reason:
        dropped.note(str(reason), shown)
        return None
    answer = fields.get("answer")
    return Candidate(
        id=_identifier(fields["id"], body, answer),
        question=fields["question"],
        context=fields["context"],
        answer=answer,
        group=fields["group"],
        topic=fields["topic"],
        meta=fields.get("meta") or {},
        output=fields.get("output"),
        compared=compared,
        place=shown,
    )


def _anything(value: Any) -> Any:
    return value


def _text(value: Any) -> str | None:
    """A clean text, None for nothing or blanks. `FieldError` for any other type."""
    if value is None:
        return None
    if not isinstance(value, str):
        kind = type(value).__name__
        message = f"expected a text, found {kind} {str(value)[:40]!r}"
        raise FieldError(message + "; {{ ... | text }} writes it out")
    if dirty_string(value) is not None:
        raise Unusable("a text holds a NUL character or half of a surrogate pair")
    return value.strip() or None


def _question(value: Any) -> str:
    return _text(value) or ""


def _name(value: Any) -> str | None:
    """A text or number as the name of a group, topic or item."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _bounded(value, "a name")
        return str(value)
    return _text(value)


def _answer(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value) or ""
    if isinstance(value, bool):
        raise FieldError("expected text, number, list or object, found a truth value")
    if isinstance(value, (int, float, list, dict)):
        if value in ([], {}):
            return ""
        _require_writable(value, "the answer")
        return value
    raise FieldError(f"expected text, number, list or object, found {type(value).__name__}")


def _require_writable(value: Any, name: str) -> None:
    """Refuse what no item file can hold; `name` tells what the value is."""
    _bounded(value, name)
    if dirty_string(value) is not None:
        raise Unusable("a text holds a NUL character or half of a surrogate pair")


def _bounded(value: Any, name: str, depth: int = 0) -> None:
    if depth > DEEPEST - 4:
        raise Unusable(f"{name} nests too deep")
    if isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            _bounded(part, name, depth + 1)
        if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
            raise FieldError(f"{name} holds a key that is no text")
    elif isinstance(value, (int, float)):
        if not _finite(value):
            raise Unusable(f"{name} holds a number that is not finite or too large")
    elif not isinstance(value, (str, type(None))):
        raise FieldError(f"{name} holds a {type(value).__name__}, which JSON does not know")


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float can hold
        return False


def _meta(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FieldError("expected an object")
    _require_writable(value, "meta")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "id": _name,
    "question": _question,
    "context": _text,
    "answer": _answer,
    "group": _name,
    "topic": _name,
    "meta": _meta,
    "output": _text,
}


def _identifier(given: str | None, body: str, answer: Any) -> str:
    """An id as task folders allow it; from the content where the mapping gives none."""
    if given is None:
        content = json.dumps([body, answer], ensure_ascii=True, sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
    cleaned = _NO_ID.sub("-", given).strip("-._:")
    return cleaned[:120] or hashlib.sha256(given.encode()).hexdigest()[:16]

"""What a mapping file may say: how a data set's records become the items of a task folder.

`docs/benchmarks.md` explains each field with an example.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coursewright.errors import TaskError
from coursewright.plain_yaml import load_yaml
from coursewright.records import Generation, RowLimits
from coursewright.refusals import refusal
from coursewright.tasks.reading import dirty_string, read_yaml

SHIPPED = Path(__file__).resolve().parent / "mappings"
_LONGEST_SETTING = 10_000

Expression = str
"""A path such as `table.rows.0` (`?` at the end: may be missing), or text with `{{ ... }}`."""
Tree = Any
"""An expression, or an object or list of them."""
Texts = tuple[Annotated[str, Field(min_length=1, max_length=500)], ...]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Explode(_Part):
    """One record becomes one for each element of a list in it."""

    path: str
    """Where the list stands, seen from the record or from an earlier explosion."""
    name: str = Field(alias="as", pattern=r"^[a-z_][a-z0-9_]*$")
    """The name of the element in expressions; `<name>_number` counts from 1."""


class Source(_Part):
    """Which files are read, and how."""

    files: Texts = ("**/*",)
    """Patterns below PATH; with the default, every file of a known format."""
    skip: Texts = ()
    """Patterns of files that are left out."""
    format: Literal["auto", "json", "jsonl", "csv", "parquet", "arrow"] = "auto"
    encoding: Literal["utf-8", "utf-16", "latin-1", "cp1252"] = "utf-8"
    columns: Texts = ()
    """Names of the columns of a CSV file that has no header."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    """Of a CSV file; a comma, or a tab in .tsv files, if not given."""
    records: str | None = None
    """Where the list of records stands in a JSON document that is not itself a list."""
    explode: tuple[Explode, ...] = ()


class Drop(_Part):
    """Records that are left out, and the reason that the manifest gives."""

    when: Expression
    why: str = Field(min_length=1, max_length=200)


class ItemFields(_Part):
    """What an item is made of."""

    id: Expression | None = None
    """Made from the item's content if not given."""
    question: Expression
    context: Expression | None = None
    answer: Tree
    group: Expression | None = None
    topic: Expression | None = None
    meta: dict[str, Tree] = Field(default_factory=dict)
    output: Expression | None = None
    """How a perfect answer is written in training rows; the scorer's own way if not given."""


class SeedFields(_Part):
    """Where a seed differs from an item."""

    id: Expression | None = None
    question: Expression | None = None
    context: Expression | None = None
    group: Expression | None = None
    topic: Expression | None = None


class Seeds(_Part):
    """Raw questions without answers: from files of their own, or a share of the groups."""

    files: Texts = ()
    share: float = Field(default=0.0, ge=0, lt=1)
    item: SeedFields = SeedFields()
    most: int = Field(default=100_000, ge=0)


class Near(_Part):
    """What counts as a near-copy: such items share a group and so lie in one split."""

    of: Expression = "body"
    """The compared text; `body` is context and question as the student sees them."""
    by: Literal["runs", "words"] = "runs"
    """Runs of three words, or the set of words without numbers (templates)."""
    overlap: float = Field(default=0.8, ge=0.3, le=1)
    least: int = Field(default=4, ge=1)
    """Texts with fewer words are not compared."""


class Split(_Part):
    """How large the splits are. Whole numbers are items, fractions are shares."""

    private: float = Field(default=0.75, gt=0)
    """Share of all items that are not seeds; the rest is divided between the other two."""
    scored: float = Field(default=0.5, gt=0)
    """Share of what is left beside private, or items."""
    visible: float | None = Field(default=None, gt=0)
    """Items, where visible is to be smaller than the rest; what remains is then left out."""
    most: int | None = Field(default=None, ge=8)
    """Most items in all three together."""
    seed: int = Field(default=0, ge=0, lt=2**31)


class TaskPart(_Part):
    """What goes into task.yaml and description.md. Texts may be templates."""

    name: str | None = None
    summary: str
    instruction: str
    answer_format: str
    description: str
    topics: dict[str, str] = Field(default_factory=dict)
    """A sentence for each topic, for description.md."""
    topic_sentence: str = "Questions of the kind `{{ topic }}`."
    """The sentence of a topic that has none."""
    scorer: dict[str, Any]
    generation: Generation = Generation()
    rows: RowLimits = RowLimits()
    samples: int = Field(default=2, ge=1, le=10)
    """Items taken out of the exam to serve as sample rows."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further fields of task.yaml, such as `baselines`."""


class Database(_Part):
    """An invented SQLite database for queries that come with a schema alone."""

    schema_: str | None = Field(default=None, alias="schema")
    """Pattern of the CSV file with the schema: table, field, type, ..., one field a row."""
    script: str | None = None
    """Pattern of an SQL script that is taken as it is, in place of the schema."""
    rows: int = Field(default=200, ge=1, le=5000)
    """Rows in every invented table."""


class Mapping(_Part):
    """A whole mapping file."""

    schema_: Literal[1] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    summary: str = Field(min_length=1, max_length=300)
    license: str = Field(default="", max_length=1000)
    """What is known about the licence of the texts; stands in the manifest."""
    origin: str = Field(default="", max_length=1000)
    """Where the files come from."""
    variant: str | None = None
    """Which of the `variants` is laid over the rest of the file, before it is read."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Options of this mapping with their defaults, `settings.KEY` in expressions."""
    choices: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """The values that a setting may have."""
    source: Source = Source()
    seeds: Seeds = Seeds()
    let: dict[str, Tree] = Field(default_factory=dict)
    """Named intermediate values, worked out in this order."""
    drop: tuple[Drop, ...] = ()
    item: ItemFields
    repeated_ids: Literal["refuse", "number"] = "refuse"
    near: tuple[Near, ...] = (Near(),)
    split: Split = Split()
    task: TaskPart
    database: Database | None = None


def shipped_builders() -> dict[str, str]:
    """Name and summary of each mapping that comes with the package."""
    found = {}
    for path in sorted(SHIPPED.glob("*.yaml")):
        values, _ = read_yaml(SHIPPED, path.name)
        found[path.stem] = str(values["summary"])
    return found


def mapping_path(builder: str) -> Path:
    """The file of a builder: a shipped name, or the path of a mapping file.

    Raises `TaskError` when there is neither.
    """
    names = [path.stem for path in sorted(SHIPPED.glob("*.yaml"))]
    if builder in names:
        return SHIPPED / f"{builder}.yaml"
    path = Path(builder)
    if path.suffix in (".yaml", ".yml") and "\0" not in builder:
        return path
    message = f"no such builder; there are {', '.join(names)}, or the path of a mapping .yaml"
    raise TaskError(message, file=builder[:200] or "''")


def load_mapping(builder: str, changes: dict[str, str]) -> Mapping:
    """The mapping of a builder with `--set` changes applied.

    `variants` of the file are parts of a mapping by name; the one that `variant` names is laid
    over the rest first. A key with dots is a place in the file (`source.delimiter`); one without
    is an option of the mapping's own (`settings`), or a field of `split` or `seeds`, or a top
    field. Values are read as YAML. Raises `TaskError` with file, line and field.
    """
    path = mapping_path(builder)
    values, lines = read_yaml(path.parent, path.name)
    if "variant" in changes:
        values["variant"] = changes["variant"]
    _lay_over(values, values.pop("variants", {}), path)
    for key, text in changes.items():
        _change(values, key, _setting(key, text))
    try:
        mapping = Mapping.model_validate(values)
    except ValidationError as error:
        place, message, _ = refusal(error, Mapping)
        shown = next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), 1)
        raise TaskError(message, file=path, line=shown, field=".".join(place)) from None
    for key, allowed in mapping.choices.items():
        if mapping.settings.get(key) not in allowed:
            message = f"expected one of {', '.join(map(str, allowed))}"
            raise TaskError(message, file=path, field=f"settings.{key}")
    return mapping


def _lay_over(values: dict[str, Any], variants: Any, path: Path) -> None:
    chosen = values.get("variant")
    if not variants:
        return
    if not isinstance(variants, dict):
        raise TaskError("expected parts of a mapping by name", file=path, field="variants")
    if not isinstance(chosen, str) or not isinstance(variants.get(chosen), dict):
        message = f"expected one of {', '.join(map(str, variants))}, found {str(chosen)[:40]!r}"
        raise TaskError(message, file=path, field="variant")
    _merge(values, variants[chosen])


def _merge(values: dict[str, Any], over: dict[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = value


def _setting(key: str, text: str) -> Any:
    if len(text) > _LONGEST_SETTING:
        raise TaskError("the value is too long", field=f"--set {key[:100]}")
    if "{{" in text:
        return text  # a template is no YAML
    try:
        value = load_yaml(text)
    except (yaml.YAMLError, RecursionError):
        raise TaskError("the value is not YAML", field=f"--set {key[:100]}") from None
    if dirty_string(value) is not None:
        raise TaskError("holds a character that is not text", field=f"--set {key[:100]}")
    return value


def _change(values: dict[str, Any], key: str, value: Any) -> None:
    """Set one place of the document in place."""
    if key == "files" and isinstance(value, str):
        value = [value]
    *parents, last = _place(values, key)
    at: Any = values
    for part in parents:
        if at.get(part) is None:  # also where the file has the name and nothing behind it
            at[part] = {}
        at = at[part]
        if not isinstance(at, dict):
            raise TaskError("there is no such place in the mapping", field=f"--set {key[:100]}")
    at[last] = value


def _place(values: dict[str, Any], key: str) -> list[str]:
    """The names that lead to what an option sets."""
    settings = values.get("settings")
    own = settings if isinstance(settings, dict) else {}
    if "." in key:
        return key.split(".")
    if key in Split.model_fields:
        return ["split", key]
    if key in Seeds.model_fields and key != "files":
        return ["seeds", key]
    if key in own:
        return ["settings", key]
    if key == "files":
        return ["source", key]
    if key in ("variant", "repeated_ids"):
        return [key]
    if key == "name":
        return ["task", key]
    listed = ", ".join([*map(str, own), *Split.model_fields, "share", "files"])
    message = f"is no option; there are {listed}, and places such as item.question"
    raise TaskError(message, field=f"--set {key[:100]}")

"""The reference says what the code says: every command, option and field, with its default."""

from __future__ import annotations

import re

import pytest
import typer

from coursewright.cli import app
from coursewright.config import Budget, RunConfig
from coursewright.errors import RunHeld
from coursewright.records import Result
from coursewright.sandbox import coursewright_program
from tests.docs.pages import DOCS, fields, make_reference


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return make_reference.pages(DOCS)


def test_the_same_code_gives_the_same_pages(pages: dict[str, str]) -> None:
    assert make_reference.pages(DOCS) == pages


def test_every_command_stands_there_with_every_option(pages: dict[str, str]) -> None:
    sections = re.split(r"^## ", pages["reference/commands.md"], flags=re.M)[1:]
    told = dict(section.split("\n", 1) for section in sections)
    found = dict(make_reference.commands(typer.main.get_command(app)))
    assert set(told) == {" ".join(words[1:]) for words in found}
    for words, command in found.items():
        section = told[" ".join(words[1:])]
        for parameter in command.params:
            for name in parameter.opts if parameter.param_type_name == "option" else ():
                assert f"`{name}" in section, (words, name)


@pytest.mark.parametrize(
    ("page", "model"), [("reference/run-config.md", RunConfig), ("reference/result.md", Result)]
)
def test_every_field_of_every_model_has_its_row(
    page: str, model: type, pages: dict[str, str]
) -> None:
    for inner in fields.reached(model):
        section = pages[page].split(f"## {inner.__name__}\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `(\w+)`", section, flags=re.M)
        assert rows == [field.alias or name for name, field in inner.model_fields.items()]


def test_a_field_is_told_with_type_bounds_default_and_meaning(pages: dict[str, str]) -> None:
    default = Budget().calls
    row = f"| `calls` | whole number, at least 1 | `{default}` | Teacher calls in all. |"
    assert row in pages["reference/run-config.md"]
    row = "| `mode` | `one-shot` or `iterative` |"
    assert row in pages["reference/run-config.md"]


def test_exit_codes_are_those_of_the_errors(pages: dict[str, str]) -> None:
    assert f"| {RunHeld.exit_code} | " in pages["reference/exit-codes.md"]
    assert "`RunHeld`" in pages["reference/exit-codes.md"]


def test_what_programs_may_import_is_told_name_by_name(pages: dict[str, str]) -> None:
    headings = re.findall(r"^### (\w+)$", pages["reference/programs.md"], flags=re.M)
    listed = {name.casefold() for name in coursewright_program.__all__}
    assert {name.casefold() for name in headings} == listed


def test_texts_of_the_code_cannot_become_markup() -> None:
    told = fields.cell("a <b>|* [x] of\n `c|d` see docs/probes.md")
    assert told == r"a \<b\>\|\* \[x\] of `c\|d` see [probes](../probes.md)"


def test_the_index_of_decisions_names_each(pages: dict[str, str]) -> None:
    numbers = re.findall(r"^- (\d{4}) \[", pages["decisions/index.md"], flags=re.M)
    assert numbers == [file.name[:4] for file in sorted((DOCS / "decisions").glob("[0-9]*.md"))]

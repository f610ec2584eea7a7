"""Write the reference pages of the documentation site, out of the code they describe.

    python scripts/make_reference.py DOCS

puts `reference/*.md` and `decisions/index.md` into the folder DOCS, a copy of `docs/` made by
`make docs`; nothing of it is committed (see decision 0045). The same code gives the same pages.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

import coursewright
from coursewright import errors, protocols
from coursewright.bench.study import Study
from coursewright.cli import app
from coursewright.config import RunConfig
from coursewright.drafting.settings import DraftSettings
from coursewright.records import Brief, Decision, Proposal, Result, Round, Training, Turn
from coursewright.sandbox import coursewright_program, program_interface
from coursewright.scoring import SCORERS
from coursewright.tasks.spec import TaskSpec
from reference.fields import cell, page_of, table

OWN_PARTS = {
    "agent": protocols.Agent,
    "teacher": protocols.Upstream,
    "student": protocols.Student,
    "search": protocols.Search,
    "scorer": protocols.Scorer,
}
"""Settings that may name a class of the user's, and the Protocol that it has to fit."""


def main() -> None:
    """Write all pages below the folder that the command line names."""
    docs = Path(sys.argv[1])
    for name, text in pages(docs).items():
        place = docs / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def pages(docs: Path) -> dict[str, str]:
    """Return the text of each page by its path below the documentation's folder."""
    return {
        "reference/commands.md": commands_page(),
        "reference/run-config.md": page_of(
            "Settings of a run",
            "What a file given with `--config` may say, and `coursewright.RunConfig` takes.",
            RunConfig,
        ),
        "reference/study-file.md": page_of(
            "Settings of a study",
            "What a file given to `coursewright bench` may say; see [studies](../studies.md). A "
            "part may be written as on the command line (`openai:MODEL`), and one value needs no "
            "list.",
            Study,
            elsewhere={RunConfig: "run-config.md"},
        ),
        "reference/task-file.md": page_of(
            "Fields of task.yaml", "See [the task folder](../task-format.md).", TaskSpec
        ),
        "reference/draft.md": page_of(
            "Settings of a draft",
            "What `coursewright task draft --set KEY=VALUE` may name; see "
            "[no exam yet](../draft-a-task.md).",
            DraftSettings,
            elsewhere={RunConfig: "run-config.md"},
        ),
        "reference/scorers.md": scorers_page(),
        "reference/result.md": page_of(
            "The result record",
            "What `run --json` prints, `show RUN --json` repeats and `result.json` holds; what the "
            "figures claim is in [statistics](../statistics.md).",
            Result,
        ),
        "reference/records.md": page_of(
            "Records that stages hand each other",
            "What an agent, a student or a search of your own is given and gives; see "
            "[classes of your own](python.md#classes-of-your-own).",
            *(Brief, Turn, Proposal, Training, Round, Decision),
        ),
        "reference/programs.md": programs_page(),
        "reference/python.md": python_page(),
        "reference/exit-codes.md": exit_codes_page(),
        "decisions/index.md": decisions_page(docs / "decisions"),
    }


# ------------------------------------------------------------------ the command line


def commands_page() -> str:
    """Every command with its arguments and options, as `--help` tells them."""
    parts = ["# Commands", "", cell(app.info.help or "")]
    for words, command in commands(typer.main.get_command(app)):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        usage = [*words, *map(argument_name, arguments), *(["[OPTIONS]"] if options else [])]
        parts += ["", f"## {' '.join(words[1:])}", "", f"`{' '.join(usage)}`", ""]
        parts += [cell(inspect.cleandoc(command.help or ""))]
        rows = [*map(argument_row, arguments), *map(option_row, options)]
        if rows:
            parts += ["", "| word | meaning | default |", "|---|---|---|", *rows]
    return "\n".join(parts) + "\n"


def commands(
    command: Any, words: tuple[str, ...] = ("coursewright",)
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it."""
    below = getattr(command, "commands", None)
    if below is None:
        yield words, command
    for name, inner in (below or {}).items():
        yield from commands(inner, (*words, name))


def argument_name(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def argument_row(argument: Any) -> str:
    return f"| `{argument_name(argument)}` | {cell(argument.help or '')} | |"


def option_row(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in option.opts)
    if option.metavar:
        names = names[:-1] + f" {option.metavar}`"
    default = option.default
    told = "" if option.is_flag or default in (None, (), []) else f"`{default}`"
    help_text = option.help or ""
    if option.envvar:
        help_text += f" Or the environment variable `{option.envvar}`."
    if option.multiple:
        help_text += " May stand several times."
    return f"| {names.replace('|', chr(92) + '|')} | {cell(help_text)} | {told} |"


# ------------------------------------------------------------------ scorers, programs, Python


def scorers_page() -> str:
    """Each named scorer with its options."""
    parts = ["# Options of scorers", "", "What may stand beside `kind` under `scorer` of a task; "]
    parts[-1] += "what each is for is told in [scorers](../scorers.md)."
    for kind, path in SCORERS.items():
        module, _, name = path.rpartition(".")
        scorer = getattr(import_module(module), name)
        parts += ["", f"## {kind}", "", *docstring(scorer)]
        if issubclass(scorer, BaseModel) and scorer.model_fields:
            parts += ["", *table(scorer, {})]
    return "\n".join(parts) + "\n"


def programs_page() -> str:
    """What curation programs may import: as agents are told it, and name by name."""
    parts = ["# The module that programs import", "", "As agents are told it:", ""]
    parts += ["```text", program_interface(corpus=True), "```", "", "## Name by name"]
    listed = coursewright_program.__all__
    for name in sorted(listed, key=str.casefold):
        found = getattr(coursewright_program, name)
        if inspect.isclass(found):
            ready = name.casefold()
            told = f"A program finds one ready-made as `{ready}`." if ready in listed else ""
            parts += ["", f"### {name}", "", *docstring(found), "", told]
            for method, function in public(found):
                parts += ["", *signature(method, function), *docstring(function)]
        elif callable(found):
            parts += ["", f"### {name}", "", *signature(name, found), *docstring(found)]
    return "\n".join(parts) + "\n"


def python_page() -> str:
    """The Python entry, and what classes of one's own have to fit."""
    parts = ["# Python", "", "## coursewright.run", ""]
    parts += [*signature("run", coursewright.run), *docstring(coursewright.run)]
    parts += ["", "`RunConfig` is [the settings of a run](run-config.md), `Result` [the record]"]
    parts[-1] += "(result.md) that comes back. Errors are [those of the exit codes](exit-codes.md)."
    parts += ["", "# Classes of your own", ""]
    parts += ["A dotted path `package.module:Class` names a class that has these methods; see "]
    parts[-1] += "[bring your own](../bring-your-own.md). `options` of the setting are its "
    parts[-1] += "keyword arguments. What they are given and give is told under "
    parts[-1] += "[records](records.md)."
    for setting, protocol in OWN_PARTS.items():
        parts += ["", f"## {setting}: {protocol.__name__}", "", *docstring(protocol)]
        for name, function in public(protocol):
            parts += ["", *signature(name, function), *docstring(function)]
    return "\n".join(parts) + "\n"


def public(cls: type) -> Iterator[tuple[str, Any]]:
    """Methods without an underscore, in the order they are written."""
    for name, found in vars(cls).items():
        if not name.startswith("_") and inspect.isfunction(found):
            yield name, found


def signature(name: str, function: Any) -> list[str]:
    told = inspect.signature(function)
    bare = [p for p in told.parameters.values() if p.name != "self"]
    text = str(told.replace(parameters=bare)).replace("'", "")
    word = "async def" if inspect.iscoroutinefunction(function) else "def"
    return ["```python", f"{word} {name}{text}: ...", "```", ""]


def docstring(found: Any) -> list[str]:
    """Its documentation; the lines under `Raises:` and their like become lists."""
    lines: list[str] = []
    for line in (inspect.getdoc(found) or "").splitlines():
        if re.fullmatch(r"(Raises|Attributes):", line):
            lines += [line, ""]
        elif re.match(r"    \w+: ", line):
            lines.append(f"- {line.strip()}")
        else:
            lines.append(line.strip())
    return lines


# ------------------------------------------------------------------ exit codes, decisions


def exit_codes_page() -> str:
    """What a command ends with, and the errors behind it."""
    parts = ["# Exit codes", "", "| code | when |", "|---|---|", "| 0 | it went well |"]
    parts += ["| 1 | `reproduce` found a difference |", "| 2 | `task check` found a problem |"]
    for kind in subclasses(errors.CoursewrightError):
        if not issubclass(kind, errors.HelperLost | errors.StageFailed):
            told = cell(inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0])
            parts.append(f"| {kind.exit_code} | {told} (`{kind.__name__}`) |")
    head, rows = parts[:4], sorted(parts[4:], key=lambda row: int(row.split()[1]))
    return "\n".join([*head, *rows, "", *_TOLD]) + "\n"


_TOLD = (
    "Each error is one line on standard error, without a traceback: file, row or field, what was",
    "expected, and what to do next. From Python the same errors are raised.",
)


def subclasses(kind: type) -> Iterator[Any]:
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield below
            yield from subclasses(below)


def decisions_page(folder: Path) -> str:
    """The decision notes by number."""
    parts = ["# Decisions", "", "Choices that a newcomer would question, and why they fell so.", ""]
    for file in sorted(folder.glob("[0-9]*.md")):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        title = re.sub(r"^#\s*\d+[.:]\s*|[\[\]]", "", first)
        parts.append(f"- {file.name[:4]} [{title}]({file.name})")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    main()

"""Commands on task folders: `coursewright task ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from coursewright.cli.options import Json, emit
from coursewright.errors import UsageError

tasks_app = typer.Typer(
    help="List, check, scaffold, build, draft and review task folders.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@tasks_app.command("list")
def task_list(as_json: Json = False) -> None:
    """List the built-in tasks."""
    from coursewright.tasks import builtin_tasks

    found = builtin_tasks()
    if as_json:
        emit({"tasks": [{"name": name, "summary": text} for name, text in found.items()]})
    else:
        for name, text in found.items():
            typer.echo(f"{name:<16} {text}")


@tasks_app.command("check")
def task_check(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task folder or a built-in name.")],
    as_json: Json = False,
) -> None:
    """Check a task folder for everything a user can get wrong; exit 2 if there is anything."""
    from coursewright.display import printable
    from coursewright.tasks import review_task

    problems, sizes = review_task(task)
    if as_json:
        told = [p.model_dump(mode="json") for p in problems]
        emit({"ok": not problems, "problems": told, "sizes": [s.model_dump() for s in sizes]})
    else:
        for p in problems:
            line = "" if p.line is None else f":{p.line}"
            field = f" [{p.field}]" if p.field else ""
            typer.echo(printable(f"{p.file}{line}{field}: {p.message}"))
        for s in sizes:
            typer.echo(s.line)
        typer.echo(f"{len(problems)} problems" if problems else "ok")
    if problems:
        raise typer.Exit(2)


@tasks_app.command("new")
def task_new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put the new folder.")],
) -> None:
    """Scaffold a task folder to fill in."""
    from coursewright.tasks import scaffold_task

    scaffold_task(folder)
    typer.echo(f"wrote {folder}; fill it in, then run: coursewright task check {folder}")
    typer.echo(
        "to run it, name a teacher that knows its subject: --teacher openai:MODEL[@BASE_URL]"
    )


@tasks_app.command("build")
def task_build(
    builder: Annotated[
        str,
        typer.Argument(
            metavar="BUILDER", help="A shipped builder, or the path of a mapping .yaml."
        ),
    ] = "",
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="PATH", help="The data set: a file, or a folder of files."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the builder; repeatable."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("-o", metavar="DIR", help="Where to put the new folder.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List the shipped builders.")] = False,
    as_json: Json = False,
) -> None:
    """Build a task folder from a benchmark's own files; see docs/benchmarks.md."""
    from coursewright.display import printable
    from coursewright.tasks import build_task, shipped_builders

    if show:
        found = shipped_builders()
        if as_json:
            emit({"builders": [{"name": name, "summary": text} for name, text in found.items()]})
        else:
            for name, text in found.items():
                typer.echo(f"{name:<16} {text}")
        return
    if not builder or source is None or folder is None:
        raise UsageError("usage: coursewright task build BUILDER --from PATH -o DIR (or --list)")
    options = {}
    for change in changes or ():
        key, equals, value = change.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {change[:100]!r}: expected KEY=VALUE")
        options[key] = value
    built = build_task(builder, source, folder, options)
    if as_json:
        emit(
            {
                "folder": str(built.folder),
                "splits": built.splits,
                "groups": built.groups,
                "dropped": built.dropped,
            }
        )
        return
    for split, size in built.splits.items():
        groups = f" in {built.groups[split]} groups" if split in built.groups else ""
        typer.echo(f"{split:<8} {size:>7}{groups}")
    for why, count in sorted(built.dropped.items()):
        typer.echo(printable(f"left out {count}: {why}"))
    typer.echo(f"wrote {folder}; see its manifest.json, and run: coursewright task check {folder}")


@tasks_app.command("draft")
def task_draft(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new task folder.")],
    examples: Annotated[
        Path | None, typer.Option(help="JSONL file of a few questions with their answers.")
    ] = None,
    documents: Annotated[
        Path | None, typer.Option(help="Folder of .txt, .md and .jsonl documents.")
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(help="simulated, openai:MODEL[@BASE_URL] or package.module:Class."),
    ] = None,
    items: Annotated[int | None, typer.Option(help="Items to draft.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="See draft-a-task.md.")
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Write the folder from what is accepted so far.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Draft a task from examples and documents, for a person to review."""
    from coursewright.config import parse_teacher
    from coursewright.display import open_progress, printable
    from coursewright.drafting import draft, finish_draft, parse_settings

    if finish:
        _print_finished(folder, finish_draft(folder), as_json)
        return
    if examples is None or documents is None:
        raise UsageError("a draft needs --examples FILE and --documents FOLDER, or else --finish")
    overrides: dict[str, Any] = {} if items is None else {"items": items}
    if teacher is not None:
        part = parse_teacher(teacher)
        overrides["teacher"] = part.model_dump(mode="json", exclude_unset=True) | {
            "kind": part.kind
        }
    made = parse_settings(overrides, settings or ())
    note, drafted = draft(folder, examples, documents, made, open_progress())
    if as_json:
        emit({"asked": note.asked, "drafted": drafted, "dropped": note.dropped})
        return
    typer.echo(f"asked    {note.asked} questions, {note.usage['calls']} calls to the teacher")
    for reason, count in note.dropped.items():
        typer.echo(printable(f"dropped  {count}: {reason}"))
    told = ", ".join(f"{name} {count} of {note.wanted[name]}" for name, count in drafted.items())
    typer.echo(f"drafted  {told}")
    typer.echo(printable(f"review them: coursewright task review {folder}"))


@tasks_app.command("review")
def task_review(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder with a draft.")],
    reviewer: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who decides; default: you.")
    ] = None,
) -> None:
    """Accept, edit or reject drafted items; only accepted ones enter a test split."""
    import getpass

    from coursewright.display import printable
    from coursewright.drafting import review_draft

    left, splits = review_draft(folder, reviewer or getpass.getuser())
    if splits is not None:
        _print_finished(folder, splits, False)
        return
    typer.echo(f"{left} items are undecided; the same command goes on from here")
    typer.echo(
        printable(f"write the folder without them: coursewright task draft {folder} --finish")
    )


def _print_finished(folder: Path, splits: dict[str, int], as_json: bool) -> None:
    from coursewright.display import printable

    if as_json:
        emit({"splits": splits})
        return
    told = ", ".join(f"{name} {count}" for name, count in splits.items())
    typer.echo(printable(f"wrote {folder}: {told}; next: coursewright task check {folder}"))

"""Commands on task folders: `coursewright task ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursewright.cli.options import Json, emit
from coursewright.errors import UsageError

tasks_app = typer.Typer(
    help="List, check, scaffold and build task folders.",
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

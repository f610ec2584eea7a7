"""Commands on task folders: `coursewright task ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursewright.cli.options import Json, emit

tasks_app = typer.Typer(
    help="List, check and scaffold task folders.", no_args_is_help=True, rich_markup_mode=None
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
    from coursewright.tasks import check_task

    problems = check_task(task)
    if as_json:
        emit({"ok": not problems, "problems": [p.model_dump(mode="json") for p in problems]})
    else:
        for p in problems:
            line = "" if p.line is None else f":{p.line}"
            field = f" [{p.field}]" if p.field else ""
            typer.echo(printable(f"{p.file}{line}{field}: {p.message}"))
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

"""The command on the machine that runs are made on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursewright.cli.options import Json, emit

machine_app = typer.Typer(rich_markup_mode=None)


@machine_app.command()
def doctor(
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file of a run: its servers are asked, all else is read."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what this machine offers a run; exit 2 if something would stop the run of --config."""
    from coursewright.display import printable
    from coursewright.doctor import ails, diagnose, read_config

    report = diagnose(*read_config(config)) if config else diagnose()
    if as_json:
        emit(report)
        raise typer.Exit(2 if ails(report) else 0)
    isolation = report["isolation"]
    verified = "verified" if isolation["verified"] else "not verified"
    typer.echo(
        f"isolation     {isolation['level']} ({', '.join(isolation['mechanisms'])}), {verified}"
    )
    for note in isolation["notes"]:
        typer.echo(f"              {note}")
    typer.echo(f"accelerators  {', '.join(report['accelerators']) or 'none'}")
    if (executor := report["executor"]) is not None:
        typer.echo(printable(f"executor      {executor['what']}: {executor['problem'] or 'fits'}"))
    if not report["endpoints"]:
        typer.echo("endpoints     none named (give --config)")
    for server in report["endpoints"]:
        state = server["problem"] or "answers"
        typer.echo(printable(f"{server['role']:<13} {server['model']}: {state}"))
    for problem in report["problems"]:
        typer.echo(printable(f"problem       {problem}"))
    for package, version in report["versions"].items():
        typer.echo(f"{package:<13} {version}")
    raise typer.Exit(2 if ails(report) else 0)

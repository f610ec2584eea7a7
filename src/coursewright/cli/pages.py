"""Commands that show runs as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursewright.cli.options import DEFAULT_RUNS, Json, RunName, Runs, emit

pages_app = typer.Typer(rich_markup_mode=None)


@pages_app.command()
def report(
    run: RunName,
    runs: Runs = DEFAULT_RUNS,
    output: Annotated[
        Path | None, typer.Option("-o", help="Where the page goes; by default into the run folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a run as one HTML page that needs no network."""
    from coursewright.display import printable
    from coursewright.report import write_report
    from coursewright.store import resolve_run

    place = write_report(resolve_run(run, runs), output)
    if as_json:
        emit({"report": str(place)})
    else:
        typer.echo(printable(str(place)))


@pages_app.command()
def dashboard(
    runs: Runs = DEFAULT_RUNS,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8377,
    host: Annotated[
        str, typer.Option(help="An address of this machine; beyond loopback a token is needed.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            envvar="COURSEWRIGHT_DASHBOARD_TOKEN",
            help="What everybody must know who looks; made up where it is needed and not given.",
        ),
    ] = None,
    studies: Annotated[
        Path, typer.Option(help="The folder that holds the studies of `bench`.")
    ] = Path("studies"),
) -> None:
    """Show all runs as live pages, and take part in those under way."""
    try:
        from coursewright.dashboard import serve
    except ModuleNotFoundError as missing:
        from coursewright.errors import UsageError

        raise UsageError(
            f"{missing.name} is not installed; `pip install 'coursewright[dashboard]'` brings it"
        ) from missing

    serve(runs, host=host, port=port, token=token, studies=studies)

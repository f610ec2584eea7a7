"""Commands by which people take part in a run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from coursewright.cli.options import DEFAULT_RUNS, Json, RunName, Runs, emit

people_app = typer.Typer(rich_markup_mode=None)


@people_app.command()
def steer(
    run: RunName,
    note: Annotated[str, typer.Argument(help="What the agent should hear; '-' reads it.")],
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Put a note before the next proposal of a run that is under way or interrupted."""
    from coursewright.hand import steer as steer_run

    text = typer.get_text_stream("stdin").read() if note == "-" else note
    _print_said(steer_run(run, runs, text), as_json)


@people_app.command()
def approve(
    run: RunName,
    reject: Annotated[
        str | None, typer.Option("--reject", metavar="WHY", help="Say no, and why.")
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print what is to be approved; decide nothing.")
    ] = False,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Let a run go on that waits for a person at one of its gates."""
    from coursewright.display import printable
    from coursewright.hand import approve as approve_run
    from coursewright.hand import to_approve

    if show:
        place, lines = to_approve(run, runs)
        if as_json:
            emit({"waiting": place, "lines": lines})
            return
        for line in (place, *lines):
            typer.echo(printable(line))
        return
    _print_said(approve_run(run, runs, reject=reject), as_json)


@people_app.command()
def stop(run: RunName, runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Ask a run to stop after the stage under way; `resume` goes on."""
    from coursewright.hand import stop as stop_run

    _print_said(stop_run(run, runs), as_json)


@people_app.command()
def review(
    run: RunName,
    rows: Annotated[int, typer.Option(min=1, help="Rows to judge in all.")] = 60,
    reviewer: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who judges; default: you.")
    ] = None,
    runs: Runs = DEFAULT_RUNS,
) -> None:
    """Judge rows drawn from a finished run's data set; say what that certifies of all."""
    import getpass

    from coursewright.review import review_run

    said, left = review_run(run, runs, reviewer or getpass.getuser(), rows)
    typer.echo(
        f"{said.judged} rows judged, {said.bad} bad, {said.unsure} not sure: at most "
        f"{said.bad_share_upper:.1%} of {said.rows} rows are bad, with {said.confidence:.0%} "
        "confidence"
    )
    if left:
        typer.echo(f"{left} rows wait; the same command goes on from here")


def _print_said(said: Any, as_json: bool) -> None:
    from coursewright.display import printable

    if as_json:
        emit(said.model_dump(mode="json"))
        return
    what = " ".join(filter(None, (said.kind, said.about)))
    typer.echo(printable(f"{said.run}: {what}; {said.line}"))

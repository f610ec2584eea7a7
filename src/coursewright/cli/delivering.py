"""Commands that pass on what finished runs made, or clear it away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursewright.cli.options import DEFAULT_RUNS, Json, RunName, Runs, emit

delivering_app = typer.Typer(rich_markup_mode=None)


@delivering_app.command()
def export(
    run: RunName,
    to: Annotated[
        str, typer.Option("--to", metavar="DIR|hub:ORG/NAME", help="A folder, or the hub.")
    ],
    runs: Runs = DEFAULT_RUNS,
    merged: Annotated[
        bool, typer.Option("--merged", help="Merge an adapter into its base model.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a finished run's student and data set, each with its card; print how to serve it."""
    from coursewright.display import open_progress, printable
    from coursewright.export import export_run

    done = export_run(run, runs, to, merged=merged, force=force, progress=open_progress())
    if as_json:
        emit(done.model_dump(mode="json"))
        return
    typer.echo(printable(f"model    {done.model} ({done.form})"))
    typer.echo(printable(f"dataset  {done.dataset} ({done.rows} rows)"))
    for command in done.serve:
        typer.echo(printable(f"serve    {command}"))


@delivering_app.command()
def bundle(
    run: RunName,
    to: Annotated[Path, typer.Option("--to", metavar="FILE.zip", help="The file to write.")],
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Write what somebody else needs to check a finished run: its record without weights."""
    from coursewright.verification import write_bundle

    done = write_bundle(run, runs, to)
    if as_json:
        emit(done.model_dump(mode="json"))
        return
    typer.echo(f"bundle  {done.path}: {done.files} files, {done.bytes / 1e6:.1f} MB")
    typer.echo(f"record  {done.record}")


@delivering_app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle (zip file or folder) or a run folder.")],
    task: Annotated[
        str | None,
        typer.Option(help="Your own copy of the task: a folder, or a built-in name."),
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="The record's digest, if it was published.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a run's hashes, ledger, audits and scores again, without training anything."""
    from coursewright.display import printable
    from coursewright.errors import NotVerified
    from coursewright.verification import verify as verify_bundle

    found = verify_bundle(bundle, task=task, record=record)
    if as_json:
        emit(found.model_dump(mode="json"))
    else:
        for check in found.checks:
            typer.echo(printable(f"{'holds' if check.holds else 'FAILS':<6} {check.name}"))
            for fault in check.faults:
                typer.echo(printable(f"       {fault}"))
        typer.echo(f"record {found.record}")
    if not found.holds:
        failed = [check.name for check in found.checks if not check.holds]
        raise NotVerified(f"{bundle}: does not verify: {', '.join(failed)}")


@delivering_app.command()
def prune(run: RunName, runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Delete intermediate checkpoints of a finished run; the record and the student stay."""
    from coursewright.store import prune as prune_run
    from coursewright.store import resolve_run

    pruned = prune_run(resolve_run(run, runs))
    if as_json:
        emit({"files": pruned.files, "freed_bytes": pruned.freed_bytes})
    else:
        typer.echo(f"removed {pruned.files} files, freed {pruned.freed_bytes / 1e6:.1f} MB")

"""The command that audits a file: `coursewright audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursewright.cli.options import DEFAULT_RUNS, Json, Runs, emit

auditing_app = typer.Typer(rich_markup_mode=None)


@auditing_app.command()
def audit(
    submission: Annotated[
        Path, typer.Argument(metavar="SUBMISSION", help="A .json or .jsonl file of rows.")
    ],
    task: Annotated[
        str, typer.Option("--task", metavar="TASK", help="A task folder or a built-in name.")
    ],
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Trace the rows in this run's call ledger."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="YAML file with rules for the data; see docs/policy.md.")
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(help="package.module:Class that compares by meaning; see docs/audits.md."),
    ] = None,
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Audit any file of rows against a task, hidden items included; see docs/audits.md."""
    from coursewright.auditing import audit_file
    from coursewright.display import printable

    found = audit_file(submission, task, run, runs, policy, embedder)
    read, kept = found.collection.read, found.audit.kept
    if as_json:
        emit(
            {
                "verdict": found.audit.verdict,
                "rows": {"read": read, "kept": kept, "dropped": found.dropped},
                "checks": [check.model_dump(mode="json") for check in found.audit.checks],
                "refusal": found.audit.refusal,
                "unchecked": list(found.unchecked),
            }
        )
        return
    typer.echo(f"verdict    {found.audit.verdict}")
    typer.echo(f"rows       {read} read, {kept} kept")
    for reason, count in found.dropped.items():
        typer.echo(printable(f"dropped    {count}: {reason}"))
    for check in found.audit.checks:
        typer.echo(printable(f"{check.name:<14} {check.verdict:<10} {check.seconds:.1f} s"))
        for line in check.evidence:
            typer.echo(printable(f"  - {line}"))
    if found.audit.refusal:
        typer.echo(printable(found.audit.refusal))
    for line in found.unchecked:
        typer.echo(f"not checked: {line}")

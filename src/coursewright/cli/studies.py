"""Commands on studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coursewright.cli.options import Json, emit
from coursewright.errors import StudyIncomplete

studies_app = typer.Typer(rich_markup_mode=None)


@studies_app.command()
def bench(
    study: Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")],
    output: Annotated[
        Path | None, typer.Option("-o", help="Folder of the study (default: studies/NAME).")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what the study may cost; start nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make all runs of a study, or go on with them, and write its tables."""
    from coursewright.bench import load_study, plan_study, require_sound, run_study
    from coursewright.bench.estimate import estimate, lines
    from coursewright.display import open_progress, printable

    loaded = load_study(study)
    if plan:
        planned = plan_study(loaded, output)
        require_sound(planned)
        found = estimate(planned)
        if as_json:
            emit(found.model_dump(mode="json"))
        else:
            for line in lines(found):
                typer.echo(printable(line))
        return
    outcome = run_study(loaded, output, open_progress())
    if as_json:
        emit(outcome.model_dump(mode="json"))
    else:
        for line in outcome.lines:
            typer.echo(printable(line))
    if outcome.missing:
        raise StudyIncomplete(
            f"{outcome.missing} of {outcome.cells} cells have no result "
            f"(see {outcome.folder}/problems.json and logs/); the same command tries them again"
        )

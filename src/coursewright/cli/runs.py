"""Commands that make runs, and show what they made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from coursewright.cli.options import (
    DEFAULT_RUNS,
    Executor,
    Json,
    RunName,
    Runs,
    Slots,
    emit,
    executor_settings,
)
from coursewright.errors import ConfigError, NoValidSubmission

runs_app = typer.Typer(rich_markup_mode=None)


@runs_app.command()
def run(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task folder or a built-in name.")],
    config: Annotated[Path | None, typer.Option(help="YAML file with further settings.")] = None,
    agent: Annotated[
        str | None,
        typer.Option(
            help="heuristic, random-search, openai:MODEL[@BASE_URL], command:LINE, program:FILE, "
            "replay:FILE or package.module:Class."
        ),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(help="simulated[:hasty], openai:MODEL[@BASE_URL], run:ID or module:Class."),
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(
            help="nano, pico, hub id (ORG/NAME), a model folder, or package.module:Class."
        ),
    ] = None,
    mode: Annotated[str | None, typer.Option(help="one-shot or iterative (default).")] = None,
    setting: Annotated[str | None, typer.Option(help="scratch (default) or seed.")] = None,
    protocol: Annotated[str | None, typer.Option(help="guarded (default) or paper.")] = None,
    search: Annotated[
        str | None, typer.Option(help="greedy (default), tree, one-shot or package.module:Class.")
    ] = None,
    incumbent: Annotated[
        Path | None,
        typer.Option(help="A data set you already have (JSONL or JSON rows), to be beaten."),
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Most rounds, or one-shot attempts.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed that all randomness comes from.")
    ] = None,
    executor: Executor = None,
    slots: Slots = None,
    runs: Annotated[Path | None, typer.Option(help="Folder that holds the runs.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The run's id.")] = None,
    policy: Annotated[
        Path | None, typer.Option(help="YAML file with rules for the data; see docs/policy.md.")
    ] = None,
    smallest: Annotated[
        bool,
        typer.Option("--smallest", help="In the end, find the fewest rows that keep the gain."),
    ] = False,
    gate: Annotated[
        list[str] | None,
        typer.Option(help="Wait for a person at: plan, sample or export; may be repeated."),
    ] = None,
    allow_weak: Annotated[
        bool, typer.Option("--allow-weak", help="Accept a sandbox below level L2.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what the run may cost and show; start nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let an agent write training data for a task, round after round, and score the student."""
    from coursewright.config import (
        load_config,
        parse_agent,
        parse_student,
        parse_teacher,
        search_part,
    )
    from coursewright.display import open_progress
    from coursewright.runs import run as run_config

    overrides: dict[str, Any] = {"task": task}
    for key, value in {"mode": mode, "setting": setting, "seed": seed, "name": name}.items():
        if value is not None:
            overrides[key] = value
    for key, reference, parse in (
        ("agent", agent, parse_agent),
        ("teacher", teacher, parse_teacher),
        ("student", student, parse_student),
    ):
        if reference is not None:
            # Whole: what a file says of one model, such as its server and its prices, holds for
            # no other.
            overrides[key] = parse(reference)
    if search is not None:
        overrides["search"] = search_part(search)
    if protocol is not None:
        if protocol not in ("guarded", "paper"):
            raise ConfigError("expected guarded or paper", field="--protocol")
        overrides["protocol"] = protocol
    if incumbent is not None:
        overrides["incumbent"] = {"path": str(incumbent)}
    if rounds is not None:
        overrides["budget"] = {"rounds": rounds, "one_shot_attempts": rounds}
    if placed := executor_settings(executor, slots):
        overrides["executor"] = placed
    if runs is not None:
        overrides["runs"] = str(runs)
    if policy is not None:
        overrides["policy"] = str(policy)
    if smallest:
        overrides["smallest"] = {}
    if gate:
        overrides["gates"] = gate
    if allow_weak:
        overrides["allow_weak"] = True
    settings = load_config(config, overrides)
    if plan:
        _print_forecast(settings, as_json)
    else:
        _print_result(run_config(settings, open_progress()), as_json)


@runs_app.command()
def resume(
    run: RunName,
    runs: Runs = DEFAULT_RUNS,
    executor: Executor = None,
    slots: Slots = None,
    as_json: Json = False,
) -> None:
    """Continue an interrupted run; nothing paid for is paid twice."""
    from coursewright.display import open_progress
    from coursewright.runs import resume as resume_run

    placed = executor_settings(executor, slots)
    _print_result(resume_run(run, runs, open_progress(), executor=placed), as_json)


@runs_app.command()
def reproduce(
    run: RunName,
    runs: Runs = DEFAULT_RUNS,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train and score again, too, and compare.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Replay a run's recorded answers through the same code and compare every data set."""
    from coursewright.display import open_progress
    from coursewright.runs import reproduce as reproduce_run

    report = reproduce_run(run, runs, open_progress(), retrain=retrain)
    if as_json:
        emit(report.model_dump(mode="json"))
    else:
        for line in report.lines:
            typer.echo(line)
    if not report.identical:
        raise typer.Exit(1)


@runs_app.command("list")
def list_runs(runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """List runs, newest first."""
    from coursewright.display import printable
    from coursewright.store import list_runs as stored_runs
    from coursewright.summary import run_line

    found = stored_runs(runs)
    if as_json:
        emit({"runs": [run_line(entry) for entry in found]})
        return
    if not found:
        typer.echo(f"no runs in {runs}")
    for entry in found:
        line = run_line(entry)
        score = "" if line["gain_points"] is None else f"{line['gain_points']:+.1f} points"
        waits = f"waits for a person: {line['waiting']}" if line["waiting"] else ""
        told = f"{score}{entry.problem}{'  ' if score and waits else ''}{waits}"
        what = f"{entry.name:<40} {entry.status:<20} {entry.task:<16} {told}"
        typer.echo(printable(what.rstrip()))


@runs_app.command()
def show(
    run: RunName,
    runs: Runs = DEFAULT_RUNS,
    row: Annotated[
        int | None,
        typer.Option("--row", help="Show this row of the delivered data set and its lineage."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a run's result record, or where one row of its data set comes from."""
    from coursewright.store import RunFolder, resolve_run

    folder = RunFolder(resolve_run(run, runs))
    if row is not None:
        _print_lineage(folder, row, as_json)
        return
    _print_result(folder.finished(), as_json)


@runs_app.command("try")
def try_student(
    run: RunName,
    question: Annotated[str, typer.Argument(help="A question; its context may stand above it.")],
    runs: Runs = DEFAULT_RUNS,
    as_json: Json = False,
) -> None:
    """Ask the base model and the run's student the same question."""
    from coursewright.runs import try_question

    answers = try_question(run, runs, question)
    if as_json:
        emit(answers)
    else:
        from coursewright.display import printable

        for who, answer in answers.items():
            typer.echo(f"{who:<8} {printable(answer)}")


def _print_lineage(folder: Any, row: int, as_json: bool) -> None:
    from coursewright.lineage import lines, trace_row

    found = trace_row(folder, row)
    if as_json:
        emit(found.model_dump(mode="json"))
    else:
        for line in lines(found):
            typer.echo(line)


def _print_forecast(settings: Any, as_json: bool) -> None:
    from coursewright.display import printable
    from coursewright.forecast import lines, plan

    found = plan(settings)
    if as_json:
        emit(found.model_dump(mode="json"))
    else:
        for line in lines(found):
            typer.echo(printable(line))


def _print_result(result: Any, as_json: bool) -> None:
    """Print the result; exit 3 if the budget went by without a valid submission."""
    from coursewright.shortfall import shortfall
    from coursewright.store import RunFolder
    from coursewright.summary import lines

    nothing = result.status == "no-valid-submission"
    if as_json:
        emit(result.model_dump(mode="json", by_alias=True))
    else:
        why: Iterable[str] = ()
        if nothing:
            folder = RunFolder(Path(result.path))
            why = shortfall(folder.rounds(), folder.ledger_path)
        for line in lines(result, why):
            typer.echo(line)
    if nothing:
        raise NoValidSubmission("no round left enough valid rows within the budget")

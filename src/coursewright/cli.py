"""The command line: parses, calls, prints. All logic lives below.

Results go to standard output, progress and errors to standard error; with `--json` the only
thing on standard output is one JSON object. Exit codes are those of `coursewright.errors`.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from coursewright.errors import CoursewrightError, NoValidSubmission

app = typer.Typer(
    name="coursewright",
    help="Agents write the course a model learns from; the model's exam score is the only judge.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
tasks_app = typer.Typer(
    help="List, check and scaffold task folders.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(tasks_app, name="task")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Runs = Annotated[Path, typer.Option("--runs", help="Folder that holds the runs.")]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="A run's path, or its id.")]
DEFAULT_RUNS = Path("runs")


def main() -> None:
    """Entry point: one line and the right exit code for everything a user can cause."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except CoursewrightError as error:
        from coursewright.display import printable

        # Messages of libraries may run over many lines.
        line = " ".join(str(error).split())
        print(f"coursewright: {printable(line)}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        hint = "interrupted; `coursewright resume RUN` continues where it stopped"
        print(f"coursewright: {hint}", file=sys.stderr)  # noqa: T201
        sys.exit(130)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _emit(payload: Any) -> None:
    typer.echo(json.dumps(payload, indent=2, ensure_ascii=False))


# ---------------------------------------------------------------- runs


@app.command()
def run(
    task: Annotated[str, typer.Argument(metavar="TASK", help="A task folder or a built-in name.")],
    config: Annotated[Path | None, typer.Option(help="YAML file with further settings.")] = None,
    agent: Annotated[
        str | None,
        typer.Option(
            help="heuristic, openai:MODEL[@BASE_URL], command:LINE, program:FILE, replay:FILE or "
            "package.module:Class."
        ),
    ] = None,
    teacher: Annotated[
        str | None,
        typer.Option(help="simulated, openai:MODEL[@BASE_URL] or package.module:Class."),
    ] = None,
    student: Annotated[
        str | None,
        typer.Option(help="nano, a hub id (ORG/NAME), a model folder, or package.module:Class."),
    ] = None,
    mode: Annotated[str | None, typer.Option(help="one-shot or iterative (default).")] = None,
    setting: Annotated[str | None, typer.Option(help="scratch (default) or seed.")] = None,
    protocol: Annotated[str | None, typer.Option(help="guarded (default) or paper.")] = None,
    rounds: Annotated[int | None, typer.Option(help="Most rounds, or one-shot attempts.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed that all randomness comes from.")
    ] = None,
    runs: Annotated[Path | None, typer.Option(help="Folder that holds the runs.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The run's id.")] = None,
    allow_weak: Annotated[
        bool, typer.Option("--allow-weak", help="Accept a sandbox below level L2.")
    ] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what the run may cost and show; start nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let an agent write training data for a task, round after round, and score the student."""
    from coursewright.config import load_config, parse_agent, parse_student, parse_teacher
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
            part = parse(reference)
            # Defaults stay unset, so that a config file of the same kind keeps its say.
            overrides[key] = part.model_dump(mode="json", exclude_unset=True) | {"kind": part.kind}
    if protocol is not None:
        overrides["protocol"] = "guarded-basic" if protocol == "guarded" else protocol
    if rounds is not None:
        overrides["budget"] = {"rounds": rounds, "one_shot_attempts": rounds}
    if runs is not None:
        overrides["runs"] = str(runs)
    if allow_weak:
        overrides["allow_weak"] = True
    settings = load_config(config, overrides)
    if plan:
        _print_forecast(settings, as_json)
    else:
        _print_result(run_config(settings, open_progress()), as_json)


@app.command()
def resume(run: RunName, runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Continue an interrupted run; nothing paid for is paid twice."""
    from coursewright.display import open_progress
    from coursewright.runs import resume as resume_run

    _print_result(resume_run(run, runs, open_progress()), as_json)


@app.command()
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
        _emit(report.model_dump(mode="json"))
    else:
        for line in report.lines:
            typer.echo(line)
    if not report.identical:
        raise typer.Exit(1)


@app.command("list")
def list_runs(runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """List runs, newest first."""
    from coursewright.display import printable
    from coursewright.store import list_runs as stored_runs
    from coursewright.summary import run_line

    found = stored_runs(runs)
    if as_json:
        _emit({"runs": [run_line(entry) for entry in found]})
        return
    if not found:
        typer.echo(f"no runs in {runs}")
    for entry in found:
        line = run_line(entry)
        score = "" if line["gain_points"] is None else f"{line['gain_points']:+.1f} points"
        what = f"{entry.name:<40} {entry.status:<20} {entry.task:<16} {score}{entry.problem}"
        typer.echo(printable(what.rstrip()))


@app.command()
def show(run: RunName, runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Show a run's result record."""
    from coursewright.errors import RunFolderError
    from coursewright.store import RunFolder, resolve_run

    folder = RunFolder(resolve_run(run, runs))
    result = folder.result()
    if result is None:
        raise RunFolderError("has no result yet; `coursewright resume` goes on", file=folder.path)
    _print_result(result, as_json)


@app.command("try")
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
        _emit(answers)
    else:
        from coursewright.display import printable

        for who, answer in answers.items():
            typer.echo(f"{who:<8} {printable(answer)}")


@app.command()
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
        _emit(done.model_dump(mode="json"))
        return
    typer.echo(printable(f"model    {done.model} ({done.form})"))
    typer.echo(printable(f"dataset  {done.dataset} ({done.rows} rows)"))
    for command in done.serve:
        typer.echo(printable(f"serve    {command}"))


@app.command()
def prune(run: RunName, runs: Runs = DEFAULT_RUNS, as_json: Json = False) -> None:
    """Delete intermediate checkpoints of a finished run; the record and the student stay."""
    from coursewright.store import prune as prune_run
    from coursewright.store import resolve_run

    pruned = prune_run(resolve_run(run, runs))
    if as_json:
        _emit({"files": pruned.files, "freed_bytes": pruned.freed_bytes})
    else:
        typer.echo(f"removed {pruned.files} files, freed {pruned.freed_bytes / 1e6:.1f} MB")


@app.command()
def doctor(
    config: Annotated[
        Path | None, typer.Option(help="YAML file of a run, whose servers are asked for one token.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what this machine offers: isolation level, accelerators, servers, versions."""
    from coursewright.config import load_config
    from coursewright.display import printable
    from coursewright.doctor import diagnose

    # Which task a run is for does not matter here, and examples name none.
    report = diagnose(load_config(config, {"task": "any"}) if config else None)
    if as_json:
        _emit(report)
        return
    isolation = report["isolation"]
    verified = "verified" if isolation["verified"] else "not verified"
    typer.echo(
        f"isolation     {isolation['level']} ({', '.join(isolation['mechanisms'])}), {verified}"
    )
    for note in isolation["notes"]:
        typer.echo(f"              {note}")
    typer.echo(f"accelerators  {', '.join(report['accelerators']) or 'none'}")
    if not report["endpoints"]:
        typer.echo("endpoints     none named (give --config)")
    for server in report["endpoints"]:
        state = server["problem"] or "answers"
        typer.echo(printable(f"{server['role']:<13} {server['model']}: {state}"))
    for package, version in report["versions"].items():
        typer.echo(f"{package:<13} {version}")


# ---------------------------------------------------------------- tasks


@tasks_app.command("list")
def task_list(as_json: Json = False) -> None:
    """List the built-in tasks."""
    from coursewright.tasks import builtin_tasks

    found = builtin_tasks()
    if as_json:
        _emit({"tasks": [{"name": name, "summary": text} for name, text in found.items()]})
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
        _emit({"ok": not problems, "problems": [p.model_dump(mode="json") for p in problems]})
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


# ---------------------------------------------------------------- printing


def _print_forecast(settings: Any, as_json: bool) -> None:
    from coursewright.display import printable
    from coursewright.forecast import forecast, lines

    found = forecast(settings)
    if as_json:
        _emit(found.model_dump(mode="json"))
    else:
        for line in lines(found):
            typer.echo(printable(line))


def _print_result(result: Any, as_json: bool) -> None:
    """Print the result; exit 3 if the budget went by without a valid submission."""
    from coursewright.summary import lines

    if as_json:
        _emit(result.model_dump(mode="json", by_alias=True))
    else:
        for line in lines(result):
            typer.echo(line)
    if result.status == "no-valid-submission":
        raise NoValidSubmission("no round left enough valid rows within the budget")

"""The command line: parses, calls, prints. All logic lives below.

Results go to standard output, progress and errors to standard error; with `--json` the only
thing on standard output is one JSON object. Exit codes are those of `coursewright.errors`.
Imports that take time stand in the commands that need them.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer

from coursewright.cli.auditing import auditing_app
from coursewright.cli.delivering import delivering_app
from coursewright.cli.machine import machine_app
from coursewright.cli.pages import pages_app
from coursewright.cli.people import people_app
from coursewright.cli.runs import runs_app
from coursewright.cli.studies import studies_app
from coursewright.cli.tasks import tasks_app
from coursewright.errors import CoursewrightError, SeveralErrors

app = typer.Typer(
    name="coursewright",
    help="Agents write the course a model learns from; the model's exam score is the only judge.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(runs_app)
app.add_typer(delivering_app)
app.add_typer(machine_app)
app.add_typer(people_app)
app.add_typer(pages_app)
app.add_typer(auditing_app)
app.add_typer(studies_app)
app.add_typer(tasks_app, name="task")


def main() -> None:
    """Entry point: one line and the right exit code for everything a user can cause."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except CoursewrightError as error:
        from coursewright.display import printable

        for message in error.lines if isinstance(error, SeveralErrors) else (str(error),):
            # Messages of libraries may run over many lines.
            line = " ".join(message.split())
            print(f"coursewright: {printable(line)}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        hint = "interrupted; `coursewright resume RUN` continues where it stopped"
        print(f"coursewright: {hint}", file=sys.stderr)  # noqa: T201
        sys.exit(130)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

"""Everything that can go wrong, and who has to act on it.

    CoursewrightError                  exit code
    ├── UsageError                     2   the user's words: command line, config, model reference
    │   ├── ConfigError                2   a field of the run configuration
    │   ├── TaskError                  2   a file of a task folder
    │   ├── RunFolderError             2   a run folder: missing, foreign version, changed config
    │   ├── StorageError               2   disk full, folder not writable
    │   └── SeveralErrors              2   more than one of these, a line each
    ├── StudyIncomplete                1   some cells of a study have no result
    ├── NoValidSubmission              3   the budget went by without a data set to train on
    ├── IsolationError                 4   the sandbox is weaker than the run asks for
    ├── RunHeld                        5   another process holds the run folder
    ├── NotVerified                    6   a bundle does not hold what its result claims
    ├── Interrupted                  130   stopped by hand or a lost helper; `resume` goes on
    ├── HelperLost                     -   a helper process died under a stage: do it again
    │   └── ProgramLost                -   it was the program; every time: its own failure
    └── StageFailed                    -   a stage failed: ends the round, never the run

A `StageFailed` carries the name of its stage and one of the study's error types, so that a bad
round becomes a line of the record instead of a crash.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class CoursewrightError(Exception):
    """Base of all errors that are told to the user in one line, without a traceback."""

    exit_code = 1


class UsageError(CoursewrightError):
    """Something the user wrote cannot be used as it stands."""

    exit_code = 2


class LocatedError(UsageError):
    """A usage error with a place: file, line (1-based) and field, as far as they are known."""

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        self.field = field
        super().__init__(self.__str__())

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        if self.field:
            place += f" [{self.field}]" if place else f"[{self.field}]"
        return f"{place}: {self.message}" if place else self.message


class ConfigError(LocatedError):
    """A field of the run configuration is wrong."""


class TaskError(LocatedError):
    """A task folder cannot be used."""


class RunFolderError(LocatedError):
    """A run folder cannot be used: missing, damaged, of another version, or its config changed."""


class StorageError(LocatedError):
    """The disk is full or a folder cannot be written."""


class SeveralErrors(UsageError):
    """Several things cannot be used; `lines` says each."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


class StudyIncomplete(CoursewrightError):
    """A study went through, and some of its cells have no result."""


class NoValidSubmission(CoursewrightError):
    """No round left enough valid rows within the budget."""

    exit_code = 3


class IsolationError(CoursewrightError):
    """The sandbox offers less than the run asks for."""

    exit_code = 4


class RunHeld(CoursewrightError):
    """Another process holds the lock of this run folder."""

    exit_code = 5


class NotVerified(CoursewrightError):
    """A bundle is not what it claims to be, or could not be checked whole."""

    exit_code = 6


class Interrupted(CoursewrightError):
    """The run stopped before its end, by hand or by a lost helper; nothing paid for is lost."""

    exit_code = 130


class HelperLost(CoursewrightError):
    """A program, gateway or worker was killed from outside; its stage can be done again.

    Whatever it had paid for stands in the call ledger, so that doing it again costs nothing.
    """


class ProgramLost(HelperLost):
    """A program was killed by no cap of ours: from outside, or by itself."""


class StageFailed(CoursewrightError):
    """One stage of one round failed.

    `kind` is a `records.Failure`, one of the study's error types.
    """

    def __init__(self, message: str, *, kind: str = "other", stage: str | None = None) -> None:
        self.kind = kind
        self.stage = stage
        super().__init__(message)

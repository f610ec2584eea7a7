"""Whether a task folder's scorer may be code: only where the user has said so.

A task folder is data, and folders travel. A scorer that its `task.yaml` names by dotted path, or
as a program, runs with the user's rights before anything else is looked at; so it is refused
until the folder, or one above it, stands in the environment variable `COURSEWRIGHT_TRUSTED_TASKS`
(several are separated as in `PATH`). The folder itself cannot set that.
"""

from __future__ import annotations

import os
from pathlib import Path

from coursewright.errors import TaskError

TRUSTED = "COURSEWRIGHT_TRUSTED_TASKS"


def require_trust(what: str, folder: Path) -> None:
    """Refuse a scorer that is code unless the user trusts the folder that names it.

    `what` says which code it is. Raises `TaskError`.
    """
    here = folder.resolve()
    named = filter(None, os.environ.get(TRUSTED, "").split(os.pathsep))
    if any(here.is_relative_to(Path(name).expanduser().resolve()) for name in named):
        return
    raise TaskError(
        f"{what[:200]} is code that would run with your rights; read it, and if you trust the "
        f"folder, set {TRUSTED}={here}",
        field="scorer.kind",
    )

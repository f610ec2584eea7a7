"""`scripts/make_tasks.py`, callable from tests."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_tasks.py"


def make_tasks(arguments: list[str]) -> None:
    """Run the script; fail with its output."""
    command = [sys.executable, str(SCRIPT), *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True)

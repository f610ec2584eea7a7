"""`scripts/make_tasks.py` and `scripts/make_probes.py`, callable from tests."""

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"


def make_tasks(arguments: list[str], script: str = "make_tasks.py") -> None:
    """Run the script; fail with its output."""
    command = [sys.executable, str(SCRIPTS / script), *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True)

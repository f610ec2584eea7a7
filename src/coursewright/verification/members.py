"""Which files make a bundle, and how large each may be."""

from __future__ import annotations

import re

MIB = 1024**2
DATABASES = ("journal.sqlite", "ledger.sqlite", "asked.sqlite", "agent.sqlite")
NEEDED = ("version", "run.yaml", "inputs.json", "result.json", "journal.sqlite")
MANIFEST = "bundle.json"
ROUND_FILES = ("round.json", "code.py", "plan.md", "feedback.md")

_LARGEST = {
    "version": MIB,
    "run.yaml": MIB,
    "inputs.json": 4 * MIB,
    "result.json": 16 * MIB,
    MANIFEST: 16 * MIB,
    "journal.sqlite": 1024 * MIB,
    "ledger.sqlite": 4096 * MIB,
    "asked.sqlite": 1024 * MIB,
    "agent.sqlite": 1024 * MIB,
}
ARTIFACT_BYTES = 64 * MIB
"""Of one data set or submission."""
ROUND_FILE_BYTES = 64 * MIB
TOTAL_BYTES = 8192 * MIB
FILES = 20_000

_ARTIFACT = re.compile(r"artifacts/[0-9a-f]{64}")
_ROUND = re.compile(r"rounds/\d{3,6}/(?:" + "|".join(map(re.escape, ROUND_FILES)) + ")")


def limit_of(name: str) -> int | None:
    """Most bytes of a bundle's member; None for what is none."""
    if _ARTIFACT.fullmatch(name):
        return ARTIFACT_BYTES
    if _ROUND.fullmatch(name):
        return ROUND_FILE_BYTES
    return _LARGEST.get(name)

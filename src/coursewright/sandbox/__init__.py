"""Runs programs that nobody trusts. `open_sandbox` chooses and proves the level.

    L3  bubblewrap.py   namespaces, seccomp, limits
    L2  landlock.py     Landlock, seccomp, limits; nothing to install
    L1  plain.py        own user, limits: weak
    L0  plain.py        limits: weak

A level counts only after a program inside has failed at every way out (`probe.py`).
Programs start in `launcher.py`, import `coursewright_program`, reach the teacher through
connections that `line.py` hands over, and are followed to their end by `execution.py`.

The program that a command agent is has walls of its own kind, in `jail/`.

Not covered: attacks on the kernel itself, timing, and what a program tells the teacher.
"""

from __future__ import annotations

from coursewright.config import SandboxConfig
from coursewright.errors import IsolationError, ProgramLost
from coursewright.records import Isolation
from coursewright.sandbox.attempt import LineCut
from coursewright.sandbox.bubblewrap import Bubblewrap
from coursewright.sandbox.corpus_index import INDEX as CORPUS_INDEX
from coursewright.sandbox.corpus_index import write_index
from coursewright.sandbox.enclosure import Enclosure
from coursewright.sandbox.execution import ProgramSandbox
from coursewright.sandbox.exposure import Exposure, machine_exposure
from coursewright.sandbox.interface import program_interface
from coursewright.sandbox.jail import check_command, open_jail
from coursewright.sandbox.landlock import Landlock
from coursewright.sandbox.packages import PROGRAM_PACKAGES, installed_packages
from coursewright.sandbox.plain import Plain
from coursewright.sandbox.probe import probe

__all__ = [
    "CORPUS_INDEX",
    "PROGRAM_PACKAGES",
    "LineCut",
    "ProgramLost",
    "ProgramSandbox",
    "check_command",
    "installed_packages",
    "open_jail",
    "open_sandbox",
    "program_interface",
    "write_index",
]

_STRONG = ("L3", "L2")
_WEAK = ("L1", "L0")


def open_sandbox(config: SandboxConfig, *, allow_weak: bool = False) -> ProgramSandbox:
    """Return a sandbox of the asked level, or of the strongest that holds under `auto`.

    Raises:
        IsolationError: no level that the run accepts holds here; says why for each, and what
            would help.
    """
    exposure = machine_exposure()
    levels = _levels(config.level, allow_weak)
    refusals: list[str] = []
    for level in levels:
        try:
            return _proven(config, level, exposure, tuple(refusals))
        except IsolationError as error:
            refusals.append(f"{level}: {error}")
    hint = "" if allow_weak else "; --allow-weak accepts less, and the result is then unverified"
    raise IsolationError(f"no isolation strong enough: {'; '.join(refusals)}{hint}")


def _levels(wanted: str, allow_weak: bool) -> tuple[str, ...]:
    if wanted == "auto":
        return _STRONG + _WEAK if allow_weak else _STRONG
    if wanted in _WEAK and not allow_weak:
        raise IsolationError(f"level {wanted} is no isolation; it needs --allow-weak")
    return (wanted,)


def _proven(
    config: SandboxConfig, level: str, exposure: Exposure, refusals: tuple[str, ...]
) -> ProgramSandbox:
    sandbox = ProgramSandbox(config, _enclosure(config, level, exposure), exposure)
    # A weak level has nothing to prove, and an attack would meet no wall.
    found = probe(sandbox, attack=level in _STRONG)
    if found.broken:
        raise IsolationError(f"programs would not work: {', '.join(found.broken)}")
    if found.escapes:
        raise IsolationError(f"the escape probe got out: {', '.join(found.escapes)}")
    known = sandbox.isolation
    sandbox.isolation = Isolation(
        level=known.level,
        mechanisms=known.mechanisms,
        verified=level in _STRONG,
        notes=(*known.notes, *refusals),
    )
    return sandbox


def _enclosure(config: SandboxConfig, level: str, exposure: Exposure) -> Enclosure:
    match level:
        case "L3":
            return Bubblewrap(config, exposure)
        case "L2":
            return Landlock(config, exposure)
        case _:
            return Plain(config, exposure, own_user=level == "L1")

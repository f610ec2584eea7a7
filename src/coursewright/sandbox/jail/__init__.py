"""Shuts in the program that a command agent is. `open_jail` chooses, and proves it first.

    view.py       what of this machine it sees, and what it must never see
    desk.py       its folders: the brief, a home, a few files of a system
    command.py    one errand, from start to the death of its whole tree
    forwarder.py  the only way to the network: to hosts that the user named
    probe.py      a program inside must fail at every way out (`escape.py`)

It differs from the sandbox of curation programs in what it must allow: sockets, an
installation, a key, hosts. Only bubblewrap (L3) can hold it: Landlock can close TCP ports, but
not tell one host from another. With `--allow-weak` it runs as the user (L0).

Not covered: what an agent tells a host it may reach, and other sites that answer behind the
same address; what it does with its own key.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from coursewright.config import CommandAgent
from coursewright.errors import IsolationError
from coursewright.sandbox.bubblewrap import Bubblewrap
from coursewright.sandbox.jail.command import CommandJail, agent_limits, handed_over, jail_layout
from coursewright.sandbox.jail.probe import probe_jail
from coursewright.sandbox.jail.view import View, make_view
from coursewright.sandbox.plain import Plain

__all__ = ["CommandJail", "check_command", "open_jail"]


def check_command(part: CommandAgent, withheld: Iterable[Path]) -> None:
    """Find what is wrong with a command agent's settings before anything is started.

    Raises:
        ConfigError: the command, a path or a variable is missing, or a path shows too much.
    """
    make_view(part, withheld)
    handed_over(part.environment)


def open_jail(
    part: CommandAgent, *, allow_weak: bool = False, withheld: Iterable[Path] = ()
) -> CommandJail:
    """Return a jail that has held against its escape probe.

    Args:
        part: the agent's settings.
        allow_weak: accept no walls at all where there can be none.
        withheld: folders that the agent must not see: the task's, run folders.

    Raises:
        ConfigError: see `check_command`.
        IsolationError: it cannot be shut in here; says why, and what would help.
    """
    withheld = tuple(withheld)
    view = make_view(part, withheld)
    try:
        wall = Bubblewrap(agent_limits(part), view.exposure, jail_layout(view))
        return _proven(CommandJail(part, view, wall), withheld)
    except IsolationError as error:
        if not allow_weak:
            raise IsolationError(
                f"the command agent cannot be shut in: {error}; --allow-weak runs it with all "
                "rights of your user and any network, and the result is then unverified"
            ) from error
        return _unwalled(part, view, str(error))


def _proven(jail: CommandJail, withheld: Iterable[Path]) -> CommandJail:
    try:
        found = probe_jail(jail, withheld)
        if found.broken:
            raise IsolationError(f"it would not work inside: {', '.join(found.broken)}")
        if found.escapes:
            raise IsolationError(f"the escape probe got out: {', '.join(found.escapes)}")
    except BaseException:
        jail.close()
        raise
    jail.isolation = jail.isolation.model_copy(update={"verified": True})
    return jail


def _unwalled(part: CommandAgent, view: View, reason: str) -> CommandJail:
    jail = CommandJail(part, view, Plain(agent_limits(part), view.exposure, own_user=False))
    hosts = ", ".join(part.network) or "none"
    notes = (
        "the agent reads every file of your user and all of the task",
        f"it reaches every host; named were: {hosts}",
        f"L3: {reason}",
    )
    jail.isolation = jail.isolation.model_copy(update={"notes": notes})
    return jail

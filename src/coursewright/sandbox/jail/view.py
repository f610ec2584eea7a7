"""What a command agent sees of this machine: a system, its command, and what the user names.

Shown is what most command lines need: shared programs and libraries, certificates. Never shown
are coursewright's own files (they hold private splits), the task's folder, run folders and, in
system folders, every place for installed Python packages. A path of the user's that would show
one of these is refused instead of being shown in part.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import coursewright
from coursewright.config import CommandAgent
from coursewright.errors import ConfigError
from coursewright.sandbox.exposure import Exposure, machine_exposure
from coursewright.sandbox.packages import PackageView, site_folders

_MORE = (
    *("/usr/libexec", "/usr/share", "/usr/local/bin", "/usr/local/lib", "/usr/local/share"),
    # Never the whole of /etc/ssl or /etc/pki: servers keep their private keys there.
    *("/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ca-certificates"),
    *("/etc/pki/tls/certs", "/etc/pki/ca-trust", "/etc/crypto-policies"),
)
_NEVER = tuple(map(Path, ("/proc", "/sys", "/dev", "/run", "/var/run")))
"""The kernel's own trees, and the sockets of services."""
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class View:
    """The file tree of one command agent, before its own folders come on top."""

    command: tuple[str, ...]
    """Program and arguments, with files that stand in them as absolute paths."""
    exposure: Exposure
    shown: tuple[Path, ...]
    """Files and folders of the user's, at their own places."""

    @property
    def path(self) -> str:
        """The search path for programs."""
        own = [Path(self.command[0]).parent]
        for path in self.shown:
            own += [p for p in (path / "bin", path) if p.is_dir()] or [path.parent]
        names = [*map(str, own), "/usr/local/bin", "/usr/bin", "/bin"]
        return ":".join(dict.fromkeys(names))


def make_view(part: CommandAgent, withheld: Iterable[Path]) -> View:
    """Find the command and all it may read; `withheld` folders are never part of that.

    Raises:
        ConfigError: the command is not there, or something named would show what is withheld.
    """
    hidden = [Path(coursewright.__file__).parent, *withheld]
    hidden = [folder.resolve() for folder in hidden]
    exposure = _machine(hidden)
    words = _words(part.command)
    named = [("agent.command", Path(word)) for word in words if os.path.isfile(word)]
    named += [("agent.read", path.expanduser().absolute()) for path in part.read]
    for field, path in named:
        _require_harmless(field, path, hidden)
    if part.home is not None:
        _require_harmless("agent.home", part.home.expanduser().absolute(), hidden)
    shown: list[Path] = []
    covered = [p for p in exposure.readable if not _inside(p, exposure.hidden)]
    for _, path in sorted(named, key=lambda entry: len(entry[1].parts)):
        standing = _inside(path, covered) and not _inside(path, exposure.hidden)
        if not standing and not _inside(path, shown):
            shown.append(path)
    return View(command=words, exposure=exposure, shown=tuple(shown))


def _words(command: Sequence[str]) -> tuple[str, ...]:
    """Find the program; make absolute what names a file by its path."""
    name = command[0]
    found = os.path.expanduser(name) if "/" in name else shutil.which(name)
    if found is None:
        raise ConfigError(f"there is no program {name!r} on the PATH", field="agent.command")
    if not os.path.isfile(found):
        raise ConfigError(f"there is no file {name!r}", field="agent.command")
    if not os.access(found, os.X_OK):
        raise ConfigError(f"{name!r} may not be executed; chmod +x it", field="agent.command")
    rest = [os.path.abspath(w) if "/" in w and os.path.isfile(w) else w for w in command[1:]]
    return (os.path.abspath(found), *rest)


def _require_harmless(field: str, path: Path, hidden: Sequence[Path]) -> None:
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"there is no {str(path)!r}", field=field) from error
    for folder in hidden:
        if _inside(real, [folder]) or _inside(folder, [real]):
            raise ConfigError(
                f"{str(path)!r} would show the agent {folder}, which holds what it must not see; "
                "name a narrower path, or keep it elsewhere",
                field=field,
            )
    wide = [Path(tempfile.gettempdir()).resolve(), Path.home().resolve()]
    if any(_inside(folder, [real]) for folder in wide) or _inside(real, _NEVER):
        raise ConfigError(f"{str(path)!r} shows too much; name what it needs", field=field)


def _machine(withheld: Sequence[Path]) -> Exposure:
    base = machine_exposure()
    more = [Path(name) for name in _MORE if os.path.exists(name)]
    readable = [*base.readable, *(path for path in more if not _inside(path, base.readable))]
    hidden = {folder for folder in withheld if folder.is_dir() and _inside(folder, readable)}
    for root in (base.library.parent, *readable):
        for python in root.glob("python*"):
            hidden.update(p for name in _PACKAGE_FOLDERS if (p := python / name).is_dir())
    hidden.update(folder for folder in site_folders() if _inside(folder, readable))
    hidden = {path for path in hidden if _inside(path, readable)}
    outermost = [p for p in hidden if not any(p != q and _inside(p, [q]) for q in hidden)]
    return dataclasses.replace(
        base,
        readable=tuple(readable),
        hidden=tuple(sorted(outermost)),
        packages=PackageView({}, ()),
    )


def _inside(path: Path, places: Iterable[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)

"""What of the machine's file tree a program may read: interpreter, shared libraries, packages.

Both levels start from the same answer. Bubblewrap mounts the readable places and covers the
hidden ones; Landlock knows no "except", so there the readable places are split around them.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coursewright.sandbox.packages import PackageView, find_packages, site_folders

_SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/bin", "/usr/share/zoneinfo")
_LINKS = ("/lib", "/lib32", "/lib64", "/libx32", "/bin")
_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")


@dataclass(frozen=True)
class Exposure:
    """The readable part of the machine, before the program's own folders come on top."""

    interpreter: Path
    """The real executable, outside any virtual environment."""
    library: Path
    """The standard library's folder."""
    readable: tuple[Path, ...]
    """Folders and files of system and interpreter."""
    hidden: tuple[Path, ...]
    """Folders inside `readable` that must not be read."""
    links: tuple[tuple[Path, str], ...]
    """Symbolic links at the root such as /lib, with their targets."""
    packages: PackageView


def machine_exposure() -> Exposure:
    """Find what a program needs of this machine."""
    interpreter = Path(os.path.realpath(sys.executable))
    library = Path(os.__file__).resolve().parent
    readable = [Path(name) for name in (*_SYSTEM, *_FILES) if os.path.exists(name)]
    links = []
    for name in _LINKS:
        if os.path.islink(name):
            links.append((Path(name), os.readlink(name)))
        elif os.path.isdir(name):
            readable.append(Path(name))
    own = [interpreter, library, *_libraries(library)]
    readable += [path for path in own if not any(path.is_relative_to(r) for r in readable)]
    return Exposure(
        interpreter=interpreter,
        library=library,
        readable=tuple(readable),
        hidden=tuple(sorted(_hidden(readable, library))),
        links=tuple(links),
        packages=find_packages(),
    )


def _libraries(library: Path) -> list[Path]:
    """Shared libraries that came with the interpreter, outside the system's own folders."""
    folders = {Path(sys.base_prefix).resolve() / "lib", library.parent}
    configured = sysconfig.get_config_var("LIBDIR")
    if configured:
        folders.add(Path(configured))
    found: set[Path] = set()
    for folder in folders:
        if folder.is_dir():
            found.update(path for path in folder.iterdir() if ".so" in path.suffixes)
    return sorted(found)


def _hidden(readable: Iterable[Path], library: Path) -> set[Path]:
    """Every place for installed packages inside what is readable, and any other Python's."""
    hidden: set[Path] = set()
    for root in readable:
        if not root.is_dir():
            continue
        for folder in root.glob("python*"):
            if folder.is_dir() and folder != library:
                hidden.add(folder)
        hidden.update(folder for folder in site_folders() if folder.is_relative_to(root))
    for name in ("site-packages", "dist-packages"):
        if (library / name).is_dir():
            hidden.add(library / name)
    return hidden


def split_around(root: Path, hidden: Iterable[Path]) -> list[Path]:
    """Return paths that together make up `root` without the hidden folders in it."""
    inside = [path for path in hidden if path == root or path.is_relative_to(root)]
    if not inside:
        return [root]
    if root in inside:
        return []
    parts: list[Path] = []
    for child in sorted(root.iterdir()):
        parts += split_around(child, inside)
    return parts

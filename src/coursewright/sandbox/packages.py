"""The read-only program environment: which installed distributions a program may import.

No second virtual environment is made. Each allowed distribution that is installed beside
coursewright is shown to the program where it lies; everything else in site-packages, coursewright
itself with its private splits among it, cannot be read.
"""

from __future__ import annotations

import functools
import re
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

PROGRAM_PACKAGES = (
    "numpy",
    "pandas",
    "scipy",
    "sympy",
    "networkx",
    "scikit-learn",
    "tqdm",
    "regex",
    "rapidfuzz",
    "python-dateutil",
    "pytz",
    "pydantic",
    "jinja2",
    "pyyaml",
    "jsonlines",
    "orjson",
    "json-repair",
    "tabulate",
    "more-itertools",
    "sortedcontainers",
    "unidecode",
    "ftfy",
    "nltk",
    "faker",
    "levenshtein",
    "xxhash",
)
"""Distributions a program may import, if they are installed: the agent is told which are."""

_NEEDED = (
    # by the teacher's client
    "aiohttp",
    "aiohappyeyeballs",
    "aiosignal",
    "attrs",
    "frozenlist",
    "multidict",
    "propcache",
    "yarl",
    "idna",
    "async-timeout",
    "typing-extensions",
    # by the packages above
    "mpmath",
    "six",
    "tzdata",
    "joblib",
    "threadpoolctl",
    "annotated-types",
    "pydantic-core",
    "typing-inspection",
    "markupsafe",
    "wcwidth",
    "click",
)


@dataclass(frozen=True)
class PackageView:
    """The part of site-packages that programs see."""

    entries: dict[str, Path]
    """Importable top-level files and folders, and their metadata, by name."""
    versions: tuple[tuple[str, str], ...]
    """Installed distributions of `PROGRAM_PACKAGES` with their versions."""


def installed_packages() -> tuple[str, ...]:
    """Return the distributions a program may import, as `name version`, for the agent's brief."""
    return tuple(f"{name} {version}" for name, version in find_packages().versions)


@functools.cache
def find_packages() -> PackageView:
    """Find the allowed distributions that are installed in the running interpreter."""
    entries: dict[str, Path] = {}
    versions: list[tuple[str, str]] = []
    for name in (*PROGRAM_PACKAGES, *_NEEDED):
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        entries.update(_top_level(distribution))
        if name in PROGRAM_PACKAGES:
            versions.append((name, distribution.version))
    return PackageView(dict(sorted(entries.items())), tuple(versions))


def _top_level(distribution: metadata.Distribution) -> dict[str, Path]:
    """Return the entries of site-packages that belong to one distribution alone."""
    found: dict[str, Path] = {}
    # Read by hand: the parsed list makes a path object of each of ten thousand files.
    record = distribution.read_text("RECORD") or ""
    for name in sorted({line.split(",", 1)[0].split("/", 1)[0] for line in record.splitlines()}):
        if name in ("", "..", "__pycache__") or name.endswith((".pth", ".egg-link")):
            continue
        path = Path(str(distribution.locate_file(name)))
        if not path.exists() or path.is_symlink():
            continue
        # A folder without __init__ may be shared with distributions that are not allowed;
        # the libraries and metadata that wheels bring along are not importable and theirs.
        if path.is_dir() and not (path / "__init__.py").exists() and not _is_own_folder(name):
            continue
        found[name] = path
    return found


def _is_own_folder(name: str) -> bool:
    return re.fullmatch(r".+\.(dist-info|libs)", name) is not None


def site_folders() -> set[Path]:
    """Return every site- and dist-packages folder of this interpreter."""
    names = {"purelib", "platlib"}
    paths = {Path(path) for name, path in sysconfig.get_paths().items() if name in names}
    return {path for path in paths if path.is_dir()}

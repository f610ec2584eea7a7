"""The documentation as tests read it: its folder, and the scripts that add to it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "scripts"))

import make_reference  # noqa: E402
from reference import fields  # noqa: E402

__all__ = ["DOCS", "ROOT", "fields", "laid_out", "make_reference"]


def laid_out(place: Path) -> Path:
    """Put the site's configuration and all its pages into `place`, as `make docs` does."""
    docs = place / "build" / "docs"
    shutil.copytree(DOCS, docs)
    shutil.copy(ROOT / "zensical.toml", place)
    for name, text in make_reference.pages(docs).items():
        (docs / name).parent.mkdir(exist_ok=True)
        (docs / name).write_text(text)
    return docs

"""Labels: one short text out of a few, compared after normalising."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from pydantic import BaseModel, ConfigDict


class Label(BaseModel):
    """Right if output and gold are the same text but for case, spaces and marks around it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = ()
    """All labels there are. If given, anything else counts as unreadable."""

    def score(self, output: str, answer: Any) -> float:
        given = plain_label(output)
        return float(bool(given) and isinstance(answer, str) and given == plain_label(answer))

    def readable(self, output: str) -> bool:
        given = plain_label(output)
        return given in map(plain_label, self.labels) if self.labels else bool(given)


def plain_label(text: str) -> str:
    """Lower case, one space or underscore alike between words, no quotes or marks at the ends."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s_]+", " ", folded).strip(" \t\"'`.,;:!?()[]")

"""The gold check: does the scorer give full marks to a perfect answer?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from coursewright.protocols import Scorer
from coursewright.scoring.making import SCORERS, make_scorer

GoldVerdict = Literal["accepted", "unfixable", "rejected"]


def written(scorer: Scorer, gold: Any) -> str:
    """A perfect answer to this gold, as text.

    A scorer says so by its method `written(answer) -> str`, if it has one; else text stands for
    itself and anything else for its Python literal.
    """
    own = getattr(scorer, "written", None)
    if callable(own):
        return str(own(gold))
    return gold if isinstance(gold, str) else repr(gold)


def accepts(scorer: Scorer, gold: Any) -> bool:
    """Whether the scorer gives full marks to the gold answer itself, written as text."""
    return scorer.score(written(scorer, gold), gold) == 1.0


class GoldCheck:
    """Tells a gold that is wrong from one that an official rule cannot accept.

    `scorer` is the task's. A gold that it rejects under `policy: official` while `policy:
    repaired` accepts it is `unfixable`: the fault is the rule's, and papers count it as wrong for
    everybody. One that both reject is `rejected`: the fault is the task's.
    """

    def __init__(self, spec: Mapping[str, Any], folder: Path | None = None) -> None:
        self.scorer = make_scorer(spec, folder)
        self.official = spec.get("kind") in SCORERS and spec.get("policy") == "official"
        self._repaired = (
            make_scorer({**spec, "policy": "repaired"}, folder) if self.official else None
        )

    def verdict(self, gold: Any) -> GoldVerdict:
        """What the scorer makes of a perfect answer to this gold."""
        if accepts(self.scorer, gold):
            return "accepted"
        if self._repaired is not None and accepts(self._repaired, gold):
            return "unfixable"
        return "rejected"

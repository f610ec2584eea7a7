"""Cases as tables: an answer, a gold, and what each policy gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from coursewright.scoring import make_scorer

Case = tuple[str, Any, float, float]


def both_policies(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Cases (output, gold, official, repaired) as a test's (policy, output, gold, score)."""
    rows = []
    for output, gold, official, repaired in cases:
        rows.append(("official", output, gold, official))
        rows.append(("repaired", output, gold, repaired))
    return pytest.mark.parametrize(("policy", "output", "gold", "score"), rows)


def scored(kind: str, policy: str, output: str, gold: Any, **options: Any) -> float:
    """The score, after seeing to it that what scores is also called readable."""
    scorer = make_scorer({"kind": kind, "policy": policy, **options})
    value = scorer.score(output, gold)
    assert value == 0 or scorer.readable(output)
    return value

"""Answer and gold to score: named scorers, or anybody's by dotted path.

    make_scorer({"kind": "numeric", "relative": 0.002})
    make_scorer({"kind": "my_package.my_scorers:Spans", "strict": True})
    GoldCheck(spec, folder).verdict(gold)        "accepted", "unfixable" or "rejected"

Named scorers are total: any text is an answer, and no answer is ever executed. `docs/scorers.md`
lists them with their options and the golds they want.
"""

from coursewright.protocols import Scorer
from coursewright.scoring.gold import GoldCheck, GoldVerdict, accepts, written
from coursewright.scoring.making import SCORERS, make_scorer

__all__ = [
    "SCORERS",
    "GoldCheck",
    "GoldVerdict",
    "Scorer",
    "accepts",
    "make_scorer",
    "written",
]

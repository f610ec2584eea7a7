"""Answer and gold to score: named scorers, or anybody's by dotted path.

    make_scorer({"kind": "numeric", "relative": 0.002})
    make_scorer({"kind": "my_package.my_scorers:Spans", "strict": True})

Every scorer is pure and total: any text is an answer, and no answer is ever executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from coursewright.errors import TaskError
from coursewright.plugins import locate
from coursewright.protocols import Scorer
from coursewright.scoring.custom import FunctionScorer

__all__ = ["SCORERS", "Scorer", "accepts", "make_scorer"]

SCORERS: dict[str, str] = {
    "numeric": "coursewright.scoring.numeric.Numeric",
    "literal": "coursewright.scoring.literal.Literal",
    "expression": "coursewright.scoring.expression.Expression",
    "label": "coursewright.scoring.label.Label",
    "tool_call": "coursewright.scoring.tool_call.ToolCall",
}
"""Short name -> dotted path; a scorer is imported only when a task names it."""


def make_scorer(spec: Mapping[str, Any]) -> Scorer:
    """Build the scorer of a task: `kind` names it, everything else is an option of it.

    A dotted path may lead to a class, called with the options, or to a function
    `(output, answer, **options) -> float`. Raises `TaskError` or `ConfigError` with the field at
    fault.
    """
    kind = spec.get("kind")
    if not isinstance(kind, str) or not kind:
        raise TaskError(f"is missing; name one of {_known()}", field="scorer.kind")
    options = {str(key): value for key, value in spec.items() if key != "kind"}
    found = _find(SCORERS.get(kind, kind), kind)
    if not isinstance(found, type):
        return FunctionScorer(found, options)
    try:
        scorer = found(**options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise TaskError(first["msg"], field=f"scorer.{where}") from error
    except (TypeError, ValueError) as error:
        raise TaskError(f"{kind!r} refuses its options: {error}", field="scorer") from error
    if not callable(getattr(scorer, "score", None)):
        raise TaskError(f"{kind!r} has no method `score(output, answer)`", field="scorer.kind")
    if not callable(getattr(scorer, "readable", None)):
        raise TaskError(f"{kind!r} has no method `readable(output)`", field="scorer.kind")
    made: Scorer = scorer
    return made


def accepts(scorer: Scorer, gold: Any) -> bool:
    """Whether the scorer gives full marks to the gold answer itself, written as text.

    A scorer with a method `written(answer) -> str` says how; else it is the gold's own text.
    """
    if (written := getattr(scorer, "written", None)) is not None:
        return scorer.score(written(gold), gold) == 1.0
    return scorer.score(gold if isinstance(gold, str) else repr(gold), gold) == 1.0


def _find(path: str, kind: str) -> Any:
    if ":" not in path:
        module, _, name = path.rpartition(".")
        if not module:
            raise TaskError(f"no scorer {kind!r}; there are {_known()}", field="scorer.kind")
        path = f"{module}:{name}"
    return locate(path, field="scorer.kind")


def _known() -> str:
    return f"{', '.join(sorted(SCORERS))}, or a dotted path to your own"

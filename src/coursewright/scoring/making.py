"""From a task's words to its scorer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from coursewright.errors import TaskError
from coursewright.plugins import locate
from coursewright.protocols import Scorer
from coursewright.refusals import refusal
from coursewright.scoring.custom import FunctionScorer
from coursewright.scoring.trust import require_trust

SCORERS: dict[str, str] = {
    "numeric": "coursewright.scoring.numeric.Numeric",
    "literal": "coursewright.scoring.literal.Literal",
    "expression": "coursewright.scoring.expression.Expression",
    "label": "coursewright.scoring.label.Label",
    "tool_call": "coursewright.scoring.tool_call.ToolCall",
    "scibench": "coursewright.scoring.scibench.SciBench",
    "financereasoning": "coursewright.scoring.financereasoning.FinanceReasoning",
    "lcb_top": "coursewright.scoring.lcb_top.LcbTop",
    "cruxeval": "coursewright.scoring.cruxeval.CruxEval",
    "gsm8k": "coursewright.scoring.gsm8k.Gsm8k",
    "svamp": "coursewright.scoring.svamp.Svamp",
    "tatqa": "coursewright.scoring.tatqa.TatQa",
    "choice": "coursewright.scoring.choice.Choice",
    "spans": "coursewright.scoring.spans.Spans",
    "label_set": "coursewright.scoring.label_set.LabelSet",
    "sql": "coursewright.scoring.sql.Sql",
    "json": "coursewright.scoring.json_fields.JsonFields",
    "program": "coursewright.scoring.program.Program",
}
"""Short name -> dotted path; a scorer is imported only when a task names it."""

_WITH_FOLDER = frozenset(("sql", "program"))
"""Kinds that read files of the task folder: their class takes `folder` beside its options."""
_CODE = frozenset(("program",))
"""Kinds that run the user's code, as every dotted path does."""


def make_scorer(spec: Mapping[str, Any], folder: Path | None = None) -> Scorer:
    """Build the scorer of a task: `kind` names it, everything else is an option of it.

    `folder` is the task folder whose `task.yaml` says so; None if the user's own config or code
    does. Only in a folder that the user trusts (see `trust`) may `kind` be code.
    A dotted path may lead to a class, called with the options, or to a function
    `(output, answer, **options) -> float`. Raises `TaskError` or `ConfigError` with the field at
    fault.
    """
    kind = spec.get("kind")
    if not isinstance(kind, str) or not kind:
        raise TaskError(f"is missing; name one of {_known()}", field="scorer.kind")
    options = {str(key): value for key, value in spec.items() if key != "kind"}
    if kind not in SCORERS and "." not in kind and ":" not in kind:
        raise TaskError(f"no scorer {kind!r}; there are {_known()}", field="scorer.kind")
    if folder is not None and (kind not in SCORERS or kind in _CODE):
        require_trust(f"the scorer {kind!r}", folder)
    if kind in _WITH_FOLDER:
        if "folder" in options:
            raise TaskError("is not an option; paths are relative to it", field="scorer.folder")
        options["folder"] = folder
    found = _find(SCORERS.get(kind, kind))
    if not isinstance(found, type):
        return FunctionScorer(found, options)
    try:
        scorer = found(**options)
    except ValidationError as error:
        # Of a class of the user's own we know no names.
        place, message, _ = refusal(error, found if kind in SCORERS else dict[str, Any])
        raise TaskError(message, field=".".join(("scorer", *place))) from error
    except (TypeError, ValueError) as error:
        raise TaskError(f"{kind!r} refuses its options: {error}", field="scorer") from error
    if not callable(getattr(scorer, "score", None)):
        raise TaskError(f"{kind!r} has no method `score(output, answer)`", field="scorer.kind")
    if not callable(getattr(scorer, "readable", None)):
        raise TaskError(f"{kind!r} has no method `readable(output)`", field="scorer.kind")
    made: Scorer = scorer
    return made


def _find(path: str) -> Any:
    if ":" not in path:
        module, _, name = path.rpartition(".")
        path = f"{module}:{name}"
    return locate(path, field="scorer.kind")


def _known() -> str:
    return f"{', '.join(sorted(SCORERS))}, or a dotted path to your own"

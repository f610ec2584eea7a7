"""A user's function, as a scorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from coursewright.errors import TaskError


class FunctionScorer:
    """Wraps `(output, answer, **options) -> float`; every non-empty answer counts as readable."""

    def __init__(self, function: Callable[..., Any], options: Mapping[str, Any]) -> None:
        self._function = function
        self._options = dict(options)

    def score(self, output: str, answer: Any) -> float:
        """The function's value; `TaskError` where it is no number in [0, 1]."""
        value = self._function(output, answer, **self._options)
        if not isinstance(value, (bool, int, float)) or not 0 <= value <= 1:
            name = getattr(self._function, "__qualname__", repr(self._function))
            raise TaskError(f"{name} returned {value!r}, not a number in [0, 1]", field="scorer")
        return float(value)

    def readable(self, output: str) -> bool:
        return bool(output.strip())

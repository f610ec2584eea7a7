"""What `response_format: json_object` means at the gateway: one JSON object or list, checked here.

Servers' own JSON modes mean different things, and most forbid a list. So the promise to programs
is ours: the answer holds a JSON object or list, bare or amid other text, as `parse_answer` reads
it. Where it does not, the gateway asks once more, and that costs a call like any other.
"""

from __future__ import annotations

from typing import Any

from coursewright.chat import json_values

_STARTS = 100
_QUOTED = 4000
_AGAIN = "That is not valid JSON. Reply again, with nothing but the JSON asked for."


def holds_json(text: str) -> bool:
    """Whether an object or list that is not empty begins somewhere in the text."""
    return any(json_values(text, most=_STARTS))


def asking_again(payload: dict[str, Any], broken: str) -> dict[str, Any]:
    """Return the request that shows a model its broken answer and asks for a good one."""
    said = {"role": "assistant", "content": broken[:_QUOTED]}
    return {
        **payload,
        "messages": [*payload["messages"], said, {"role": "user", "content": _AGAIN}],
    }

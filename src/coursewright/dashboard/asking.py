"""What a request asks of a list: which runs, in which order."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from coursewright.dashboard.lines import ORDERS

MOST_COMPARED = 8


@dataclass(frozen=True)
class Listing:
    """A list that is asked for."""

    wanted: dict[str, str]
    """Words, status and task; empty where any will do."""
    by: str
    falling: bool
    ordered: bool
    """Whether an order was asked for at all."""


def listing(request: Request) -> Listing:
    """Read it from an address; what makes no sense is as if it were not there."""
    asked = request.query_params
    by = asked.get("by", "")
    return Listing(
        wanted={name: asked.get(name, "")[:200] for name in ("words", "status", "task")},
        by=by if by in ORDERS else "created",
        falling=asked.get("way", "falling") != "rising",
        ordered=by in ORDERS,
    )


def number(text: str) -> int | None:
    """A number of an address; None where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None

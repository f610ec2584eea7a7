"""Renders the prompts (`prompts/*.md`) for one turn, within the room that the model's context has.

Every text that is not ours stands in a fence that is longer than any inside it, so that no
wording of a task, a program or an error can step out of its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from coursewright.agents.egress import withhold
from coursewright.agents.history import View, fit, full_view
from coursewright.agents.library import card_named, cards_in_turn
from coursewright.config import TEXT_KINDS, TextKind
from coursewright.records import Brief, Operation, Record, Turn

_BYTES_PER_TOKEN = 3
"""Fewer than any usual text has, so that an estimate errs on the safe side."""
_CARDS: dict[Operation, int] = {"draft": 2, "one-shot": 2, "improve": 1}


@dataclass(frozen=True)
class Request:
    """A request to an agent's model."""

    system: str
    user: str
    methods: tuple[str, ...]
    """Cards it offers."""
    cut: tuple[str, ...]
    """What it lacks for want of room."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """As a chat."""
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.user},
        ]

    @property
    def one_message(self) -> list[dict[str, Any]]:
        """As a chat for models that know no system message."""
        return [{"role": "user", "content": f"{self.system}\n\n{self.user}"}]


def write_request(
    brief: Brief, turn: Turn, *, seed: int, room: int, may: Collection[TextKind] = TEXT_KINDS
) -> Request | None:
    """Return the request for a turn; None if even the least does not fit into `room` tokens.

    `seed` is the run's, which orders the method cards; `may` names the kinds of text that may
    leave for the agent's server.
    """
    seeds = len(brief.seeds)
    brief, turn = withhold(brief, turn, may)
    environment = _environment()
    system = environment.get_template("system.md").render()
    room -= tokens_of(system)

    def render(view: View) -> str:
        given = {"brief": brief, "turn": turn, "view": view, "may": may, "seeds": seeds}
        parts = ("task.md", "outside.md", f"{turn.operation}.md")
        text = "\n\n".join(environment.get_template(part).render(given) for part in parts)
        # A lone surrogate, out of some JSON, cannot be sent.
        return text.encode("utf-8", "replace").decode("utf-8")

    cards = cards_in_turn(seed, turn.number, _CARDS.get(turn.operation, 0))
    named = card_named(turn.guidance.method) if turn.guidance is not None else None
    if named is not None and turn.guidance and (turn.guidance.widen or not turn.parent):
        # First, so that its program is shown, and is the last to go for want of room.
        cards = (named, *(card for card in cards if card != named))[: len(cards)]
    found = fit(full_view(brief, turn, cards), lambda view: tokens_of(render(view)) <= room)
    if found is None:
        return None
    view, cut = found
    return Request(
        system=system,
        user=render(view),
        methods=tuple(card.name for card in view.cards),
        cut=cut,
    )


def tokens_of(text: str) -> int:
    """Return about how many tokens a text is: rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("coursewright.agents", "prompts"),
        # Prompts are read by models, not by browsers; what is not ours is fenced instead.
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        fenced=fenced,
        inline=inline,
        quoted=quoted,
        records=records,
        percent=lambda share: f"{share:.1%}",
        duration=duration,
        tail=lambda text, most: text[-most:],
    )
    return environment


def fenced(text: str, label: str = "") -> str:
    """Return a text as a fenced block that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{label}\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}"


def quoted(text: str) -> str:
    """Return what the user says as a quotation: not in a fence, since it is meant to be heard."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def inline(text: str, most: int = 200) -> str:
    """Return a short text on one line, without any mark that Markdown would read."""
    flat = " ".join(re.sub(r"[`*#<>|\[\]]", " ", str(text)).split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def records(rows: Iterable[Record]) -> str:
    """Return records as JSON, one a line, without empty fields."""
    told = (row.model_dump(mode="json", exclude_none=True).items() for row in rows)
    lines = ({name: value for name, value in fields if value != {}} for fields in told)
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)


def duration(seconds: float) -> str:
    """Return seconds in the unit a person would choose."""
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{max(0, seconds):.0f} seconds"

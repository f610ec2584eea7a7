"""A lineage in lines, for `show RUN --row N`."""

from __future__ import annotations

from coursewright.display import printable
from coursewright.lineage.record import Lineage, LineageCall, Maker

MOST = 4000
"""Characters of one text; `--json` has all of it."""


def lines(lineage: Lineage) -> list[str]:
    """Return the row first, then what led to it, nearest cause first."""
    row = lineage.row
    out = [
        f"row          {lineage.number} of {lineage.rows}, run {lineage.run}, "
        f"data of round {lineage.delivered_by}"
    ]
    if row.messages:
        for turn in row.messages:
            calls = "".join(f"\n{call.text}" for call in turn.tool_calls)
            out += _block(f"  {turn.role}", f"{turn.content}{calls}".strip())
    else:
        for name in ("instruction", "input", "output"):
            out += _block(f"  {name}", getattr(row, name))
    out.append(f"  kind       {row.kind}" + (f", {row.derived}" if row.derived else ""))
    for passage in row.passages:
        out.append(f"  cites      {passage}")
    for call in lineage.calls:
        out += ["", *_call(call)]
    if lineage.maker is not None:
        out += ["", *_maker(lineage.maker, lineage.held_by)]
    out.append("")
    out.append("config       " + ", ".join(f"{k} {v}" for k, v in lineage.config.items()))
    out.append(f"             {lineage.config_digest}, coursewright {lineage.coursewright}")
    out.append(f"data set     {lineage.dataset}")
    out += [f"missing      {line}" for line in lineage.missing]
    return [printable(line) for line in out]


def _call(call: LineageCall) -> list[str]:
    also = [str(number) for number in call.served if number != call.round]
    out = [
        f"call         {call.key}",
        f"             paid by round {call.round}"
        + (f", served to {', '.join(also)} too" if also else "")
        + f"; asking no. {call.occurrence + 1} of this request; "
        f"{call.prompt_tokens} + {call.completion_tokens} tokens, {call.finish_reason}",
    ]
    for message in call.messages:
        out += _block(f"  {message.get('role', '?')}", str(message.get("content", "")))
    return out + _block("  response", call.response)


def _maker(maker: Maker, held_by: tuple[int, ...]) -> list[str]:
    chain = "".join(f" <- {a.round} {a.operation}" for a in maker.ancestors)
    out = [f"made in      round {maker.round}: {maker.operation}, {maker.status}{chain}"]
    if len(held_by) > 1:
        out.append(f"kept by      rounds {', '.join(map(str, held_by[1:]))}")
    out.append(f"program      {maker.code or 'none'} (rounds/{maker.round:03d}/code.py)")
    if maker.methods:
        out.append(f"methods      offered: {', '.join(maker.methods)}")
    out += [f"agent call   {key}" for key in maker.agent_calls]
    out += _block("  analysis", maker.analysis)
    out += _block("  plan", maker.plan)
    return out


def _block(name: str, text: str) -> list[str]:
    """A text under its name; every line of it is set in, so that none can pass for ours."""
    if not text:
        return []
    cut = text if len(text) <= MOST else f"{text[:MOST]}… ({len(text)} characters; --json has all)"
    first, *rest = cut.splitlines() or [""]
    return [f"{name:<13}{first}", *(f"{'':<13}{line}" for line in rest)]

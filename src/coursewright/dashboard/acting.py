"""Forms that ask something of a run: a note, an answer at a gate, a wish to stop."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from coursewright import hand
from coursewright.dashboard.guarding import MARK, Guard
from coursewright.dashboard.shelves import Shelf
from coursewright.errors import CoursewrightError

FORM = 64_000
"""Bytes of a form."""


async def act(request: Request, guard: Guard, shelf: Shelf) -> Response:
    """Append a person's request to the run's folder, as the commands do.

    Raises:
        RunFolderError: there is no such run.
    """
    form = await read_form(request)
    text = {name: form.get(name, "") for name in (MARK, "note", "reason", "subject")}
    refusal = guard.refuses_act(request, text[MARK])
    if refusal is not None:
        return PlainTextResponse(f"{refusal}\n", status_code=403)
    name, runs = request.path_params["run"], shelf.runs
    shelf.folder(name)
    # An answer counts for what was on the page, and for nothing else.
    seen = text["subject"]
    acts: dict[str, Callable[[], hand.Said]] = {
        "steer": lambda: hand.steer(name, runs, text["note"]),
        "approve": lambda: hand.approve(name, runs, subject=seen),
        "reject": lambda: hand.approve(name, runs, reject=text["reason"], subject=seen),
        "stop": lambda: hand.stop(name, runs),
    }
    wanted = acts.get(request.path_params["act"])
    if wanted is None:
        return PlainTextResponse("no such act\n", status_code=404)
    try:
        said = (await run_in_threadpool(wanted)).line
    except CoursewrightError as error:
        said = str(error)
    address = f"{shelf.base}/run/{name}?{urlencode({'said': said})}"
    return RedirectResponse(address, status_code=303)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, as far as `FORM` bytes hold them."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=10))

"""The pages of the dashboard, one function each."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from coursewright import hand
from coursewright.dashboard.comparing import comparison
from coursewright.dashboard.guarding import COOKIE, MARK, Guard
from coursewright.dashboard.lines import ORDERS, Lines, chosen, in_order
from coursewright.dashboard.pages import Pages
from coursewright.dashboard.watching import events, read_progress
from coursewright.errors import CoursewrightError, RunFolderError
from coursewright.store import require_name

MOST_COMPARED = 8
FORM = 64_000
"""Bytes of a form."""
_ASSETS = {"style.css": "text/css", "live.css": "text/css", "live.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it, a browser hides where its own forms come from.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def make_app(runs: Path, guard: Guard) -> Starlette:
    """Return the application for the runs of a folder."""
    site = Site(runs, guard)
    routes = [
        Route("/", site.runs_page),
        Route("/compare", site.compare_page),
        Route("/assets/{name}", site.asset),
        Route("/run/{run}", site.run_page),
        Route("/run/{run}/now", site.now),
        Route("/run/{run}/quality", site.quality),
        Route("/run/{run}/change/{after:int}", site.change),
        Route("/run/{run}/rows", site.rows),
        Route("/run/{run}/report", site.report),
        Route("/run/{run}/log/{number:int}/{name}", site.log),
        Route("/run/{run}/events", site.events),
        Route("/run/{run}/{act}", site.act, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={CoursewrightError: site.explain})
    app.add_middleware(BaseHTTPMiddleware, dispatch=functools.partial(guarded, guard))
    return app


async def guarded(
    guard: Guard, request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Let nobody in who may not look; keep the token out of later addresses."""
    refusal = guard.refuses(request)
    if refusal is not None:
        return PlainTextResponse(f"{refusal}\n", status_code=403, headers=_HEADERS)
    if guard.token is not None and "token" in request.query_params:
        rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
        address = request.url.path + (f"?{urlencode(rest)}" if rest else "")
        response: Response = RedirectResponse(address, status_code=303)
        response.set_cookie(COOKIE, guard.token, httponly=True, samesite="strict")
    else:
        response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


class Site:
    """Answers requests; everything slow runs beside the event loop."""

    def __init__(self, runs: Path, guard: Guard) -> None:
        self._runs = runs
        self._guard = guard
        self._lines = Lines(runs)
        self._pages = Pages(guard.mark)

    # ------------------------------------------------------------ looking

    async def runs_page(self, request: Request) -> Response:
        """List the runs."""
        asked = request.query_params
        by = asked.get("by", "created")
        by = by if by in ORDERS else "created"
        falling = asked.get("way", "falling") != "rising"
        lines = await run_in_threadpool(self._lines.all)
        shown = in_order(
            chosen(
                lines,
                words=asked.get("words", "")[:200],
                status=asked.get("status", ""),
                task=asked.get("task", ""),
            ),
            by,
            falling=falling,
        )
        return HTMLResponse(self._pages.runs(lines, shown, dict(asked), by, falling))

    async def compare_page(self, request: Request) -> Response:
        """Put several runs side by side."""
        names = list(dict.fromkeys(request.query_params.getlist("run")))[:MOST_COMPARED]
        folders = [self._folder(name) for name in names]
        found = await run_in_threadpool(lambda: comparison(map(self._pages.story, folders)))
        return HTMLResponse(self._pages.compare(found))

    async def run_page(self, request: Request) -> Response:
        """One run, live."""
        folder = self._folder(request.path_params["run"])
        said = request.query_params.get("said", "")[:300]
        page = await run_in_threadpool(lambda: self._pages.run(folder, read_progress(folder), said))
        return HTMLResponse(page)

    async def now(self, request: Request) -> Response:
        """The part of the run's page that changes."""
        folder = self._folder(request.path_params["run"])
        return HTMLResponse(await run_in_threadpool(lambda: self._pages.now(folder)))

    async def quality(self, request: Request) -> Response:
        """The profile of its data."""
        folder = self._folder(request.path_params["run"])
        return HTMLResponse(await run_in_threadpool(lambda: self._pages.quality(folder)))

    async def change(self, request: Request) -> Response:
        """What changed in one round."""
        folder, after = self._folder(request.path_params["run"]), request.path_params["after"]
        return HTMLResponse(await run_in_threadpool(lambda: self._pages.change(folder, after)))

    async def rows(self, request: Request) -> Response:
        """One page of the rows of a round."""
        folder, asked = self._folder(request.path_params["run"]), request.query_params
        return HTMLResponse(
            await run_in_threadpool(
                lambda: self._pages.rows(
                    folder,
                    words=asked.get("words", "")[:200],
                    origin=_number(asked.get("origin", "")),
                    page=_number(asked.get("page", "")) or 0,
                )
            )
        )

    async def report(self, request: Request) -> Response:
        """The whole report, as one file."""
        folder = self._folder(request.path_params["run"])
        page = await run_in_threadpool(lambda: self._pages.report(folder))
        # It brings its own policy, which names its one script.
        return HTMLResponse(page, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    async def log(self, request: Request) -> Response:
        """What a round's program or agent printed."""
        names = {"stdout": "stdout.log", "stderr": "stderr.log", "agent": "agent.log"}
        folder, name = self._folder(request.path_params["run"]), request.path_params["name"]
        if name not in names:
            return PlainTextResponse("no such log\n", status_code=404)
        file = folder / "rounds" / f"{request.path_params['number']:03d}" / names[name]
        text = await run_in_threadpool(lambda: self._pages.log(file))
        return PlainTextResponse(text)

    async def events(self, request: Request) -> Response:
        """Tell the page when it is to look again."""
        folder = self._folder(request.path_params["run"])
        return StreamingResponse(events(folder), media_type="text/event-stream")

    async def asset(self, request: Request) -> Response:
        """A style or script of ours."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            return PlainTextResponse("no such file\n", status_code=404)
        package = "report" if name == "style.css" else "dashboard"
        text = files(f"coursewright.{package}").joinpath("templates", name).read_text("utf-8")
        return Response(text, media_type=_ASSETS[name])

    # ------------------------------------------------------------ acting

    async def act(self, request: Request) -> Response:
        """Append a person's request to the run's folder, as the commands do."""
        form = await read_form(request)
        text = {name: form.get(name, "") for name in (MARK, "note", "reason")}
        refusal = self._guard.refuses_act(request, text[MARK])
        if refusal is not None:
            return PlainTextResponse(f"{refusal}\n", status_code=403)
        name = request.path_params["run"]
        self._folder(name)
        acts: dict[str, Callable[[], hand.Said]] = {
            "steer": lambda: hand.steer(name, self._runs, text["note"]),
            "approve": lambda: hand.approve(name, self._runs),
            "reject": lambda: hand.approve(name, self._runs, reject=text["reason"]),
            "stop": lambda: hand.stop(name, self._runs),
        }
        act = acts.get(request.path_params["act"])
        if act is None:
            return PlainTextResponse("no such act\n", status_code=404)
        try:
            said = (await run_in_threadpool(act)).line
        except CoursewrightError as error:
            said = str(error)
        return RedirectResponse(f"/run/{name}?{urlencode({'said': said})}", status_code=303)

    # ------------------------------------------------------------ what goes wrong

    async def explain(self, request: Request, error: Exception) -> Response:
        """Say in a page what cannot be shown; the other pages are unaffected."""
        status = 404 if isinstance(error, Missing) else 500
        return HTMLResponse(self._pages.problem(str(error)), status_code=status)

    def _folder(self, name: str) -> Path:
        """The folder of a run, by its plain name.

        Raises:
            ConfigError: that is no name of a run.
            Missing: there is no such run.
        """
        folder = self._runs / require_name(name)
        if not (folder / "version").is_file():
            raise Missing("there is no such run here; it may have been deleted", file=folder.name)
        return folder


class Missing(RunFolderError):
    """The run has gone, or never was."""


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, as far as `FORM` bytes hold them."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=10))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None

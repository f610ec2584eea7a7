"""The pages of the dashboard, one function each."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode

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
from starlette.routing import Mount, Route

from coursewright.dashboard.acting import act
from coursewright.dashboard.asking import MOST_COMPARED, listing, number
from coursewright.dashboard.comparing import comparison
from coursewright.dashboard.guarding import COOKIE, Guard
from coursewright.dashboard.lines import chosen, in_order
from coursewright.dashboard.pages import Pages
from coursewright.dashboard.shelves import Missing, Shelf, Shelves
from coursewright.dashboard.studying import Studies
from coursewright.dashboard.watching import events, read_progress
from coursewright.errors import CoursewrightError

_ASSETS = {"style.css": "text/css", "live.css": "text/css", "live.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; "
        "connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it, a browser hides where its own forms come from.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def make_app(runs: Path, guard: Guard, studies: Path | None = None) -> Starlette:
    """Return the application for the runs of a folder, and for the studies of another."""
    shelves = Shelves(runs, studies, guard.mark)
    site, studied = Site(shelves, guard), Studies(shelves)
    of_runs = [
        Route("/compare", site.compare_page),
        Route("/between", site.between),
        Route("/run/{run}", site.run_page),
        Route("/run/{run}/now", site.now),
        Route("/run/{run}/quality", site.quality),
        Route("/run/{run}/change/{after:int}", site.change),
        Route("/run/{run}/rows", site.rows),
        Route("/run/{run}/row/{number:int}", site.row),
        Route("/run/{run}/report", site.report),
        Route("/run/{run}/log/{number:int}/{name}", site.log),
        Route("/run/{run}/events", site.events),
        Route("/run/{run}/{act}", site.act, methods=["POST"]),
    ]
    of_study = [
        Route("/", studied.one),
        Route("/now", studied.now),
        Route("/events", studied.events),
        Route("/picture/{name}", studied.picture),
    ]
    routes = [
        Route("/", site.runs_page),
        Route("/assets/{name}", site.asset),
        Route("/favicon.ico", no_icon),
        Route("/studies", studied.all),
        Route("/studies/compare", studied.compare),
        Mount("/study/{study}", routes=[*of_study, *of_runs]),
        *of_runs,
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


async def no_icon(_: Request) -> Response:
    """Browsers ask for an icon, and call an error what is merely not there."""
    return Response(status_code=204)


class Site:
    """Answers requests; everything slow runs beside the event loop."""

    def __init__(self, shelves: Shelves, guard: Guard) -> None:
        self._shelves = shelves
        self._guard = guard

    # ------------------------------------------------------------ looking

    async def runs_page(self, request: Request) -> Response:
        """List the runs."""
        shelf, asked = self._shelf(request), listing(request)
        lines = await run_in_threadpool(shelf.lines.all)
        shown = in_order(chosen(lines, **asked.wanted), asked.by, falling=asked.falling)
        page = shelf.pages.runs(lines, shown, asked.wanted, asked.by, asked.falling)
        return HTMLResponse(page)

    async def compare_page(self, request: Request) -> Response:
        """Put several runs side by side."""
        names = list(dict.fromkeys(request.query_params.getlist("run")))[:MOST_COMPARED]
        shelf = self._shelf(request)
        folders = [shelf.folder(name) for name in names]
        found = await run_in_threadpool(lambda: comparison(map(shelf.pages.story, folders)))
        return HTMLResponse(shelf.pages.compare(found))

    async def between(self, request: Request) -> Response:
        """Put two rounds side by side, of one run or of two."""
        shelf, asked = self._shelf(request), request.query_params
        left, right = (shelf.folder(asked.get(side, "")) for side in ("left", "right"))
        before, after = (number(asked.get(which, "")) for which in ("before", "after"))
        return HTMLResponse(
            await run_in_threadpool(lambda: shelf.pages.between(left, right, before, after))
        )

    async def run_page(self, request: Request) -> Response:
        """One run, live."""
        pages, folder = self._run(request)
        said = request.query_params.get("said", "")[:300]
        page = await run_in_threadpool(lambda: pages.run(folder, read_progress(folder), said))
        return HTMLResponse(page)

    async def now(self, request: Request) -> Response:
        """The part of the run's page that changes."""
        pages, folder = self._run(request)
        return HTMLResponse(await run_in_threadpool(lambda: pages.now(folder)))

    async def quality(self, request: Request) -> Response:
        """The profile of its data."""
        pages, folder = self._run(request)
        return HTMLResponse(await run_in_threadpool(lambda: pages.quality(folder)))

    async def change(self, request: Request) -> Response:
        """What changed in one round."""
        (pages, folder), after = self._run(request), request.path_params["after"]
        return HTMLResponse(await run_in_threadpool(lambda: pages.change(folder, after)))

    async def rows(self, request: Request) -> Response:
        """One page of the rows of a round."""
        (pages, folder), asked = self._run(request), request.query_params
        return HTMLResponse(
            await run_in_threadpool(
                lambda: pages.rows(
                    folder,
                    words=asked.get("words", "")[:200],
                    origin=number(asked.get("origin", "")),
                    page=number(asked.get("page", "")) or 0,
                )
            )
        )

    async def row(self, request: Request) -> Response:
        """Where one row comes from; a page of its own, or a part of one."""
        (pages, folder), at = self._run(request), request.path_params["number"]
        alone = "part" not in request.query_params
        return HTMLResponse(await run_in_threadpool(lambda: pages.row(folder, at, alone=alone)))

    async def report(self, request: Request) -> Response:
        """The whole report, as one file."""
        pages, folder = self._run(request)
        page = await run_in_threadpool(lambda: pages.report(folder))
        # It brings its own policy, which names its one script.
        return HTMLResponse(page, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    async def log(self, request: Request) -> Response:
        """What a round's program or agent printed."""
        names = {"stdout": "stdout.log", "stderr": "stderr.log", "agent": "agent.log"}
        (pages, folder), name = self._run(request), request.path_params["name"]
        if name not in names:
            return PlainTextResponse("no such log\n", status_code=404)
        file = folder / "rounds" / f"{request.path_params['number']:03d}" / names[name]
        return PlainTextResponse(await run_in_threadpool(lambda: pages.log(file)))

    async def events(self, request: Request) -> Response:
        """Tell the page when it is to look again."""
        _, folder = self._run(request)
        return StreamingResponse(events(folder), media_type="text/event-stream")

    async def act(self, request: Request) -> Response:
        """Do as a form asks."""
        return await act(request, self._guard, self._shelf(request))

    async def asset(self, request: Request) -> Response:
        """A style or script of ours."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            return PlainTextResponse("no such file\n", status_code=404)
        package = "report" if name == "style.css" else "dashboard"
        text = files(f"coursewright.{package}").joinpath("templates", name).read_text("utf-8")
        return Response(text, media_type=_ASSETS[name])

    # ------------------------------------------------------------ what goes wrong

    async def explain(self, request: Request, error: Exception) -> Response:
        """Say in a page what cannot be shown; the other pages are unaffected."""
        status = 404 if isinstance(error, Missing) else 500
        return HTMLResponse(self._shelves.of(None).pages.problem(str(error)), status_code=status)

    def _shelf(self, request: Request) -> Shelf:
        return self._shelves.of(request.path_params.get("study"))

    def _run(self, request: Request) -> tuple[Pages, Path]:
        """The pages of the shelf that a run stands on, and its folder.

        Raises:
            ConfigError: that is no name of a run.
            Missing: there is no such run.
        """
        shelf = self._shelf(request)
        return shelf.pages, shelf.folder(request.path_params["run"])

"""The pages of studies, one function each."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from coursewright.dashboard.asking import MOST_COMPARED, listing
from coursewright.dashboard.lines import chosen, in_order
from coursewright.dashboard.shelves import Shelves
from coursewright.dashboard.studies import (
    STUDY_ORDERS,
    all_studies,
    chosen_studies,
    read_study,
    stamp_of_study,
)
from coursewright.dashboard.tables import picture_of, tables_of
from coursewright.dashboard.watching import events


class Studies:
    """Answers requests about studies."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._pages = shelves.of(None).pages

    async def all(self, request: Request) -> Response:
        """List the studies."""
        asked = request.query_params
        words, by = asked.get("words", "")[:200], asked.get("by", "")
        by = by if by in STUDY_ORDERS else "name"
        falling = asked.get("way", "rising") == "falling"
        found = await run_in_threadpool(lambda: all_studies(self._shelves.studies))
        shown = chosen_studies(found, words, by, falling=falling)
        return HTMLResponse(self._pages.studies(found, shown, words, by, falling))

    async def compare(self, request: Request) -> Response:
        """Put several studies side by side."""
        names = list(dict.fromkeys(request.query_params.getlist("study")))[:MOST_COMPARED]
        folders = [self._shelves.study(name) for name in names]
        found = await run_in_threadpool(lambda: [read_study(path, None) for path in folders])
        return HTMLResponse(self._pages.compare_studies(found))

    async def one(self, request: Request) -> Response:
        """One study, live."""
        return HTMLResponse(await run_in_threadpool(lambda: self._page(request, whole=True)))

    async def now(self, request: Request) -> Response:
        """The part of its page that changes."""
        return HTMLResponse(await run_in_threadpool(lambda: self._page(request, whole=False)))

    async def events(self, request: Request) -> Response:
        """Tell the page when it is to look again."""
        folder = self._shelves.study(request.path_params["study"])
        stream = events(folder, stamp_of_study, there="runs")
        return StreamingResponse(stream, media_type="text/event-stream")

    async def picture(self, request: Request) -> Response:
        """A picture of a study; whatever is in it can do nothing."""
        folder = self._shelves.study(request.path_params["study"])
        content, kind = picture_of(folder, request.path_params["name"])
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
        return Response(content, media_type=kind, headers={"Content-Security-Policy": policy})

    def _page(self, request: Request, *, whole: bool) -> str:
        name = request.path_params["study"]
        folder, shelf = self._shelves.study(name), self._shelves.of(name)
        found = read_study(folder, shelf.lines)
        asked = listing(request)
        shown = chosen(found.jobs, **asked.wanted)
        if asked.ordered:
            shown = in_order(shown, asked.by, falling=asked.falling)
        return shelf.pages.study(
            found,
            tables_of(folder, shelf.base),
            whole=whole,
            shown=shown,
            asked=asked.wanted,
            by=asked.by if asked.ordered else "",
            falling=asked.falling,
        )

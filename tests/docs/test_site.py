"""The site is whole: it builds, its links lead somewhere, and it asks nobody else for anything."""

from __future__ import annotations

import functools
import http.server
import re
import subprocess
import sys
import threading
import tomllib
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

from tests.dashboard.browser import opened, watched
from tests.docs.pages import DOCS, ROOT, laid_out

OUTSIDE = re.compile(r"(https?:)?//")
LOADED = {("link", "href"), ("script", "src"), ("img", "src"), ("img", "srcset"), ("iframe", "src")}
MARKS = {"list_item_open": "li", "table_open": "table", "heading_open": "h", "fence": "pre"}


class Seen(HTMLParser):
    """Links, ids and what is loaded by a page; counts of tags inside its article."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.counts: Counter[str] = Counter()
        self._inside = False
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = self._inside or tag == "article"
        if self._inside:
            self.counts["h" if re.fullmatch("h[1-6]", tag) else tag] += 1
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif (tag, name) in LOADED and value:
                self.loaded.append(value)
            elif (tag, name) == ("a", "href") and value is not None:
                self.links.append(value)

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "article"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it."""
    place = tmp_path_factory.mktemp("site")
    laid_out(place)
    build = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(build, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "build"


@pytest.fixture(scope="module")
def seen(place: Path) -> dict[Path, Seen]:
    site = place / "site"
    return {file: Seen(file) for file in site.rglob("*.html") if file.name != "404.html"}


def nav_entries(entries: list[dict[str, object]]) -> Iterator[str]:
    for entry in entries:
        for below in entry.values():
            if isinstance(below, str):
                yield below
            else:
                assert isinstance(below, list)
                yield from nav_entries(below)


def test_every_page_stands_in_the_navigation_once(place: Path) -> None:
    told = list(nav_entries(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]))
    docs = place / "docs"
    pages = {str(file.relative_to(docs)) for file in docs.rglob("*.md")}
    # These are listed on a page of their own.
    listed = {page for page in pages if re.match(r"decisions/\d|results/\w+/", page)}
    assert sorted(told) == sorted(pages - listed)


def test_every_link_inside_leads_to_a_page_and_a_place_on_it(seen: dict[Path, Seen]) -> None:
    lost = []
    for file, page in seen.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if there.is_dir():
                there /= "index.html"
            known = there in seen and parts.fragment in {"", *seen[there].ids}
            if not (known or (not parts.fragment and there.is_file())):
                lost.append(f"{file.name}: {link}")
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(place: Path, seen: dict[Path, Seen]) -> None:
    asked = {link for page in seen.values() for link in page.loaded if OUTSIDE.match(link)}
    for sheet in (place / "site").rglob("*.css"):
        asked |= set(
            re.findall(r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')]*)", sheet.read_text())
        )
    assert asked == set()


@pytest.mark.parametrize("name", sorted(str(f.relative_to(DOCS)) for f in DOCS.glob("*.md")))
def test_a_page_has_the_lists_and_tables_that_its_text_has(
    name: str, place: Path, seen: dict[Path, Seen]
) -> None:
    """Markdown has dialects: a list that only one of them sees would be run into its paragraph."""
    tokens = MarkdownIt("commonmark").enable("table").parse((place / "docs" / name).read_text())
    wanted = Counter(MARKS[token.type] for token in tokens if token.type in MARKS)
    wanted["pre"] += sum(token.type == "code_block" for token in tokens)
    found = seen[(place / "site" / name).with_suffix(".html")].counts
    assert {tag: found[tag] for tag in ("li", "table", "h", "pre")} == {
        tag: wanted[tag] for tag in ("li", "table", "h", "pre")
    }


def test_a_browser_asks_nobody_else_and_finds_a_word(place: Path) -> None:
    handler = functools.partial(Quiet, directory=str(place / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with opened() as browser:
                page = browser.new_page()
                complaints = watched(page)
                page.goto(f"http://127.0.0.1:{server.server_port}/bring-your-own.html")
                page.get_by_role("button", name="Search").first.click()
                page.keyboard.type("inconclusive")
                page.get_by_role("option", name="About results").wait_for()
                assert complaints == []
        finally:
            server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, *_: object) -> None: ...

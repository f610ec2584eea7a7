"""A real browser for tests of pages: Chromium, headless, with no way out of this machine."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextlib.contextmanager
def opened() -> Iterator[Browser]:
    """Start the browser. Without one a test fails, and says what is missing."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("these tests need a browser: `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def watched(page: Page) -> list[str]:
    """Collect what a page complains of, and every request that leaves this machine."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )

    def look(address: str) -> None:
        if not address.startswith(("http://127.0.0.1:", "file://", "data:")):
            complaints.append(f"asked for {address}")

    page.on("request", lambda request: look(request.url))
    return complaints

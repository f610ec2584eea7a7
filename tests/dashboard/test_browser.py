"""The pages in a real browser: looked at, filtered, followed live, acted on; and accessible."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from coursewright.records import Training
from coursewright.report import write_report
from coursewright.store import RunFolder, RunStore
from coursewright.store.run import hold
from tests.dashboard.browser import opened, watched
from tests.dashboard.serving import served
from tests.dashboard.study_folders import make_study
from tests.report.stories import make_run
from tests.report.test_page import HOSTILE
from tests.store.builders import training

pytestmark = pytest.mark.long
PATIENCE = 30_000
"""Milliseconds: the machine may be busy."""
PAGES = ("/", "/run/first", "/compare?run=first&run=going", "/studies", "/study/done/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as found:
        yield found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    make_run(place, "first")
    make_run(place, "hostile", said=HOSTILE)
    make_run(place, "going", finished=False)
    return place


@pytest.fixture(scope="module")
def site(runs: Path) -> Iterator[str]:
    studies = runs.parent / "studies"
    make_study(studies, "done")
    make_study(studies, "hostile", said=HOSTILE)
    with served(runs, studies=studies) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    made = browser.new_page()
    made.set_default_timeout(PATIENCE)
    complaints = watched(made)
    yield made
    assert complaints == []
    made.close()


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['help']}" for v in found if v["impact"] in ("serious", "critical")]


def test_the_list_is_filtered_and_two_runs_are_compared(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_label("words").fill("hostile")
    page.get_by_role("button", name="filter").click()
    expect(page.get_by_role("status")).to_have_text("1 of 3 runs")
    page.goto(site)
    page.get_by_label("compare first").check()
    page.get_by_label("compare going").check()
    page.get_by_role("button", name="compare the chosen runs").click()
    expect(page.get_by_role("heading", name="Outcomes")).to_be_visible()
    page.get_by_text("Put two rounds of them side by side").click()
    expect(page.get_by_text("60 rows in both")).to_be_visible()


def test_a_study_under_way_is_followed(page: Page, site: str, runs: Path) -> None:
    study = make_study(runs.parent / "studies", "begun", finished=False)
    lock = hold(study, "study")
    page.goto(f"{site}/study/begun/")
    expect(page.get_by_text("2 of 4 runs and baselines are there")).to_be_visible()
    page.get_by_label("words").fill("half a thought")
    page.get_by_label("compare heuristic-0-aaaaaaaaaaaa").check()
    make_run(study / "runs", "heuristic-1-dddddddddddd", rounds=1, rows=4, items=3)
    expect(page.get_by_text("3 of 4 runs and baselines are there")).to_be_visible()
    expect(page.get_by_label("words")).to_have_value("half a thought")
    expect(page.get_by_label("compare heuristic-0-aaaaaaaaaaaa")).to_be_checked()
    lock.release()
    page.goto("about:blank")
    shutil.rmtree(study)


def test_a_study_is_opened_and_one_of_its_runs(page: Page, site: str) -> None:
    page.goto(f"{site}/studies")
    page.get_by_role("link", name="done", exact=True).click()
    expect(page.get_by_role("heading", name="Gain and MATS")).to_be_visible()
    assert page.locator("img.picture").evaluate("p => p.complete")
    page.get_by_label("words").fill("heuristic")
    page.get_by_role("button", name="filter").click()
    expect(page.get_by_role("status")).to_have_text("1 of 3 runs")
    page.get_by_role("link", name="heuristic", exact=True).click()
    page.get_by_text("Compare any two rounds").click()
    page.get_by_label("before: heuristic").select_option("1")
    page.get_by_role("button", name="compare", exact=True).click()
    expect(page.get_by_text("20 rows in both")).to_be_visible()


def test_a_diff_and_rows_are_fetched_when_they_are_opened(page: Page, site: str) -> None:
    page.goto(f"{site}/run/first")
    page.get_by_text("What changed in round 1").click()
    expect(page.locator(".diff .changed").first).to_be_visible()
    page.get_by_text("Browse them").click()
    page.locator("#rows input[name=words]").fill("round 1, 29:")
    page.locator("#rows button").first.click()
    expect(page.locator("#rows [role=status]")).to_have_text("1 rows, page 1 of 1")
    page.get_by_label("where row").click()
    expect(page.get_by_text("First made in round 1")).to_be_visible()
    page.get_by_label("where row").click()
    expect(page.get_by_text("First made in round 1")).to_have_count(0)


def test_a_running_run_is_followed_and_steered(page: Page, site: str, runs: Path) -> None:
    with RunStore.open(runs / "going") as store:
        page.goto(f"{site}/run/going")
        page.get_by_text("Round 1, improve").click()
        page.get_by_label("a note before the next proposal").fill("half a thought")
        store.journal.stage("train", {"rows": "new"}, training, Training)
        expect(page.get_by_text("train done after")).to_have_count(1, timeout=PATIENCE)
        note = page.get_by_label("a note before the next proposal")
        expect(note).to_have_value("half a thought")
        expect(page.locator("details[open] > summary").first).to_contain_text("Round 1")
        note.fill("Shorter questions.")
        page.get_by_role("button", name="send").click()
        expect(page.get_by_text("the run takes it up")).to_be_visible()
        page.get_by_role("button", name="stop after this stage").click()
        expect(page.get_by_text("stops after the stage under way")).to_be_visible()
    said = [(request.kind, request.text) for request in RunFolder(runs / "going").requests.since(0)]
    assert said == [("note", "Shorter questions."), ("stop", "")]


def test_what_happened_before_the_page_began_to_listen_is_shown_too(
    page: Page, site: str, runs: Path
) -> None:
    with RunStore.open(runs / "going") as store:

        def meanwhile(route: Route) -> None:
            store.journal.stage("audit", {"rows": "early"}, training, Training)
            route.continue_()

        page.route("**/run/going/events", meanwhile)
        page.goto(f"{site}/run/going")
        expect(page.get_by_text("audit done after")).to_have_count(1, timeout=PATIENCE)


def test_the_report_works_from_a_file_and_its_rows_are_searched(
    page: Page, runs: Path, tmp_path: Path
) -> None:
    page.goto(write_report(runs / "first", tmp_path / "report.html").as_uri())
    page.get_by_label("words in question or answer").fill("round 1, 29:")
    expect(page.locator("#row-count")).to_contain_text("1 of 60 rows")
    page.get_by_label("first made in").select_option("round 3")
    expect(page.locator("#row-count")).to_contain_text("0 of 60 rows")


def test_hostile_texts_stay_texts(page: Page, site: str, runs: Path, tmp_path: Path) -> None:
    """Any script of theirs would complain, or open a dialogue."""
    page.on("dialog", lambda dialog: pytest.fail(f"a dialogue: {dialog.message}"))
    for address in (
        f"{site}/run/hostile",
        f"{site}/run/hostile/rows",
        f"{site}/run/hostile/row/1",
        f"{site}/run/hostile/report",
        write_report(runs / "hostile", tmp_path / "report.html").as_uri(),
    ):
        page.goto(address)
        assert page.locator("img").count() == 0
    page.goto(f"{site}/study/hostile/")
    page.goto(f"{site}/run/hostile")
    page.get_by_text("What changed in round 1").click()
    expect(page.locator(".diff").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PAGES, "report"])
def test_no_page_has_a_serious_barrier(
    browser: Browser, site: str, runs: Path, tmp_path: Path, path: str, scheme: str
) -> None:
    # On a phone tables and texts scroll, and have to be reached by keyboard.
    page = (
        browser.new_page(color_scheme="dark", viewport={"width": 390, "height": 844})
        if scheme == "dark"
        else browser.new_page(color_scheme="light")
    )
    page.set_default_timeout(PATIENCE)
    if path == "report":
        page.goto(write_report(runs / "first", tmp_path / "report.html").as_uri())
    else:
        page.goto(f"{site}{path}")
    found = serious(page)
    page.close()
    assert found == []


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_no_page_is_wider_than_its_window(browser: Browser, site: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(PATIENCE)
    for path in ("/run/hostile", "/run/hostile/row/1", "/study/hostile/", *PAGES):
        page.goto(f"{site}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.close()

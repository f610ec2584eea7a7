"""The pages over HTTP: what they show, what they refuse, and that one bad run spoils no other."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from coursewright.records import Waiting
from coursewright.store import RunFolder, RunStore
from tests.dashboard.serving import served
from tests.report.stories import make_run
from tests.report.test_page import HOSTILE, Seen


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    make_run(place, "first")
    make_run(place, "second", rounds=3)
    make_run(place, "open", finished=False)
    make_run(place, "hostile", said=HOSTILE)
    broken = make_run(place, "broken")
    (broken / "result.json").write_text('{"half')
    foreign = make_run(place, "foreign")
    (foreign / "version").write_text(json.dumps({"format": 99, "created": "2030"}))
    (place / "no-run").mkdir()
    return place


@pytest.fixture(scope="module")
def site(runs: Path) -> Iterator[str]:
    with served(runs) as address:
        yield address


def get(address: str, **headers: str) -> httpx2.Response:
    return httpx2.get(address, headers=headers, timeout=30)


def test_all_runs_are_listed_and_the_broken_ones_say_why(site: str) -> None:
    text = Seen(get(site).text).text
    assert "6 of 6 runs" in text
    assert "cannot be read as JSON" in text
    assert "format 99" in text
    assert "+40.0 [+30.0, +50.0]" in text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("words=second", ["second"]),
        ("status=interrupted", ["open"]),
        ("by=name&way=rising&status=finished", ["first", "hostile", "second"]),
        ("by=rounds&way=rising&status=finished&words=simulated", ["second", "hostile", "first"]),
        ("by=no-such-order&words=no-such-word", []),
    ],
)
def test_the_list_is_filtered_and_sorted(site: str, asked: str, found: list[str]) -> None:
    page = get(f"{site}/?{asked}").text
    assert re.findall(r'<td class="run"><a href="/run/([\w-]+)"', page) == found


def test_every_page_of_a_run_answers(site: str) -> None:
    page = get(f"{site}/run/first").text
    assert "gain, points +40.0" in Seen(page).text
    for address in re.findall(r'(?:data-load|href)="(/[^"]+)"', page):
        assert get(f"{site}{address}").status_code in (200, 500), address
    assert "Plan 1" in get(f"{site}/run/first/change/1").text
    assert "different questions" in get(f"{site}/run/first/quality").text


def test_rows_are_found_by_words_and_by_round(site: str) -> None:
    page = Seen(get(f"{site}/run/first/rows?words=round+1,&origin=1&page=0").text).text
    assert "30 rows, page 1 of 1" in page
    assert "Round 3" not in page
    assert "60 rows, page 2 of 2" in Seen(get(f"{site}/run/first/rows?page=999").text).text


def test_two_rounds_are_put_side_by_side_of_one_run_or_of_two(site: str) -> None:
    one = Seen(get(f"{site}/between?left=first&right=first&before=0&after=3").text).text
    assert "ROUND = 0 ROUND = 3" in one
    assert "0 rows in both, 60 gained, 60 lost; 3 visible items fixed, 0 broken" in one
    two = Seen(get(f"{site}/between?left=second&right=first").text).text
    assert "before: second round 0" in two
    assert "30 rows in both, 30 gained, 30 lost" in two, "the best of each"
    for wrong in ("left=first&right=first&before=99", "left=first", "left=first&right=../first"):
        answer = get(f"{site}/between?{wrong}")
        assert answer.status_code in (404, 500)
        assert "This cannot be shown" in answer.text


def test_a_row_says_where_it_comes_from(site: str) -> None:
    assert 'href="/run/first/row/1" data-beside' in get(f"{site}/run/first/rows").text
    text = Seen(get(f"{site}/run/first/row/1?part=1").text).text
    assert "Round 1, row 0: what is" in text
    assert "First made in round 1 (improve ← 0), kept by round 3." in text
    assert "Missing: the call" in text
    assert "Skip to the content" in get(f"{site}/run/first/row/1").text
    assert "rows 1 to 60" in get(f"{site}/run/first/row/61").text
    assert get(f"{site}/run/open/row/1").status_code == 200, "of a run that is not over, too"


def test_runs_are_compared_in_outcomes_and_settings(site: str) -> None:
    text = Seen(get(f"{site}/compare?run=first&run=open&run=first").text).text
    assert "first open status finished interrupted" in text
    assert "All settings are the same." in text


def test_hostile_texts_do_nothing_on_any_page(site: str) -> None:
    pages = ["", "/run/hostile", "/run/hostile/rows", "/run/hostile/change/1", "/run/hostile/now"]
    pages += ["/run/hostile/row/1", "/between?left=first&right=hostile"]
    for address in [*pages, "/compare?run=hostile&run=first", "/run/hostile/quality"]:
        seen = Seen(get(f"{site}{address}").text)
        assert seen.scripts == []
        assert not {tag for tag, _ in seen.tags} & {"img", "iframe", "object", "base", "svg:script"}
        assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)


@pytest.mark.parametrize(
    "address",
    ["/run/nobody", "/run/broken", "/run/foreign", "/run/..%2f..%2fetc", "/run/first/change/99"],
)
def test_what_cannot_be_shown_is_said_on_a_page(site: str, address: str) -> None:
    answer = get(f"{site}{address}")
    assert answer.status_code in (404, 500)
    assert "Traceback" not in answer.text
    assert "This cannot be shown" in answer.text or answer.status_code == 404


def test_a_run_that_is_deleted_while_it_is_open_is_said_to_have_gone(site: str, runs: Path) -> None:
    make_run(runs, "passing", finished=False)
    with httpx2.stream("GET", f"{site}/run/passing/events", timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: progress"
        shutil.rmtree(runs / "passing")
        assert "event: gone" in list(lines)
    assert get(f"{site}/run/passing").status_code == 404


def test_a_stage_that_ends_is_told_to_the_open_page(site: str, runs: Path) -> None:
    make_run(runs, "going", finished=False)
    heard = threading.Event()

    def listen() -> None:
        with httpx2.stream("GET", f"{site}/run/going/events", timeout=30) as stream:
            ready.set()
            for line in stream.iter_lines():
                if line == "event: change":
                    heard.set()
                    return

    ready = threading.Event()
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert ready.wait(20)
    with RunStore.open(runs / "going"):  # taking it up is a change, too
        assert heard.wait(20)
    shutil.rmtree(runs / "going")


# ------------------------------------------------------------------ acting


def mark_of(site: str, run: str) -> str:
    found = re.search(r'name="mark" value="(\w+)"', get(f"{site}/run/{run}").text)
    assert found is not None
    return found[1]


def post(site: str, path: str, headers: dict[str, str] | None = None, **form: str) -> int:
    return httpx2.post(f"{site}{path}", data=form, headers=headers, timeout=30).status_code


def test_a_note_reaches_the_run_folder(site: str, runs: Path) -> None:
    before = len(RunFolder(runs / "open").requests.since(0))
    assert post(site, "/run/open/steer", mark=mark_of(site, "open"), note="Shorter, please.") == 303
    assert RunFolder(runs / "open").requests.since(0)[before].text == "Shorter, please."


def test_what_cannot_be_done_is_said_and_changes_nothing(site: str, runs: Path) -> None:
    mark = mark_of(site, "open")
    answer = httpx2.post(f"{site}/run/open/stop", data={"mark": mark}, follow_redirects=True)
    assert "no process works on it" in Seen(answer.text).text
    answer = httpx2.post(f"{site}/run/open/approve", data={"mark": mark}, follow_redirects=True)
    assert "waits for nobody" in Seen(answer.text).text


def test_a_gate_is_answered_for_what_was_looked_at_alone(site: str, runs: Path) -> None:
    gated = make_run(runs, "gated", finished=False, gates=("plan",))
    requests = RunFolder(gated).requests
    requests.wait(Waiting(gate="plan", round=1, subject="a" * 64))
    assert "waits for you: the plan of round 1" in Seen(get(f"{site}/?words=waits").text).text
    page = Seen(get(f"{site}/run/gated").text).text
    assert "To be approved: the plan of round 1" in page
    assert "# Plan 1" in page
    assert "ROUND = 1" in page
    mark = mark_of(site, "gated")
    assert post(site, "/run/gated/approve", subject="a" * 64) == 403, "no mark"
    requests.wait(Waiting(gate="plan", round=2, subject="b" * 64))
    post(site, "/run/gated/approve", mark=mark, subject="a" * 64)
    assert requests.since(0) == (), "it waits for something else by now"
    form = {"mark": mark, "subject": "b" * 64, "reason": "Too long."}
    assert post(site, "/run/gated/reject", **form) == 303
    assert [(r.kind, r.round, r.text) for r in requests.since(0)] == [("reject", 2, "Too long.")]
    assert "To be approved" not in get(f"{site}/run/gated").text
    shutil.rmtree(gated)


def test_the_export_of_a_finished_run_is_approved_on_its_page(site: str, runs: Path) -> None:
    gated = make_run(runs, "gated", gates=("export",))
    assert "waits for you: the export of round 3" in Seen(get(site).text).text
    page = get(f"{site}/run/gated").text
    assert "To be approved: the export of round 3" in page
    assert "20 of 60 rows" in page
    subject = re.findall(r'name="subject" value="(\w+)"', page)[0]
    post(site, "/run/gated/approve", mark=mark_of(site, "gated"), subject=subject)
    result = RunFolder(gated).result()
    assert result is not None
    assert result.human_inputs[-1] == "approved export"
    assert "To be approved" not in get(f"{site}/run/gated").text
    shutil.rmtree(gated)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"host": "elsewhere.example"},
    ],
)
def test_another_site_can_do_nothing(site: str, runs: Path, headers: dict[str, str]) -> None:
    before = RunFolder(runs / "open").requests.since(0)
    mark = mark_of(site, "open")
    assert post(site, "/run/open/steer", headers, mark=mark, note="mine now") == 403
    assert RunFolder(runs / "open").requests.since(0) == before


@pytest.mark.parametrize("mark", ["", "0" * 64, "é"])
def test_an_act_needs_the_mark_of_our_own_page(site: str, runs: Path, mark: str) -> None:
    before = RunFolder(runs / "open").requests.since(0)
    assert post(site, "/run/open/steer", mark=mark, note="mine now") == 403
    assert RunFolder(runs / "open").requests.since(0) == before


def test_looking_never_acts(site: str, runs: Path) -> None:
    before = RunFolder(runs / "open").requests.since(0)
    mark = mark_of(site, "open")
    assert get(f"{site}/run/open/steer?mark={mark}&note=x").status_code == 405
    assert RunFolder(runs / "open").requests.since(0) == before


def test_a_huge_form_is_not_read(site: str) -> None:
    assert post(site, "/run/open/steer", mark=mark_of(site, "open"), note="x" * 10**6) == 403


def test_with_a_token_nobody_looks_without_it(runs: Path) -> None:
    with served(runs, token="sesame") as address:
        assert get(address).status_code == 403
        assert get(f"{address}/?token=wrong").status_code == 403
        assert get(address, authorization="Bearer sesame").status_code == 200
        with httpx2.Client(follow_redirects=True) as browser:
            page = browser.get(f"{address}/?token=sesame&words=first")
            assert page.status_code == 200
            assert "token" not in str(page.url)
            assert browser.get(f"{address}/run/first").status_code == 200

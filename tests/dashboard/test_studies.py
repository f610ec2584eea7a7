"""Studies over HTTP: how far they are, their runs and tables, and nothing that could act."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursewright.dashboard.lines import Lines
from coursewright.dashboard.studies import read_study
from coursewright.store.run import hold
from tests.dashboard.serving import served
from tests.dashboard.study_folders import make_study
from tests.dashboard.test_app import get
from tests.report.test_page import HOSTILE, Seen


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("studies")
    make_study(place, "done")
    make_study(place, "begun", finished=False)
    make_study(place, "hostile", said=HOSTILE)
    broken = make_study(place, "broken", finished=False)
    (broken / "jobs.json").write_text('[{"name": 3}]')
    (place / "no-study").mkdir()
    return place


@pytest.fixture(scope="module")
def site(studies: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("runs"), studies=studies) as address:
        yield address


def test_all_studies_are_listed_with_how_far_they_are(site: str) -> None:
    text = Seen(get(f"{site}/studies").text).text
    assert "done finished 2 of 3 1 without a result" in text
    assert "begun interrupted 2 of 4 1 without a result" in text
    assert "broken broken cannot be read" in text
    assert "no-study" not in text
    assert "+33.3" in text, "the gain of the best contestant"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("by=name&way=falling", ["hostile", "done", "broken", "begun"]),
        ("words=finished+science", ["done", "hostile"]),
        ("by=gain&words=e", ["done", "hostile", "begun", "broken"]),
        ("by=no-such-order&words=nobody", []),
    ],
)
def test_the_list_is_filtered_and_sorted(site: str, asked: str, found: list[str]) -> None:
    page = get(f"{site}/studies?{asked}").text
    assert re.findall(r'<td><a href="/study/([\w-]+)/"', page) == found


def test_a_study_shows_its_jobs_and_what_became_of_them(site: str) -> None:
    text = Seen(get(f"{site}/study/begun/").text).text
    assert "2 of 4 runs and baselines are there; 1 could not be made" in text
    assert "crashing no result ZeroDivisionError: a bug" in text
    assert "heuristic not made" in text
    assert "base measured" in text
    assert "The tables are made when all runs have ended." in text
    text = Seen(get(f"{site}/study/begun/?words=crashing").text).text
    assert "1 of 4 runs" in text
    assert "base measured" not in text


def test_a_run_of_a_study_is_opened_below_it(site: str) -> None:
    page = get(f"{site}/study/done/").text
    assert 'href="/study/done/run/heuristic-0-aaaaaaaaaaaa"' in page
    run = get(f"{site}/study/done/run/heuristic-0-aaaaaaaaaaaa").text
    assert "gain, points +40.0" in Seen(run).text
    assert '"/run/' not in run, "every address of its page lies below the study"
    assert get(f"{site}/run/heuristic-0-aaaaaaaaaaaa").status_code == 404


def test_its_tables_are_shown_and_can_do_nothing(site: str) -> None:
    answer = get(f"{site}/study/hostile/")
    seen = Seen(answer.text)
    assert "Gain and MATS" in seen.text
    assert "<script>alert(1)</script>" in seen.text
    assert seen.scripts == []
    assert [a["src"] for tag, a in seen.tags if tag == "img"] == [
        "/study/hostile/picture/gains.svg"
    ]
    assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert not any("elsewhere" in (a.get("href") or "") for _, a in seen.tags)
    picture = get(f"{site}/study/hostile/picture/gains.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in picture.headers["content-security-policy"]
    assert "script-src" not in picture.headers["content-security-policy"]


@pytest.mark.parametrize(
    "address",
    [
        "/study/nobody/",
        "/study/no-study/",
        "/study/done/picture/study.json",
        "/study/done/picture/..%2Fjobs.json",
        "/study/done/picture/link.svg",
        "/study/..%2Fdone/",
        "/study/done/run/..%2F..%2Fbegun",
        "/studies/compare?study=../done",
    ],
)
def test_nothing_outside_a_study_is_read(site: str, studies: Path, address: str) -> None:
    link = studies / "done" / "link.svg"
    if not link.is_symlink():
        link.symlink_to(studies / "done" / "jobs.json")
    answer = get(f"{site}{address}")
    assert answer.status_code in (404, 500)
    assert "aaaaaaaaaaaa" not in answer.text


def test_a_broken_study_says_so_and_spoils_no_other(site: str) -> None:
    assert "cannot be read" in Seen(get(f"{site}/study/broken/").text).text
    assert get(f"{site}/study/done/").status_code == 200


DAMAGE = [
    "",
    "{",
    "[]",
    "[[]]",
    "3",
    '{"main": 3}',
    '{"main": [{}]}',
    '[{"key": "a", "cells": []}]',
]
DAMAGE += ["\x00", "[" * 100_000, '{"runs": [{"run": [], "label": 3}], "tasks": 3}']
DAMAGE += ['{"main": [{"task": "", "gain_points": {"value": ' + "9" * 400 + "}}]}"]


@pytest.mark.parametrize("name", ["study.json", "jobs.json", "problems.json"])
def test_whatever_a_file_of_it_holds_a_study_has_a_line(studies: Path, name: str) -> None:
    damaged = shutil.copytree(studies / "done", studies.parent / "damaged" / name, symlinks=True)
    for text in DAMAGE:
        (damaged / name).write_text(text)
        found = read_study(damaged, Lines(damaged / "runs"))
        assert found.line.status in ("broken", "finished", "interrupted"), text
        assert (found.line.status == "broken") == bool(found.line.problem)


def test_studies_are_compared(site: str) -> None:
    text = Seen(get(f"{site}/studies/compare?study=done&study=begun").text).text
    assert "contestant done begun tasks science" in text
    assert "heuristic +33.3" in text


def test_a_study_under_way_and_one_of_an_older_version_are_told(studies: Path) -> None:
    lock = hold(studies / "begun", "study")
    assert read_study(studies / "begun", None).line.status == "running"
    lock.release()
    old = shutil.copytree(studies / "done", studies.parent / "older" / "old")
    (old / "jobs.json").unlink()
    line = read_study(old, None).line
    assert (line.status, line.done, line.total) == ("finished", 2, 3)

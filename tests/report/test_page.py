"""The page of a run: whole without network or script, and inert whatever models wrote."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from coursewright.errors import RunFolderError
from coursewright.records import Collection
from coursewright.report import read_story, render, write_report
from coursewright.report.facts import trust
from coursewright.store import RunFolder
from tests.report.stories import make_run

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)></pre></td></table>"
    "--> ]]> &lt; \" ' \u202egnp\u202c \x00\x07\x1b[31m\u2028\u2066 </script><!-- "
    "javascript:alert(1)"
)


class Seen(HTMLParser):
    """Collects what a browser would act on, and what it would show."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts.append(data)
        elif not self._open or self._open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return render(read_story(RunFolder(run)))


def test_the_headline_and_every_round_stand_in_plain_html(page: str) -> None:
    text = Seen(page).text
    assert (
        "Improved by 40.0 points. Right on the private exam: 20.0 % before, 60.0 % after." in text
    )
    assert "gain, points +40.0 95 % interval +30.0 to +50.0; +200 % of the base" in text
    for part in ("ability +36.0", "format +4.0", "near visible items +18.0", "elsewhere +22.0"):
        assert part in text
    assert "forgotten -12.0" in text
    assert "What the search wanted: its level." in text
    assert page.count('class="edge joined"') == 1, "round 3 takes rows of round 0, too"
    assert "MATS 1.25" in text
    assert "0.25 USD" in text
    assert "student nano small built-in models" in text
    for number in range(4):
        assert f"Round {number}, " in text
    assert "failed: runtime error" in text
    assert "Round 1, row 0" in text, "some rows are there without any script"


def test_a_rule_that_scores_as_much_as_the_student_is_said_in_words(run: Path) -> None:
    story = read_story(RunFolder(run))
    assert story.result is not None
    scores = {"keyword-rule": 0.61, "constant-expression": 0.2}
    result = story.result.model_copy(update={"baselines": scores})
    text = Seen(render(replace(story, result=result))).text
    assert "A rule that does not understand the question scores as much: keyword-rule." in text
    assert "baseline 61.0 % keyword-rule, not beaten by the student" in text
    assert text.count("not beaten") == 1


def test_a_run_without_a_data_set_says_why_and_claims_no_audit(run: Path) -> None:
    story = read_story(RunFolder(run))
    assert story.result is not None
    tried = story.rounds[2].model_copy(
        update={"number": 0, "parent": None, "collection": Collection(error="0 usable rows")}
    )
    nothing = {"status": "no-valid-submission", "base": None, "final": None, "audit": "unresolved"}
    result = story.result.model_copy(update=nothing)
    text = Seen(render(replace(story, rounds=(tried,), result=result))).text
    assert "Round 0 came closest: 0 of 0 saved rows were kept (0 usable rows)." in text
    assert "audit none no data set was delivered" in text
    assert "No row was saved" in text
    assert "unresolved" not in text


@pytest.mark.parametrize(("p_value", "tone"), [(0.0001, ""), (0.01, "care")])
def test_openings_are_marked_where_picking_could_make_the_claim(
    run: Path, p_value: float, tone: str
) -> None:
    story = read_story(RunFolder(run))
    assert story.result is not None
    openings = {"private_openings": 58, "p_value": p_value, "improved": True}
    result = story.result.model_copy(update=openings)
    (fact,) = (f for f in trust(replace(story, result=result)) if f.label == "private exam opened")
    assert (fact.value, fact.tone) == ("by 58 runs", tone)


def test_nothing_is_fetched(page: str) -> None:
    for tag, attributes in Seen(page).tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "srcset", "data", "action"):
            assert name not in attributes
        if (target := attributes.get("href")) is not None:
            assert target.startswith("#")
    assert "url(" not in page
    assert "@import" not in page


def test_hostile_texts_are_shown_and_do_nothing(tmp_path: Path, page: str) -> None:
    hostile = render(read_story(RunFolder(make_run(tmp_path, said=HOSTILE))))
    tame, seen = Seen(page), Seen(hostile)
    ours = {tag for tag, _ in tame.tags}
    assert {tag for tag, _ in seen.tags} <= ours
    assert len(seen.scripts) == len(tame.scripts) == 2
    assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert not any((attributes.get("href") or "#")[0] != "#" for _, attributes in seen.tags)
    hidden = {c for c in hostile if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t"}
    assert hidden == set()
    assert "<script>alert(1)</script>" in seen.text


def test_the_rows_in_the_script_are_the_rows(run: Path, page: str) -> None:
    (data, _) = Seen(page).scripts
    table = json.loads(data)
    story = read_story(RunFolder(run))
    assert [row["n"] for row in table] == list(range(1, 61))
    assert [row["a"] for row in table] == [row.answer for row in story.data_set(story.best)]
    assert {row["r"] for row in table} == {1, 3}, "half of them are of the round before"


def test_rows_that_find_no_room_are_said(tmp_path: Path) -> None:
    run = make_run(tmp_path, rounds=1, rows=1600, said="long " * 300)
    page = render(read_story(RunFolder(run)))
    left_out = re.search(r"the last (\d+) found no room", page)
    assert left_out is not None
    (data, _) = Seen(page).scripts
    assert len(json.loads(data)) + int(left_out[1]) == 1600
    assert len(page.encode()) < 3_000_000


def test_the_only_script_that_may_run_is_the_pages_own(page: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_a_run_that_is_not_over_is_told_as_far_as_it_has_come(tmp_path: Path, rounds: int) -> None:
    run = make_run(tmp_path, rounds=rounds, finished=False)
    text = Seen(render(read_story(RunFolder(run)))).text
    assert "Interrupted" in text
    assert f"{rounds} round{'' if rounds == 1 else 's'} so far" in text
    assert ("is the best so far" in text) is (rounds > 0)


def test_a_half_written_round_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    file = run / "rounds" / "001" / "round.json"
    file.write_text(file.read_text()[:100])
    with pytest.raises(RunFolderError, match=r"001/round\.json"):
        write_report(run)
    assert not (run / "report.html").exists()


def test_a_lost_data_set_leaves_the_rest_of_the_page(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    for path in (run / "artifacts").rglob("*"):
        if path.is_file():
            path.unlink()
    text = Seen(write_report(run).read_text()).text
    assert "+40.0" in text
    assert "There is no data set yet." in text


@pytest.mark.parametrize(("train", "told"), [(40.0, False), (90.0, True)])
def test_stages_that_add_up_to_more_than_the_run_are_explained(
    tmp_path: Path, train: float, told: bool
) -> None:
    folder = make_run(tmp_path)
    result = json.loads((folder / "result.json").read_text())
    result["seconds"] = {"total": 60.0, "train": train, "program": 15.0}
    (folder / "result.json").write_text(json.dumps(result))
    assert ("ran side by side" in Seen(render(read_story(RunFolder(folder)))).text) == told

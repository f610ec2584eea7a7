"""Hostile rows go through audit, training, terminal and cards as the data they are."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from coursewright.cli import app
from coursewright.export import export_run
from coursewright.store import RunFolder, read_rows
from tests.attacks import house
from tests.attacks.venom import KINDS, POISON, VENOM

pytestmark = [pytest.mark.train, pytest.mark.long]

ROWS = 48
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def command(place: Path, *arguments: str) -> str:
    """What one command prints, on both streams."""
    done = CliRunner().invoke(app, [*arguments, "--runs", str(place / "runs")])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose teacher is hostile; what it printed stands in `printed`."""
    place = tmp_path_factory.mktemp("venom")
    (place / "program.py").write_text(house.program("collecting", house.marker(), {}))
    config = {
        "agent": {"kind": "program", "path": str(place / "program.py")},
        "teacher": {"kind": "custom", "path": "tests.attacks.venom:Viper"},
        "student": {"kind": "nano", "recipe": {"epochs": 5}},
        "retrainings": 1,
        "noise_seeds": 0,
        "budget": {"rounds": 1},
    }
    (place / "config.yaml").write_text(yaml.safe_dump(config))
    task = house.make_task(place / "sums", "hidden")
    for split in ("visible", "scored", "private"):
        lines = [
            json.dumps(
                {"id": f"{split}-{n}", "question": f"{split} {n}: days of a week?", "answer": 7}
            )
            for n in range(20)
        ]
        (task / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    printed = command(
        place, "run", str(task), "--config", str(place / "config.yaml"), "--name", "venom"
    )
    (place / "printed").write_text(printed)
    return place


def played(place: Path) -> RunFolder:
    return RunFolder(place / "runs" / "venom")


def test_each_is_kept_as_data_or_refused_with_its_reason(place: Path) -> None:
    (round_,) = played(place).rounds()
    assert round_.status == "scored", round_.feedback.error
    assert round_.collection is not None
    each = ROWS // len(KINDS)
    dropped = round_.collection.dropped
    assert (dropped["special token"], dropped["NUL"]) == (each, each)
    # Of a megabyte in question and answer the gateway hands over nothing at all.
    assert dropped["row too long"] + ROWS - round_.collection.read == 2 * each
    assert round_.audit is not None
    assert round_.audit.kept == each * len(VENOM)
    assert round_.audit.rows is not None
    rows = read_rows(played(place).artifacts, round_.audit.rows)
    for venom in VENOM.values():
        assert sum(venom.strip() in row.input for row in rows) == each
    assert not any(poison in row.input + row.output for row in rows for poison in POISON.values())


def test_no_instruction_in_a_row_has_moved_a_score(place: Path) -> None:
    (round_,) = played(place).rounds()
    for evaluation in (round_.visible, round_.scored):
        assert evaluation is not None
        right = [numeric(found.output) == 7 for found in evaluation.results]
        assert [found.score for found in evaluation.results] == list(map(float, right))


def numeric(text: str) -> float | None:
    """The last number of an answer, read here once more."""
    found = re.findall(r"-?\d+(?:\.\d+)?", text)
    return float(found[-1]) if found else None


def test_the_terminal_is_told_no_control_sequence(place: Path) -> None:
    shown = [(place / "printed").read_text(), command(place, "show", "venom")]
    shown += [command(place, "show", "venom", "--row", str(n)) for n in (1, 5, 6, 7)]
    shown.append(json.dumps(played(place).result_path.read_text()))
    for text in shown:
        assert [c for c in text if not c.isprintable() and c != "\n"] == []


def test_what_the_agent_is_told_of_rows_is_one_short_line_each(place: Path) -> None:
    feedback = (played(place).round_path(0) / "feedback.md").read_text()
    assert len(feedback) < 20_000
    assert "\x1b" not in feedback
    assert not any(
        line.startswith(("# Verified", "license:", "---")) for line in feedback.split("\n")
    )


def test_cards_show_venom_and_obey_none_of_it(place: Path, tmp_path: Path) -> None:
    export_run("venom", place / "runs", str(tmp_path / "out"))
    for card in sorted((tmp_path / "out").rglob("README.md")):
        text = card.read_text()
        front, body = text.split("\n---\n", 1)
        assert yaml.safe_load(front.removeprefix("---\n")).get("license") != "forged"
        assert [c for c in text if not c.isprintable() and c != "\n"] == []
        for token in PARSER.parse(body):
            for part in (token, *(token.children or ())):
                assert part.type not in ("html_block", "html_inline", "image"), part.content
                target = str(part.attrs.get("href", ""))
                assert "javascript" not in target
                assert "127.0.0.1" not in target
            assert "Verified: 100" not in token.content or token.type != "inline", token


class Elements(HTMLParser):
    """What a browser would make of a page: its elements, and handlers in their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.handlers += [value for _, value in attrs if value and "javascript:" in value]


def test_the_page_of_the_run_has_no_element_that_a_row_brought(place: Path, tmp_path: Path) -> None:
    command(place, "report", "venom", "-o", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text()
    found = Elements(page)
    assert "ontoggle" in page, "the rows are shown"
    assert found.handlers == []
    assert "img" not in found.tags
    assert found.tags.count("script") == 2


def test_exported_rows_are_read_back_as_they_were(place: Path, tmp_path: Path) -> None:
    export_run("venom", place / "runs", str(tmp_path / "out"))
    (round_,) = played(place).rounds()
    assert round_.audit is not None
    assert round_.audit.rows is not None
    kept = read_rows(played(place).artifacts, round_.audit.rows)
    path = tmp_path / "out" / "dataset" / "alpaca" / "train.jsonl"
    # Read by lines of `\n` alone: other line breaks stand inside of texts.
    read = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    assert [(r["input"], r["output"]) for r in read] == [(r.input, r.output) for r in kept]

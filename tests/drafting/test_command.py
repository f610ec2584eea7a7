"""The whole way on the command line: draft, review by lines, finish, check."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from coursewright.cli import app
from coursewright.errors import UsageError

from .test_drafting import New


def test_from_examples_and_documents_to_a_checked_folder(new: New) -> None:
    drafts = new()
    runner, task = CliRunner(), str(drafts.task)
    said = runner.invoke(
        app,
        [
            *("task", "draft", task, "--items", "5", "--json"),
            *("--examples", str(drafts.examples), "--documents", str(drafts.documents)),
            *("--teacher", "tests.drafting.library:Librarian"),
            *("--set", f"teacher.options.log={drafts.log}", "--set", "corpus_share=0.2"),
        ],
    )
    told = json.loads(said.stdout)
    assert sum(told["drafted"].values()) == 5
    said = runner.invoke(app, ["task", "review", task], input="a\na\na\nq\n")
    assert "2 items are undecided" in said.stdout
    said = runner.invoke(app, ["task", "draft", task, "--finish", "--json"])
    assert json.loads(said.stdout) == {"splits": {"visible": 1, "scored": 1, "private": 1}}
    said = runner.invoke(app, ["task", "check", task, "--json"])
    assert json.loads(said.stdout)["ok"] is True


def test_a_draft_of_nothing_says_what_it_needs(new: New) -> None:
    said = CliRunner().invoke(app, ["task", "draft", str(new().task)])
    assert isinstance(said.exception, UsageError)
    assert "--examples" in str(said.exception)


@pytest.mark.parametrize("command", ["review", "draft --finish"])
def test_without_a_draft_there_is_nothing_to_review(new: New, command: str) -> None:
    word, *more = command.split()
    said = CliRunner().invoke(app, ["task", word, str(new().task), *more])
    assert "`coursewright task draft` makes it" in str(said.exception)

"""What may not leave does not leave in what programs report either."""

from __future__ import annotations

import pytest

from coursewright.agents.egress import outline, withhold
from coursewright.config import TEXT_KINDS, TextKind
from coursewright.records import Attempt, CorpusSummary, Passage, Row
from tests.agents.fake_course import make_attempt, make_brief, make_turn

SECRET = "How many hens are left"
TRACEBACK = f"""\
half a line of output: {SECRET}
Traceback (most recent call last):
  File "work/program.py", line 7, in <module>
    main()
  File "work/program.py", line 5, in main
    raise ValueError(load_visible()[0]["question"])
ValueError: {SECRET}
    {SECRET}
{SECRET}: and more

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "work/program.py", line 9, in <module>
    stop()
mine.Stop: {SECRET}
"""
PLACES = """\
Traceback (most recent call last):
  File "work/program.py", line 7, in <module>
    main()
  File "work/program.py", line 5, in main
    raise ValueError(load_visible()[0]["question"])
ValueError
Traceback (most recent call last):
  File "work/program.py", line 9, in <module>
    stop()
mine.Stop"""


def failed(error: str, **changes: object) -> Attempt:
    attempt = make_attempt("main()\n", status="failed", error=error)
    feedback = attempt.feedback.model_copy(update={"text": error})
    return attempt.model_copy(update={"feedback": feedback, "failure": "runtime error", **changes})


def told(attempt: Attempt, kinds: tuple[TextKind, ...]) -> Attempt:
    _, turn = withhold(make_brief(), make_turn("debug", 1, attempt), kinds)
    assert turn.parent is not None
    assert turn.history == (turn.parent,)
    return turn.parent


def test_a_traceback_is_told_without_what_it_quotes() -> None:
    assert outline(TRACEBACK) == PLACES


@pytest.mark.parametrize("kind", ["visible", "seeds", "bad_cases"])
def test_an_error_may_quote_only_where_everything_may_leave(kind: TextKind) -> None:
    assert told(failed(TRACEBACK), TEXT_KINDS) == failed(TRACEBACK)
    parent = told(failed(TRACEBACK), tuple(each for each in TEXT_KINDS if each != kind))
    assert SECRET not in parent.model_dump_json()
    assert parent.feedback.error == f"runtime error\n{PLACES}"


def test_documents_that_may_not_leave_are_counted_and_not_quoted() -> None:
    excerpt = Passage(id="a.md:1", document="a.md", line=1, text=SECRET)
    corpus = CorpusSummary(documents=1, passages=2, characters=30, excerpts=(excerpt,))
    brief = make_brief(corpus=corpus)
    attempt = failed(SECRET)
    rows = (Row(instruction="i", input=SECRET, output="o"),)
    feedback = attempt.feedback.model_copy(update={"sample": rows})
    attempt = attempt.model_copy(update={"feedback": feedback})
    turn = make_turn("debug", 1, attempt)
    assert withhold(brief, turn, TEXT_KINDS) == (brief, turn)
    others = tuple(kind for kind in TEXT_KINDS if kind != "corpus")
    told, later = withhold(brief, turn, others)
    assert told.corpus is not None
    assert told.corpus.passages == 2
    assert SECRET not in told.model_dump_json() + later.model_dump_json()
    # Where there are no documents, leaving the kind out withholds nothing.
    assert withhold(make_brief(), turn, others) == (make_brief(), turn)


def test_a_message_without_a_traceback_becomes_its_kind() -> None:
    parent = told(failed(SECRET, failure="execution timeout"), ("description",))
    assert parent.feedback.error == "execution timeout"


def test_what_the_harness_says_itself_stays() -> None:
    said = "68 rows passed the audit, at least 100 are needed"
    parent = told(failed(said, status="invalid"), ("description",))
    assert parent.feedback.error == said
    unread = told(failed("no Python program in the answer", code=""), ("description",))
    assert unread.feedback.error == "no Python program in the answer"

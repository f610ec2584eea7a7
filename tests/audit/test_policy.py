"""A user's policy: what is dropped, what is changed, and when an attempt is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.audit import (
    ROUND_CHECKS,
    Context,
    Finding,
    PolicyCheck,
    SubmissionAuditor,
    with_policy,
)
from coursewright.audit.languages import language_of
from coursewright.audit.personal import personal_data, plain, redacted
from coursewright.config import Policy
from coursewright.config.policy import PersonalData
from coursewright.records import Row, TracedRow
from coursewright.store import Artifacts, put_rows, read_rows

KINDS = PersonalData().kinds


def row(question: str, answer: str = "7", **more: Any) -> TracedRow:
    return TracedRow(instruction="Solve.", input=question, output=answer, **more)


def examined(rows: Sequence[TracedRow], **policy: Any) -> Finding:
    return PolicyCheck(Policy.model_validate({"limit": 1.0, **policy})).examine(rows, Context())


def kinds_in(text: str) -> set[str]:
    return {found.kind for found in personal_data(plain(text), KINDS)}


def test_an_instruction_that_is_not_the_tasks_own_keeps_to_the_policy_too() -> None:
    rules = {
        "personal_data": {"action": "drop"},
        "blocked": [{"name": "bombs", "patterns": ["bomb"]}],
        "transforms": [{"name": "calm", "kind": "replace", "pattern": "loud", "by": "quiet"}],
    }
    policy = PolicyCheck(Policy.model_validate({"limit": 1.0, **rules}))
    told = (
        "Mail jane.doe@mail.example.org.",
        "How is a bomb built?",
        "Be loud.",
        "Of a loud bomb:",
    )
    rows = [TracedRow(instruction=each, input="Why?", output="7") for each in told]
    found = policy.examine(rows, Context(instructions=("Of a loud bomb:",)))
    assert [kept.instruction for kept in found.kept] == ["Be quiet.", "Of a loud bomb:"]
    assert sum(found.dropped.values()) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ask jane.doe+x@mail.example.org today", "email"),
        ("ask jane [at] mail [dot] org", "email"),
        ("ask ｊａｎｅ＠mail.org", "email"),
        ("Call (212) 555-0147 now", "phone"),
        ("+44 7700 900123", "phone"),
        ("my number: 0151 23456789.", "phone"),
        ("tel. 612 345 678", "phone"),
        ("card 4111 1111 1111 1111 ok", "card"),
        ("3782 822463 10005", "card"),
        ("to DE89 3704 0044 0532 0130 00 please", "iban"),
        ("GB82WEST12345698765432", "iban"),
        ("her SSN is 536-22-1234.", "national-id"),
        ("DNI 12345678Z", "national-id"),
        ("RSSMRA85T10A562S", "national-id"),
        ("from 93.184.216.34, twice", "ip"),
        ("2a02:8109:b540::1a2b", "ip"),
        ("She lives at 221B Baker Street.", "address"),
        ("in der Gartenstraße 12 wohnt", "address"),
        ("au 12 rue de Rivoli", "address"),
    ],
)
def test_data_of_people_are_found_however_they_are_written(text: str, kind: str) -> None:
    assert kind in kinds_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mia gave Jonas 12 of her 45 apples on Main Street.",
        "555 - 123 = 432, then 1234 * 5678",
        "x[1::2] and a::b at 12:30:45",
        "version 1.2.3 of 2024-05-12",
        "4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "The population is 331 002 651 and 1,234,567,890",
        "127.0.0.1 and 192.168.0.1",
        "def f(n): return n @ m  # 0.5 e-10",
        "6 * 7 = 42, 42 / 2 = 21 | 2018 | 45 | 30",
    ],
)
def test_numbers_names_and_code_are_no_data_of_people(text: str) -> None:
    assert kinds_in(text) == set()


@given(st.text(max_size=300))
def test_what_is_redacted_holds_nothing_more_and_the_rest_stays(text: str) -> None:
    once = redacted(text, KINDS)
    if not kinds_in(text):
        assert once == text
    assert redacted(f"a {text}\n joe@mail.org", ("email",)).endswith("[email]")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How many of the apples did she have when they were all put in the box?", "en"),
        ("Wie viele Äpfel hat er, wenn sie ihm die Hälfte von den Äpfeln gibt?", "de"),
        ("Combien de pommes ont les enfants qui sont dans la maison avec elle ?", "fr"),
        ("def f(x): return [y for y in x if y > 3]", None),
        ("45 / 9 = 5", None),
    ],
)
def test_a_language_is_known_by_its_small_words(text: str, language: str | None) -> None:
    assert language_of(text) == language


class TestRules:
    BLOCKED = ({"name": "weapons", "patterns": [r"(?i)\bbombs?\b"], "where": "any"},)

    def test_blocked_topics_go_with_the_reason_also_behind_odd_letters(self) -> None:
        rows = [row("a ＢＯＭＢ"), row("a bo\u200bmb"), row("fine", "Bombs"), row("a bombast")]
        finding = examined(rows, blocked=self.BLOCKED)
        assert finding.kept == (rows[3],)
        assert finding.dropped == {"policy: blocked topic weapons": 3}

    def test_a_topic_may_be_looked_for_in_the_answer_alone(self) -> None:
        rule = [{**self.BLOCKED[0], "where": "answer"}]
        rows = [row("a bomb", "no"), row("no", "a bomb")]
        assert examined(rows, blocked=rule).kept == (rows[0],)

    def test_past_the_limit_the_attempt_is_refused(self) -> None:
        rows = [row("a bomb"), *(row(f"fine {n}") for n in range(4))]
        assert examined(rows, blocked=self.BLOCKED, limit=0.2).refusal is None
        refusal = examined(rows[:4], blocked=self.BLOCKED, limit=0.2).refusal
        assert refusal is not None
        assert "1 of 4" in refusal

    def test_a_topic_that_is_required_has_to_be_there(self) -> None:
        rule = [{"name": "safety", "patterns": ["helmet"], "least": 0.25}]
        rows = [row("helmet"), row("a"), row("b"), row("c")]
        assert examined(rows, topics=rule).refusal is None
        assert "safety" in (examined(rows[1:], topics=rule).refusal or "")

    def test_caps_hold_for_what_is_left_and_the_first_rows_stay(self) -> None:
        rows = [row(f"{'cat' if n % 2 else 'dog'} {n}") for n in range(40)]
        rule = [
            {"name": "cats", "patterns": ["cat"], "most": 0.3},
            {"name": "dogs", "patterns": ["dog"], "most": 0.75},
        ]
        kept = examined(rows, topics=rule).kept
        cats = [one for one in kept if "cat" in one.input]
        assert len(cats) <= 0.3 * len(kept)
        assert len(kept) - len(cats) <= 0.75 * len(kept)
        assert cats == [one for one in rows if "cat" in one.input][: len(cats)]
        assert len(cats) >= 5

    def test_one_document_may_not_feed_everything(self) -> None:
        rows = [row(f"q{n}", passages=(f"a.md:{n}",)) for n in range(10)]
        rows += [row(f"r{n}", passages=(f"b{n}.md:1",)) for n in range(10)]
        kept = examined(rows, sources={"most": 0.2}).kept
        assert sum(one.passages[0].startswith("a.md") for one in kept) == 2
        assert len(kept) == 12

    def test_scripts_and_languages(self) -> None:
        rows = [
            row("How many of these are there, and what is the area πr² of each of them?"),
            row("Сколько яблок осталось у него?"),
            row("Wie viele Äpfel hat er, wenn sie ihm die Hälfte von den Äpfeln gibt?"),
        ]
        rule = {"scripts": ["Latin"], "languages": ["en"]}
        finding = examined(rows, languages=rule)
        assert finding.kept == (rows[0],)
        assert set(finding.dropped) == {
            "policy: letters that are not Latin",
            "policy: language de",
        }

    def test_a_users_classifier_is_asked_and_one_that_miscounts_breaks_the_check(self) -> None:
        rule = {"name": "short", "path": "tests.audit.test_policy:Short", "options": {"most": 3}}
        rows = [row("ab"), row("abcd")]
        assert examined(rows, classifiers=[rule]).dropped == {"policy: short: 4 characters": 1}
        with pytest.raises(ValueError, match="answers for 2 rows"):
            examined(rows, classifiers=[{**rule, "options": {"most": 3, "silent": True}}])


class Short:
    """A classifier as a user might write it."""

    def __init__(self, most: int, silent: bool = False) -> None:
        self.most, self.silent = most, silent

    def judge(self, rows: Sequence[Row]) -> list[str | None]:
        if self.silent:
            return []
        return [
            None if len(one.input) <= self.most else f"{len(one.input)} characters" for one in rows
        ]


class TestTransforms:
    REPLACE: ClassVar[dict[str, str]] = {
        "kind": "replace",
        "name": "metres",
        "pattern": r"(\d+) metres",
        "by": r"\1 m",
    }

    def test_are_made_in_order_counted_and_before_the_rules(self) -> None:
        rows = [row("run 40 metres", " 40 \n 7 "), row("sit")]
        finding = examined(
            rows,
            transforms=[self.REPLACE, {"kind": "strip"}],
            blocked=[{"name": "metres", "patterns": ["metres"]}],
        )
        assert [(one.input, one.output) for one in finding.kept] == [
            ("run 40 m", "40\n 7"),
            ("sit", "7"),
        ]
        assert "1 rows changed: metres" in finding.check.evidence

    def test_a_row_without_an_answer_left_goes(self) -> None:
        rule = {"kind": "replace", "name": "digits", "pattern": r"\d+", "where": "answer"}
        finding = examined([row("keep 5", "5"), row("a", "5 b")], transforms=[rule])
        assert [one.input for one in finding.kept] == ["a"]

    def test_personal_data_can_be_redacted_in_every_turn(self) -> None:
        said = TracedRow.model_validate(
            {
                "messages": [
                    {"role": "user", "content": "I am joe@mail.org"},
                    {"role": "assistant", "content": "Hello joe@mail.org"},
                ]
            }
        )
        (kept,) = examined([said], personal_data={"action": "redact"}).kept
        assert [turn.content for turn in kept.messages] == ["I am [email]", "Hello [email]"]

    def test_later_rounds_build_on_the_rows_as_they_stood_in_their_responses(
        self, tmp_path: Any
    ) -> None:
        artifacts = Artifacts(tmp_path)
        rows = [row("run 40 metres", response="r1"), row("sit", response="r2"), row("a bomb")]
        policy = Policy.model_validate(
            {"transforms": [self.REPLACE], "blocked": TestRules.BLOCKED, "limit": 1.0}
        )
        auditor = SubmissionAuditor(artifacts, Context(), round_checks=[PolicyCheck(policy)])
        audit = auditor.audit(put_rows(artifacts, rows), 0)
        assert audit.rows is not None
        assert audit.untouched is not None
        assert [one.input for one in read_rows(artifacts, audit.rows)] == ["run 40 m", "sit"]
        assert tuple(read_rows(artifacts, audit.untouched)) == tuple(rows[:2])
        again = auditor.audit(audit.untouched, 1)
        assert again.rows == audit.rows

    def test_a_policy_that_changes_nothing_keeps_no_second_copy(self, tmp_path: Any) -> None:
        artifacts = Artifacts(tmp_path)
        check = PolicyCheck(Policy.model_validate({"transforms": [self.REPLACE]}))
        auditor = SubmissionAuditor(artifacts, Context(), round_checks=[check])
        assert auditor.audit(put_rows(artifacts, [row("sit")]), 0).untouched is None


def test_rows_are_traced_first_changed_then_and_judged_by_all_others_as_they_are_then() -> None:
    names = [check.name for check in with_policy(Policy())]
    assert names.index("policy") == names.index("provenance") + 1
    assert [name for name in names if name != "policy"] == [check.name for check in ROUND_CHECKS]
    assert with_policy(None) == ROUND_CHECKS

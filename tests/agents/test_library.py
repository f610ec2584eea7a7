"""Every method card has a program that works, and drafts are offered cards in turn."""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from coursewright.agents.library import Card, cards_in_turn, load_cards
from coursewright.audit import Context, SubmissionAuditor
from coursewright.briefing import make_brief
from coursewright.config import RunConfig
from coursewright.records import Brief, RowLimits, Setting, TracedRow
from coursewright.store import Artifacts, put_rows
from coursewright.tasks import load_task
from coursewright.teacher.simulated import SimulatedUpstream
from tests.agents.fake_course import FakeProgramModule
from tests.agents.fake_course import make_brief as make_course_brief
from tests.audit.calls import Calls

pytestmark = pytest.mark.long

CARDS = load_cards()
TASKS = {
    # A card whose method needs something of its task is tried where that is.
    "execution-verified": "code-mini",
    "contrastive-mistakes": "finance-mini",
}


UPSTREAM = SimulatedUpstream()


@cache
def brief_of(name: str, setting: Setting) -> Brief:
    brief = make_brief(RunConfig(task=name, setting=setting), load_task(name))
    # Programs stop where enough rows are saved; the minimum is the task's own.
    limits = brief.rows.model_copy(update={"maximum": brief.rows.minimum + 50})
    return brief.model_copy(update={"rows": limits})


class Recorded(FakeProgramModule):
    """Programs in this process, the simulated teacher, and a ledger of what it said."""

    def __init__(self, brief: Brief, ledger: Path) -> None:
        super().__init__(brief, self._reply, cap=400)
        self.calls = Calls(ledger)

    def _reply(self, prompt: str, rng: random.Random) -> str:
        request = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 1024}
        return UPSTREAM.respond(request, rng.randrange(2**31))

    def note(self, prompt: str, answer: str) -> str:
        # The number keeps two askings of one prompt apart, as the gateway's ledger does.
        return self.calls.add(prompt, f"{answer}\n\n({len(self.prompts)})")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_program_of_a_card_leaves_enough_rows_that_pass_the_audit(
    card: Card, tmp_path: Path
) -> None:
    setting = "seed" if card.name == "seed-rewriting" else "scratch"
    brief = brief_of(TASKS.get(card.name, "science-mini"), setting)
    module = Recorded(brief, tmp_path / "calls.sqlite")
    with module.calls.together():
        saved = module.run(card.program)
    module.calls.close()
    rows = [
        TracedRow(
            instruction=row["instruction"],
            input=row["input"],
            output=str(row["output"]),
            response=row["response"].id,
        )
        for row in saved
    ]
    (tmp_path / "artifacts").mkdir()
    artifacts = Artifacts(tmp_path / "artifacts")
    auditor = SubmissionAuditor(
        artifacts,
        Context(
            visible=brief.visible,
            seeds=brief.seeds,
            instructions=(brief.instruction,),
            ledger=tmp_path / "calls.sqlite",
        ),
    )
    audit = auditor.audit(put_rows(artifacts, rows), 0)
    assert audit.verdict == "clean", audit.dropped
    assert audit.kept >= brief.rows.minimum
    assert len({row.input for row in rows}) == len(rows)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
@pytest.mark.parametrize("reply", ["", "I cannot do that.", "[{}]", '[{"question": 1}]', "[1, 2]"])
def test_a_useless_teacher_ends_no_program_with_a_crash(card: Card, reply: str) -> None:
    brief = brief_of("science-mini", "scratch")
    assert FakeProgramModule(brief, lambda prompt, rng: reply).run(card.program) == []


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_is_short_and_says_what_it_is_for(card: Card) -> None:
    assert card.text.startswith("# ")
    for mark in ("**Idea.**", "**Good for**", "**Watch.**"):
        assert mark in card.text
    assert len(card.text.split()) < 150
    assert card.program.count("\n") < 120


def test_the_frontier_card_asks_the_student_and_prefers_what_it_gets_wrong_sometimes() -> None:
    def student(question: str) -> str:
        a, sign, b = re.search(r"(\d+) ([-+*]) (\d+)", question).groups()  # type: ignore[union-attr]
        knows = {"+": True, "-": int(a) % 2 == 0, "*": False}[sign]
        result = {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign]
        return f"so it is = {result}" if knows else "seven"

    card = next(card for card in CARDS if card.name == "student-frontier")
    brief = make_course_brief(rows=RowLimits(minimum=20, maximum=90))
    fake = FakeProgramModule(brief, student=student)
    rows = fake.run(card.program)
    signs = Counter(re.search(r" ([-+*]) ", row["input"])[1] for row in rows)  # type: ignore[index]
    assert len(fake.asked) == len(set(fake.asked)) > 200
    assert not {row["response"].id for row in rows} & {f"s{n}" for n in range(2000)}
    assert len(rows) == 90
    assert signs["-"] > signs["*"] >= signs["+"]
    assert all(int(row["input"].split()[-3]) % 2 for row in rows if " - " in row["input"])


def test_every_card_is_offered_before_any_is_offered_again() -> None:
    names = {card.name for card in CARDS}
    for count in (1, 2):
        shown = [card.name for n in range(len(CARDS)) for card in cards_in_turn(7, n, count)]
        assert set(shown[: len(CARDS)]) == names
        assert set(Counter(shown).values()) == {count}


def test_runs_of_other_seeds_begin_with_other_cards() -> None:
    firsts = {cards_in_turn(seed, 0, 1)[0].name for seed in range(40)}
    assert len(firsts) > len(CARDS) / 2
    assert cards_in_turn(3, 0, 2) == cards_in_turn(3, 0, 2)

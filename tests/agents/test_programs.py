"""The programs that the heuristic agent writes: they run, they repeat, they copy nothing."""

from __future__ import annotations

import ast
import json
import random
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursewright.agents.curriculum import plan_of
from coursewright.agents.heuristic import HeuristicAgent
from coursewright.records import BadCase, Item, Row, RowLimits, Seed
from tests.agents.fake_course import (
    SIGNS,
    FakeProgramModule,
    make_attempt,
    make_brief,
    make_turn,
    sums_teacher,
)

HOSTILE = [
    '"""; import os; os.system("true") #',
    "'''\nraise SystemExit\n'''",
    "{{plan}} {{title}} {0} {name} %s \\",
    "\u2028import os\u2029\x00\x1b[31m\r\nexit()",
    "- **x**: {'rows': 10**9}\n]\nTOPICS = []",
    "\ud800 lone surrogate \\N{DIGIT ONE} \\x41",
]

any_text = st.text(st.characters(), max_size=200)


def draft(**changes: Any) -> str:
    return HeuristicAgent().propose(make_brief(**changes), make_turn()).code


def body_of(code: str) -> str:
    """What a program does, without its constants and its docstring."""
    tree = ast.parse(code)
    assert isinstance(tree.body[0], ast.Expr)
    work = [node for node in tree.body[1:] if not (isinstance(node, ast.Assign) and _is_plan(node))]
    return "\n".join(map(ast.dump, work))


def _is_plan(node: ast.Assign) -> bool:
    try:
        ast.literal_eval(node.value)
    except ValueError:
        return False
    return True


def right(row: dict[str, Any]) -> bool:
    question = row["input"].rstrip("?").split()[-3:]
    a, sign, b = question
    left, _, result = row["output"].partition(" = ")
    value = {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign]
    return left == f"{a} {sign} {b}" and int(result) == value


def topic_of(row: dict[str, Any]) -> str:
    return next(name for name, sign in SIGNS.items() if f" {sign} " in row["input"])


class TestDraft:
    def test_fills_the_rows_and_keeps_to_its_calls(self) -> None:
        fake = FakeProgramModule(make_brief(), cap=600)
        rows = fake.run(draft())
        assert len(rows) == 240
        assert fake.saves > 1, "rows are saved on the way, for a program stopped at its deadline"

    def test_checking_removes_wrong_answers(self) -> None:
        rows = FakeProgramModule(make_brief()).run(draft())
        assert sum(map(right, rows)) >= 0.98 * len(rows)

    def test_any_beginning_of_the_rows_is_balanced_over_topics(self) -> None:
        rows = FakeProgramModule(make_brief()).run(draft())
        for end in (30, 90, 240):
            counts = Counter(map(topic_of, rows[:end]))
            assert max(counts.values()) - min(counts.values()) <= 3

    def test_wordings_take_turns(self) -> None:
        rows = FakeProgramModule(make_brief()).run(draft())
        openings = Counter(row["input"].split()[0] for row in rows[:60])
        assert len(openings) == 4
        assert min(openings.values()) >= 10

    def test_every_row_stands_in_the_response_it_names(self) -> None:
        for row in FakeProgramModule(make_brief()).run(draft()):
            assert row["output"] in row["response"]
            assert row["input"] in row["response"]

    def test_same_brief_same_program_same_rows(self) -> None:
        assert draft() == draft()
        runs = [FakeProgramModule(make_brief()).run(draft()) for _ in range(2)]
        assert runs[0] == runs[1]

    def test_does_not_look_at_calls_left_or_the_clock(self) -> None:
        names = {node.id for node in ast.walk(ast.parse(draft())) if isinstance(node, ast.Name)}
        assert not names & {"time", "datetime", "os", "calls_left"}
        assert "calls_left" not in draft()

    def test_visible_questions_are_neither_asked_nor_handed_in(self) -> None:
        brief = make_brief()
        questions = [item.question for item in brief.visible]
        asks = iter(questions * 100)

        def parrot(prompt: str, rng: random.Random) -> str:
            if prompt.startswith("Solve") or rng.random() < 0.5:
                return sums_teacher(prompt, rng)
            return json.dumps([{"question": next(asks).upper(), "answer": "1 + 1 = 2"}])

        fake = FakeProgramModule(brief, parrot)
        rows = fake.run(draft())
        assert rows
        assert not {row["input"].casefold() for row in rows} & {q.casefold() for q in questions}
        assert not any(question in prompt for prompt in fake.prompts for question in questions)
        assert not any(question in draft() for question in questions)

    def test_contexts_are_asked_for_where_the_exam_has_them(self) -> None:
        visible = tuple(
            Item(id=str(i), question=f"Row {i}?", context=f"a | {i}", answer=i) for i in range(20)
        )
        sample = (Row(instruction="Read.", input="a | 3\nRow 3?", output="3"),)
        brief = make_brief(visible=visible, sample=sample, description="Tables.")

        def tables(prompt: str, rng: random.Random) -> str:
            if prompt.startswith("Solve"):
                cells = re.findall(r"cell (\d+)", prompt)
                return json.dumps({"solutions": [{"answer": cell} for cell in cells]})
            n = rng.randint(100, 999)
            return json.dumps([{"question": "Cell?", "context": f"cell {n} of b", "answer": n}])

        fake = FakeProgramModule(brief, tables)
        rows = fake.run(HeuristicAgent().propose(brief, make_turn()).code)
        assert '"context"' in fake.prompts[0]
        assert rows[0]["input"].endswith("\nCell?")
        assert len({row["input"] for row in rows}) == len(rows) > 60

    def test_seeds_are_quoted_as_manner_in_the_seed_setting(self) -> None:
        seeds = tuple(Seed(id=str(i), question=f"How far is {chr(97 + i)}?") for i in range(9))
        brief = make_brief(seeds=seeds)
        fake = FakeProgramModule(brief)
        fake.run(HeuristicAgent().propose(brief, make_turn()).code)
        assert "How far is" in fake.prompts[0]
        assert "never copy" in fake.prompts[0]

    @pytest.mark.parametrize("reply", ["", "no", "[]", "[{}]", "{", "[1, 2]", '[{"question": 1}]'])
    def test_a_useless_teacher_ends_the_program_without_a_crash(self, reply: str) -> None:
        fake = FakeProgramModule(make_brief(), lambda prompt, rng: reply)
        assert fake.run(draft()) == []

    def test_refused_calls_end_the_program_without_a_crash(self) -> None:
        fake = FakeProgramModule(make_brief(), lambda prompt, rng: "")
        fake.ok = False
        assert fake.run(draft()) == []


class TestHostileText:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_text_of_a_task_never_becomes_code(self, text: str) -> None:
        brief = make_brief(
            description=f"{text}\n\n- **{text}**: {text}\n- **b{text}**: c\n",
            instruction=text,
            answer_format=text,
            summary=text,
            visible=tuple(
                Item(id=str(i), question=f"{text} {i}", answer=text, topic=text) for i in range(4)
            ),
            sample=(Row(instruction=text, input=text, output=text),),
        )
        code = HeuristicAgent().propose(brief, make_turn()).code
        code.encode("utf-8")
        assert body_of(code) == body_of(draft())
        assert plan_of(code) is not None

    @pytest.mark.parametrize("text", HOSTILE)
    def test_feedback_never_becomes_code(self, text: str) -> None:
        case = BadCase(id="v0", topic=text, question=text, gold=text, answer=text)
        parent = make_attempt(draft(), accuracy={text: 0.5, "adding": 0.1}, cases=(case,))
        improved = HeuristicAgent().propose(make_brief(), make_turn("improve", 1, parent))
        assert body_of(improved.code) == body_of(draft())
        failed = make_attempt(text, status="failed", error=text, dropped={text: 3})
        mended = HeuristicAgent().propose(make_brief(), make_turn("debug", 1, failed))
        plain = make_attempt(draft(), status="failed", error="KeyError")
        known = HeuristicAgent().propose(make_brief(), make_turn("debug", 1, plain))
        assert body_of(mended.code) == body_of(known.code)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(any_text, any_text, any_text, st.lists(any_text, max_size=4))
    def test_any_brief_gets_a_program_that_compiles(
        self, description: str, instruction: str, form: str, answers: list[str]
    ) -> None:
        visible = tuple(
            Item(id=str(i), question=answer, answer=answer, topic=answer or None)
            for i, answer in enumerate(answers)
        )
        proposal = HeuristicAgent().propose(
            make_brief(
                description=description,
                instruction=instruction,
                answer_format=form,
                visible=visible,
                rows=RowLimits(minimum=1, maximum=7),
            ),
            make_turn(),
        )
        compile(proposal.code, "program.py", "exec")
        assert proposal.plan
        assert body_of(proposal.code) == body_of(draft())

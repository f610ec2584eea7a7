"""The heuristic agent against the simulated teacher, on skills that it was told of in other words.

The agent itself may not import families or teacher; its tests may.
"""

from __future__ import annotations

import ast
import random
from collections import Counter, defaultdict

import pytest

from coursewright.agents.heuristic import HeuristicAgent
from coursewright.families import Family, load_family
from coursewright.records import Brief, Item, Row, RowLimits
from coursewright.teacher.simulated import SimulatedUpstream
from tests.agents.fake_course import FakeProgramModule, make_brief, make_turn
from tests.agents.withheld import FAMILY as KITCHEN

FORMATS = {
    "science": "The calculation, then the result, as in `12 * 7 = 84`.",
    "code": "Only the returned value, written as a Python literal.",
    "finance": "The calculation, then the result, as in `45 - 30 = 15`; one cell stands alone.",
}
RENAMED = {
    "science": "1. How fast something goes: the distance divided by the time it took\n"
    "2. Newton's second law, the force that accelerates a mass\n"
    "3. Ohm's law: volts from amperes and ohms\n"
    "4. Degrees Celsius turned into kelvin\n",
    "code": "1. a list turned round, in reverse order\n"
    "2. only even numbers survive\n"
    "3. all numbers are summed up\n"
    "4. the largest element\n",
    "finance": "1. what a firm earned: sales less costs\n"
    "2. the total of a column\n"
    "3. interest on a deposit for a year\n"
    "4. what is left of a team's budget\n",
}


def skill_names(family: Family) -> list[str]:
    known = {
        "science": ["speed", "force", "voltage", "kelvin"],
        "code": ["reverse-list", "keep-even", "sum-list", "largest"],
        "finance": ["profit", "column-total", "simple-interest", "budget-left"],
    }
    return known[family.name]


def brief_for(name: str) -> Brief:
    """An exam about four skills, under other names and with anonymous topics."""
    family, rng = load_family(name), random.Random(3)
    samples = [
        (number, family.skill(skill).sample(rng))
        for _ in range(10)
        for number, skill in enumerate(skill_names(family))
    ]
    visible = tuple(
        Item(
            id=f"v{place}",
            question=sample.question,
            context=sample.context or None,
            answer=sample.answer,
            topic=f"t{number}",
        )
        for place, (number, sample) in enumerate(samples)
    )
    shown = samples[0][1]
    return make_brief(
        task="renamed",
        summary="Something new.",
        description=f"# An exam\n\nTopics:\n\n{RENAMED[name]}",
        instruction=family.instruction,
        answer_format=FORMATS[name],
        sample=(
            Row(
                instruction=family.instruction,
                input=f"{shown.context}\n{shown.question}".strip(),
                output=shown.worked,
            ),
        ),
        visible=visible,
        rows=RowLimits(minimum=50, maximum=160),
    )


@pytest.fixture(scope="module")
def upstream() -> SimulatedUpstream:
    return SimulatedUpstream()


@pytest.mark.parametrize("name", ["science", "code", "finance"])
def test_renamed_skills_are_taught_rightly_and_in_many_wordings(
    name: str, upstream: SimulatedUpstream
) -> None:
    family, brief = load_family(name), brief_for(name)

    def reply(prompt: str, rng: random.Random) -> str:
        request = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 1024}
        return upstream.respond(request, rng.randrange(2**31))

    rows = FakeProgramModule(brief, reply).run(HeuristicAgent().propose(brief, make_turn()).code)
    assert len(rows) == brief.rows.maximum

    right = 0
    wordings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found = upstream._solver.solve(row["input"])
        assert found is not None
        recognised = upstream._solver.recognise(row["input"])
        if recognised:
            wordings[recognised[0].name][recognised[1]] += 1
        right += _last(row["output"]) == _last(found.answer)
    assert right >= 0.97 * len(rows)
    assert set(skill_names(family)) <= set(wordings)
    for skill in skill_names(family):
        # Some wordings fit two skills (a list turned round), and are recognised as neither.
        assert sum(wordings[skill].values()) >= 0.5 * len(rows) / 4
        assert len(wordings[skill]) >= 4


def test_a_family_nobody_wrote_it_for_is_taught_rightly() -> None:
    upstream = SimulatedUpstream(families=("tests.agents.withheld",))
    rng = random.Random(5)
    samples = [skill.sample(rng) for _ in range(10) for skill in KITCHEN.skills]
    topics = "".join(f"- **{skill.name}**: {skill.description}\n" for skill in KITCHEN.skills)
    brief = make_brief(
        task="kitchen",
        summary="Sums in a kitchen.",
        description=f"# Kitchen\n\nTopics:\n\n{topics}",
        instruction=KITCHEN.instruction,
        answer_format="The calculation, then the result, as in `12 * 7 = 84`.",
        sample=(
            Row(
                instruction=KITCHEN.instruction,
                input=samples[0].question,
                output=samples[0].worked,
            ),
        ),
        visible=tuple(
            Item(id=f"v{place}", question=s.question, answer=s.answer, topic=s.skill)
            for place, s in enumerate(samples)
        ),
        rows=RowLimits(minimum=50, maximum=150),
    )

    def reply(prompt: str, rng: random.Random) -> str:
        request = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 1024}
        return upstream.respond(request, rng.randrange(2**31))

    rows = FakeProgramModule(brief, reply).run(HeuristicAgent().propose(brief, make_turn()).code)
    assert len(rows) == brief.rows.maximum
    solved = [(row, upstream._solver.solve(row["input"])) for row in rows]
    right = sum(
        found is not None and _last(row["output"]) == _last(found.answer) for row, found in solved
    )
    assert right >= 0.97 * len(rows)
    taught = Counter(found.skill for _, found in solved if found is not None)
    assert min(taught[skill.name] for skill in KITCHEN.skills) >= 0.7 * len(rows) / 3


def _last(answer: str) -> object:
    return ast.literal_eval(answer.rpartition("=")[2].strip())

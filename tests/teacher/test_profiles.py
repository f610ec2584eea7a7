"""The simulated teachers differ in kind: in how they err, how they talk, and what they like."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

import pytest

from coursewright.config import SimulatedTeacher, parse_teacher
from coursewright.errors import ConfigError
from coursewright.families import FAMILIES, load_family
from coursewright.families.solving import Solver
from coursewright.sandbox.coursewright_program import parse_answer
from coursewright.scoring import make_scorer
from coursewright.tasks import load_task
from coursewright.teacher.profiles import HASTY, PROFILES, misread
from coursewright.teacher.simulated import SimulatedUpstream
from coursewright.teacher.upstreams import load_upstream
from coursewright.teacher.wording import favourites

SCIENCE = load_family("science")
TASKS = {
    "science": "science-mini",
    "code": "code-mini",
    "finance": "finance-mini",
    "words": "word-problems",
}
PROMPT = """You write exam questions for a data set.
Skill: {title} - {description}{more}
Write {count} different questions.
Show the calculation, such as 3 * 4 = 12.
Return a JSON list of objects with the fields "question", "answer"."""


def hasty(**options: Any) -> SimulatedUpstream:
    return SimulatedUpstream(model="hasty", **options)


def ask(teacher: SimulatedUpstream, skill: Any, seed: int, more: str = "", count: int = 5) -> str:
    said = PROMPT.format(title=skill.title, description=skill.description, more=more, count=count)
    messages = [{"role": "user", "content": said}]
    return teacher.respond({"messages": messages, "max_tokens": 1024}, seed)


def questions(teacher: SimulatedUpstream, skill: Any, seeds: range) -> list[dict[str, str]]:
    found = (parse_answer(ask(teacher, skill, seed)) for seed in seeds)
    return [item for items in found if isinstance(items, list) for item in items]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_what_the_hasty_one_misreads_is_always_wrong(family: str) -> None:
    scorer = make_scorer(load_task(TASKS[family]).scorer)
    rng, careful = Random(3), 0
    for skill in load_family(family).skills:
        for sample in (skill.sample(rng) for _ in range(40)):
            assert scorer.score(sample.worked, sample.answer) == 1
            wrong = misread(sample, rng, lambda *_: "careful")
            careful += wrong == "careful"
            assert scorer.score(wrong, sample.answer) == 0, (sample.worked, wrong)
    assert careful < 40 * len(load_family(family).skills) / 2, "errors of a kind of its own"


def test_the_hasty_one_errs_about_twice_as_often() -> None:
    solver, skill, wrong, items = Solver([SCIENCE]), SCIENCE.skill("force"), 0, 0
    scorer = make_scorer(load_task("science-mini").scorer)
    for item in questions(hasty(), skill, range(400)):
        solved = solver.solve(item.get("question", ""))
        if solved is None or not item.get("answer"):
            continue
        items += 1
        wrong += scorer.score(item["answer"], solved.answer) == 0
    assert items > 500
    assert 0.21 < wrong / items < 0.29


def test_the_hasty_one_talks_around_its_json_and_stays_readable() -> None:
    skill, seeds = SCIENCE.skill("kelvin"), range(200)
    texts = [ask(hasty(broken=0.0), skill, seed) for seed in seeds]
    around = sum(not text.startswith("[") for text in texts)
    assert 0.5 < around / len(texts) < 0.7
    assert all(isinstance(parse_answer(text), list) for text in texts)
    assert all(ask(SimulatedUpstream(broken=0.0), skill, s).startswith("[") for s in range(20))


def test_the_hasty_one_writes_few_questions_and_sometimes_no_calculation() -> None:
    skill, teacher = SCIENCE.skill("distance"), hasty(broken=0.0, wrong=0.0)
    assert len(parse_answer(ask(teacher, skill, 1, count=10))) == 3
    answers = [item["answer"] for item in questions(teacher, skill, range(100))]
    bare = sum(bool(re.fullmatch(r"\d+", answer)) for answer in answers)
    assert 0.1 < bare / len(answers) < 0.3


def test_the_hasty_one_leaves_hard_questions_alone() -> None:
    skill = SCIENCE.skill("series-resistance")
    declined = ask(hasty(), skill, 1, "\nDifficulty: hard")
    assert parse_answer(declined) is None
    assert "easier" in declined or "simple" in declined
    mixed = [ask(hasty(broken=0.0), skill, s, "\nDifficulty: hard or easy") for s in range(20)]
    numbers = [int(n) for text in mixed for n in re.findall(r"\d+", json.dumps(parse_answer(text)))]
    usual = [ask(SimulatedUpstream(wrong=0), skill, s, "\nDifficulty: hard") for s in range(20)]
    hard = max(int(n) for text in usual for n in re.findall(r"\d+", text))
    assert sum(n > hard / 2 for n in numbers) < len(numbers) / 20


def test_their_favourite_phrasings_are_not_the_same() -> None:
    skills = [skill for name in FAMILIES for skill in load_family(name).skills]
    rich = [skill for skill in skills if len(skill.phrasings) >= 5]
    same = sum(favourites(skill) == favourites(skill, HASTY.taste) for skill in rich)
    assert same < len(rich) / 4


def test_every_simulated_teacher_is_a_pure_function_and_a_model_of_its_own() -> None:
    for model in PROFILES:
        one, two = SimulatedUpstream(model=model), SimulatedUpstream(model=model)
        assert ask(one, SCIENCE.skills[0], 5) == ask(two, SCIENCE.skills[0], 5)
    names = {load_upstream(SimulatedTeacher(model=model)).model for model in PROFILES}  # type: ignore[attr-defined, arg-type]
    assert len(names) == len(PROFILES), "the cache keeps their answers apart"


def test_a_reference_names_the_teacher_and_a_foreign_one_is_refused() -> None:
    assert parse_teacher("simulated:hasty") == SimulatedTeacher(model="hasty")
    assert parse_teacher("simulated") == SimulatedTeacher()
    with pytest.raises(ConfigError, match="simulated:hasty"):
        parse_teacher("simulated:wise")

"""What every generated family owes: right golds, many questions, slips that are wrong."""

import ast
import re
from collections import Counter
from random import Random

import pytest

from coursewright.errors import ConfigError
from coursewright.families import DIFFICULTIES, FAMILIES, Family, load_family
from coursewright.families.code import FAMILY as CODE
from coursewright.scoring import make_scorer

MINIS = ("science", "code", "finance")
SCORER = {
    "science": {"kind": "numeric", "absolute": 0.001},
    "finance": {"kind": "numeric", "absolute": 0.001},
    "code": {"kind": "literal"},
    "words": {"kind": "expression", "absolute": 0.1},
}


def draws(family: Family, count: int, seed: int = 1):
    """`count` samples of each skill over all its phrasings and difficulties."""
    rng = Random(seed)
    for skill in family.skills:
        phrasings = skill.phrasings + skill.heldout
        for number in range(count):
            level = DIFFICULTIES[number % 3]
            yield skill, skill.sample(rng, phrasings[number % len(phrasings)], level)


@pytest.mark.parametrize("name", MINIS)
def test_a_mini_family_has_enough_skills_and_phrasings(name):
    family = load_family(name)
    assert len(family.skills) >= 12
    assert all(len(skill.phrasings) >= 6 and len(skill.heldout) >= 2 for skill in family.skills)


@pytest.mark.parametrize("name", FAMILIES)
def test_skills_and_phrasings_are_named_once(name):
    family = load_family(name)
    assert max(Counter(skill.name for skill in family.skills).values()) == 1
    for skill in family.skills:
        assert max(Counter(skill.phrasings + skill.heldout).values()) == 1
        assert skill.hints
        assert all(hint == hint.strip().lower() and hint for hint in skill.hints)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_scorer_accepts_every_worked_answer_and_its_gold(name):
    scorer = make_scorer(SCORER[name])
    for _, sample in draws(load_family(name), 60):
        assert scorer.score(sample.worked, sample.answer) == 1, sample
        assert scorer.score(sample.answer, sample.answer) == 1, sample


@pytest.mark.parametrize("name", FAMILIES)
def test_a_slip_is_readable_and_wrong(name):
    scorer, rng = make_scorer(SCORER[name]), Random(2)
    for skill, sample in draws(load_family(name), 60):
        slip = skill.slip(sample, rng)
        assert scorer.readable(slip), (sample, slip)
        assert scorer.score(slip, sample.answer) == 0, (sample, slip)


@pytest.mark.parametrize("name", ["science", "finance"])
def test_every_step_of_a_worked_calculation_is_true(name):
    for _, sample in draws(load_family(name), 40):
        for step in sample.worked.split(", "):
            left, equals, right = step.partition(" = ")
            assert not equals or eval(left) == int(right), sample


@pytest.mark.parametrize("name", ["science", "finance", "words"])
def test_the_numbers_worked_with_stand_in_the_question_or_are_constants_of_the_skill(name):
    constants = {
        "weight": {"10"},
        "kelvin": {"273"},
        "half-life": {"2", "4", "8"},
        "pulse-rate": {"2", "3", "4", "6"},
        "recessive-offspring": {"4"},
        "two-year-average": {"2"},
    }
    for skill, sample in draws(load_family(name), 40):
        text = f"{sample.context}\n{sample.question}"
        shown = set(re.findall(r"\d+", text)) | constants.get(skill.name, set())
        if skill.name == "simple-interest":  # deposits are told in units, worked in hundreds
            shown |= {number.removesuffix("00") for number in shown}
        calculation = sample.worked.rpartition(" = ")[0] or sample.worked
        results = set(re.findall(r"= (\d+)", sample.worked))
        if skill.name not in ("best-year", "count-above"):
            assert set(re.findall(r"\d+", calculation)) <= shown | results, sample


@pytest.mark.parametrize("name", FAMILIES)
def test_no_slot_or_choice_is_left_unfilled(name):
    for _, sample in draws(load_family(name), 60):
        if name != "code":
            assert not re.search(r"[{}\[\]$]\D|\|\||  ", sample.question), sample.question
        assert sample.question == sample.question.strip()
        assert len(sample.question) <= 330


@pytest.mark.parametrize("name", FAMILIES)
def test_the_same_seed_draws_the_same_sample(name):
    for skill in load_family(name).skills:
        assert skill.sample(Random(7)) == skill.sample(Random(7))


@pytest.mark.parametrize("name", FAMILIES)
def test_without_a_phrasing_only_training_phrasings_are_drawn(name):
    rng = Random(3)
    for skill in load_family(name).skills:
        assert {skill.sample(rng).phrasing for _ in range(200)} == set(skill.phrasings)


@pytest.mark.parametrize("name", MINIS)
def test_each_skill_has_twenty_thousand_distinct_questions(name):
    """By collisions: n draws from N equally likely questions repeat about n*n/2N times.

    Unequal likelihood only makes N look smaller, so the estimate errs on the safe side.
    """
    draws_per_skill, rng = 2000, Random(4)
    for skill in load_family(name).skills:
        questions = [skill.sample(rng).question for _ in range(draws_per_skill)]
        repeats = draws_per_skill - len(set(questions))
        assert draws_per_skill**2 / 2 / max(repeats, 1) >= 20_000, (skill.name, repeats)


def test_a_code_gold_is_what_python_returns():
    for _, sample in draws(CODE, 24, seed=9):
        source, _, call = sample.question.rpartition("\n")
        scope: dict[str, object] = {}
        exec(source, scope)
        assert eval(call, scope) == ast.literal_eval(sample.answer)


def test_code_never_compares_ties_or_repeats_where_the_answer_would_be_open():
    rng = Random(5)
    for _ in range(300):
        sample = CODE.skill("find-position").sample(rng)
        values = ast.literal_eval(re.search(r"\[[\d, ]*\]", sample.question.split("\n")[-1])[0])
        assert len(set(values)) == len(values)


def test_the_largest_year_is_unique():
    rng = Random(6)
    skill = load_family("finance").skill("best-year")
    for _ in range(200):
        sample = skill.sample(rng)
        lines = [line.split(" | ") for line in sample.context.split("\n")[1:]]
        column = [int(line[1]) for line in lines]
        assert max(Counter(column).values()) == 1 or column.count(max(column)) == 1


def test_an_unknown_phrasing_or_difficulty_is_refused():
    skill = load_family("science").skills[0]
    with pytest.raises(ValueError, match="no phrasing 'rhymed'"):
        skill.sample(Random(0), "rhymed")
    with pytest.raises(ValueError, match="difficulty must be one of"):
        skill.sample(Random(0), None, "absurd")


def test_a_family_is_found_by_dotted_path():
    assert load_family("coursewright.families.code") is CODE
    assert load_family("coursewright.families.code:FAMILY") is CODE
    assert load_family("code") is CODE


@pytest.mark.parametrize("name", ["nonsense", "no.such.module", "json", "json:loads", ""])
def test_an_unknown_family_is_told_with_the_known_ones(name):
    with pytest.raises(ConfigError, match="known families: code, finance, science, words"):
        load_family(name)

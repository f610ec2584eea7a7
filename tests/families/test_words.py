"""The word-problem family: broad, sound, and no copy of the real test."""

import json
import re
from pathlib import Path
from random import Random

import pytest

from coursewright.families.words import FAMILY, tell
from coursewright.families.words_numbers import value_of
from coursewright.families.words_stories import ADDITION, DIVISION, MULTIPLICATION
from coursewright.families.words_subtraction import STORIES as SUBTRACTION
from coursewright.similarity import jaccard, masked_words

SVAMP = Path(__file__).parents[2] / "scripts" / "sources" / "svamp" / "SVAMP.json"
ALL = {
    "subtraction": SUBTRACTION,
    "addition": ADDITION,
    "multiplication": MULTIPLICATION,
    "division": DIVISION,
}
STORIES = [story for stories in ALL.values() for kind in stories.values() for story in kind]


@pytest.mark.parametrize("story", STORIES)
def test_a_story_uses_its_numbers_and_names_all_of_them_in_its_text(story):
    text, _, expression = story.partition(" => ")
    used = set(re.findall(r"[xyzw]", expression))
    assert used <= set(re.findall(r"\{([xyzw])\}", text))
    assert "??" in text


def test_values_are_whole_and_positive():
    rng = Random(1)
    for story in STORIES:
        for level in ("easy", "medium", "hard"):
            _, worked = tell(story, rng, level)
            assert re.fullmatch(r"[1-9]\d*", value_of(worked)), (story, worked)


def test_choices_that_belong_together_agree():
    rng = Random(2)
    story = "it is {x} [miles|yards] ; {y} a [mile|yard] ?? how many [miles|yards] is that => x + y"
    for _ in range(50):
        question, _ = tell(story, rng, "easy")
        assert ("mile" in question) != ("yard" in question)


def test_hard_problems_hold_idle_numbers_and_easy_ones_hold_none_but_the_storys_own():
    rng = Random(3)
    story = "{A} had {x} {n} ; {he} {lost} {y} {n} ?? how many {n} are left => x - y"
    easy = [len(re.findall(r"\d+", tell(story, rng, "easy")[0])) for _ in range(100)]
    hard = [len(re.findall(r"\d+", tell(story, rng, "hard")[0])) for _ in range(100)]
    assert set(easy) == {2}
    assert sum(count > 2 for count in hard) > 50


def test_the_first_number_told_is_not_always_the_first_in_the_solution():
    rng = Random(4)
    skill = FAMILY.skill("subtraction")
    first = 0
    for _ in range(400):
        sample = skill.sample(rng)
        numbers = re.findall(r"\d+", sample.question)
        first += numbers[0] == re.findall(r"\d+", sample.worked)[0]
    assert 0.2 < first / 400 < 0.8


def test_no_story_resembles_a_problem_of_svamp():
    """The words of each, numbers left out, overlap by less than 0.6 (Jaccard)."""
    real = [
        masked_words(f"{one['Body']} {one['Question']}") for one in json.loads(SVAMP.read_text())
    ]
    rng = Random(5)
    for story in STORIES:
        for level in ("easy", "medium", "hard"):
            told = masked_words(tell(story, rng, level)[0])
            assert max(jaccard(told, words) for words in real) < 0.6, (story, told)

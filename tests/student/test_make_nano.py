"""The drills nano is made from keep their promises: right answers, nothing of the tests."""

from __future__ import annotations

import ast
import sys
from argparse import Namespace
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from coursewright.families import load_family
from coursewright.student import EMBEDDED

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from nano import arithmetic, corpus, formulas, gsm8k, literals, reading, stories

THINGS = ["pens", "cups", "apples", "books", "cars", "hats", "eggs", "maps"]
NAMES = ["Ada", "Bob", "Carl", "Dana", "Eve", "Finn"]


def draws(drill: corpus.Drill, count: int = 150) -> list[tuple[str, str]]:
    rng = Random(1)
    return [drill(rng) for _ in range(count)]


@pytest.mark.parametrize(
    "drill",
    [
        arithmetic.step,
        arithmetic.chain,
        lambda rng: formulas.one_step(rng, THINGS),
        lambda rng: formulas.two_steps(rng, THINGS),
    ],
)
def test_sums_are_right(drill: corpus.Drill) -> None:
    for _, answer in draws(drill):
        for step in answer.split(", "):
            left, _, right = step.partition(" = ")
            assert eval(left) == int(right)


def test_list_orders_are_python_values() -> None:
    for drill in (literals.lists, literals.python, literals.two_lists, literals.dictionaries):
        for _, answer in draws(drill):
            ast.literal_eval(answer)


def test_reading_answers_stand_in_the_text() -> None:
    read, told = reading.Drills(NAMES, THINGS), stories.Drills(NAMES, THINGS)
    for drill in (read.whose, read.copy, read.order, told.one):
        for question, answer in draws(drill):
            assert all(part in question for part in answer.split(", "))


def test_renumbered_problems_keep_their_calculation() -> None:
    question = "Tom had 48 pens and gave 12 of them to his 3 friends. How many are left?"
    problem = gsm8k.Problem(question, (48, 12, 3), ((48, "-", 12),), True)
    rng = Random(0)
    found = [moved for _ in range(30) if (moved := gsm8k.renumber(problem, rng))]
    assert len({text for text, _ in found}) > 10
    for text, [(left, sign, right)] in found:
        assert (
            text
            == f"Tom had {left} pens and gave {right} of them to his 3 friends. How many are left?"
        )
        assert sign == "-"
        assert left >= right


def test_what_nano_knows_of_a_task_is_some_skills_in_training_phrasings() -> None:
    for name, known in corpus.KNOWN.items():
        family = load_family(name)
        phrasings = sum(len(p) for p in known.values())
        assert phrasings <= 0.2 * sum(len(skill.phrasings) for skill in family.skills)
        for skill, chosen in known.items():
            assert set(chosen) <= set(family.skill(skill).phrasings)
            assert not set(chosen) & set(family.skill(skill).heldout)
        with pytest.raises(ValueError, match="not for training"):
            corpus.TaskShare(family, {family.skills[0].name: ("a-test-only-phrasing",)})


def test_no_document_is_a_question_of_a_split() -> None:
    family, known = load_family("science"), {"kelvin": ("lab",)}
    first = corpus.TaskShare(family, known)(Random(3))[0].partition("\n")[2]
    again = corpus.TaskShare(family, known, frozenset({first}))(Random(3))[0]
    assert first not in again
    assert len(corpus.split_questions()) > 5000


@pytest.mark.train
def test_a_layer_left_out_leaves_the_others_as_they_were() -> None:
    from make_nano import finished_weights

    def weights(**asked: object) -> dict[str, Any]:
        return finished_weights(Namespace(start=EMBEDDED["nano"], **asked))

    whole, less = weights(drop_layer=None, layers=3), weights(drop_layer=1, layers=2)
    assert not any("layers.2." in name for name in less)
    for name, tensor in less.items():
        was = name.replace("layers.1.", "layers.2.")
        assert torch.equal(tensor, whole[was]), name
    with pytest.raises(SystemExit, match="--layers must be 2"):
        weights(drop_layer=1, layers=3)

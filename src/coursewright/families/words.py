"""Word problems written by rule: many situations, idle numbers, answers as expressions.

A skill is the last operation of the solution, a phrasing is a kind of situation, and each
situation has several *stories* (`words_subtraction`, `words_stories`), in this notation:

    fact ; fact ?? question || another question => expression

`[a|b|]` is a choice, made once per story; groups whose alternatives begin alike choose alike, so
that `[day|week]` and `[days|weeks]` agree. `{A}` is a person, `{n}` a kind of thing, `{p}`, `{q}`
and `{r}` three kinds that go together, `{x}` ... `{w}` numbers; the rest is in `words_world`.
Around a story the generator sets a scene, adds numbers that play no part, makes the last fact an
if-clause, or pulls it into the question.
"""

import re
from collections.abc import Mapping
from random import Random

from coursewright.families import Difficulty, Family, Sample, Skill
from coursewright.families.words_numbers import (
    draw_numbers,
    put_numbers,
    value_of,
    wrong_expression,
)
from coursewright.families.words_stories import ADDITION, DIVISION, MULTIPLICATION
from coursewright.families.words_subtraction import STORIES as SUBTRACTION
from coursewright.families.words_world import draw_world

INSTRUCTION = "Write the arithmetic expression that solves the problem."

_CHOICE = re.compile(r"\[([^][]*)\]")
_COUNTED = re.compile(r"\{[xyzw]\} \{n\}")


def _skill(
    name: str, title: str, description: str, hints: str, stories: Mapping[str, tuple[str, ...]]
) -> Skill:
    def draw(rng: Random, phrasing: str, difficulty: Difficulty) -> Sample:
        question, worked = tell(rng.choice(stories[phrasing]), rng, difficulty)
        return Sample(name, phrasing, question, "", value_of(worked), worked)

    return Skill(
        name=name,
        title=title,
        description=description,
        hints=tuple(hint.strip() for hint in hints.split(",")),
        phrasings=tuple(stories),
        heldout=(),
        draw=draw,
        spoil=lambda sample, rng: wrong_expression(sample.worked, sample.question, rng),
    )


def tell(story: str, rng: Random, difficulty: Difficulty) -> tuple[str, str]:
    """One problem from a story: its text, and the expression that solves it."""
    text, _, expression = story.partition(" => ")
    body, _, asked = text.partition(" ?? ")
    facts = body.split(" ; ")
    question = rng.choice(asked.split(" || "))
    numbers = draw_numbers(expression, rng, difficulty)
    facts = _set_scene(_distract(facts, rng, difficulty), rng, difficulty)
    slots: dict[str, object] = {**draw_world(rng), **numbers}
    chosen: dict[tuple[str, ...], int] = {}
    facts = [_choose(fact, rng, chosen) for fact in facts]
    question = _choose(question, rng, chosen)
    filled = _arrange(facts, question, rng).format(**slots)
    return _tidy(filled), put_numbers(expression, numbers)


def _choose(text: str, rng: Random, chosen: dict[tuple[str, ...], int]) -> str:
    """Resolve `[a|b]` from the inside out."""
    while (group := _CHOICE.search(text)) is not None:
        options = group[1].split("|")
        key = tuple(option[:2] for option in options)
        at = chosen.setdefault(key, rng.randrange(len(options)))
        text = text[: group.start()] + options[at] + text[group.end() :]
    return text


_ASIDES = (
    "{C} has {d1} {m}",
    "{A} also has {d1} {m}",
    "{A} is {d1} years old",
    "it took {d1} minutes",
    "{C} is {d1} years old",
    "there are {d1} {m} as well",
    "{A} lives at number {d1}",
    "{C} bought {d1} {m}",
    "it was day {d1} of the month",
    "{A} has {d1} cousins",
)


_OPENERS = (
    "{A} and {B} are cousins",
    "the school was getting ready for a fair",
    "{A} went to the market with {his} parents",
    "{A} likes to help {his} neighbors",
    "{A} keeps a list of everything {he} owns",
    "it was {A}'s first week in the new house",
    "the holidays had just begun",
    "{A} was cleaning up {his} room",
    "{B} came to visit {A} at the weekend",
    "{A} runs a small shop near the station",
    "after school {A} met {B} at the corner",
    "{A} is saving up for a trip with {his} friends",
    "the family was planning a big dinner",
    "{A}'s class held a contest",
    "{A} and {his} sister live on a farm",
    "{B} and {C} were there to help {A}",
)
_BETWEEN = (
    "everybody was happy about it",
    "{B} watched from the window",
    "{C} could not come",
    "the weather was fine",
    "{A} wrote that down",
    "then {A} took a break",
    "it was a busy day",
    "{B} asked {A} about it",
)


def _set_scene(facts: list[str], rng: Random, difficulty: Difficulty) -> list[str]:
    """Add sentences without any number, as people do who tell a story."""
    share = {"easy": 0.15, "medium": 0.4, "hard": 0.6}[difficulty]
    if rng.random() < share:
        facts = [rng.choice(_OPENERS), *facts]
    if rng.random() < share / 2:
        at = rng.randint(1, len(facts))
        facts = [*facts[:at], rng.choice(_BETWEEN), *facts[at:]]
    return facts


def _distract(facts: list[str], rng: Random, difficulty: Difficulty) -> list[str]:
    """Add numbers that play no part: never when easy, mostly when hard."""
    if rng.random() >= {"easy": 0.0, "medium": 0.35, "hard": 0.7}[difficulty]:
        return facts
    paired = _pair_up(facts, rng) if rng.random() < 0.6 else facts
    if paired != facts:
        return paired
    aside = rng.choice(_ASIDES)
    at = rng.randint(1 if "also" in aside or "as well" in aside else 0, len(facts))
    return [*facts[:at], aside, *facts[at:]]


def _pair_up(facts: list[str], rng: Random) -> list[str]:
    """Put a second kind of thing beside the first: "5 cups" becomes "5 cups and 8 bowls"."""
    if any(word in fact for fact in facts for word in ("times as", "the rest", "of them")):
        return facts  # "twice as many" of which?
    other_first = rng.random() < 0.4
    left = rng.choice((1, 2, 2))
    paired = []
    for at, fact in enumerate(facts):
        match = _COUNTED.search(fact)
        if left and match and not re.search(r"\b(?:of the|each|more|fewer)\b", fact):
            pair = [match[0], f"{{d{at + 1}}} {{m}}"]
            fact = fact.replace(match[0], " and ".join(pair[::-1] if other_first else pair), 1)
            left -= 1
        paired.append(fact)
    return paired


def _arrange(facts: list[str], question: str, rng: Random) -> str:
    """Join facts and question as people do; the condition of an "if" is never an aside."""
    *rest, last = facts
    way = 1.0 if last in _ASIDES or last in _BETWEEN else rng.random()
    if way < 0.35:
        return "".join(f"{fact}. " for fact in rest) + f"if {last}, {question}?"
    if way < 0.42:
        return "".join(f"{fact}. " for fact in rest) + f"{question} if {last}?"
    return "".join(f"{fact}. " for fact in facts) + f"{question}?"


def _tidy(text: str) -> str:
    """Single spaces, none before a mark, a capital at the start of each sentence."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" (?=[.,?])", "", text).strip()
    return re.sub(r"(?:^|(?<=[.?] ))[a-z]", lambda letter: letter.group().upper(), text)


FAMILY = Family(
    "words",
    INSTRUCTION,
    (
        _skill(
            "subtraction",
            "subtraction problems",
            "What is left, was taken or was there before, how many more or fewer, the other part.",
            "subtraction, subtract, take away, difference, left, remain, fewer, how many more,"
            " minus, given away, lost, spent, compare",
            SUBTRACTION,
        ),
        _skill(
            "addition",
            "addition problems",
            "Put amounts together, or find what there was before something was lost.",
            "addition, add, plus, sum, together, altogether, in all, total, combine, joined",
            ADDITION,
        ),
        _skill(
            "multiplication",
            "multiplication problems",
            "Equal groups, a price times a count, an amount per day over several days.",
            "multiplication, multiply, times, product, each, equal groups, rows, rate, packs of",
            MULTIPLICATION,
        ),
        _skill(
            "division",
            "division problems",
            "Share equally, count groups of equal size, or find the price or amount of one.",
            "division, divide, divided, share, sharing, split, equally, how many groups, quotient",
            DIVISION,
        ),
    ),
)

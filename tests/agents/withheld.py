"""A mini family that no agent was written for: sums in a kitchen."""

from __future__ import annotations

from random import Random
from typing import Any

from coursewright.families import Difficulty, Family
from coursewright.families.calculation import template_skill

COOKS = ("Ada", "Bo", "Cleo", "Dario", "Elif", "Finn", "Greta", "Hiro")
DISHES = ("soup", "curry", "stew", "cake", "salad", "pie", "risotto", "bread")


def _scene(rng: Random) -> dict[str, Any]:
    return {"cook": rng.choice(COOKS), "dish": rng.choice(DISHES)}


def portions(rng: Random, level: Difficulty) -> tuple[dict[str, Any], str]:
    people, grams = rng.randint(2, 12), 10 * rng.randint(2, 40)
    return _scene(rng) | {"p": people, "g": grams}, f"{people} * {grams} = {people * grams}"


def leftover(rng: Random, level: Difficulty) -> tuple[dict[str, Any], str]:
    had, used = rng.randint(300, 990), rng.randint(10, 290)
    return _scene(rng) | {"h": had, "u": used}, f"{had} - {used} = {had - used}"


def oven(rng: Random, level: Difficulty) -> tuple[dict[str, Any], str]:
    first, more = rng.randint(10, 60), rng.randint(2, 40)
    return _scene(rng) | {"a": first, "b": more}, f"{first} + {more} = {first + more}"


FAMILY = Family(
    "kitchen",
    "Answer the kitchen question with a calculation.",
    (
        template_skill(
            "portions",
            "portions for guests",
            "Ingredient for all guests: multiply the guests by the grams each one gets.",
            "portions, guests, serving, grams each",
            {
                "plain": "{cook} cooks {dish} for {p} guests, {g} grams each. How many grams?",
                "terse": "{dish}, {p} guests at {g} g: total ({cook})?",
                "chat": "hey, {cook} here, {p} people want {g} g of {dish} each, how much is that?",
            },
            {},
            portions,
        ),
        template_skill(
            "leftover",
            "what stays in the jar",
            "Ingredient left in the jar: subtract the grams used from the grams it held.",
            "left in the jar, pantry, used up, remains",
            {
                "plain": "A jar of {cook} holds {h} g. The {dish} takes {u} g. What is left in it?",
                "terse": "jar {h} g, {dish} used {u} g, {cook} keeps?",
                "chat": "{cook} had {h} grams in the jar and put {u} in the {dish}, what remains?",
            },
            {},
            leftover,
        ),
        template_skill(
            "oven-time",
            "minutes in the oven",
            "Minutes in the oven: add the extra minutes to the first ones.",
            "oven, baking, minutes, longer",
            {
                "plain": "The {dish} of {cook} bakes {a} minutes, then {b} more. How long in all?",
                "terse": "{dish} oven {a} min + {b} min, {cook}, total?",
                "chat": "{cook} left the {dish} in for {a} minutes and {b} longer, so how long?",
            },
            {},
            oven,
        ),
    ),
)

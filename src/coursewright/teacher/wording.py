"""Which phrasings the simulated teacher falls into: its habits, and the styles it is asked for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from random import Random

from coursewright.families import Skill
from coursewright.teacher.profiles import USUAL, Profile
from coursewright.teacher.recognition import STOP, stems

_FAVOURITES = 2

_STYLES: dict[str, str] = {
    r"stor(?:y|ies)|narrat|everyday|named\s+person|scene|happen": "story word tale request",
    r"terse|notes?\b|lab\b|telegram|protocol|bullet|keywords?|sheet": "lab terse notes given",
    r"casual|chat|friend|informal|colloquial|spoken|slang|everyday\s+lang": "casual chatty",
    r"quiz|how\s+many|asks?\s+first|trivia|game\s*show": "quiz",
    r"given\b|formula|symbol|variable|list\s+of\s+what|textbook|physics\s+notation": "given",
    r"direct|short|plain|straight|simple\s+sentence|concise|brief": "direct terse plain",
    r"polite|request|please|imperative|instruct": "request",
    r"analyst|expert|professional|business|report": "analyst report",
    r"comprehension": "comprehension",
    r"\bfor\s+loop|\bloops?\b": "loop for",
    r"built-?in|functions?\s+such|map\b|filter\b": "builtin method",
    r"index|range|position": "indexed enumerate",
    r"lambda|generator": "lambda generator",
    r"early\s+return|continue|turned\s+round|negat|condition": "continue negated flipped",
    r"while": "while",
    r"slices?|unpack": "slice unpack star",
    r"recurs": "recursion",
    r"order|first\s+mentioned\s+last|another\s+order|unusual": "reversed inverted backwards",
}


def choose_phrasing(
    rng: Random,
    skill: Skill,
    style: str,
    profile: Profile = USUAL,
    *,
    vary: bool,
    avoid: Iterable[str] = (),
) -> str:
    """A phrasing for one question.

    Unasked, the teacher repeats its favourites. A style picks the phrasings it fits, and a style
    it has never heard of picks some that are its own for that style. Asked for variety, it
    forgets its favourites.
    """
    choices = [p for p in skill.phrasings if p not in set(avoid)] or list(skill.phrasings)
    fitting = [p for p in fitting_phrasings(skill, style) if p in choices] if style.strip() else []
    if fitting and rng.random() < profile.obedience:
        return rng.choice(fitting)
    if not vary and rng.random() < profile.habit:
        liked = [p for p in favourites(skill, profile.taste) if p in choices]
        if liked:
            return rng.choices(liked, weights=range(len(liked) + 1, 1, -1))[0]
    return rng.choice(choices)


def favourites(skill: Skill, taste: str = "") -> tuple[str, ...]:
    """The phrasings it repeats when let: the same for ever, others for every skill and taste."""
    by_taste = (taste, skill.name) if taste else (skill.name,)
    return tuple(sorted(skill.phrasings, key=lambda p: _digest(*by_taste, p))[:_FAVOURITES])


def fitting_phrasings(skill: Skill, style: str) -> tuple[str, ...]:
    """The phrasings that a style asks for, in its own words or in those the teacher knows."""
    said = style.lower()
    wanted = {
        word for pattern, ids in _STYLES.items() if re.search(pattern, said) for word in ids.split()
    }
    wanted |= set(re.findall(r"[a-z]+", said)) - STOP
    found = tuple(p for p in skill.phrasings if wanted & set(re.split(r"[-_ ]", p)))
    if found:
        return found
    about = " ".join(sorted(set(stems(said))))
    return tuple(sorted(skill.phrasings, key=lambda p: _digest(about, skill.name, p))[:2])


@cache
def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()

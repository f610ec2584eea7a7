"""General knowledge about ways to put a question: styles, and situations for short stories.

Nothing here knows any task. A list is chosen by what the visible items look like (`exam.py`).
"""

from __future__ import annotations

import re

from coursewright.agents.exam import Exam

STYLES = (
    "a short, direct question",
    "a little story with a named person",
    "terse notes, as on a lab sheet, that end in what is asked",
    "casual, the way one would ask a friend in a chat",
    "a quiz question that asks first and gives the facts after",
    "a list of what is given, and then what to find",
)
MORE_STYLES = (
    "a formal exam task in the imperative, such as calculate or determine",
    "a report of what somebody measured or counted, with the question at the end",
    "facts in an unusual order, the number needed first mentioned last",
    "everyday language with no technical terms",
)
STORY_STYLES = (
    "a little story of two or three short sentences about a named child",
    "a story about a group of people, a shop or a farm, without names",
    "a story that tells things in another order than they happened",
    "a plain statement of facts followed by one question",
)
MORE_STORY_STYLES = (
    "a story where the question repeats part of what was told",
    "a story in long sentences joined by if, when or after",
    "a story about two people whose things are compared",
    "a story with two kinds of things, only one of which is asked for",
)
CODE_STYLES = (
    "written with a plain for loop",
    "written as a comprehension",
    "written with built-in functions such as map, filter, sorted or sum",
    "written with indexes and range",
    "written as a lambda or a generator expression",
    "written with a condition turned round, continue or an early return",
)
MORE_CODE_STYLES = (
    "written with a while loop",
    "written as a recursive function",
    "written with slices or unpacking",
    "written with short and unusual names",
)

DIFFICULTIES = ("easy", "medium", "hard")

_SITUATIONS = {
    r"\badd|\bplus\b|\bsum|total|altogether|combin|join": (
        "two groups are put together and the total is asked for",
        "somebody has some things and gets more, and the number at the end is asked for",
        "some things are gone, what is left is known, and the number at the start is asked for",
        "one has a certain number more than the other, and the larger number is asked for",
        "things of two kinds are counted, and how many there are in all is asked for",
        "two amounts of money are spent, and what was spent altogether is asked for",
    ),
    r"subtract|\bminus\b|differen|take.?away|\bless\b|remain|\bleft\b": (
        "some things are given away, eaten or lost, and how many are left is asked for",
        "two numbers are compared, and how many more or fewer is asked for",
        "the numbers before and after are known, and how many were added or taken is asked for",
        "the total and one part are known, and the other part is asked for",
        "a price is lowered by a discount, or a budget is spent in part, and the rest is asked for",
        "one has a certain number fewer than the other, and the smaller number is asked for",
        "two kinds of things are used up, and the rest of one kind only is asked for",
    ),
    r"multipl|\btimes\b|product": (
        "there are equal groups, and the number of things in all is asked for",
        "each thing has the same price, and the cost of several is asked for",
        "things stand in rows and columns, and how many there are is asked for",
        "something happens at a steady rate, and the amount after some time is asked for",
        "somebody has so many times as many as somebody else, and the larger number is asked for",
        "each pack, box or page holds the same number, and the total of several is asked for",
    ),
    r"divi|shar|quotient|split|\bper\b": (
        "things are shared equally, and how many each one gets is asked for",
        "things are put in groups of a known size, and the number of groups is asked for",
        "the total price of several equal things is known, and the price of one is asked for",
        "the total for several days or hours is known, and the amount for one is asked for",
        "one number is so many times the other, and how many times is asked for",
        "a total and the size of one pack are known, and the number of packs is asked for",
    ),
}


def styles_for(exam: Exam) -> tuple[str, ...]:
    """The styles a first course uses."""
    if exam.is_code:
        return CODE_STYLES
    return STORY_STYLES if exam.is_story else STYLES


def more_styles_for(exam: Exam) -> tuple[str, ...]:
    """Further styles, for a course that should be worded in other ways."""
    if exam.is_code:
        return MORE_CODE_STYLES
    return MORE_STORY_STYLES if exam.is_story else MORE_STYLES


def situations_for(exam: Exam, name: str, about: str) -> tuple[str, ...]:
    """Kinds of stories for one topic; none where topics are already fine-grained.

    A handful of topics over hundreds of stories says little about what happens in them, so the
    course spells out the kinds of stories that the arithmetic operations stand for.
    """
    if not exam.is_story or len(exam.topics) > 6:
        return ()
    for text in (name, about):
        found = [
            kinds for pattern, kinds in _SITUATIONS.items() if re.search(pattern, text.lower())
        ]
        if len(found) == 1:
            return found[0]
    return tuple(kind for kinds in _SITUATIONS.values() for kind in kinds[:3])


def hints_for(exam: Exam) -> tuple[str, ...]:
    """What else the questions of this exam have in common."""
    hints = []
    if exam.is_code:
        hints.append(
            "Every question is a small Python program whose last line is a call; "
            "the answer is what that call returns."
        )
    elif exam.is_story:
        hints.append(f"Every question is about {exam.words} words long.")
    if exam.has_context:
        hints.append("The context holds a small table or passage, and the question is about it.")
    return tuple(hints)

"""General knowledge about ways to put a question: styles, and situations for short stories.

Nothing here knows any task. A list is chosen by what the visible items look like (`exam.py`).
"""

from __future__ import annotations

import re

from coursewright.agents.exam import Exam
from coursewright.agents.topics import Topic

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
        "together: two groups or amounts are put together, and how many there are in all is asked",
        "after a gain: somebody has some things and gets more, and the number at the end is asked",
        "before a loss: some things are gone, what is left is known, and the start is asked",
        "the bigger of two: one has so many more than the other, and the larger number is asked",
        "chosen amounts: three amounts are told, and the sum of two of them is asked",
        "lost and gained: things go and come, and the number at the end is asked",
        "groups and more: equal groups and some single things are counted together",
    ),
    r"subtract|\bminus\b|differen|take.?away|\bless\b|remain|\bleft\b": (
        "left over: some things are given away, eaten or lost, and how many are left is asked",
        "compare: how many more or fewer one has than the other is asked",
        "part taken: the numbers before and after are known, and how many went away is asked",
        "change gained: the numbers before and after are known, and how many came in is asked",
        "before a gain: somebody got more and has so many now, and the number at first is asked",
        "the other part: a total and one of its parts are known, and the other part is asked",
        "the smaller of two: one has so many fewer than the other, and the lower number is asked",
        "parallel kinds: two kinds of things are used up, and the rest of one kind is asked",
        "price off: a price is lowered or a budget is spent in part, and the rest is asked",
        "still needed: how many more are needed to reach a number is asked",
        "two steps: one thing after the other is taken away, and the rest is asked",
    ),
    r"multipl|\btimes\b|product": (
        "equal groups: packs, boxes or pages hold the same number, and the total is asked",
        "price and count: each thing has the same price, and the cost of several is asked",
        "rate and time: something happens at a steady rate, and the amount after a time is asked",
        "rows: things stand in rows and columns, and how many there are is asked",
        "times as many: one has so many times as many as the other, and the larger is asked",
        "two steps: groups are first added up, and then their contents are asked",
    ),
    r"divi|shar|quotient|split|\bper\b": (
        "sharing: things are shared equally, and how many each one gets is asked",
        "how many groups: things are put in groups of a known size, and their number is asked",
        "price of each: the total price of several equal things is known, and one price is asked",
        "per day or hour: the total for a time is known, and the amount for one unit is asked",
        "how many can be bought: an amount of money and one price are known",
        "how long: an amount and a steady rate are known, and the time is asked",
        "two steps: something is taken away or added first, and the rest is shared",
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


def situations_for(exam: Exam, topic: Topic) -> tuple[str, ...]:
    """Kinds of stories for one topic of an exam of stories.

    A handful of topics over hundreds of stories says little about what happens in them, so the
    course spells out the kinds of stories that the arithmetic operations stand for.
    """
    if not exam.is_story:
        return ()
    for text in (topic.name, topic.about):
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

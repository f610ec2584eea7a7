"""How the heuristic agent heeds a search that keeps several branches.

A draft follows the method that the search names: as a change of the usual course where its
constants can say it, else by the method library's own program. An improvement that is to widen
takes the same change where there is one. Every improvement takes a move that this very parent has
not seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

from coursewright.agents.curriculum import Plan, calls_for, plan_of
from coursewright.agents.exam import Exam
from coursewright.agents.library import card_named
from coursewright.agents.moves import MOVES, Move, gains_of, moves_for, next_move
from coursewright.agents.styles import DIFFICULTIES, more_styles_for
from coursewright.records import Attempt, Proposal, Turn

_VOICES = (
    "in the casual words of a nurse at work",
    "in the terse notes of a builder",
    "as a coach would ask, facts last",
    "as a clerk writes a formal request",
)
_CALLS = re.compile(r"^CALLS = \d+", re.MULTILINE)

_COURSES: dict[str, Callable[[Plan, Exam], Plan]] = {
    "self-instruct": lambda plan, exam: replace(plan, votes=0, surplus=1.6),
    "persona-driven": lambda plan, exam: replace(
        plan, styles=tuple(dict.fromkeys((*plan.styles, *more_styles_for(exam), *_VOICES)))
    ),
    "self-consistency-voting": lambda plan, exam: replace(plan, votes=2),
    "difficulty-ladder": lambda plan, exam: replace(
        plan, difficulties=("easy", "easy", *DIFFICULTIES)
    ),
    "evolve-instruct": lambda plan, exam: replace(plan, difficulties=("medium", "hard", "hard")),
}
"""Methods that are the usual course with other constants."""


def by_method(plan: Plan, turn: Turn, exam: Exam) -> Plan:
    """Return the plan changed by the method that a draft, or a round that widens, is to follow."""
    if turn.guidance is None or not (turn.operation == "draft" or turn.guidance.widen):
        return plan
    method = turn.guidance.method
    change = _COURSES.get(method)
    return plan if change is None else change(plan, exam)


def library_draft(turn: Turn, exam: Exam) -> Proposal | None:
    """Return the library's own program for a draft whose method is another one altogether.

    None where the usual course can say it, where nobody named a method, and where questions stand
    under a context, which those programs do not ask for.
    """
    method = turn.guidance.method if turn.guidance is not None else ""
    card = card_named(method)
    if card is None or method in _COURSES or exam.has_context:
        return None
    calls = calls_for(turn.allowance)
    return Proposal(
        analysis=f"The search asks for a draft by the method {method}.",
        plan=f"# Plan: {method}\n\nThe library's program, with up to {calls} calls.\n",
        code=_CALLS.sub(f"CALLS = {calls}", card.program, count=1),
        methods=(method,),
    )


def failures_before(turn: Turn) -> int:
    """Return how many attempts failed that a new draft is to be plainer for."""
    if turn.operation == "one-shot":
        return turn.number
    if turn.guidance is None:
        return len(turn.history)
    # Drafts of other kinds follow attempts that went well.
    return int(bool(turn.history) and all(past.status != "scored" for past in turn.history))


def move_for(turn: Turn, parent: Attempt, exam: Exam) -> Move:
    """Return the next move: under guidance one that this parent has not seen.

    Mates of a wave make their choice of the same list: each takes the next on it.
    """
    if turn.guidance is None:
        return next_move(turn.history, exam)
    seen = {
        plan.move
        for past in turn.history
        if past.parent == parent.number and (plan := plan_of(past.code)) is not None
    }
    fresh = [move for move in moves_for(exam) if move.name not in seen]
    gains = gains_of(turn.history)
    ranked = sorted(fresh or MOVES, key=lambda move: -fmean(gains.get(move.name, [0.0])))
    return ranked[turn.guidance.mates % len(ranked)]

"""How a plan changes: what Improve tries, and how Debug and Repair mend a failure.

Each move is one function from plan to plan with a sentence that says what it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from coursewright.agents.curriculum import Plan, plan_of, reach, with_new_rows
from coursewright.agents.exam import Exam, in_form
from coursewright.agents.styles import more_styles_for
from coursewright.records import Attempt, Brief, Feedback

LEAST = 0.15
"""New rows of any topic, as a share of what an even split gives it: none is forgotten."""
BASE = 0.05
"""Worth of the next rows of a topic that is answered always or never, where one that is answered
every other time has 0.25: neither is known for certain from a few visible items."""


@dataclass(frozen=True)
class Standing:
    """Where the best attempt stands: what a move builds on."""

    rows: int
    """Rows of the best attempt that passed the audits."""
    visible: float
    accuracies: tuple[float, ...]
    """Share of visible items answered right, topic by topic of the plan."""


@dataclass(frozen=True)
class Move:
    """One way to go on from the best plan so far."""

    name: str
    aim: str
    change: Callable[[Plan, Exam, Standing], Plan]


def standing(plan: Plan, parent: Attempt, history: Sequence[Attempt]) -> Standing:
    """Read off the feedback where the student stands that learned from `parent`.

    A topic has a handful of visible items, so the attempts before count too, each half as much as
    the one after it. What is left of chance is drawn towards the mean over all topics, which also
    stands for a topic that no visible item shows.
    """
    seen: dict[str, list[tuple[float, float]]] = {}
    scored = [a for a in history if a.status == "scored" and a.number != parent.number]
    for age, attempt in enumerate([parent, *reversed(scored)]):
        for score in attempt.feedback.topics:
            weight = score.items * 0.5**age
            seen.setdefault(score.topic, []).append((weight, weight * score.accuracy))
    sums = {
        topic: (sum(w for w, _ in pairs), sum(right for _, right in pairs))
        for topic, pairs in seen.items()
    }
    items = sum(weight for weight, _ in sums.values())
    mean = sum(right for _, right in sums.values()) / items if items else 0.5
    accuracies = []
    for lesson in plan.topics:
        weight, right = sums.get(lesson.key, (0.0, 0.0))
        accuracies.append((right + 2 * mean) / (weight + 2))
    feedback = parent.feedback
    return Standing(feedback.rows_kept, feedback.visible or 0.0, tuple(accuracies))


def reweighted(plan: Plan, now: Standing, keep: float) -> Plan:
    """Keep the best rows while there is room for new ones, else at least the share `keep`.

    New rows go where the next one teaches most. If a topic's accuracy a rises with the logarithm
    of its rows n along a logistic curve, as learning curves do, one row more is worth
    a (1 - a) / n: the same everywhere once n is in proportion to a (1 - a). A topic that is known,
    and one that does not move, get little more than they have.
    """
    room = plan.rows - reach(plan)
    # The best rows lie balanced from the first to the last: a beginning of them is fair.
    kept = max(int(now.rows * keep), min(now.rows, room))
    kept = min(kept, plan.rows - len(plan.topics))
    planned = sum(t.held + t.rows for t in plan.topics) or 1
    held = [round(kept * (t.held + t.rows) / planned) for t in plan.topics]
    lessons = tuple(replace(t, held=n) for t, n in zip(plan.topics, held, strict=True))
    worth = [t.share * (BASE + a * (1 - a)) for t, a in zip(lessons, now.accuracies, strict=True)]
    new = min(plan.rows - kept, reach(plan))
    least = LEAST * new / len(lessons)
    wanted = [
        max(least, (kept + new) * value / sum(worth) - n)
        for value, n in zip(worth, held, strict=True)
    ]
    return with_new_rows(replace(plan, topics=lessons, keep_rows=kept), wanted)


def _reweight(plan: Plan, exam: Exam, now: Standing) -> Plan:
    return reweighted(plan, now, 0.7)


def _reword(plan: Plan, exam: Exam, now: Standing) -> Plan:
    styles = tuple(dict.fromkeys(plan.styles + more_styles_for(exam)))
    return reweighted(replace(plan, styles=styles), now, 0.6)


def _shift_difficulty(plan: Plan, exam: Exam, now: Standing) -> Plan:
    levels = ("medium", "hard") if now.visible >= 0.55 else ("easy", "easy", "medium")
    return reweighted(replace(plan, difficulties=levels), now, 0.7)


def _vote(plan: Plan, exam: Exam, now: Standing) -> Plan:
    return reweighted(replace(plan, votes=min(plan.votes + 1, 3)), now, 0.75)


MOVES = (
    Move("reweight", "more rows for the topics where the next rows teach most", _reweight),
    Move("reword", "the same topics in further styles and wordings", _reword),
    Move("difficulty", "questions nearer to what the student can just not do", _shift_difficulty),
    Move("vote", "stricter checking of every new answer", _vote),
)


def next_move(history: Sequence[Attempt], exam: Exam) -> Move:
    """The next move: one not tried yet, else the one that has gained most when last made."""
    gains = gains_of(history)
    if fresh := [move for move in moves_for(exam) if move.name not in gains]:
        return fresh[0]
    return max(MOVES, key=lambda move: gains.get(move.name, [0.0])[-1])


def moves_for(exam: Exam) -> list[Move]:
    """The moves that an exam allows: two answers of free text never agree, so none is voted on."""
    return [move for move in MOVES if move.name != "vote" or exam.form != "text"]


def gains_of(history: Sequence[Attempt]) -> dict[str, list[float]]:
    """What each move gained, time after time: its visible score less that of its parent.

    Those are the only scores an agent sees; who is told none knows of a move only that it was
    tried.
    """
    by_number = {attempt.number: attempt for attempt in history}
    found: dict[str, list[float]] = {}
    for attempt in history:
        plan = plan_of(attempt.code)
        parent = by_number.get(-1 if attempt.parent is None else attempt.parent)
        if plan is None or parent is None or attempt.status != "scored":
            continue
        gain = (attempt.feedback.visible or 0.0) - (parent.feedback.visible or 0.0)
        found.setdefault(plan.move, []).append(gain)
    return found


def out_of_form(exam: Exam, feedback: Feedback) -> float:
    """Share of the bad cases whose answer has not even the demanded form."""
    cases = feedback.bad_cases
    wrong = sum(1 for case in cases if not in_form(exam.form, case.answer))
    return wrong / len(cases) if cases else 0.0


# ---------------------------------------------------------------- mending


_LIMIT = re.compile(r"\btime(?:d out|out| limit| is up|\b)|deadline|killed|memory|\bcpu\b|too many")
_CALLS = re.compile(r"budget|\bcap\b|calls|quota|\b429\b")


def mend(plan: Plan, brief: Brief, attempt: Attempt) -> tuple[Plan, str]:
    """Return a plan without the fault that ended an attempt, and what was changed, in words."""
    if attempt.status == "invalid":
        if plan.shape == "course" and plan.votes > 0 and not attempt.feedback.rows_dropped:
            # Nothing was refused, so the program itself was too choosy.
            return replace(plan, votes=0), "Too few rows were left: take answers unchecked."
        return _safe(plan, brief), "Rows were refused: the plain program, the simplest requests."
    # Only the last line: the lines of a traceback quote the program, which talks of calls too.
    error = last_line(attempt.feedback.error).lower()
    if _LIMIT.search(error):
        return _smaller(plan, brief), "It ran into a limit: half the calls, in small batches."
    if _CALLS.search(error):
        return _smaller(plan, brief), "The calls did not suffice: half as many, in small batches."
    return _safe(plan, brief), "The program broke: the plain program does the same in fewer steps."


def last_line(text: str | None) -> str:
    """The last line that says something, cut to 300 characters."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _smaller(plan: Plan, brief: Brief) -> Plan:
    smaller = replace(
        plan,
        calls=max(1, plan.calls // 2),
        per_call=max(3, plan.per_call // 2),
        waves=2 * plan.waves,
    )
    return _with_reach(smaller, brief)


def _safe(plan: Plan, brief: Brief) -> Plan:
    if plan.shape == "plain":  # it failed as well, so all that is left to change is its size
        return _smaller(plan, brief)
    return _with_reach(replace(plan, shape="plain", votes=0, yield_=0.5), brief)


def _with_reach(plan: Plan, brief: Brief) -> Plan:
    """Give up checking before giving up the minimum of rows."""
    if reach(plan) + plan.keep_rows < 1.2 * brief.rows.minimum:
        plan = replace(plan, votes=0)
    return plan

"""The built-in data engineer: no model, only rules of the trade.

It reads the brief (`exam.py`, `topics.py`), draws up a plan (`curriculum.py`), changes it by what
the feedback shows (`moves.py`), and writes it down as a program (`writing.py`). Like any agent
it sees nothing but the brief and its own past: it is a pure function of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coursewright.agents.curriculum import (
    Plan,
    first_plan,
    plan_of,
    reach,
    with_lessons,
    with_new_rows,
)
from coursewright.agents.exam import Exam, read_exam
from coursewright.agents.guided import by_method, failures_before, library_draft, move_for
from coursewright.agents.ideas import topics_named
from coursewright.agents.moves import last_line, mend, out_of_form, standing
from coursewright.agents.topics import Entry
from coursewright.agents.writing import write_program
from coursewright.records import Attempt, Brief, Proposal, Turn


class HeuristicAgent:
    """Meets `protocols.Agent`."""

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Return a plan and a program; every brief gets one."""
        exam = read_exam(brief)
        fresh = first_plan(brief, exam, turn.allowance)
        # What a person, or the library of ideas, names counts as part of the exam.
        further = topics_named((*turn.notes, *turn.ideas))
        if turn.operation == "improve" and turn.parent is not None:
            plan, analysis = _improve(fresh, exam, turn, turn.parent, further)
        elif turn.operation in ("debug", "repair") and turn.parent is not None:
            failed = _matching(plan_of(turn.parent.code), fresh)
            plan, reason = mend(failed, brief, turn.parent)
            plan = replace(plan, move=turn.operation)
            reported = last_line(turn.parent.feedback.error) or "nothing"
            analysis = f"{reason}\n\nWhat was reported: {reported}"
        else:
            if (ready := library_draft(turn, exam)) is not None:
                return ready
            course = by_method(_widened(fresh, further, exam), turn, exam)
            plan, analysis = _draft(course, brief, exam, turn)
        if further:
            analysis += f"\nNamed from outside: {', '.join(name for name, _ in further)}."
        title = f"Round {turn.number}, {turn.operation}: a course for a small student."
        return Proposal(
            analysis=analysis, plan=_in_markdown(plan, exam), code=write_program(plan, title)
        )


def _draft(fresh: Plan, brief: Brief, exam: Exam, turn: Turn) -> tuple[Plan, str]:
    """A first course; after failures, one that can fail in fewer ways."""
    failures = failures_before(turn)
    plan = fresh
    if reach(plan) < 1.2 * brief.rows.minimum:
        plan = replace(plan, votes=0)
    if failures:
        plan = replace(plan, shape="plain", votes=0, per_call=5, calls=max(1, plan.calls // 2))
    read = f"{len(exam.topics)} topics found; answers are of the form `{exam.form}`"
    kinds = [
        name
        for name, holds in (
            ("questions are stories", exam.is_story),
            ("questions are programs", exam.is_code),
            ("questions come with a context", exam.has_context),
            (f"{exam.spare:.0%} of questions hold a number too many", exam.spare >= 0.05),
        )
        if holds
    ]
    again = ["earlier attempts failed, so this one is plainer"] if failures else []
    return plan, "; ".join([read, *kinds, *again]) + "."


def _widened(plan: Plan, further: Sequence[Entry], exam: Exam) -> Plan:
    """The plan with lessons for further topics, its rows spread anew."""
    if not further:
        return plan
    wider = with_lessons(plan, further, exam)
    return with_new_rows(wider, [lesson.share for lesson in wider.topics])


def _improve(
    fresh: Plan, exam: Exam, turn: Turn, parent: Attempt, further: Sequence[Entry]
) -> tuple[Plan, str]:
    """Go on from the best attempt: keep most of its rows, spend the new ones where they teach."""
    base = with_lessons(_matching(plan_of(parent.code), fresh), further, exam)
    base = by_method(base, turn, exam)
    move = move_for(turn, parent, exam)
    now = standing(base, parent, turn.history)
    plan = replace(move.change(base, exam, now), move=move.name, shape="course")
    by_accuracy = sorted(zip(now.accuracies, plan.topics, strict=True), key=lambda pair: pair[0])
    weakest = ", ".join(f"{lesson.name} ({1 - right:.0%})" for right, lesson in by_accuracy[:4])
    lines = [
        f"{_called(turn)}: round {parent.number}, visible {parent.feedback.visible or 0:.1%}.",
        f"Most mistakes: {weakest}.",
        f"Wrong answers out of form: {out_of_form(exam, parent.feedback):.0%}.",
        f"Move: {move.aim}.",
    ]
    return plan, "\n".join(lines)


def _called(turn: Turn) -> str:
    return "Best attempt so far" if turn.guidance is None else "Attempt to go on from"


def _matching(plan: Plan | None, fresh: Plan) -> Plan:
    """An earlier plan within what is left now; the fresh one if its program was not ours."""
    # Lessons from outside have no key: they come and go.
    if plan is None or {t.key for t in plan.topics} - {""} != {t.key for t in fresh.topics} - {""}:
        return fresh
    return replace(
        plan, calls=min(fresh.calls, plan.calls) if plan.shape == "plain" else fresh.calls
    )


def _in_markdown(plan: Plan, exam: Exam) -> str:
    checked = f"solved again {plan.votes} times" if plan.votes else "not solved again"
    lines = [
        f"# Plan: {plan.move}",
        "",
        f"- up to {plan.rows} rows, of which {plan.keep_rows} are the best attempt's",
        f"- up to {plan.calls} calls, {plan.per_call} questions in each, every answer {checked}",
        f"- {len(plan.styles)} styles × difficulties {', '.join(plan.difficulties)}",
        f"- answers of the form `{exam.form}`",
        "",
        "| topic | new rows |",
        "|---|---|",
    ]
    lines += [f"| {lesson.name.replace('|', '/')} | {lesson.rows} |" for lesson in plan.topics]
    return "\n".join(lines) + "\n"

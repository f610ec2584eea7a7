"""`random-search`: a random plan in every round, whatever came of the others.

A baseline for agents that learn from feedback: it has the same programs, trainings and choices as
the heuristic agent, may build on the best rows so far as that does, and ignores every score. Rows
that were too few are added to, for a random plan leaves few of them as often as not.
"""

from __future__ import annotations

import random
from dataclasses import replace

from coursewright.agents.curriculum import Plan, first_plan, with_new_rows
from coursewright.agents.exam import Exam, read_exam
from coursewright.agents.styles import DIFFICULTIES, more_styles_for
from coursewright.agents.writing import write_program
from coursewright.records import Brief, Proposal, Turn


class RandomSearchAgent:
    """Meets `protocols.Agent`."""

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Return a program after a plan drawn from the turn's seed alone."""
        exam = read_exam(brief)
        fresh = first_plan(brief, exam, turn.allowance)
        rows = turn.parent.feedback.rows_kept if turn.parent is not None else 0
        kept = (0, 0)
        if turn.operation == "improve":
            kept = (0, rows)
        elif turn.operation == "repair" and rows < brief.rows.minimum:
            kept = (rows, rows)
        plan = random_plan(fresh, exam, kept, random.Random(turn.seed))
        told = (
            f"{plan.keep_rows} rows kept, votes {plan.votes}, {plan.per_call} questions a call, "
            f"{len(plan.styles)} styles, difficulties {', '.join(plan.difficulties)}"
        )
        return Proposal(
            analysis="Nothing was looked at.",
            plan=f"# A random plan\n\n{told}\n",
            code=write_program(plan, f"Round {turn.number}: a random course."),
        )


def random_plan(fresh: Plan, exam: Exam, kept: tuple[int, int], rng: random.Random) -> Plan:
    """Draw everything that the heuristic agent would choose; so many rows at least and at most are
    `kept` of those that are there already."""
    room = fresh.rows - len(fresh.topics)
    styles = tuple(dict.fromkeys(fresh.styles + more_styles_for(exam)))
    levels = tuple(rng.sample(DIFFICULTIES, rng.randint(1, len(DIFFICULTIES))))
    plan = replace(
        fresh,
        move="random",
        keep_rows=rng.randint(min(kept[0], room), min(kept[1], room)),
        styles=tuple(rng.sample(styles, rng.randint(1, len(styles)))),
        difficulties=levels,
        votes=0 if exam.form == "text" else rng.randint(0, 2),
        per_call=rng.randint(3, 10),
        surplus=rng.uniform(1.0, 1.6),
        spare_numbers=round(rng.uniform(0.0, 0.5), 2) if exam.is_story else 0.0,
    )
    # Weights of an exponential law, made to sum to one, are uniform among all ways to share.
    return with_new_rows(plan, [rng.expovariate(1.0) for _ in plan.topics])

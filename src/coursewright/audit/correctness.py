"""Whether answers are right, on a sample, where that can be told without knowing the task.

Three readings, none of which runs anything: equations in an answer are worked out, a small Python
program in a question is followed step by step by our own reader, and the numbers of a bare
expression are looked up in its question. A question that was given two answers, and a request that
the teacher answered twice, tell how far it agrees with itself. No row is dropped: an agent that
wants right rows has to see to it.

What this cannot see: a wrong operation with a right result, and answers in words.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from coursewright.audit.agreement import agreement
from coursewright.audit.checks import Context, Finding, shown
from coursewright.audit.exam import questions
from coursewright.families.program_reading import Unreadable, result_of
from coursewright.families.solving import programs
from coursewright.protocols import Scorer
from coursewright.records import Check, Item, TracedRow
from coursewright.scoring.cruxeval import CruxEval
from coursewright.scoring.equations import false_equations, numbers_in
from coursewright.scoring.expression import exact_gold, expression_value
from coursewright.scoring.literal import Literal
from coursewright.similarity import evenly

SAMPLE = 400
FEWEST = 20
"""Answers that must have been verified before a share is judged."""
TOLERATED = 0.2
"""Share of wrong answers that the interval's lower end must pass before they are flagged."""
TOLERATED_ODD = 0.085
"""The same for results that are unlike those of all visible items."""
SELDOM = 0.5
"""Share of repeated questions that a teacher must answer alike."""

FALSE = "an equation is false"
ODD = "comes to a negative number or a fraction, as no visible item does"
STRAY = "calculates with numbers that its question does not hold"
OTHER = "the program returns something else"

CHARACTERS = 4000
_STEPS = 2000
_PROGRAM = re.compile(r"\bdef \w+\(|\blambda\b")
_SIGN = re.compile(r"[\d)]\s*[-+*/×÷−]\s*[\d(.]")
_SMALL = 12
"""Whole numbers up to here stand in many expressions without being said in figures."""


@dataclass(frozen=True)
class _Manners:
    """What the visible items' answers are like."""

    bare: bool
    """Numbers, or expressions that come to one."""
    whole: bool
    """None of them is negative or a fraction."""


class Correctness:
    """Verifies a sample of answers; drops no row."""

    name = "correctness"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Count what is provably wrong among the answers that can be verified."""
        began = time.monotonic()
        sample = evenly(rows, SAMPLE)
        manners = _manners(context.visible)
        # Other scorers may run programs of their own; these two only parse.
        given = context.scorer
        scorer: Scorer = given if isinstance(given, Literal | CruxEval) else Literal()
        wrong: list[tuple[TracedRow, str]] = []
        verified = 0
        for row, question in zip(sample, questions(sample), strict=True):
            fault = fault_of(question, row.answer, manners, scorer)
            verified += fault is not None
            if fault:
                wrong.append((row, fault))
        figures = {"verified": float(verified)}
        evidence = [f"{len(wrong)} of {verified} answers that can be verified are wrong"]
        if verified:
            figures["wrong"] = round(len(wrong) / verified, 4)
        reasons = Counter(why for _, why in wrong)
        flagged = verified >= FEWEST and (
            lower_end(len(wrong), verified) > TOLERATED
            or lower_end(reasons[ODD], verified) > TOLERATED_ODD
        )
        if flagged:
            evidence += [f"{count}: {why}" for why, count in reasons.most_common()]
            evidence += [f"{why}: {shown(row)}" for row, why in wrong[:2]]
        asked, alike = agreement(rows, context)
        if asked:
            figures |= {"asked_again": float(asked), "agreed": round(alike / asked, 4)}
            evidence.append(f"{alike} of {asked} answers to questions asked again agree")
            flagged |= asked >= FEWEST and alike < SELDOM * asked
        check = Check(
            name=self.name,
            verdict="flagged" if flagged else "clean",
            evidence=tuple(evidence),
            figures=figures,
            seconds=time.monotonic() - began,
        )
        return Finding(check, tuple(rows))


def fault_of(question: str, answer: str, manners: _Manners, scorer: Scorer) -> str | None:
    """Why an answer is wrong; an empty text if it is verified, None if it cannot be."""
    question, answer = question[:CHARACTERS], answer[:CHARACTERS]
    if _PROGRAM.search(question):
        return _fault_of_program(question, answer, scorer)
    held, false = false_equations(answer)
    if held:
        return FALSE if false else ""
    if not manners.bare or not _SIGN.search(answer):
        return None
    value = expression_value(answer)
    if value is None:
        return None
    if manners.whole and (value < 0 or value.denominator != 1):
        return ODD
    known = numbers_in(question)
    large = {n for n in numbers_in(answer) if n > _SMALL or n.denominator != 1}
    stray = {n for n in large if n not in known and n / 100 not in known and n * 100 not in known}
    return STRAY if stray else ""


def _fault_of_program(question: str, answer: str, scorer: Scorer) -> str | None:
    if not scorer.readable(answer):
        return None
    for source in programs(question):
        try:
            result = result_of(source, _STEPS)
        except Unreadable:
            continue
        return "" if scorer.score(answer, result) >= 1 else OTHER
    return None


def lower_end(wrong: int, count: int) -> float:
    """Lower end of the 95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, wrong / count
    middle = share + z * z / (2 * count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count)


def _manners(visible: Sequence[Item]) -> _Manners:
    golds = [exact_gold(item.answer) for item in visible]
    values = [gold for gold in golds if gold is not None]
    return _Manners(
        bare=len(golds) > 0 and len(values) >= 0.9 * len(golds),
        whole=bool(values) and all(gold >= 0 and gold.denominator == 1 for gold in values),
    )

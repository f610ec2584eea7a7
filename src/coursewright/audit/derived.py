"""Rows that a program made of the teacher's words by a transform it declares.

    rounded           the answer's numbers are rounded, nothing else is changed
    executed          the answer is what an expression or program of the response comes to
    back-translated   the answer stands in one response, and the question in another, whose request
                      quoted that answer
    split             one part of an exercise of several parts, with what they share; or the next
                      piece of a solution, after the question and the pieces before it
    joined            several exercises in one, their answers in the order of their questions
    shuffled          the choices of a question in another order, its answer named anew
    quoted            a piece of a document that the row cites, and what follows it or fills its
                      gap; the only one that needs no teacher (see `citing`)

None is taken at its word: a declared transform is done again here, or its parts are looked up, and
what cannot be checked is refused. A row of which nothing was changed needs no declaration, and one
that is traced without it is the teacher's, whatever it declares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coursewright.audit.choices import shuffled
from coursewright.audit.claims import Claim, Part
from coursewright.audit.computing import executed
from coursewright.audit.echo import is_echo
from coursewright.audit.faults import ECHO, NO_QUESTION, UNLIKE
from coursewright.audit.pieces import back_translated, joined, split
from coursewright.audit.response import Evidence
from coursewright.audit.rounding import rounded
from coursewright.records import Transform

_CHECKS: dict[Transform, Callable[[Claim], Sequence[Part] | None]] = {
    "rounded": rounded,
    "executed": executed,
    "back-translated": back_translated,
    "split": split,
    "joined": joined,
    "shuffled": shuffled,
}


def claim_fault(
    word: Transform, claim: Claim, is_quoted: Callable[[str, Evidence], bool]
) -> str | None:
    """Why a row is not what its program declares; None if it is.

    What it was made of has to be the teacher's own: each question stands in its call, or is quoted
    there (`is_quoted`) from the task's texts, and no request dictated an answer.
    """
    check = _CHECKS.get(word)
    parts = None if check is None else check(claim)
    if not parts:
        return UNLIKE[word]
    for part in parts:
        asked = part.question
        if asked and not (part.evidence.asks(asked) or is_quoted(asked, part.evidence)):
            return NO_QUESTION
        if any(is_echo(request, asked, part.answer) for request in part.evidence.request):
            return ECHO
    return None

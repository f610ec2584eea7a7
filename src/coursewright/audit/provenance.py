"""Traceability: every row must come from the teacher response it names.

A row is traced when its output lies in that response R, beside its question where R holds it,
and its question lies in R, in R's request (which may quote an earlier response), or in a seed
that the request quotes. An output that already stood in the request is an *echo*, not traced.
What a row quotes of a passage it cites needs no origin but the request (see `citing`).
Of a conversation the last turn is the output, with the name and every value of its calls; the last
user turn is the question, and all other turns have to stand in R or in R's request too.
Rows of earlier rounds keep their response and so stay traceable; a response of a later round
cannot be named by an honest program.

Every row kept is of one of three kinds: the *teacher*'s; *derived* from its words by a transform
that the program declares and that is checked (see `derived`); or, in part or whole, of the task's
own texts (*source*): its question is a seed's, it cites a passage, or is all a quotation of one.

What this cannot see: a request that spells an answer in other words ("reply with three plus
four") makes the teacher say it. The differential audit is for that.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from coursewright.audit.checks import Context, Finding, sift
from coursewright.audit.citing import (
    UNSHOWN,
    folded,
    is_quotation,
    is_shown,
    without_quotation,
)
from coursewright.audit.claims import Claim
from coursewright.audit.derived import claim_fault
from coursewright.audit.echo import is_echo
from coursewright.audit.faults import (
    CALLS,
    ECHO,
    LATER,
    NO_QUESTION,
    NO_TURN,
    OTHER_INSTRUCTION,
    UNKNOWN,
    UNLIKE,
    UNNAMED,
)
from coursewright.audit.reading import fold, stands_in, unlabelled
from coursewright.audit.response import Evidence
from coursewright.audit.turns import Exercise, answer_fault, exercises_in, is_given, parts_of
from coursewright.records import Item, Message, RowKind, Seed, TracedRow
from coursewright.store.ledger import Call, Ledger

_Judge = Callable[[str, Sequence[str]], str | None]
"""Says why a row is not traced, of its folded question and the requests it may echo."""


class Provenance:
    """Traces rows in the run's call ledger."""

    name = "provenance"

    def examine(self, rows: Sequence[TracedRow], context: Context) -> Finding:
        """Refuse every row that cannot be traced.

        The task's own instructions need no teacher; without any, every instruction that stands
        beside an input is taken for the task's.

        Raises:
            RunFolderError: the ledger cannot be read.
            ValueError: there is none to look in.
        """
        if context.ledger is None:
            raise ValueError("there is no call ledger to trace rows in")
        with contextlib.ExitStack() as stack:
            # Without a ledger no call was ever made.
            lookup: Callable[[str], Call | None] = lambda key: None  # noqa: E731
            if context.ledger.exists():
                lookup = stack.enter_context(closing(Ledger.read_only(context.ledger))).lookup
            trace = _Trace(lookup, context)
            kinds: list[RowKind] = []

            def refuse(row: TracedRow) -> str | None:
                fault, kind = trace.judge(row)
                if fault is None:
                    kinds.append(kind)
                return fault

            found = sift(self.name, rows, refuse)
        kept = tuple(map(_marked, found.kept, kinds))
        check = found.check.model_copy(update={"evidence": (*told(kept), *found.check.evidence)})
        return replace(found, kept=kept, check=check)


def told(rows: Sequence[TracedRow]) -> tuple[str, ...]:
    """How many rows of which kind there are, and what the derived ones were made by."""
    lines = []
    for kind, count in Counter(row.kind for row in rows).most_common():
        made = Counter(row.derived for row in rows if row.kind == kind and row.derived)
        how = ", ".join(f"{number} {word}" for word, number in made.most_common())
        lines.append(f"{count} rows kept: {kind}" + (f" ({how})" if how else ""))
    return tuple(lines)


def _marked(row: TracedRow, kind: RowKind) -> TracedRow:
    """A row with what it was found to be; one that needed no transform declares none any more."""
    needed = kind == "derived" or row.derived == "quoted"
    update = {"kind": kind, "derived": row.derived if needed else None}
    return (
        row
        if (kind, row.derived) == (row.kind, update["derived"])
        else row.model_copy(update=update)
    )


@dataclass(frozen=True)
class _Asked:
    """What of a row is asked."""

    question: str
    """Folded."""
    raw: str
    instruction: str | None
    """Folded; None where it is the question, or there is none."""
    others: tuple[Message, ...]
    """Turns beside the question and the answer."""

    @classmethod
    def of(cls, row: TracedRow) -> _Asked:
        if row.messages:
            before = row.messages[:-1]
            last = max(n for n, turn in enumerate(before) if turn.role == "user")
            raw = before[last].content
            return cls(unlabelled(fold(raw)), raw, None, (*before[:last], *before[last + 1 :]))
        # Without an input the whole exercise stands in the instruction.
        question = unlabelled(fold(row.input))
        if not question:
            return cls(unlabelled(fold(row.instruction)), row.instruction, None, ())
        return cls(question, row.input, fold(row.instruction), ())


class _Trace:
    """One tracing of a submission; remembers the calls it has read."""

    def __init__(self, lookup: Callable[[str], Call | None], context: Context) -> None:
        self._passages = context.passages
        self._round = context.round_number
        self._instructions = frozenset(map(fold, context.instructions))
        # Visible items are shown to programs as seeds are, and may be quoted alike.
        quotable: list[Seed | Item] = [*context.seeds, *context.visible]
        self._seeds = [(fold(seed.question), fold(seed.context or "")) for seed in quotable]
        self._seed_texts = {
            " ".join(filter(None, parts))
            for asked, given in self._seeds
            for parts in ((asked,), (given, asked), (asked, given))
        }
        self._call = lru_cache(maxsize=256)(lookup)
        self._evidence = lru_cache(maxsize=256)(_read)
        self._exercises = lru_cache(maxsize=256)(lambda call: exercises_in(call.response))

    def judge(self, row: TracedRow) -> tuple[str | None, RowKind]:
        """Why a row is not traced (None if it is), and what it is then."""
        if row.derived == "quoted":
            return self._fault_of_quotation(row), "source"
        asked = _Asked.of(row)
        calls: list[Evidence] = []
        for key in (row.response, *row.sources):
            if not key:
                return UNNAMED, "teacher"
            call = self._call(key)
            if call is None:
                return UNKNOWN, "teacher"
            if self._round is not None and min(call.rounds) > self._round:
                return LATER, "teacher"
            calls.append(self._evidence(call))
        if not asked.question:
            return NO_QUESTION, "teacher"
        fault = self._fault(row, asked, calls[0])
        if fault is None:
            own = row.passages or asked.question in self._seed_texts
            return None, "source" if own or not calls[0].asks(asked.question) else "teacher"
        if row.derived is not None:
            fault = self._fault_of_claim(row, asked, calls)
        return fault, "derived"

    def _fault(self, row: TracedRow, asked: _Asked, evidence: Evidence) -> str | None:
        """Why a row does not stand in its response as it is."""
        judge: _Judge
        if row.messages:
            call = self._call(row.response or "")
            assert call is not None
            exercises, answer = self._exercises(call), row.messages[-1]
            judge = partial(self._fault_of_turn, evidence, exercises, answer, asked.others)
        else:
            if not self._has_instruction(asked, [evidence]):
                return OTHER_INSTRUCTION
            judge = partial(self._fault_of, evidence, fold(row.output))
        fault = judge(asked.question, evidence.request)
        if not row.passages:
            return fault
        cited = folded(self._passages, row.passages)
        if not all(any(is_shown(text, r) for r in evidence.request) for text in cited):
            return UNSHOWN
        return fault and self._fault_beside(cited, asked.question, evidence, judge)

    def _fault_of_claim(
        self, row: TracedRow, asked: _Asked, calls: Sequence[Evidence]
    ) -> str | None:
        """Why a row is not what it is declared to be made of its responses."""
        assert row.derived is not None
        if row.messages and row.messages[-1].tool_calls:
            return CALLS
        if not self._has_instruction(asked, calls):
            return OTHER_INSTRUCTION
        turns = [part for turn in asked.others for part in parts_of(turn)]
        if not all(any(call.asks(part) for call in calls) for part in turns):
            return NO_TURN
        claim = Claim(asked.question, fold(row.answer), asked.raw, calls)
        return claim_fault(row.derived, claim, self._is_quoted)

    def _fault_of_quotation(self, row: TracedRow) -> str | None:
        asked = _Asked.of(row)
        if not self._has_instruction(asked, []) or asked.others:
            return OTHER_INSTRUCTION
        cited = folded(self._passages, row.passages)
        if not is_quotation(asked.question, fold(row.answer), cited):
            return UNLIKE["quoted"]
        return None

    def _has_instruction(self, asked: _Asked, calls: Sequence[Evidence]) -> bool:
        """Whether an instruction is the task's, or the teacher's."""
        given = not self._instructions or asked.instruction in self._instructions
        return (
            asked.instruction is None
            or given
            or any(call.asks(asked.instruction) for call in calls)
        )

    def _fault_beside(
        self, cited: Sequence[str], question: str, evidence: Evidence, judge: _Judge
    ) -> str | None:
        """Judge what is left of a row and its request when they quote passages no more."""
        best: str | None = NO_QUESTION
        for request in evidence.request:
            rest, shorter = question, request
            for text in cited:
                rest = without_quotation(rest, text, request)
                shorter = without_quotation(shorter, text)
            if rest:
                best = judge(rest, (shorter,))
            if best is None:
                break
        return best

    def _fault_of(
        self, evidence: Evidence, output: str, question: str, requests: Sequence[str]
    ) -> str | None:
        if (fault := evidence.holds(question, output)) is not None:
            return fault
        if not (evidence.asks(question) or self._is_quoted(question, evidence)):
            return NO_QUESTION
        if any(is_echo(request, question, output) for request in requests):
            return ECHO
        return None

    def _fault_of_turn(
        self,
        evidence: Evidence,
        exercises: tuple[Exercise, ...],
        answer: Message,
        others: Sequence[Message],
        question: str,
        requests: Sequence[str],
    ) -> str | None:
        """Judge the last turn of a conversation; `others` are all but it and its question."""
        if (fault := answer_fault(answer, question, evidence, exercises)) is not None:
            return fault
        if not (evidence.asks(question) or self._is_quoted(question, evidence)):
            return NO_QUESTION
        if not all(evidence.asks(part) for turn in others for part in parts_of(turn)):
            return NO_TURN
        said = fold(answer.content)
        if any(
            is_given(request, question, answer) or (said and is_echo(request, question, said))
            for request in requests
        ):
            return ECHO
        return None

    def _is_quoted(self, question: str, evidence: Evidence) -> bool:
        """Whether a question is put together from texts that the request quotes."""
        for text in evidence.request:
            for asked, context in self._seeds:
                if asked and asked in question and stands_in(asked, text):
                    rest = question.replace(asked, " ", 1)
                    if not rest.strip() or (context and not rest.replace(context, " ", 1).strip()):
                        return True
        return False


def _read(call: Call) -> Evidence:
    return Evidence.of("\n".join(call.messages), call.response)

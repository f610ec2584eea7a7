"""Traceability: every row must come from the teacher response it names.

A row is traced when its output lies in that response R, beside its question where R holds it,
and its question lies in R, in R's request (which may quote an earlier response), or in a seed
that the request quotes. An output that already stood in the request is an *echo*, not traced.
What a row quotes of a passage it cites needs no origin but the request (see `citing`).
Of a conversation the last turn is the output, with the name and every value of its calls; the last
user turn is the question, and all other turns have to stand in R or in R's request too.
Rows of earlier rounds keep their response and so stay traceable; a response of a later round
cannot be named by an honest program.

What this cannot see: a request that spells an answer in other words ("reply with three plus
four") makes the teacher say it. The differential audit is for that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import lru_cache, partial

from coursewright.audit.checks import Context, Finding, sift
from coursewright.audit.citing import UNSHOWN, folded, is_shown, without_quotation
from coursewright.audit.echo import is_echo
from coursewright.audit.reading import fold, stands_in
from coursewright.audit.response import Evidence
from coursewright.audit.turns import Exercise, answer_fault, exercises_in, is_given, parts_of
from coursewright.records import Item, Message, Seed, TracedRow
from coursewright.store.ledger import Call, Ledger

UNNAMED = "names no teacher response"
UNKNOWN = "names a response that is not in the ledger"
LATER = "names a response of a later round"
NO_QUESTION = "question neither in the named response nor in its request"
NO_TURN = "an earlier turn is neither in the named response nor in its request"
OTHER_INSTRUCTION = "instruction neither the task's nor the teacher's"
ECHO = "output already stood in the request (echo)"


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
        if not context.ledger.exists():
            # No call was ever made, so there is nothing to come from.
            return sift(self.name, rows, lambda row: UNKNOWN if row.response else UNNAMED)
        with closing(Ledger.read_only(context.ledger)) as ledger:
            return sift(self.name, rows, _Trace(ledger, context).fault)


class _Trace:
    """One tracing of a submission; remembers the calls it has read."""

    def __init__(self, ledger: Ledger, context: Context) -> None:
        self._passages = context.passages
        self._round = context.round_number
        self._instructions = frozenset(map(fold, context.instructions))
        # Visible items are shown to programs as seeds are, and may be quoted alike.
        quotable: list[Seed | Item] = [*context.seeds, *context.visible]
        self._seeds = [(fold(seed.question), fold(seed.context or "")) for seed in quotable]
        self._call = lru_cache(maxsize=256)(ledger.lookup)
        self._evidence = lru_cache(maxsize=256)(_read)
        self._exercises = lru_cache(maxsize=256)(lambda call: exercises_in(call.response))

    def fault(self, row: TracedRow) -> str | None:
        """Why a row is not traced; None if it is."""
        if not row.response:
            return UNNAMED
        call = self._call(row.response)
        if call is None:
            return UNKNOWN
        if self._round is not None and min(call.rounds) > self._round:
            return LATER
        evidence = self._evidence(call)
        judge: _Judge
        if row.messages:
            *before, answer = row.messages
            last = max(n for n, turn in enumerate(before) if turn.role == "user")
            question = fold(before[last].content)
            others = (*before[:last], *before[last + 1 :])
            exercises = self._exercises(call)
            judge = partial(self._fault_of_turn, evidence, exercises, answer, others)
        else:
            instruction, question = fold(row.instruction), fold(row.input)
            if not question:
                # The whole exercise stands in the instruction.
                question = instruction
            elif not self._is_given(instruction) and not evidence.asks(instruction):
                return OTHER_INSTRUCTION
            judge = partial(self._fault_of, evidence, fold(row.output))
        if not question:
            return NO_QUESTION
        fault = judge(question, evidence.request)
        if not row.passages:
            return fault
        cited = folded(self._passages, row.passages)
        if not all(any(is_shown(text, r) for r in evidence.request) for text in cited):
            return UNSHOWN
        return fault and self._fault_beside(cited, question, evidence, judge)

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

    def _is_given(self, instruction: str) -> bool:
        return not self._instructions or instruction in self._instructions

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

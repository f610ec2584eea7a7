"""A user's policy: rows are changed as it says, and dropped where they break a rule.

In the order: transforms; what one row can break; what rows can break together (caps of topics and
sources). Past the policy's limit of dropped rows, or with too little of a required topic, the
whole attempt is refused. Rows as they were before any transform are kept beside the changed ones:
programs of later rounds are given those, so that they go on standing in the responses they name.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from coursewright.audit.checks import EXAMPLES, Context, Finding, shown, verdict_of
from coursewright.audit.languages import FOREIGN, foreign_share, language_of
from coursewright.audit.personal import personal_data, plain, redacted
from coursewright.config import Policy, Replace, Topic, Transform, Where, compiled
from coursewright.plugins import construct
from coursewright.records import Check, Message, TracedRow

Rows = Sequence[TracedRow]
Ours = frozenset[str]
"""The task's own instructions, without white space around them."""


class PolicyCheck:
    """Meets `AuditCheck`; see the module."""

    name = "policy"

    def __init__(self, policy: Policy) -> None:
        """Make the policy's classifiers.

        Raises:
            ConfigError: there is no such class, or it takes other options.
        """
        self._policy = policy
        self._judges = [
            (each.name, construct(each.path, each.options, field="policy", methods=("judge",)))
            for each in policy.classifiers
        ]

    def examine(self, rows: Rows, context: Context) -> Finding:
        """Change and sift the rows."""
        began = time.monotonic()
        ours = frozenset(text.strip() for text in context.instructions)
        changed = [self._changed(row, ours) for row in rows]
        counts = Counter(name for _, names in changed for name in names)
        reasons = self._reasons([row for row, _ in changed], ours)
        for at, (row, names) in enumerate(changed):
            if names and not row.answer.strip():
                reasons[at] = "policy: a transform left no answer"
        self._cap(changed, reasons, ours)
        kept: list[TracedRow] = []
        originals: dict[str, TracedRow] = {}
        dropped: Counter[str] = Counter()
        examples: list[str] = []
        for number, (before, (row, names), reason) in enumerate(
            zip(rows, changed, reasons, strict=True), 1
        ):
            if reason is None:
                kept.append(row)
                if names:
                    originals[row.model_dump_json()] = before
                continue
            dropped[reason] += 1
            if dropped[reason] <= EXAMPLES:
                # Not the row itself: what must not be trained on need not be told either.
                examples.append(f"usable row {number}: {reason}: {shown(before, 20)}")
        evidence = [f"{count} rows changed: {name}" for name, count in counts.most_common()]
        evidence += [f"{n} of {len(rows)} rows: {why}" for why, n in dropped.most_common()]
        refusal = self._refusal(len(rows), kept, ours)
        gone = len(rows) - len(kept)
        return Finding(
            Check(
                name=self.name,
                verdict="flagged" if refusal else verdict_of(gone, len(rows)),
                evidence=tuple([*evidence, refusal] if refusal else evidence),
                seconds=time.monotonic() - began,
            ),
            tuple(kept),
            dict(dropped),
            tuple(examples),
            refusal,
            originals,
        )

    # ------------------------------------------------------------ single rows

    def _changed(self, row: TracedRow, ours: Ours) -> tuple[TracedRow, list[str]]:
        """The row after all transforms, and the names of those that changed it."""
        names = []
        steps: list[tuple[str, Callable[[str, bool], str]]] = [
            (each.name, partial(transformed, how=each)) for each in self._policy.transforms
        ]
        personal = self._policy.personal_data
        if personal is not None and personal.action == "redact":
            steps.append(("personal data redacted", lambda text, _: redacted(text, personal.kinds)))
        for name, change in steps:
            after = rewritten(row, change, ours)
            if after is not row:
                row = after
                names.append(name)
        return row, names

    def _reasons(self, rows: Rows, ours: Ours) -> list[str | None]:
        rules = [self._blocked, self._personal, self._foreign]
        reasons = [next(filter(None, (rule(row, ours) for rule in rules)), None) for row in rows]
        for name, judge in self._judges:
            said = list(judge.judge(rows))
            if len(said) != len(rows):
                raise ValueError(f"classifier {name}: {len(said)} answers for {len(rows)} rows")
            for at, reason in enumerate(said):
                if reason is not None and reasons[at] is None:
                    reasons[at] = f"policy: {name}: {' '.join(str(reason).split())[:100]}"
        return reasons

    def _blocked(self, row: TracedRow, ours: Ours) -> str | None:
        for topic in self._policy.blocked:
            if about(row, topic, ours):
                return f"policy: blocked topic {topic.name}"
        return None

    def _personal(self, row: TracedRow, ours: Ours) -> str | None:
        rule = self._policy.personal_data
        if rule is None:
            return None
        for text in texts(row, "any", ours):
            for found in personal_data(plain(text), rule.kinds):
                return f"policy: personal data: {found.kind}"
        return None

    def _foreign(self, row: TracedRow, ours: Ours) -> str | None:
        rule = self._policy.languages
        if rule is None:
            return None
        text = "\n".join(texts(row, "any", ours))
        if rule.scripts and foreign_share(text, rule.scripts) > FOREIGN:
            return f"policy: letters that are not {' or '.join(rule.scripts)}"
        language = language_of(text) if rule.languages else None
        if language is not None and language not in rule.languages:
            return f"policy: language {language}"
        return None

    # ------------------------------------------------------------ rows together

    def _cap(
        self,
        changed: Sequence[tuple[TracedRow, list[str]]],
        reasons: list[str | None],
        ours: Ours,
    ) -> None:
        """Give a reason to rows beyond a cap; the first rows stay."""
        rows = [row for row, _ in changed]
        caps: list[tuple[str, float, list[bool]]] = [
            (f"policy: more than {topic.most:.0%} about {topic.name}", topic.most,
             [about(row, topic, ours) for row in rows])
            for topic in self._policy.topics
            if topic.most < 1
        ]  # fmt: skip
        most = 1.0 if self._policy.sources is None else self._policy.sources.most
        if most < 1:
            cited = [{passage.rpartition(":")[0] for passage in row.passages} for row in rows]
            for document in sorted(set().union(*cited)):
                reason = f"policy: more than {most:.0%} from one document"
                caps.append((reason, most, [document in names for names in cited]))
        # A drop under one cap raises the share under another: until nothing changes any more.
        while any(_cut(share, within, reason, reasons) for reason, share, within in caps):
            pass

    def _refusal(self, read: int, kept: Rows, ours: Ours) -> str | None:
        """Why the whole attempt is refused."""
        gone, limit = read - len(kept), self._policy.limit
        if gone > limit * read:
            return (
                f"the policy dropped {gone} of {read} rows, more than the {limit:.0%} it allows; "
                "the rows have to keep to it from the start"
            )
        for topic in self._policy.topics:
            count = sum(about(row, topic, ours) for row in kept)
            if count < topic.least * len(kept):
                return (
                    f"the policy asks for {topic.least:.0%} of the rows to be about {topic.name}; "
                    f"{count} of {len(kept)} are"
                )
        return None


def _cut(share: float, within: Sequence[bool], reason: str, reasons: list[str | None]) -> bool:
    """Give `reason` to the last rows beyond a share of those without one; whether any got it."""
    open_rows = [at for at, known in enumerate(reasons) if known is None]
    inside = [at for at in open_rows if within[at]]
    others = len(open_rows) - len(inside)
    room = int(share * others / (1 - share) + 1e-9)
    for at in inside[room:]:
        reasons[at] = reason
    return len(inside) > room


# ---------------------------------------------------------------- the texts of a row


def texts(row: TracedRow, where: Where, ours: Ours) -> Iterable[str]:
    """Yield the texts of a row; an instruction of the task's own is none of its."""
    question, context = row.asked
    if where != "answer":
        instruction = "" if row.instruction.strip() in ours else row.instruction
        yield from filter(None, (instruction, question, context))
    if where != "question":
        yield row.answer


def about(row: TracedRow, topic: Topic, ours: Ours) -> bool:
    """Return whether any pattern of a topic is in the row, also behind odd forms of letters."""
    patterns = [_pattern(pattern) for pattern in topic.patterns]
    return any(
        pattern.search(form)
        for text in texts(row, topic.where, ours)
        for form in {text, plain(text)}
        for pattern in patterns
    )


def rewritten(row: TracedRow, change: Callable[[str, bool], str], ours: Ours) -> TracedRow:
    """Return the row with every text of its own changed; the same row if nothing did.

    `change` is given a text and whether it is the answer. Calls of tools stay as they are.
    """
    if row.messages:
        last = len(row.messages) - 1
        turns = tuple(_said(turn, change, at == last) for at, turn in enumerate(row.messages))
        return row if turns == row.messages else row.model_copy(update={"messages": turns})
    before = {"input": row.input, "output": row.output}
    if row.instruction.strip() not in ours:
        before["instruction"] = row.instruction
    after = {field: change(text, field == "output") for field, text in before.items()}
    return row if after == before else row.model_copy(update=after)


def _said(turn: Message, change: Callable[[str, bool], str], answer: bool) -> Message:
    return turn.model_copy(update={"content": change(turn.content, answer)})


def transformed(text: str, answer: bool, how: Transform) -> str:
    """Return one text of a row after a transform."""
    if isinstance(how, Replace):
        if how.where != "any" and answer != (how.where == "answer"):
            return text
        return str(_pattern(how.pattern).sub(how.by, text))
    return "\n".join(line.rstrip() for line in text.strip().split("\n")) if answer else text


_PATTERNS: dict[str, Any] = {}


def _pattern(pattern: str) -> Any:
    """The compiled pattern; each is compiled once."""
    if pattern not in _PATTERNS:
        _PATTERNS[pattern] = compiled(pattern)
    return _PATTERNS[pattern]

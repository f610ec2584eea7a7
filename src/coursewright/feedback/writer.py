"""What an agent is told of a round: errors, visible scores by topic, and visible bad cases.

Of the scored split nothing passes here but its mean, rounded, and only when it has risen by a step
(`ladder`); under the older `guarded-basic` not even that. Under `protocol: paper` visible and
scored are one public set, so the visible figures are the score.

What of it an agent really hears is a setting, so that a study can ask what feedback is worth:

    full        all of it
    score       the visible score, without topics and bad cases
    bad-cases   bad cases alone
    withheld    neither; errors and counts of rows remain
    shuffled    the true score, with topics and bad cases that belong to other items
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from coursewright.feedback.ladder import release, rounded
from coursewright.records import (
    Audit,
    BadCase,
    Collection,
    Evaluation,
    Feedback,
    FeedbackKind,
    Item,
    Noise,
    TopicScore,
)
from coursewright.seeding import derive

BAD_CASES = 30
ERROR_CHARACTERS = 6000
EVIDENCE = 6
"""Sentences of one audit check."""
SCORELESS = ("bad-cases", "withheld")


class GuardedFeedback:
    """Builds feedback from visible items alone."""

    def __init__(
        self,
        visible: Sequence[Item],
        seed: int,
        *,
        paper: bool = False,
        kind: FeedbackKind = "full",
    ) -> None:
        self._items = {item.id: item for item in visible}
        self._seed = seed
        self._paper = paper
        self._kind = kind

    def write(
        self,
        *,
        base: tuple[Evaluation, Evaluation],
        error: str | None,
        collection: Collection | None,
        audit: Audit | None,
        visible: Evaluation | None,
        scored: Evaluation | None,
        student_of: int | None,
        noise: Noise | None,
        released: float | None,
    ) -> Feedback:
        """Say what happened in a round (see `protocols.FeedbackWriter`)."""
        base_visible, base_scored = base
        error = None if error is None else error[-ERROR_CHARACTERS:]
        dropped: dict[str, int] = {}
        for part in (collection, audit):
            for reason, count in (part.dropped if part else {}).items():
                dropped[reason] = dropped.get(reason, 0) + count
        kept = audit.kept if audit else collection.kept if collection else 0
        score = visible if self._kind in ("full", "score", "shuffled") else None
        evidence = self._shuffled(visible) if visible and self._kind == "shuffled" else visible
        topics = _topics(evidence if self._kind in ("full", "shuffled") else None)
        examples = [
            *(collection.examples if collection else ()),
            *(audit.examples if audit else ()),
        ]
        told, line = (score.accuracy if score and self._paper else None), ""
        if score and scored and noise is not None:
            told, line = _rationed(scored, base_scored, noise.step, released)
        prose = _prose(error, kept, dropped, examples, base_visible, score, topics, student_of)
        measures = _measures(audit if self._kind in ("full", "shuffled") else None)
        return Feedback(
            text="\n".join([prose + line, *measures]),
            error=error,
            visible=score.accuracy if score else None,
            base_visible=None if self._kind in SCORELESS else base_visible.accuracy,
            scored=told,
            topics=topics,
            bad_cases=() if self._kind in ("score", "withheld") else self._bad_cases(evidence),
            rows_kept=kept,
            rows_dropped=dropped,
            sample=audit.sample if audit else (),
        )

    def _shuffled(self, visible: Evaluation) -> Evaluation:
        """The same answers and scores, each under an item that it does not belong to."""
        results = list(visible.results)
        moved = list(results)
        random.Random(derive(self._seed, "shuffled feedback")).shuffle(moved)
        return visible.model_copy(
            update={
                "results": tuple(
                    result.model_copy(update={"output": other.output, "score": other.score})
                    for result, other in zip(results, moved, strict=True)
                )
            }
        )

    def _bad_cases(self, visible: Evaluation | None) -> tuple[BadCase, ...]:
        """A spread of wrong answers over topics, the same for the same answers."""
        wrong = [r for r in visible.results if r.score < 1] if visible else []
        order = random.Random(derive(self._seed, "bad cases"))
        order.shuffle(wrong)
        by_topic: dict[str | None, list[BadCase]] = {}
        for result in wrong:
            item = self._items[result.id]
            by_topic.setdefault(item.topic, []).append(
                BadCase(
                    id=item.id,
                    topic=item.topic,
                    question=item.question,
                    context=item.context,
                    gold=item.answer,
                    answer=result.output,
                )
            )
        rounds = max((len(cases) for cases in by_topic.values()), default=0)
        spread = [cases[i] for i in range(rounds) for cases in by_topic.values() if i < len(cases)]
        return tuple(spread[:BAD_CASES])


def _rationed(
    scored: Evaluation, base: Evaluation, step: float, released: float | None
) -> tuple[float | None, str]:
    """What of the scored mean the agent is told, as a number and as a line of prose."""
    floor = rounded(base.accuracy, step)
    last = floor if released is None else released
    told = release(scored.accuracy, last, step)
    rise = f"rise of {100 * step:.1f} points over {last:.1%}"
    said = f"no {rise}" if told is None else f"about {told:.1%}, a {rise}"
    return told, f"\nOn other items, which stay hidden: {said} (base model about {floor:.1%})."


def _topics(visible: Evaluation | None) -> tuple[TopicScore, ...]:
    scores: dict[str, list[float]] = {}
    for result in visible.results if visible else ():
        scores.setdefault(result.topic or "(no topic)", []).append(result.score)
    return tuple(
        TopicScore(topic=topic, items=len(found), accuracy=sum(found) / len(found))
        for topic, found in sorted(scores.items())
    )


def _measures(audit: Audit | None) -> list[str]:
    """What the audit measured of the rows as a whole: it holds them against visible items."""
    return [
        f"Data, {check.name}{' (flagged)' * (check.verdict == 'flagged')}: "
        + "; ".join(check.evidence[:EVIDENCE])
        for check in (audit.checks if audit else ())
        if check.figures
    ]


def _prose(
    error: str | None,
    kept: int,
    dropped: dict[str, int],
    examples: Sequence[str],
    base_visible: Evaluation,
    visible: Evaluation | None,
    topics: Sequence[TopicScore],
    student_of: int | None,
) -> str:
    lines = [f"Rows kept: {kept}."]
    if dropped:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in sorted(dropped.items()))
        lines.append(f"Rows dropped: {reasons}.")
        lines += [f"- {example}" for example in examples[:10]]
    if error:
        lines += ["The round failed:", error]
    if student_of is not None:
        lines.append(
            "No student is trained on these rows before more are added to them. What is said of a "
            f"student here is of round {student_of}'s."
        )
    if visible:
        lines.append(
            f"Visible accuracy: {visible.accuracy:.1%} (base model {base_visible.accuracy:.1%}); "
            f"readable answers: {visible.readable:.1%}."
        )
        lines += [f"- {t.topic}: {t.accuracy:.0%} of {t.items}" for t in topics]
    return "\n".join(lines)

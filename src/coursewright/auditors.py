"""Who audits: a run's own auditor, and one for files from outside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coursewright.audit import Context, SubmissionAuditor, with_embedder, with_policy
from coursewright.config import CustomPart, Policy, RunConfig
from coursewright.exams import pick_scorer, probe_items
from coursewright.guardrails import settled_policy
from coursewright.plugins import construct
from coursewright.protocols import Embedder, Scorer
from coursewright.records import Item, Passage, Seed, Split, Task
from coursewright.scoring import make_scorer
from coursewright.store import Artifacts, RunStore
from coursewright.tasks import read_corpus, read_split


def make_auditor(
    config: RunConfig,
    task: Task,
    store: RunStore,
    exam: Sequence[Item],
    passages: Sequence[Passage],
) -> SubmissionAuditor:
    """Return the one who decides which rows may be trained on; `exam` are the public items."""
    hidden: tuple[Split, ...] = (
        ("private",) if config.protocol == "paper" else ("scored", "private")
    )
    context = make_context(
        task,
        visible=exam,
        seeds=task.seeds if config.setting == "seed" else (),
        passages=passages,
        ledger=store.ledger_path,
        scorer=pick_scorer(config, task),
    )
    return SubmissionAuditor(
        store.artifacts,
        context,
        lambda: hidden_items(task, hidden),
        round_checks=with_policy(settled_policy(config)),
        final_checks=with_embedder(make_embedder(config.embedder)),
    )


def make_file_auditor(
    task: Task,
    artifacts: Artifacts,
    ledger: Path | None,
    policy: Policy | None = None,
    embedder: Embedder | None = None,
) -> SubmissionAuditor:
    """Return one who judges a file from outside, by all that a task folder holds."""
    context = make_context(
        task,
        visible=task.visible,
        seeds=task.seeds,
        passages=read_corpus(task),
        ledger=ledger,
        scorer=make_scorer(task.scorer, Path(task.folder)),
    )
    return SubmissionAuditor(
        artifacts,
        context,
        lambda: hidden_items(task, ("scored", "private")),
        round_checks=with_policy(policy),
        final_checks=with_embedder(embedder),
    )


def make_embedder(part: CustomPart | None) -> Embedder | None:
    """Return the embedder that a config names.

    Raises:
        ConfigError: there is no such class, it takes other options, or it cannot embed.
    """
    if part is None:
        return None
    made: Embedder = construct(part.path, part.options, field="embedder", methods=("embed",))
    return made


def make_context(
    task: Task,
    *,
    visible: Sequence[Item],
    seeds: Sequence[Seed],
    passages: Sequence[Passage],
    ledger: Path | None,
    scorer: Scorer,
) -> Context:
    """Return what audit checks may look at in every round."""
    return Context(
        instructions=(task.instruction,),
        topics=tuple(sorted({item.topic for item in visible if item.topic})),
        visible=visible,
        seeds=seeds,
        passages={passage.id: passage.text for passage in passages},
        ledger=ledger,
        scorer=scorer,
        diversity=task.diversity,
    )


def hidden_items(task: Task, splits: Sequence[Split]) -> dict[str, Sequence[Item]]:
    """Return the items that only a final audit may look at, by split; "probes" among them."""
    return {**{split: read_split(task, split) for split in splits}, **probe_items(task)}

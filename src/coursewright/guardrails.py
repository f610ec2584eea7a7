"""The policy of a run: where it comes from, and what its licences keep from programs and agents."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from coursewright.config import Policy, RunConfig, load_policy
from coursewright.records import Brief, Passage, Task
from coursewright.tasks import POLICY, task_folder


def settled_policy(config: RunConfig) -> Policy | None:
    """Return the rules for a run's data: its config's, else those of its task folder.

    The config of a run that was begun holds the rules themselves: no file is read again.

    Raises:
        ConfigError: the file cannot be read, or a rule is wrong.
    """
    if isinstance(config.policy, Path):
        return load_policy(config.policy)
    own = task_folder(config.task) / POLICY
    if config.policy is None and own.is_file():
        return load_policy(own, trusted=False)
    return config.policy


def licensed(
    policy: Policy, task: Task, brief: Brief, passages: tuple[Passage, ...]
) -> tuple[Brief, tuple[Passage, ...]]:
    """Return brief and passages without what the policy's licences leave out.

    A row can then come from nothing else: what is not handed out cannot be cited or quoted.
    """
    sources = policy.sources
    if sources is None or sources.licences is None:
        return brief, passages
    allowed = {name.casefold() for name in sources.licences}

    def may(said: Any) -> bool:
        return isinstance(said, str) and said.strip().casefold() in allowed

    def of_document(path: str) -> Any:
        named = (name for pattern, name in sources.of.items() if fnmatchcase(path, pattern))
        return next(named, task.license)

    documents = {passage.document for passage in passages if may(of_document(passage.document))}
    told: dict[str, Any] = {
        "seeds": tuple(s for s in brief.seeds if may(s.meta.get("license", task.license)))
    }
    left = tuple(passage for passage in passages if passage.document in documents)
    if brief.corpus is not None:
        excerpts = tuple(e for e in brief.corpus.excerpts if e.document in documents)
        told["corpus"] = brief.corpus.model_copy(
            update={
                "documents": len(documents),
                "passages": len(left),
                "characters": sum(len(passage.text) for passage in left),
                "excerpts": excerpts,
            }
        )
    return brief.model_copy(update=told), left

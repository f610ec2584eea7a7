"""The search of a run, and what it halves its waves by."""

from __future__ import annotations

from coursewright import config as settings
from coursewright.agents import draft_families
from coursewright.briefing import student_calls
from coursewright.config import CustomPart, RunConfig
from coursewright.errors import ConfigError
from coursewright.plugins import construct
from coursewright.protocols import Search, Student
from coursewright.search import GreedySearch, Halving, OneShotSearch, TreeSearch

STRIDE = 3
"""Rounds for one training, unless the config says otherwise (docs/search.md, "Strides")."""


def make_search(config: RunConfig) -> Search:
    """Return the search: the first valid attempt in one-shot mode, else what the config names."""
    if config.mode == "one-shot":
        return OneShotSearch()
    if isinstance(config.search, CustomPart):
        made: Search = construct(
            config.search.path, config.search.options, field="search", methods=("next", "best")
        )
        return made
    if isinstance(config.search, settings.TreeSearch):
        told = config.search.model_dump(exclude={"kind", "wave", "halving", "stride"})
        return TreeSearch(
            seed=config.seed,
            families=draft_families(asks_student=bool(student_calls(config))),
            # Credit is made of visible scores: who hears less of those hears none.
            tell_credit=config.feedback == "full",
            budget=config.budget.rounds,
            stride=config.search.stride or (STRIDE if config.search.wave == 1 else 1),
            **told,
        )
    if isinstance(config.search, settings.OneShotSearch):
        return OneShotSearch()
    return GreedySearch(config.search.mend_limit)


def wave_of(config: RunConfig) -> int:
    """Return how many rounds are decided together at most."""
    return config.search.wave if isinstance(config.search, settings.TreeSearch) else 1


def make_halving(config: RunConfig) -> Halving | None:
    """Return what decides which rounds of a wave are trained in full; None where all are."""
    if not isinstance(config.search, settings.TreeSearch) or config.search.halving is None:
        return None
    return Halving(seed=config.seed, **config.search.halving.model_dump())


def require_likelihood(config: RunConfig, student: Student) -> None:
    """See that a student class of the user's can do what halving asks of it.

    Raises:
        ConfigError: it cannot say how likely it finds an answer.
    """
    if make_halving(config) is None or not isinstance(config.student, CustomPart):
        return
    if not hasattr(student, "likelihood"):
        raise ConfigError(
            "asks the student how likely it finds an answer: give your class the method "
            "`likelihood(weights, rows)` of protocols.Student, or leave `halving` out",
            field="search.halving",
        )

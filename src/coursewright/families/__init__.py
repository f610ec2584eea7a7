"""Generated skill families: questions whose right answer is known because we made them.

A *family* is what one built-in task is about (small science, small Python, small tables, word
problems); a *skill* is one thing a student must be able to do in it; a *phrasing* is one way a
human might put the question. The task builder, the simulated teacher and the pretraining of the
embedded student draw from here. Agents never do: an import contract forbids it.

    load_family("science")                 one of ours, by its short name
    load_family("my_package.my_family")    any module with a module-level ``FAMILY``
    load_family("my_package.mod:NAME")     or any dotted path to a ``Family``
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from random import Random
from typing import Literal

from coursewright.errors import ConfigError

__all__ = ["DIFFICULTIES", "FAMILIES", "Difficulty", "Family", "Sample", "Skill", "load_family"]

Difficulty = Literal["easy", "medium", "hard"]
DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "medium", "hard")

FAMILIES: dict[str, str] = {
    "science": "coursewright.families.science",
    "code": "coursewright.families.code",
    "finance": "coursewright.families.finance",
    "words": "coursewright.families.words",
}
"""Short name -> dotted path. A module is imported only when its family is asked for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One question with its right answer.

    ``answer`` is the gold text (``84``); ``worked`` is the same answer in the form the task asks
    for (``12 * 7 = 84``). ``context`` is the table or passage the question is about, or empty.
    """

    skill: str
    phrasing: str
    question: str
    context: str
    answer: str
    worked: str


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill of a family, and how to draw from it.

    ``hints`` are words by which a rule-based reader knows the skill in plain language, also where
    it was renamed. ``phrasings`` may be used for training; ``heldout`` ones belong to the test.
    """

    name: str
    title: str
    description: str
    hints: tuple[str, ...]
    phrasings: tuple[str, ...]
    heldout: tuple[str, ...]
    draw: Callable[[Random, str, Difficulty], Sample]
    spoil: Callable[[Sample, Random], str]

    def sample(
        self, rng: Random, phrasing: str | None = None, difficulty: Difficulty | None = None
    ) -> Sample:
        """Draw one question: without a phrasing, in a training phrasing; without a difficulty, any.

        Raises ``ValueError`` for a phrasing or a difficulty that the skill does not have.
        """
        chosen = rng.choice(self.phrasings) if phrasing is None else phrasing
        level = rng.choice(DIFFICULTIES) if difficulty is None else difficulty
        if chosen not in self.phrasings and chosen not in self.heldout:
            known = ", ".join(self.phrasings + self.heldout)
            raise ValueError(f"skill {self.name!r} has no phrasing {chosen!r}; it has {known}")
        if level not in DIFFICULTIES:
            raise ValueError(f"difficulty must be one of {', '.join(DIFFICULTIES)}, not {level!r}")
        return self.draw(rng, chosen, level)

    def slip(self, sample: Sample, rng: Random) -> str:
        """A wrong worked answer such as a careless teacher would give; never of the right value."""
        return self.spoil(sample, rng)


@dataclass(frozen=True, slots=True)
class Family:
    """All skills of one kind of task. ``instruction`` is the line that precedes every question."""

    name: str
    instruction: str
    skills: tuple[Skill, ...]

    def skill(self, name: str) -> Skill:
        """The skill of that name; ``KeyError`` where there is none."""
        for skill in self.skills:
            if skill.name == name:
                return skill
        raise KeyError(f"family {self.name!r} has no skill {name!r}")


def load_family(name: str) -> Family:
    """The family of a short name or dotted path; ``ConfigError`` when there is no such family."""
    path = FAMILIES.get(name, name).replace(":", ".")
    known = f"known families: {', '.join(sorted(FAMILIES))}, or a dotted path to a Family"
    module_path, _, attribute = path.rpartition(".")
    candidates = [(path, "FAMILY"), (module_path, attribute)] if module_path else []
    for module_name, attribute_name in candidates:
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as missing:
            # An import that fails inside the user's module must not read as "no such family".
            if missing.name and not f"{path}.".startswith(f"{missing.name}."):
                raise ConfigError(f"family {name!r} cannot be imported: {missing}") from missing
            continue
        found = getattr(module, attribute_name, None)
        if isinstance(found, Family):
            return found
    raise ConfigError(f"no family {name!r}; {known}", field="family")

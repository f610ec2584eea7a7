"""The simulated teacher: rule-based, deliberately imperfect, a pure function of request and seed.

It stands in for a large model so that everything around it runs for real on a laptop: it reads
plain language, knows the skills of its families in their training phrasings, gets some answers
wrong and some responses out of format, and repeats its favourite phrasings unless asked for
others; how much of each is its profile's (`profiles`). It never runs anything found in a prompt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

from coursewright.endpoints import free
from coursewright.families import DIFFICULTIES, FAMILIES, Sample, load_family
from coursewright.families.program import spoil_literal
from coursewright.families.solving import Solver
from coursewright.protocols import Completion
from coursewright.teacher.profiles import PROFILES
from coursewright.teacher.reading import Ask, read_prompt
from coursewright.teacher.recognition import Known, SkillIndex, likeness_of_vocabulary
from coursewright.teacher.speech import Entry, answer_entry, question_entry, say
from coursewright.teacher.wording import choose_phrasing

_CHARACTERS_PER_TOKEN = 4
_CONFUSED = (
    "I am not sure what you mean. Could you tell me more about the questions you have in mind?",
    "I'm sorry, I don't think I know this topic well enough.",
    "I am not sure I understand the request. Which subject is this about?",
)
_DECLINED = (
    "Those would take me too long. Shall I write easier ones instead?",
    "I would rather keep to simple questions.",
)
_UNSURE = ("I am not sure", "I do not know", "unclear")
_FAMILIAR = 0.5
"""Share of a task's visible questions it must recognise to teach it without hesitation."""
_SOUNDS_FAMILIAR = 0.7
"""Share of their words it must know from its own questions, where it recognises none."""


class SimulatedUpstream:
    """See the module.

    `model` names a profile; `families` are dotted paths of families it knows beside the built-in
    ones; `wrong` and `broken` are shares that replace the profile's.
    """

    name = "simulated"

    def __init__(
        self,
        families: Sequence[str] = (),
        wrong: float | None = None,
        broken: float | None = None,
        delay_seconds: float = 0.0,
        model: str | None = None,
    ) -> None:
        self._profile = PROFILES[model]
        self.model = self._profile.name
        self._families = tuple(map(load_family, (*FAMILIES, *families)))
        self._index = SkillIndex(self._families)
        self._solver = Solver(self._families)
        self._wrong = self._profile.wrong if wrong is None else wrong
        self._broken = self._profile.broken if broken is None else broken
        self._delay = delay_seconds
        self.tariff = free

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Answer one chat request after the configured delay."""
        if self._delay:
            await asyncio.sleep(self._delay)
        text = self.respond(request, seed)
        prompt = sum(len(message["content"]) for message in request["messages"])
        most = _room(request)
        return Completion(
            text[:most],
            _tokens(prompt),
            _tokens(len(text[:most])),
            "stop" if len(text) <= most else "length",
        )

    async def close(self) -> None:
        """Nothing to release."""

    def respond(self, request: dict[str, Any], seed: int) -> str:
        """The text of the answer."""
        rng = Random(seed)
        ask = read_prompt(request["messages"])
        if ask.intent == "solve":
            return self._solve(ask, rng)
        if ask.intent == "reword":
            return self._reword(ask, rng)
        return self._write(ask, rng, _room(request))

    # ------------------------------------------------------------ writing

    def _write(self, ask: Ask, rng: Random, room: int) -> str:
        skills = self._skills(ask)
        if not skills:
            return rng.choice(_CONFUSED)
        if ask.levels and self._profile.declines.issuperset(ask.levels):
            return rng.choice(_DECLINED)
        avoid = self._quoted_phrasings(ask) if ask.vary else {}
        entries: list[Entry] = []
        seen: set[str] = set()
        used = 200
        for _ in range(min(ask.count, self._profile.most)):
            known = rng.choice(skills)
            sample = self._draw(known, ask, rng, avoid.get(known.skill.name, ()), seen)
            seen.add(sample.question + sample.context)
            answer = self._say_answer(self._worked(sample, rng, known), ask, rng)
            entry = question_entry(known, sample, answer, ask)
            used += sum(len(k) + len(v) + 12 for k, v in entry.items())
            if used > room and entries:  # it knows how long it may talk, and does not overrun
                break
            entries.append(entry)
        return self._say(entries, ask, rng, single=False)

    def _say(self, entries: Sequence[Entry], ask: Ask, rng: Random, *, single: bool) -> str:
        chatty = self._profile.chatty
        return say(entries, ask, rng, broken=self._broken, chatty=chatty, single=single)

    def _skills(self, ask: Ask) -> list[Known]:
        """What to write about: what the prompt names, else what its examples are about."""
        topic = f"{ask.topic}\n{ask.situation}".strip()
        if topic and (found := self._index.named(topic)):
            return found
        if found := self._skills_of(ask.questions):
            return found
        return self._index.named(ask.text)

    def _skills_of(self, questions: Sequence[str]) -> list[Known]:
        recognised = filter(None, map(self._solver.recognise, questions[:5]))
        names = dict.fromkeys(skill.name for skill, _ in recognised)
        return [known for name in names if (known := self._index.find(name))]

    def _quoted_phrasings(self, ask: Ask) -> dict[str, set[str]]:
        """Phrasings of the examples in a prompt that wants other ones."""
        quoted: dict[str, set[str]] = {}
        for question in ask.questions[:5]:
            if found := self._solver.recognise(question):
                quoted.setdefault(found[0].name, set()).add(found[1])
        return quoted

    def _draw(
        self, known: Known, ask: Ask, rng: Random, avoid: Sequence[str] | set[str], seen: set[str]
    ) -> Sample:
        declined = self._profile.declines
        wanted = ask.levels or (DIFFICULTIES if declined else ())
        levels = [level for level in wanted if level not in declined]
        for _ in range(4):
            phrasing = choose_phrasing(
                rng, known.skill, ask.style, self._profile, vary=ask.vary, avoid=avoid
            )
            level = rng.choice(levels) if levels else None
            sample = known.skill.sample(rng, phrasing, level)
            if sample.question + sample.context not in seen:
                break
        return sample

    # ------------------------------------------------------------ solving

    def _solve(self, ask: Ask, rng: Random) -> str:
        if not ask.questions:
            return rng.choice(_CONFUSED)
        solved = [self._solver.solve(question) for question in ask.questions]
        if not any(solved):
            return rng.choice(_CONFUSED)
        answers = [
            rng.choice(_UNSURE)
            if sample is None
            else self._say_answer(self._worked(sample, rng), ask, rng)
            for sample in solved
        ]
        entries = [answer_entry(answer, ask) for answer in answers]
        return self._say(entries, ask, rng, single=len(entries) == 1)

    def _worked(self, sample: Sample, rng: Random, known: Known | None = None) -> str:
        """The worked answer, or a wrong one in a share of cases."""
        if rng.random() >= self._wrong:
            return sample.worked
        skill = known.skill if known else self._solver.skill(sample.skill)
        return self._profile.slip(sample, rng, skill.slip if skill else spoil_literal)

    def _say_answer(self, worked: str, ask: Ask, rng: Random) -> str:
        terse = self._profile.terse
        short = ask.bare or (terse > 0 and rng.random() < terse)
        return worked.rpartition("=")[2].strip() if short else worked

    # ------------------------------------------------------------ rewording

    def _reword(self, ask: Ask, rng: Random) -> str:
        """The same question in another phrasing, or at least with other words around it."""
        question = ask.questions[0] if ask.questions else ""
        solved, found = self._solver.solve(question), self._solver.recognise(question)
        if not question or solved is None:
            return rng.choice(_CONFUSED)
        known = self._index.find(found[0].name) if found else self._index.find(solved.skill)
        told = None
        if known and found and not solved.context:
            told = self._same_in_other_words(known, solved, found[1], rng)
        if told is None:
            lead = rng.choice(
                ("Please work this out. ", "Here is something to solve. ", "Try this: ")
            )
            told = Sample(
                solved.skill, "", lead + solved.question, solved.context, solved.answer, ""
            )
        answer = self._say_answer(self._worked(solved, rng, known), ask, rng)
        family = known or self._index.any()
        entry = question_entry(family, told, answer, ask)
        return self._say([entry], ask, rng, single=True)

    def _same_in_other_words(
        self, known: Known, solved: Sample, phrasing: str, rng: Random
    ) -> Sample | None:
        others = [p for p in known.skill.phrasings if p != phrasing]
        for _ in range(300 if others else 0):
            sample = known.skill.sample(rng, rng.choice(others))
            if sample.worked == solved.worked:
                return sample
        return None

    # ------------------------------------------------------------ self-knowledge

    def knows(self, description: str, questions: Sequence[str]) -> bool:
        """Whether it can teach this task: it recognises the questions, or both the description
        and the words of the questions sound like something it knows."""
        if not questions:
            return bool(self._index.named(description))
        named = self._index.families_named(description)
        # The likely families first: each is learned only when it is asked.
        for family in (*named, *(family for family in self._families if family not in named)):
            solver = Solver([family])
            seen = sum(solver.recognise(question) is not None for question in questions)
            if seen >= _FAMILIAR * len(questions):
                return True
        return any(
            likeness_of_vocabulary(family, questions) >= _SOUNDS_FAMILIAR for family in named
        )


def _room(request: dict[str, Any]) -> int:
    """Characters that fit into the response."""
    return int(request.get("max_tokens", 1024)) * _CHARACTERS_PER_TOKEN


def _tokens(characters: int) -> int:
    return -(-characters // _CHARACTERS_PER_TOKEN)

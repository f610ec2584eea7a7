"""The simulated teacher: rule-based, deliberately imperfect, a pure function of request and seed.

It stands in for a large model so that everything around it runs for real on a laptop: it reads
plain language, knows the skills of its families in their training phrasings, gets about 12 % of
answers wrong and 5 % of responses out of format, and repeats its favourite phrasings unless asked
for others. It never runs anything found in a prompt.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from coursewright.families import FAMILIES, Sample, load_family
from coursewright.protocols import Completion
from coursewright.teacher.reading import Ask, read_prompt
from coursewright.teacher.recognition import Known, SkillIndex
from coursewright.teacher.wording import choose_phrasing

_CHARACTERS_PER_TOKEN = 4
_CONFUSED = (
    "I am not sure what you mean. Could you tell me more about the questions you have in mind?",
    "I'm sorry, I don't think I know this topic well enough to write about it.",
    "I am not sure I understand the request. Which subject is this about?",
)
_QUESTION_NAMES = frozenset({"question", "problem", "q", "prompt", "task", "exercise", "text"})
_CONTEXT_NAMES = frozenset({"context", "table", "passage", "background", "data", "document"})
_ANSWER_NAMES = frozenset({"answer", "output", "solution", "result", "a", "completion", "response"})


class SimulatedUpstream:
    """See the module. `families` are dotted paths of families it knows beside the built-in ones."""

    name = "simulated"

    def __init__(
        self,
        families: Sequence[str] = (),
        wrong: float = 0.12,
        broken: float = 0.05,
        delay_seconds: float = 0.0,
    ) -> None:
        self._families = tuple(map(load_family, (*FAMILIES, *families)))
        self._index = SkillIndex(self._families)
        self._wrong = wrong
        self._broken = broken
        self._delay = delay_seconds

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Answer one chat request after the configured delay."""
        if self._delay:
            await asyncio.sleep(self._delay)
        text = self.respond(request, seed)
        prompt = sum(len(message["content"]) for message in request["messages"])
        most = int(request.get("max_tokens", 1024)) * _CHARACTERS_PER_TOKEN
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
        json_mode = request.get("response_format", {}).get("type") == "json_object"
        ask = read_prompt(request["messages"], json_mode=json_mode)
        room = int(request.get("max_tokens", 1024)) * _CHARACTERS_PER_TOKEN
        if ask.intent == "solve":
            return self._confused(ask, rng)
        return self._write(ask, rng, room)

    # ------------------------------------------------------------ writing

    def _write(self, ask: Ask, rng: Random, room: int) -> str:
        skills = self._skills(ask)
        if not skills:
            return self._confused(ask, rng)
        entries: list[dict[str, str]] = []
        seen: set[str] = set()
        used = 200
        for _ in range(ask.count):
            known = rng.choice(skills)
            sample = self._draw(known, ask, rng, seen)
            seen.add(sample.question + sample.context)
            entry = _entry(known, sample, self._answer(known, sample, ask, rng), ask)
            used += len(json.dumps(entry)) + 4
            if used > room and entries:  # it knows how long it may talk, and does not overrun
                break
            entries.append(entry)
        return self._render(entries, ask, rng)

    def _skills(self, ask: Ask) -> list[Known]:
        for text in (f"{ask.topic}\n{ask.situation}".strip(), *ask.questions[:3], ask.text):
            if text and (found := self._index.named(text)):
                return found
        return []

    def _draw(self, known: Known, ask: Ask, rng: Random, seen: set[str]) -> Sample:
        for _ in range(4):
            phrasing = choose_phrasing(rng, known.skill, ask.style, vary=ask.vary)
            level = rng.choice(ask.levels) if ask.levels else None
            sample = known.skill.sample(rng, phrasing, level)
            if sample.question + sample.context not in seen:
                break
        return sample

    def _answer(self, known: Known, sample: Sample, ask: Ask, rng: Random) -> str:
        worked = known.skill.slip(sample, rng) if rng.random() < self._wrong else sample.worked
        return (
            worked.rpartition("=")[2].strip()
            if ask.bare and sample.worked != sample.answer
            else worked
        )

    # ------------------------------------------------------------ speaking

    def _render(self, entries: Sequence[dict[str, str]], ask: Ask, rng: Random) -> str:
        if not ask.json:
            return "\n\n".join(
                "\n".join(f"{k}: {v}" for k, v in entry.items()) for entry in entries
            )
        whole: Any = {ask.wrapper: entries} if ask.wrapper else list(entries)
        text = json.dumps(whole, ensure_ascii=False, indent=1 if rng.random() < 0.3 else None)
        return break_format(text, entries, rng) if rng.random() < self._broken else text

    def _confused(self, ask: Ask, rng: Random) -> str:
        return rng.choice(_CONFUSED)

    # ------------------------------------------------------------ self-knowledge

    def knows(self, description: str, questions: Iterable[str]) -> bool:
        """Whether it can be a teacher of this task at all."""
        return bool(self._index.named(description))


def _tokens(characters: int) -> int:
    return -(-characters // _CHARACTERS_PER_TOKEN)


def _entry(known: Known, sample: Sample, answer: str, ask: Ask) -> dict[str, str]:
    """One question under the field names the prompt asked for."""
    fields = ask.fields or ("question", "context", "answer")
    names = {name: name.lower() for name in fields}
    has_context = any(low in _CONTEXT_NAMES for low in names.values())
    question = (
        sample.question
        if has_context or not sample.context
        else f"{sample.context}\n{sample.question}"
    )
    entry: dict[str, str] = {}
    for name, low in names.items():
        if low in _QUESTION_NAMES or low == "input":
            entry[name] = question
        elif low == "instruction":
            # In the study's shape the instruction stands alone and the input holds the question.
            entry[name] = known.family.instruction if "input" in names.values() else question
        elif low in _CONTEXT_NAMES:
            if sample.context:
                entry[name] = sample.context
        elif low in _ANSWER_NAMES:
            entry[name] = answer
        elif low in ("topic", "skill"):
            entry[name] = known.skill.title
    if not any(low in _QUESTION_NAMES | {"input", "instruction"} for low in names.values()):
        entry = {"question": question, **entry}
    return entry if any(n.lower() in _ANSWER_NAMES for n in entry) else {**entry, "answer": answer}


def break_format(text: str, entries: Sequence[dict[str, str]], rng: Random) -> str:
    """The same response as a model in a bad moment would send it."""
    match rng.randrange(5):
        case 0:
            return text[: rng.randint(len(text) // 3, len(text) - 2)]
        case 1:
            return f"Sure! Here you are:\n```json\n{text}\n```\nLet me know if you need more."
        case 2:
            return text[:-1] + "," + text[-1]
        case 3:
            lost = [
                {k: v for k, v in entry.items() if k.lower() not in _ANSWER_NAMES}
                for entry in entries
            ]
            return json.dumps(lost, ensure_ascii=False)
    return text.replace('"', "'")

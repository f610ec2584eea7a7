"""How the simulated teacher says things: field names, JSON, and its bad moments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from coursewright.families import Sample
from coursewright.teacher.reading import Ask
from coursewright.teacher.recognition import Known

QUESTION_NAMES = frozenset({"question", "problem", "q", "prompt", "task", "exercise", "text"})
CONTEXT_NAMES = frozenset({"context", "table", "passage", "background", "data", "document"})
ANSWER_NAMES = frozenset({"answer", "output", "solution", "result", "a", "completion", "response"})
_REASON_NAMES = frozenset({"reasoning", "explanation", "rationale", "working", "steps", "analysis"})
_TOPIC_NAMES = frozenset({"topic", "skill", "subject"})

Entry = dict[str, str]


def question_entry(known: Known, sample: Sample, answer: str, ask: Ask) -> Entry:
    """One question under the field names the prompt asked for."""
    fields = {name: name.lower() for name in ask.fields or ("question", "context", "answer")}
    has_context = bool(CONTEXT_NAMES & set(fields.values()))
    question = sample.question
    if sample.context and not has_context:
        question = f"{sample.context}\n{question}"
    entry: Entry = {}
    for name, meaning in fields.items():
        if meaning in QUESTION_NAMES or meaning == "input":
            entry[name] = question
        elif meaning == "instruction":
            # In the study's shape the instruction stands alone and the input holds the question.
            entry[name] = known.family.instruction if "input" in fields.values() else question
        elif meaning in CONTEXT_NAMES and sample.context:
            entry[name] = sample.context
        elif meaning in ANSWER_NAMES:
            entry[name] = answer
        elif meaning in _REASON_NAMES:
            entry[name] = sample.worked
        elif meaning in _TOPIC_NAMES:
            entry[name] = known.skill.title
    if not (QUESTION_NAMES | {"input", "instruction"}) & set(fields.values()):
        entry = {"question": question, **entry}
    return entry if ANSWER_NAMES & set(fields.values()) else {**entry, "answer": answer}


def answer_entry(answer: str, ask: Ask) -> Entry:
    """A solution under the field names the prompt asked for."""
    entry: Entry = {}
    for name in ask.fields:
        if name.lower() in ANSWER_NAMES:
            entry[name] = answer
        elif name.lower() in _REASON_NAMES:
            entry[name] = f"The result follows from {answer}"
    return entry if ANSWER_NAMES & {name.lower() for name in entry} else {**entry, "answer": answer}


def say(
    entries: Sequence[Entry],
    ask: Ask,
    rng: Random,
    *,
    broken: float,
    single: bool,
    chatty: float = 0.0,
) -> str:
    """The response text; out of format in a share `broken` of cases, and of the others with prose
    around it in a share `chatty`."""
    if not ask.json:
        if single and len(entries[0]) == 1:
            return next(iter(entries[0].values()))
        return "\n\n".join("\n".join(f"{k}: {v}" for k, v in entry.items()) for entry in entries)
    bare: Any = entries[0] if single else list(entries)
    whole = {ask.wrapper: bare} if ask.wrapper and not single else bare
    text = json.dumps(whole, ensure_ascii=False, indent=1 if rng.random() < 0.3 else None)
    if rng.random() < broken:
        return _spoil(text, entries, rng)
    return _chat_around(text, rng) if chatty and rng.random() < chatty else text


def _chat_around(text: str, rng: Random) -> str:
    """The same response with talk before and after it, which a patient reader can leave out."""
    before = rng.choice(("Sure!", "Of course, here you go:", "No problem. This should do:"))
    after = rng.choice(("", "Hope that helps!", "Tell me if you want more like these."))
    fenced = f"```json\n{text}\n```" if rng.random() < 0.5 else text
    return f"{before}\n\n{fenced}\n\n{after}".strip()


def _spoil(text: str, entries: Sequence[Entry], rng: Random) -> str:
    """The same response as a model in a bad moment would send it."""
    match rng.randrange(5):
        case 0:
            return text[: rng.randint(len(text) // 3, len(text) - 2)]
        case 1:
            return f"Sure! Here you are:\n```json\n{text}\n```\nLet me know if you need more."
        case 2:
            return f"{text[:-1]},{text[-1]}"
        case 3:
            lost = [
                {k: v for k, v in entry.items() if k.lower() not in ANSWER_NAMES}
                for entry in entries
            ]
            return json.dumps(lost, ensure_ascii=False)
    return text.replace('"', "'")

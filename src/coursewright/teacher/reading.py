"""What a plain-language prompt asks for, as the simulated teacher understands it.

It reads like a hurried person: the verb says what to do, labelled lines (`Skill: …`, `Style: …`)
say about what and how, numbers before "questions" say how many, names in quotation marks say
which fields. It never fails: a prompt that says nothing becomes an `Ask` that asks for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from coursewright.families import DIFFICULTIES, Difficulty

Intent = Literal["write", "solve", "reword", "other"]
MAX_COUNT = 10
"""More questions than this in one response nobody gets."""
_MAX_READ = 20_000
"""Characters of a prompt that are read at all."""

_NUMBERS: dict[str, int] = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "twenty": 20,
    "a dozen": 12,
    "dozen": 12,
    "a couple of": 2,
    "several": 5,
    "some": 5,
    "a few": 3,
}
_NOUNS = (
    r"(?:questions?|problems?|exercises?|items?|examples?|tasks?|puzzles?|pairs?|rows?|quizz?(?:es)?"
    r"|variations?|variants?|samples?|entries|q&as?|instances?)"
)
_COUNT = re.compile(
    rf"\b(\d{{1,4}}|{'|'.join(_NUMBERS)})[ \t]+(?:[\w'’&-]+,?[ \t]+){{0,5}}?{_NOUNS}\b", re.I
)
_LEAD = (
    r"(?:^|[.!?:;\n]\s*|\b(?:you|please|to|now|and|then|can you|could you|i want you to|let us)\s+)"
    r"(?:will\s+|should\s+|must\s+|carefully\s+)?"
)
_VERBS: dict[Intent, re.Pattern[str]] = {
    "write": re.compile(
        rf"{_LEAD}(?:write|create|generate|make(?:\s+up)?|compose|produce|invent|give(?:\s+me)?|draft"
        rf"|come\s+up\s+with|design|provide|build|prepare|formulate|author|develop|craft|i\s+need)"
        rf"\b[^.!?\n]{{0,90}}?\b{_NOUNS}\b",
        re.I | re.M,
    ),
    "solve": re.compile(
        rf"{_LEAD}(?:solve|answer\s+(?!format|form\b|key)|work\s+out|work\s+through|calculate|compute|check"
        r"|verify|find\s+the\s+answer|give\s+(?:me\s+)?the\s+(?:right\s+|correct\s+)?answer|determine"
        r"|what\s+is\s+the\s+(?:right\s+|correct\s+)?answer|predict|evaluate)\b",
        re.I | re.M,
    ),
    "reword": re.compile(
        rf"{_LEAD}(?:re-?phrase|re-?write|paraphrase|re-?word|say\b.{{0,40}}\bin\s+other\s+words"
        r"|express\b.{0,40}\bdifferently)\b",
        re.I | re.M,
    ),
}
_LABEL = (
    r"(?:^|\n|[.;]\s)[ \t>*#-]*(?:\d+[.)]\s*)?\**(?:{names})\**\s*[:=–-]\s*\**\s*(?P<said>[^\n]+)"
)
_TOPIC_LABEL = re.compile(
    _LABEL.format(names="skills?|topics?|subjects?|concepts?|areas?|themes?|ability|competenc[ey]"),
    re.I,
)
_SITUATION_LABEL = re.compile(_LABEL.format(names="situations?|scenarios?|setting"), re.I)
_STYLE_LABEL = re.compile(
    _LABEL.format(names="styles?|tone|wording|phrasing|manner|register|voice"), re.I
)
_LEVEL_LABEL = re.compile(_LABEL.format(names="difficulty|level|difficulty level"), re.I)
_ABOUT = re.compile(
    rf"\b{_NOUNS}\s+(?:about|on|that\s+(?:test|teach|train|need|require|practi[sc]e|ask\s+for)"
    r"|for|testing|teaching|practi[sc]ing|covering|in\s+which|where)\s+(?P<said>[^\n]{3,300})",
    re.I,
)
_LEVELS: dict[Difficulty, str] = {
    "easy": r"eas(?:y|ier)|simple|simplest|beginners?|basic|elementary|low",
    "medium": r"medium|moderate|intermediate|average|normal|middling",
    "hard": r"hard(?:er)?|difficult|challenging|advanced|tricky|demanding|tough|high|expert",
}
_SPARE = re.compile(
    r"number[^.\n]{0,40}\bnot\s+needed|\bunneeded|\birrelevant|\bdistract|\bsuperfluous"
    r"|\bspare\s+number"
    r"|not\s+(?:needed|necessary|required)\s+for",
    re.I,
)
_VARIETY = re.compile(
    r"\bvar(?:y|ied|iety|ying)\b|\bdivers|\bdifferent(?:ly)?\b[^.\n]{0,30}\b(?:word|phras|form|way|style|pattern)"
    r"|\b(?:word|phras)\w*\s+(?:\w+\s+){0,3}different|\bother\s+(?:words|wordings?|phrasings?)"
    r"|\b(?:re-?use|repeat)\b[^.\n]{0,40}\b(?:pattern|wording|phras|structure|opening)"
    r"|\bcreative|\bno\s+two\b|\bmix\b[^.\n]{0,20}\bstyles",
    re.I,
)
_BARE = re.compile(
    r"\b(?:only|just|nothing\s+but)\s+(?:the\s+|a\s+)?(?:final\s+|bare\s+|plain\s+|single\s+)?(?:number|result|value)\b"
    r"|\b(?:number|result|value)s?\s+(?:only|alone)\b"
    r"|\b(?:no|without)\s+(?:any\s+|the\s+)?(?:calculations?|working|steps|explanations?\s+or\s+steps)\b",
    re.I,
)
_WORKED = re.compile(
    r"\bcalculations?\b|\bworking\b|\bshow\b|\bsteps?\b|\bexpressions?\b|\d\s*[-+*/]\s*\d", re.I
)
_NO_WORKING = re.compile(
    r"\b(?:no|without)\s+(?:any\s+|the\s+)?(?:calculations?|working|steps)", re.I
)
_QUOTED_NAME = re.compile(r"[\"'`“]([A-Za-z][A-Za-z_ ]{0,24})[\"'`”]")
_WRAPPER = re.compile(r"[\"'`]([a-z_]{2,24})[\"'`]\s*:\s*\[", re.I)
_QUESTION_PART = re.compile(
    r"(?:^|\n)[ \t>*#-]*\**(?:questions?|problems?|exercises?|tasks?|items?|q)\s*(?:\d+)?\**"
    r"\s*[:.)]\s*\**",
    re.I,
)
_PART_END = re.compile(
    # Capitals only and from the margin: code in a question has lines that begin with `return`.
    r"\n[>*#-]*\**(?:Form|Answer|Return|Reply|Respond|Give|Output|Format|JSON|Note|Use|Remember|End|Show"
    r"|Instructions?|\"\"\"|```)\b[^\n]*(?:\n|$)"
)


@dataclass(frozen=True)
class Ask:
    """A prompt, understood."""

    intent: Intent
    text: str
    """The user's words."""
    topic: str = ""
    """What the questions are to be about, if a label or a phrase says so."""
    situation: str = ""
    style: str = ""
    vary: bool = False
    """Other wordings than usual are wanted."""
    count: int = 1
    levels: tuple[Difficulty, ...] = ()
    """Difficulties asked for; none means any."""
    bare: bool = False
    """Only the result is wanted, no calculation."""
    json: bool = False
    wrapper: str | None = None
    """Name under which a list of objects stands, where the prompt wants an object around it."""
    fields: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    """Questions quoted in the prompt: to solve, to reword, or as examples."""


def read_prompt(messages: Sequence[dict[str, Any]]) -> Ask:
    """Understand a chat, as far as that goes. Total: any text gives an `Ask`."""
    user = "\n".join(str(m["content"]) for m in messages if m["role"] == "user")[:_MAX_READ]
    system = "\n".join(str(m["content"]) for m in messages if m["role"] == "system")[:_MAX_READ]
    whole = f"{system}\n{user}".strip()
    intent = _intent(user)
    if intent == "other":
        intent = _intent(system)
    style = _said(_STYLE_LABEL, whole)
    wants_json = bool(re.search(r"\bjson\b", whole, re.I))
    wrapper = _WRAPPER.search(whole)
    return Ask(
        intent=intent,
        text=user,
        topic=_said(_TOPIC_LABEL, user) or _about(user) or _said(_TOPIC_LABEL, system),
        situation=_said(_SITUATION_LABEL, user),
        style=style,
        vary=bool(_VARIETY.search(whole)),
        count=_count(user),
        levels=_levels(whole),
        bare=bool(_BARE.search(whole)) and not (_worked(whole)),
        json=wants_json,
        wrapper=wrapper[1] if wrapper else None,
        fields=_fields(whole) if wants_json else (),
        questions=_questions(user, intent),
    )


def _intent(text: str) -> Intent:
    """What the first verb says that says something; a question marked as such is to be solved."""
    found = [
        (match.start(), intent) for intent, verb in _VERBS.items() if (match := verb.search(text))
    ]
    if found:
        return min(found)[1]
    return "solve" if _QUESTION_PART.search(text) else "other"


def _said(label: re.Pattern[str], text: str) -> str:
    """Everything said under a label, all its lines joined."""
    return "\n".join(match["said"].strip() for match in label.finditer(text))


def _about(text: str) -> str:
    match = _ABOUT.search(text)
    return re.split(r"(?<=[a-z)])\.\s|\bReturn\b|\bReply\b", match["said"])[0] if match else ""


def _count(text: str) -> int:
    # The closest pair of number and noun: "two arms ... 3 questions" asks for three.
    match = min(_COUNT.finditer(text), key=lambda m: (len(m[0].split()), m.start()), default=None)
    if match is None:
        singular = re.search(
            r"\b(?:a|an|one|another)\s+(?:[\w-]+\s+){0,4}(?:question|problem)\b", text, re.I
        )
        return 1 if singular else 5
    said = match[1].lower()
    return max(1, min(MAX_COUNT, _NUMBERS.get(said) or int(said)))


def _levels(text: str) -> tuple[Difficulty, ...]:
    if _SPARE.search(text):
        return ("hard",)
    labelled = _said(_LEVEL_LABEL, text)
    where = labelled or "\n".join(
        match[0] for match in re.finditer(rf"[^.\n]{{0,60}}\b{_NOUNS}\b", text, re.I)
    )
    return tuple(
        level for level in DIFFICULTIES if re.search(rf"\b(?:{_LEVELS[level]})\b", where, re.I)
    )


def _worked(text: str) -> bool:
    return bool(_WORKED.search(_NO_WORKING.sub(" ", text)))


def _fields(text: str) -> tuple[str, ...]:
    """Field names in the order of their first mention: single quoted words near the end."""
    wrapper = _WRAPPER.search(text)
    names = [match[1].strip() for match in _QUOTED_NAME.finditer(text)]
    return tuple(
        dict.fromkeys(
            name for name in names if " " not in name and not (wrapper and name == wrapper[1])
        )
    )


def _questions(text: str, intent: Intent) -> tuple[str, ...]:
    """Quoted questions. Several `Question N:` parts are several; else one part, or the rest."""
    starts = [match.end() for match in _QUESTION_PART.finditer(text)]
    if intent != "write" and starts:
        begins = [*(match.start() for match in _QUESTION_PART.finditer(text)), len(text)][1:]
        parts = [text[a:b] for a, b in zip(starts, begins, strict=True)]
        return tuple(part for part in map(_cut, parts) if part)
    if intent == "write":
        listed = re.findall(r"(?:^|\n)\s*(?:[-*•]|\d+[.)])\s+([^\n]{12,600})", text)
        quoted = re.findall(r"[\"“]([^\"”\n]{20,600}\?)[\"”]", text)
        return (*listed, *quoted)[:20]
    head, _, rest = text.partition("\n")
    said = head.partition(":")[2]
    body = f"{said}\n{rest}" if said.strip() else rest or head
    return (_cut(body),) if body.strip() else ()


def _cut(part: str) -> str:
    """A part without the instructions that follow it."""
    part = part.strip().strip("`").strip()
    end = _PART_END.search(part)
    return (part[: end.start()] if end else part).strip().strip('"“”').strip()

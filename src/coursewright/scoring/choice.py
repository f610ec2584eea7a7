"""Multiple choice: one letter."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from coursewright.scoring.label import plain_label
from coursewright.scoring.policy import Policy

_LONGEST = 20_000
"""Characters read, from the end: an answer stands last."""
_WHOLE = re.compile(r"[\s*_`\"'$(\[{]*(?P<letter>[A-Za-z])[\s*_`\"'$)\]}.:,;!]*")
_LED = re.compile(r"[\s*_`]*(?:\((?P<a>[A-Za-z])\)|(?P<b>[A-Za-z])[).:])(?=\s|[*_`]|$)")
# Possessive gaps, below too: gaps that could share a run of blanks would try every split of it.
_SAID = re.compile(
    r"(?:answer|option|choice)\b[\s*_:]*+(?:is|was)?+[\s*_:]*+(?:option|choice)?+[\s*_:]*+"
    # "The answer is a prime", "the answer is I think": an article or a pronoun is no letter.
    r"(?:\\boxed\{|\\text\{|[(\[{$*_`\"'])*+(?!(?-i:[aiI])[^\S\n]+\w)(?P<letter>[A-Za-z])(?![A-Za-z])",
    re.IGNORECASE,
)
_BOXED = re.compile(
    r"\\boxed\{\s*+(?:\\text\{|\\mathrm\{)?+\s*+\(?+\s*+(?P<letter>[A-Za-z])\s*+[)}.]"
)


class Choice(BaseModel):
    """Gold: the letter (`"B"` or `"(B)"`).

    `official`: the answer is that letter but for case, spaces and marks around it. `repaired`
    also finds it in prose: in the last box, behind the last "answer is", or before the option's
    text (`B) 6`). A letter outside `letters` is no answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: Policy = "repaired"
    letters: str = Field(default="ABCDEFGHIJKLMNOPQRSTUVWXYZ", pattern="^[A-Z]{1,26}$")
    """All letters there are."""

    def score(self, output: str, answer: Any) -> float:
        if not isinstance(answer, str):
            return 0.0
        if self.policy == "official":
            return float(bool(plain_label(output)) and plain_label(output) == plain_label(answer))
        given = self._letter(output)
        return float(given is not None and given == plain_label(answer).upper())

    def readable(self, output: str) -> bool:
        if self.policy == "official":
            return plain_label(output[:100]).upper() in tuple(self.letters)
        return self._letter(output) is not None

    def _letter(self, output: str) -> str | None:
        tail = output[-_LONGEST:].strip()
        found = (
            _WHOLE.fullmatch(tail) if len(tail) < 40 else None,
            *reversed(list(_BOXED.finditer(tail))),
            *reversed(list(_SAID.finditer(tail))),
            _LED.match(tail),
            _LED.match(tail.rsplit("\n", 1)[-1]),
        )
        for match in filter(None, found):
            letter = str(next(filter(None, match.groups()))).upper()
            if letter in self.letters:
                return letter
        return None

"""A call ledger written by hand, and rows that claim to come from it."""

import contextlib
import hashlib
import json
from pathlib import Path

from coursewright.records import TracedRow
from coursewright.store.ledger import Ledger

INSTRUCTION = "Solve the problem. Answer with a number."


class Calls:
    """Adds answered calls to a ledger file; each returns the key to name it by."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ledger = Ledger(path)

    def add(self, request: str, response: str, *, round_number: int = 0, system: str = "") -> str:
        messages = [{"role": "user", "content": request}]
        if system:
            messages.insert(0, {"role": "system", "content": system})
        text = json.dumps({"messages": messages}, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = hashlib.sha256(f"{digest}{response}".encode()).hexdigest()
        call = self._ledger.reserve(
            key, digest, text, occurrence=0, round_number=round_number, tokens=1
        )
        self._ledger.settle(call, response, prompt_tokens=1, completion_tokens=1)
        return key

    def together(self) -> contextlib.AbstractContextManager[None]:
        """Write everything inside in one step, which is much faster."""
        return self._ledger.group()

    def close(self) -> None:
        self._ledger.close()


def row(
    question: str, output: str, response: str | None, instruction: str = INSTRUCTION
) -> TracedRow:
    return TracedRow(instruction=instruction, input=question, output=output, response=response)

"""Counting tokens where a server does not say what it used, and bounding them beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursewright.errors import ConfigError

_PER_MESSAGE = 8
"""Tokens a chat template may put around one message."""


def text_bytes(messages: Sequence[dict[str, Any]]) -> int:
    """Bytes of all texts of a chat."""
    return sum(len(str(message.get("content") or "").encode()) for message in messages)


def prompt_tokens_at_most(messages: Sequence[dict[str, Any]]) -> int:
    """An upper bound: no tokenizer needs more than a token a byte, and a few a message."""
    return text_bytes(messages) + _PER_MESSAGE * (len(messages) + 1)


class Counter:
    """Counts with a tokenizer file; without one a token a byte, which is never too few."""

    def __init__(self, tokenizer: Path | None, *, field: str) -> None:
        """Load the tokenizer, if there is one.

        Raises:
            ConfigError: it cannot be loaded.
        """
        self._tokenizer: Any = None
        if tokenizer is None:
            return
        try:
            # Imported here: it comes with the training extra, and few runs need it.
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except ImportError as error:
            raise ConfigError(
                "needs the package `tokenizers`", field=f"{field}.tokenizer"
            ) from error
        except Exception as error:  # the library raises bare exceptions
            raise ConfigError(
                f"{tokenizer} is no tokenizer.json: {error}", field=f"{field}.tokenizer"
            ) from error

    def text(self, text: str) -> int:
        """Tokens of a text."""
        if self._tokenizer is None:
            return len(text.encode())
        return len(self._tokenizer.encode(text).ids)

    def prompt(self, messages: Sequence[dict[str, Any]]) -> int:
        """Tokens of a chat."""
        if self._tokenizer is None:
            return text_bytes(messages)
        texts = (str(message.get("content") or "") for message in messages)
        return sum(self.text(text) + _PER_MESSAGE for text in texts)

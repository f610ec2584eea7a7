"""The review on a terminal, by single keys; or line by line where there is no terminal.

    a accept   e edit   r reject   s skip   u undo   q quit

Whatever documents and the teacher say is printed with its control characters escaped, and never
read as markup.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from coursewright.display import printable
from coursewright.drafting.queue import Drafted
from coursewright.drafting.reviewing import Sitting

HELP = "a accept · e edit · r reject · s skip · u undo · q quit"
_WIDE = 110
_LINES_WIDTH = 100
_SEQUENCE_SECONDS = 0.05


class Input(Protocol):
    """Where the person's words come from; `None` is the end of them."""

    def key(self, prompt: str) -> str | None:
        """A command: its first letter counts."""

    def text(self, label: str, now: str) -> str | None:
        """A text in place of the one there is now; an empty line keeps that."""


def review(sitting: Sitting, console: Console, hands: Input) -> None:
    """Go through the undecided items until they are all decided, or the person quits."""
    shown = None
    while (item := sitting.current) is not None:
        if item.id != shown:
            console.print(page(item, sitting, console.width))
            shown = item.id
        key = hands.key(f"{HELP}  > ")
        if key is None or key == "q":
            return
        if not _done(key, item, sitting, console, hands):
            console.print(HELP, markup=False)
        elif key == "u":
            shown = None


def _done(key: str, item: Drafted, sitting: Sitting, console: Console, hands: Input) -> bool:
    """Do what a key stands for; False if it stands for nothing."""
    match key:
        case "a":
            sitting.accept()
        case "e":
            _edit(item, sitting, console, hands)
        case "r":
            sitting.reject(hands.text("why (optional)", "") or "")
        case "s":
            sitting.skip()
        case "u":
            if not sitting.undo():
                console.print("nothing to undo in this sitting", markup=False)
        case _:
            return False
    return True


def _edit(item: Drafted, sitting: Sitting, console: Console, hands: Input) -> None:
    now = {"question": item.question, "answer": _said(item.answer), "topic": item.topic or ""}
    fresh: dict[str, str] = {}
    for label, text in now.items():
        given = hands.text(label, text)
        if given is None:
            return  # the end of the input decides nothing
        fresh[label] = given
    problem = sitting.edit(fresh["question"], fresh["answer"], fresh["topic"])
    if problem is not None:
        console.print(Text(printable(f"not kept: {problem}"), style="red"))


def page(item: Drafted, sitting: Sitting, width: int) -> RenderableType:
    """Return an item with the passage it was drafted from beside it, or above it if narrow."""
    passage = Panel(_plain(item.text), title=_plain(item.passage), title_align="left")
    facts = Table.grid(padding=(0, 1))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column()
    for label, text in (
        ("question", item.question),
        ("answer", _said(item.answer)),
        ("topic", item.topic or "–"),
        ("with passage", _listed(item.votes)),
        ("without", _listed(item.blind)),
    ):
        facts.add_row(label, _plain(text))
    counts = sitting.counts()
    title = (
        f"{item.split}, {sitting.left} left, {counts['accepted'] + counts['edited']} accepted, "
        f"{counts['rejected']} rejected"
    )
    asked = Panel(facts, title=_plain(title), title_align="left")
    if width < _WIDE:
        return Group(passage, asked)
    beside = Table.grid(expand=True)
    beside.add_column(ratio=1)
    beside.add_column(ratio=1)
    beside.add_row(passage, asked)
    return beside


def _plain(text: str) -> Text:
    return Text(printable(text), overflow="fold")


def _listed(answers: Sequence[str]) -> str:
    return " | ".join(" ".join(answer.split())[:120] for answer in answers) or "–"


def _said(answer: object) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


# ---------------------------------------------------------------- where words come from


class Lines:
    """Reads a line for every question: for pipes, and for tests."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def key(self, prompt: str) -> str | None:
        line = self._stream.readline()
        return line.strip()[:1].lower() if line else None

    def text(self, label: str, now: str) -> str | None:
        line = self._stream.readline()
        return (line.strip() or now) if line else None


class Keys:
    """Reads single keys from a terminal, and texts with the line as it is, ready to be edited."""

    def key(self, prompt: str) -> str | None:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        with _unbuffered(sys.stdin.fileno()) as descriptor:
            pressed = _one_key(descriptor)
        if pressed in (b"", b"\x04"):
            return None
        shown = pressed.decode("ascii", "replace").lower()
        sys.stdout.write(f"{shown if shown.isprintable() else ''}\n")
        return shown

    def text(self, label: str, now: str) -> str | None:
        import readline  # sets up the terminal when imported

        # Line breaks cannot be edited on one line: they are kept by an empty answer.
        editable = now if now.isprintable() else ""
        readline.set_startup_hook(lambda: readline.insert_text(editable))
        try:
            return input(f"{label}: ").strip() or now
        except EOFError:
            return None
        finally:
            readline.set_startup_hook(None)


def _one_key(descriptor: int) -> bytes:
    """Take one key. An arrow is a sequence that begins with an escape: taken whole, no command."""
    pressed = os.read(descriptor, 1)
    if pressed == b"\x1b":
        while select.select([descriptor], [], [], _SEQUENCE_SECONDS)[0]:
            part = os.read(descriptor, 1)
            if part not in (b"[", b"O") and (not part or 0x40 <= part[0] <= 0x7E):
                break
    return pressed


@contextlib.contextmanager
def _unbuffered(descriptor: int) -> Iterator[int]:
    """Give every key as it is pressed; the terminal is as it was afterwards, whatever happens."""
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSADRAIN)  # a key pressed early counts
        yield descriptor
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def open_terminal() -> tuple[Console, Input]:
    """Return the display and the input that suit standard output and input."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return Console(highlight=False), Keys()
    return Console(highlight=False, width=_LINES_WIDTH, no_color=True), Lines(sys.stdin)

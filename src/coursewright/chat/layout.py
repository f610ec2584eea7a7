"""The one prompt template, used to train the student and to score it.

A student that is scored under another template than it was trained under measures the
template. So the layout below is written once: `layout` decides what stands in the user turn,
and every student worker wraps that turn with its tokenizer's own chat template.
"""

from __future__ import annotations

from coursewright.chat.template import tools_text
from coursewright.records import Item, Preamble, Prompt, Row, question_of


def layout(instruction: str, body: str) -> str:
    """Return the user turn for an instruction and its input (either may be empty)."""
    instruction, body = instruction.strip(), body.strip()
    return f"{instruction}\n{body}" if instruction and body else instruction or body


def item_body(question: str, context: str | None) -> str:
    """Return the input part for a test question: its context, if any, stands above it."""
    return f"{context.strip()}\n{question.strip()}" if context else question.strip()


def prompt_of_row(row: Row) -> Prompt:
    """Return what the student is asked in a training row."""
    return row.messages[:-1] or layout(row.instruction, row.input)


def in_words(prompt: Prompt, preamble: Preamble) -> str:
    """Return a prompt with all that stands before it as one text, for a model that is no student.

    Its turns are named, and its tools listed as for templates that know none.
    """
    said = prompt if isinstance(prompt, str) else item_body(*question_of(prompt))
    return "\n\n".join(filter(None, (preamble.system, tools_text(preamble.tools), said)))


def prompt_of(item: Item, instruction: str) -> Prompt:
    """Return what the student is asked for a test item: as it is trained to be asked."""
    return item.messages or layout(instruction, item_body(item.question, item.context))

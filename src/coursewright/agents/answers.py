"""Reads analysis, plan and program out of a model's answer, in whatever shape it comes.

Asked for are some prose, a fenced plan and a fenced program. What comes besides: no fences, one
or five, thoughts in tags, JSON around everything, a difference instead of a file, an apology, half
a program. Whatever cannot be read is a failed proposal of the study's error type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from coursewright.agents.fences import Block, Split, split_blocks
from coursewright.agents.patches import PatchError, apply_patch, looks_like_patch
from coursewright.agents.python_source import compiles, fault_of, looks_like_python, mended
from coursewright.records import Failure, Proposal

MOST = 200_000
"""Characters of an answer that are read."""
_TOLD = 4_000
"""Characters of an unreadable answer that are kept for the record."""

_PLAN_LABELS = ("plan", "markdown", "md", "text", "txt", "plain", "plaintext", "")
_CODE_KEYS = ("code", "program", "python", "script", "code.py", "source")
_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]*|\*\*|(?=\w+:?$))(?P<title>[^\n]{1,80}?):?\**:?[ \t]*$", re.M
)
_THOUGHT = r"think|thinking|thought|reasoning|reflection|scratchpad"
_PROGRAM_START = re.compile(r'^(?:import \w|from \w[\w.]* import |#!|"""|def \w|class \w|@\w)')


def read_answer(text: str, *, truncated: bool = False, earlier: str = "") -> Proposal:
    """Return what an answer proposes; total: any text gives a proposal, good or failed.

    Args:
        text: the answer as it came.
        truncated: whether the server says that it stopped at its limit of tokens.
        earlier: the program that a difference would be meant for.
    """
    text = _clean(text)
    answer = _without_thoughts(text)
    if answer is None:
        text, truncated = "", True  # it never came to an end of its thoughts
    else:
        text = answer
    wrapped = _from_json(text)
    if wrapped is not None:
        return _proposal(wrapped, truncated, earlier)
    split = split_blocks(text)
    if len(split.blocks) == 1 and split.blocks[0].label in ("json", ""):
        wrapped = _from_json(split.blocks[0].text)
        if wrapped is not None:
            return _proposal(wrapped, truncated, earlier)
    return _proposal(split, truncated, earlier)


def _proposal(split: Split, truncated: bool, earlier: str) -> Proposal:
    blocks = [Block(b.label, mended(b.text), b.closed) for b in split.blocks if b.text.strip()]
    code, failure, message = _code(blocks, split.prose, truncated, earlier)
    plan, prose = _plan(blocks, split.prose, code)
    if failure is not None:
        told = "\n\n".join([split.prose, *(b.text for b in blocks)]).strip()
        return Proposal(
            analysis=_shortened(told), plan=plan, code=code, failure=failure, message=message
        )
    # Without a fence the program stood in the prose.
    analysis = _said(blocks, "analysis") or ("" if code.strip() in prose else prose)
    return Proposal(analysis=analysis, plan=plan, code=code)


# ---------------------------------------------------------------- the program


def _code(
    blocks: Sequence[Block], prose: str, truncated: bool, earlier: str
) -> tuple[str, Failure | None, str]:
    """The program, or the error type and what to say about it."""
    complete = [b for b in blocks if b.closed]
    found = _chosen(complete)
    if found is not None and _saves(found):
        return _ended(found), None, ""
    patches = [b.text for b in complete if b.label == "diff" or looks_like_patch(b.text)]
    if not blocks and looks_like_patch(prose):
        patches = [prose]
    if patches:
        try:
            return apply_patch("\n".join(patches), earlier), None, ""
        except PatchError as error:
            return "", "code extraction failed", f"{error}; give the whole program instead"
    last = blocks[-1] if blocks else None
    open_end = last is not None and not last.closed and last.label in ("python", "")
    if open_end and not truncated and last is not None and compiles(last.text):
        return _ended(last.text), None, ""  # only the closing fence was forgotten
    meant = open_end and last is not None and looks_like_python(last.text, 1 if last.label else 2)
    if truncated or meant:
        return "", "agent output truncated", "the answer ended before the program did; write less"
    if found is not None:
        return _ended(found), None, ""
    bare = _bare_program(prose)
    if bare:
        return _ended(bare), None, ""
    return "", "code extraction failed", _why_none(blocks, prose)


def _chosen(blocks: Sequence[Block]) -> str | None:
    """The program among the blocks: the last that saves rows, joined with its parts if need be."""
    programs = [
        b for b in blocks if compiles(b.text) or looks_like_python(b.text, 1 if b.label else 2)
    ]
    candidates = [b.text for b in programs if b.label == "python" and not looks_like_patch(b.text)]
    candidates = candidates or [b.text for b in programs if not b.label]
    if not candidates:
        return None
    whole = [text for text in candidates if _saves(text) and compiles(text)]
    complete = [text for text in whole if _imports(text)]
    if complete:
        return complete[-1]
    joined = "\n\n".join(candidates)
    if len(candidates) > 1 and _saves(joined) and compiles(joined):
        return joined  # one program, told in parts
    return (whole or [max(candidates, key=len)])[-1]


def _saves(text: str) -> bool:
    return "save_rows(" in text or "submission.json" in text


def _imports(text: str) -> bool:
    return "coursewright_program" in text or "submission.json" in text


def _bare_program(text: str) -> str:
    """The program in a text without fences: from its first line of code to the last that fits."""
    if compiles(text) and looks_like_python(text, 1):
        return text
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if _PROGRAM_START.match(line)), None)
    if start is None:
        return ""
    # Prose after a program is a few paragraphs: those are taken away one by one.
    ends = [n for n in range(len(lines), start, -1) if n == len(lines) or not lines[n].strip()]
    for end in ends[:40]:
        candidate = mended("\n".join(lines[start:end]))
        if compiles(candidate) and looks_like_python(candidate, 1):
            return candidate
    return ""


def _why_none(blocks: Sequence[Block], prose: str) -> str:
    others = sorted({b.label for b in blocks if b.label and b.label not in _PLAN_LABELS})
    if others:
        return f"no Python program in the answer; its blocks are: {', '.join(others)}"[:200]
    unreadable = [b.text for b in blocks if not b.label and fault_of(b.text)]
    if unreadable:
        return f"no Python program in the answer; {fault_of(unreadable[-1])}"
    begins = " ".join(prose.split())[:120]
    return f"no Python program in the answer, which begins: {begins!r}" if begins else "no answer"


def _ended(code: str) -> str:
    return code.strip("\n") + "\n"


# ---------------------------------------------------------------- the plan


def _plan(blocks: Sequence[Block], prose: str, code: str) -> tuple[str, str]:
    """The plan, and the prose without it."""
    if told := _said(blocks, "plan"):
        return told, prose
    for block in blocks:
        is_code = block.text.strip() == code.strip() or looks_like_python(block.text)
        if block.label in _PLAN_LABELS and not is_code and not looks_like_patch(block.text):
            return block.text.strip(), prose
    headings = list(_HEADING.finditer(prose))
    for number, heading in enumerate(headings):
        if re.search(r"\bplan\b", heading["title"], re.I):
            end = headings[number + 1].start() if number + 1 < len(headings) else len(prose)
            plan = prose[heading.end() : end].strip()
            return plan, f"{prose[: heading.start()]}{prose[end:]}".strip()
    return "", prose


def _said(blocks: Sequence[Block], label: str) -> str:
    return "\n\n".join(b.text.strip() for b in blocks if b.label == label)


# ---------------------------------------------------------------- the wrapping


def _clean(text: str) -> str:
    """A text that can be stored: no lone surrogates, one kind of line end, bounded."""
    text = text[:MOST].replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8").lstrip("\ufeff")


def _without_thoughts(text: str) -> str | None:
    """Take out what a model thought aloud before it answered; None if it did nothing else.

    Only at the beginning, and up to an end tag at the end of its line: programs themselves
    hold such tags, to take them out of the teacher's answers.
    """
    opened = re.match(rf"\s*<({_THOUGHT})>", text, re.I)
    if opened:
        name = opened[1]
        end = re.search(rf"</{name}>[ \t]*(?:\n|$)", text, re.I)
        end = end or re.search(rf"</{name}>", text, re.I)
        return text[end.end() :] if end else None
    # The opening tag may have stood in the model's template.
    end = re.search(rf"(?P<before>^.*)</(?:{_THOUGHT})>[ \t]*(?:\n|$)", text, re.I | re.M)
    if end is None or re.search(rf"<(?:{_THOUGHT})>", text[: end.end()], re.I):
        return text
    fences = sum(
        line.lstrip().startswith(("```", "~~~")) for line in text[: end.start()].split("\n")
    )
    is_remark = end["before"].strip() and fences % 2  # in a program, such as a comment's end
    return text if is_remark else text[end.end() :]


def _from_json(text: str) -> Split | None:
    """The parts of an answer that is one JSON object with a program in it."""
    text = text.strip()
    if not text.startswith("{"):
        return None
    try:
        told: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    fields = {str(key).lower(): value for key, value in told.items()}
    code = next((fields[k] for k in _CODE_KEYS if isinstance(fields.get(k), str)), None)
    if code is None:
        return None
    parts = split_blocks(_clean(code))
    blocks = list(parts.blocks) or [
        Block("diff" if looks_like_patch(code) else "python", code, True)
    ]
    plan = _in_prose(fields.get("plan"))
    if plan:
        blocks.insert(0, Block("plan", plan, True))
    return Split(tuple(blocks), _in_prose(fields.get("analysis") or fields.get("thoughts")))


def _in_prose(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(f"- {_in_prose(part)}" for part in value)
    if isinstance(value, dict):
        return "\n".join(f"- {key}: {_in_prose(part)}" for key, part in value.items())
    return "" if value is None else _clean(str(value)).strip()


def _shortened(text: str) -> str:
    return text if len(text) <= _TOLD else f"{text[:_TOLD]}\n[… {len(text) - _TOLD} characters]"

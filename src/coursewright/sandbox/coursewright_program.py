"""All of coursewright that a curation program may import.

    from coursewright_program import teacher, save_rows, parse_answer, load_visible

    prompts = [f"Write one question about {topic} and answer it, as JSON." for topic in topics]
    for answer in teacher.generate_batch(prompts, json=True):
        data = parse_answer(answer)
        if answer.ok and data:
            save_rows([{"instruction": "…", "input": data["question"],
                        "output": data["answer"], "response": answer}])

The teacher:

    teacher.generate_batch(prompts, *, system=None, json=False, temperature=None,
                           max_tokens=None, on_progress=None) -> list[Answer]
        One answer for each prompt, in the order of the prompts, many under way at once. A
        prompt is a text or a list of {"role", "content"} messages. Never raises because of
        a single prompt: see `Answer.ok` and `Answer.error`. Asking the same prompt twice gives
        two answers, in one batch or in two. With `json` the answer should hold an object or a
        list, whichever the prompt asks for: where it holds neither, the teacher is asked once
        more, at the price of a call. Ask for JSON in the prompt, too, and read with parse_answer.
    teacher.generate(prompt, ...) -> Answer           the same for one prompt
    teacher.calls_left() -> int                       what this round may still ask

The student before any training, as the exam asks it (greedy, with the task's instruction):

    student.generate_batch(prompts, *, on_progress=None) -> list[Answer]
        One answer for each prompt: the text of a question alone, its context above it if there
        is one. Metered apart from the teacher. No row may name such an answer as its `response`.
    student.generate(prompt) -> Answer                the same for one question
    student.calls_left() -> int                       0 where it cannot be asked at all

The submission, `submission.json` in the working folder:

    save_rows(rows)         append rows: dicts with the texts instruction, input and output, and
                            as `response` the Answer (or its id) they were taken from. What is
                            saved counts even if the program is stopped later, so save often.
                            A row whose question or output your program changed beyond trimming,
                            case, layout and labels says how, as `derived`; with several Answers
                            behind it, `response` is a list of them. What is declared is checked:
                              rounded          the answer's numbers are rounded, nothing else
                              executed         the output is what an expression or a small program
                                               in the response (or the question) comes to
                              back-translated  the answer is from one response, its question from
                                               another, whose request quotes that answer
                              split            one part of an exercise of several, with what they
                                               share; or the next piece of a solution, asked with
                                               the question and the pieces before it
                              joined           several exercises in one, answers in their order
                              shuffled         the choices a), b) ... in another order, the answer
                                               named anew
                              quoted           a cited passage's words, and as output what follows
                                               them there or fills their gap ____; needs no Answer
                            Where load_sample() shows rows as `messages`, so are these: a list of
                            {"role": "user" | "assistant" | "tool", "content", "tool_calls"?} that
                            begins with the user and ends with the assistant's turn, the only one
                            that is trained on; a call is {"name", "arguments"}. A row of texts is
                            then made such a list: instruction and input asked, output answered
                            (the call or calls, where it is nothing but their JSON).
    check_submission()      list what is wrong with the rows saved so far

The material, each row a dict:

    brief()                 the task, its rules and sizes; `preamble` holds system prompt and tools
    load_visible()          visible items with their answers; never copy them into rows
    load_seeds()            raw questions without answers, in the `seed` setting
    load_sample()           rows in the required shape
    load_previous()         the rows of the attempt this one mends or improves
    load_best()             the rows of the best attempt so far; both keep their origin
    seed()                  the round's random seed; `random` is already seeded with it

    parse_answer(text)      JSON out of a model's text, None when there is none

Standard library and aiohttp only. Names that begin with an underscore may change.
"""

from __future__ import annotations

import contextlib
import itertools
import json as _json
import os
import re
import threading
from collections.abc import Iterable
from typing import Any

if __package__:  # beside the supervisor
    from coursewright.sandbox import coursewright_corpus as _corpus
    from coursewright.sandbox import coursewright_material as _material
    from coursewright.sandbox import coursewright_teacher as _teacher
else:  # in the sandbox, where copies of these files lie beside a copy of this one
    import coursewright_corpus as _corpus  # type: ignore[import-not-found,no-redef]
    import coursewright_material as _material  # type: ignore[import-not-found,no-redef]
    import coursewright_teacher as _teacher  # type: ignore[import-not-found,no-redef]

__version__ = "1.2"
__all__ = [
    "Answer",
    "Student",
    "Teacher",
    "brief",
    "check_submission",
    "list_passages",
    "load_best",
    "load_previous",
    "load_sample",
    "load_seeds",
    "load_visible",
    "parse_answer",
    "read_passage",
    "save_rows",
    "search_corpus",
    "seed",
    "student",
    "teacher",
]

# Documented where they are; the documents', where a task has some, are told of only there.
Answer = _teacher.Answer
Student = _teacher.Student
Teacher = _teacher.Teacher
brief = _material.brief
load_visible = _material.load_visible
load_seeds = _material.load_seeds
load_sample = _material.load_sample
load_previous = _material.load_previous
load_best = _material.load_best
seed = _material.seed
search_corpus = _corpus.search_corpus
read_passage = _corpus.read_passage
list_passages = _corpus.list_passages

teacher = Teacher()
student = Student()

_FIELDS = ("instruction", "input", "output")


# ---------------------------------------------------------------- reading answers


def parse_answer(text: str) -> Any:
    """Return the JSON object or list in a model's text, or None.

    Copes with code fences, prose around it, trailing commas, Python's True, False and None,
    line breaks inside texts, and a list of objects that was cut off.
    """
    text = str(text).strip().lstrip("\ufeff")
    fenced = re.findall(r"```[\w-]*\s*\n?(.*?)```", text, re.DOTALL)
    for candidate in (text, *fenced):
        value = _parse(candidate.strip())
        if isinstance(value, (dict, list)):
            return value
    return _first_value(text)


def _parse(text: str) -> Any:
    decoder = _json.JSONDecoder(strict=False)
    for attempt in (text, _mended(text)):
        try:
            return decoder.decode(attempt)
        except (ValueError, RecursionError):
            continue
    return None


def _mended(text: str) -> str:
    """Take out what models write though JSON forbids it, outside of texts only."""
    pieces = re.split(r'("(?:[^"\\]|\\.)*")', text, flags=re.DOTALL)
    for number in range(0, len(pieces), 2):
        piece = re.sub(r",(\s*[\]}])", r"\1", pieces[number])
        for word, proper in (("True", "true"), ("False", "false"), ("None", "null")):
            piece = re.sub(rf"\b{word}\b", proper, piece)
        pieces[number] = piece
    return "".join(pieces)


def _first_value(text: str) -> Any:
    """Return the first object or list that begins somewhere in the text."""
    decoder = _json.JSONDecoder(strict=False)
    for candidate in (text, _mended(text)):
        for match in itertools.islice(re.finditer(r"[\[{]", candidate), 100):
            try:
                value, _ = decoder.raw_decode(candidate, match.start())
            except (ValueError, RecursionError):
                value = _complete_members(decoder, candidate, match.start())
            if value:
                return value
    return None


def _complete_members(decoder: _json.JSONDecoder, text: str, start: int) -> list[Any]:
    """Return the complete objects at the beginning of a list that was cut off."""
    members: list[Any] = []
    position = start + 1
    while text[start] == "[" and (following := re.compile(r"[\s,]*(?=\{)").match(text, position)):
        try:
            member, position = decoder.raw_decode(text, following.end())
        except (ValueError, RecursionError):
            break
        members.append(member)
    return members


# ---------------------------------------------------------------- the submission

_saved: list[str] | None = None
_saving = threading.Lock()


def save_rows(rows: dict[str, Any] | Iterable[dict[str, Any]]) -> int:
    """Append rows to the submission; return how many are saved now.

    The file is replaced as a whole, in one step: whenever the program is stopped, a complete
    submission lies there.
    """
    global _saved
    if isinstance(rows, dict):
        rows = [rows]
    with _saving:
        if _saved is None:
            _saved = [_json.dumps(row, ensure_ascii=True) for row in _read_submission()]
        _saved.extend(_json.dumps(_shape(row), ensure_ascii=True) for row in rows)
        place = _submission_path()
        fresh = f"{place}.{os.getpid()}.new"
        with open(fresh, "w", encoding="utf-8") as stream:
            stream.write("[" + ",\n".join(_saved) + "]\n")
        os.replace(fresh, place)
        _report(len(_saved))
        return len(_saved)


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    if "messages" in row:
        shaped: dict[str, Any] = {"messages": row["messages"]}
    elif _rows_are_messages():
        shaped = {"messages": _as_messages(row)}
    else:
        shaped = {name: _as_text(row.get(name, "")) for name in _FIELDS}
    named = row.get("response")
    keys = [_key(one) for one in (named if isinstance(named, (list, tuple)) else [named])]
    keys += [_key(one) for one in row.get("sources") or ()]
    if keys[:1] and keys[0] is not None:
        shaped["response"] = keys[0]
    if sources := [key for key in keys[1:] if key]:
        shaped["sources"] = sources
    if row.get("derived"):
        shaped["derived"] = str(row["derived"])
    cited = [p["id"] if isinstance(p, dict) else str(p) for p in row.get("passages") or ()]
    if cited:
        shaped["passages"] = cited
    return shaped


def _key(response: Any) -> str | None:
    """What names a response: of an Answer its id, which a failed one has not."""
    if isinstance(response, Answer):
        response = response.id
    return None if response is None else str(response)


def _as_text(value: Any) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else value


def _rows_are_messages() -> bool:
    sample = load_sample()
    return bool(sample) and "messages" in sample[0]


def _as_messages(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A row of texts as a conversation: what is asked, and the answer."""
    asked = [str(row.get(name) or "").strip() for name in ("instruction", "input")]
    output = _as_text(row.get("output", ""))
    calls = _calls(output)
    answer = {"content": output} if calls is None else {"content": "", "tool_calls": calls}
    return [
        {"role": "user", "content": "\n".join(filter(None, asked))},
        {"role": "assistant", **answer},
    ]


def _calls(output: Any) -> list[dict[str, Any]] | None:
    """The calls that an output is, alone or in a list; None if it is anything else."""
    if isinstance(output, str):
        if output.strip()[:1] not in ("{", "["):
            return None
        try:
            output = _json.loads(output)
        except (ValueError, RecursionError):
            return None
    calls = [output] if isinstance(output, dict) else output
    if not isinstance(calls, list) or not calls:
        return None
    are = all(isinstance(call, dict) and {*call} == {"name", "arguments"} for call in calls)
    return calls if are else None


def _report(count: int) -> None:
    """Tell the display how many rows there are; nothing depends on it."""
    line = os.environ.get("COURSEWRIGHT_LINE")
    if line is not None:
        with contextlib.suppress(OSError):
            os.write(int(line), f"rows {count}".encode())


def check_submission() -> list[str]:
    """Return what is wrong with the rows saved so far, in words; nothing when all is well."""
    rows = _read_submission()
    problems = []
    for number, row in enumerate(rows):
        if isinstance(row, dict) and "messages" in row:
            problems += [f"row {number}: {fault}" for fault in _turn_faults(row["messages"])]
        else:
            problems += [f"row {number}: {fault}" for fault in _text_faults(row)]
        needs = isinstance(row, dict) and row.get("derived") != "quoted"
        if needs and not row.get("response"):
            problems.append(f"row {number}: names no teacher response")
    minimum = (brief().get("rows") or {}).get("minimum", 1)
    if len(rows) < minimum:
        problems.append(f"{len(rows)} rows, at least {minimum} are needed")
    return problems


def _text_faults(row: Any) -> list[str]:
    faults = []
    for name in _FIELDS:
        value = row.get(name) if isinstance(row, dict) else None
        if not isinstance(value, str):
            faults.append(f"{name} is not a text")
        elif name != "input" and not value.strip():
            faults.append(f"{name} is empty")
    return faults


def _turn_faults(turns: Any) -> list[str]:
    known = ("system", "user", "assistant", "tool")
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return ["messages is no list of turns"]
    faults = [f"role {t.get('role')!r} is unknown" for t in turns if t.get("role") not in known]
    if not turns or turns[-1].get("role") != "assistant":
        faults.append("messages does not end with the assistant's turn")
    elif not str(turns[-1].get("content") or "").strip() and not turns[-1].get("tool_calls"):
        faults.append("the last turn is empty")
    return faults


def _submission_path() -> str:
    return os.path.join(os.environ.get("COURSEWRIGHT_WORK", "."), "submission.json")


def _read_submission() -> list[Any]:
    try:
        with open(_submission_path(), encoding="utf-8") as stream:
            rows = _json.load(stream)
    except (OSError, ValueError):
        return []
    return rows if isinstance(rows, list) else []

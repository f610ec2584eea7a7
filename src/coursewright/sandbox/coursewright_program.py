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

import asyncio
import collections
import contextlib
import itertools
import json as _json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

if __package__:  # beside the supervisor
    from coursewright.sandbox import coursewright_corpus as _corpus
else:  # in the sandbox, where a copy of this file lies beside a copy of that one
    import coursewright_corpus as _corpus  # type: ignore[import-not-found,no-redef]

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

Prompt = str | Sequence[dict[str, str]]

# Documented where they are, and told of where a task has documents.
search_corpus = _corpus.search_corpus
read_passage = _corpus.read_passage
list_passages = _corpus.list_passages

_STUDENT = "student"
_OCCURRENCE = "X-Coursewright-Occurrence"
_FIELDS = ("instruction", "input", "output")


# ---------------------------------------------------------------- the teacher


class Answer(str):
    """A model's answer: its text, with where it came from. Failed answers are empty.

    Attributes:
        id: names the response in the ledger; rows refer to it when it is the teacher's.
        ok: whether there is an answer.
        error: otherwise why: "budget" (no calls left), "deadline" (no time left), or a message.
    """

    id: str | None
    error: str | None

    def __new__(cls, text: str = "", id: str | None = None, error: str | None = None) -> Answer:
        self = super().__new__(cls, text)
        self.id = id
        self.error = error
        return self

    def __getnewargs__(self) -> tuple[str, str | None, str | None]:  # type: ignore[override]
        return str(self), self.id, self.error

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.error is None


class Teacher:
    """The teacher model, behind the round's metered gateway."""

    def __init__(self, path: str | None = None, concurrency: int | None = None) -> None:
        """In the sandbox `teacher` is ready-made; elsewhere name a gateway's socket."""
        self._desk = _Desk(path, concurrency, "calls_left")

    def generate_batch(
        self,
        prompts: Iterable[Prompt],
        *,
        system: str | None = None,
        json: bool = False,
        temperature: float | None = None,
        max_tokens: int | None = None,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> list[Answer]:
        """Ask everything at once; answers in the order of the prompts.

        `on_progress(done, total)` is called after each answer. `max_tokens` is a wish: the
        run's setting has the last word.
        """
        bodies = [_body(prompt, system, json, temperature, max_tokens) for prompt in prompts]
        return self._desk.ask(bodies, on_progress)

    def generate(
        self,
        prompt: Prompt,
        *,
        system: str | None = None,
        json: bool = False,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Answer:
        """Ask one prompt. For many, `generate_batch` is much faster than a loop."""
        return self.generate_batch(
            [prompt], system=system, json=json, temperature=temperature, max_tokens=max_tokens
        )[0]

    def calls_left(self) -> int:
        """Calls this round may still make; answers from the cache cost none."""
        return self._desk.calls_left()

    def close(self) -> None:
        """Let go of the connections; a program need not, its end does it."""
        self._desk.close()


class Student:
    """The student before any training, behind the same gateway; it answers as in the exam."""

    def __init__(self, path: str | None = None, concurrency: int | None = None) -> None:
        """In the sandbox `student` is ready-made; elsewhere name a gateway's socket."""
        self._desk = _Desk(path, concurrency, "student_calls_left")

    def generate_batch(
        self, prompts: Iterable[str], *, on_progress: Callable[[int, int], object] | None = None
    ) -> list[Answer]:
        """Ask everything at once; answers in the order of the prompts, which are questions."""
        bodies = [_body(str(prompt), None, False, None, None, _STUDENT) for prompt in prompts]
        return self._desk.ask(bodies, on_progress)

    def generate(self, prompt: str) -> Answer:
        """Ask one question. For many, `generate_batch` is much faster than a loop."""
        return self.generate_batch([prompt])[0]

    def calls_left(self) -> int:
        """Questions this round may still ask; 0 where the student cannot be asked at all."""
        return self._desk.calls_left()

    def close(self) -> None:
        """Let go of the connections; a program need not, its end does it."""
        self._desk.close()


class _Desk:
    """Where one model is asked: counts what was asked, and opens the way when it is needed."""

    def __init__(self, path: str | None, concurrency: int | None, left: str) -> None:
        self._path = path
        self._concurrency = concurrency
        self._left = left
        self._asked: collections.Counter[str] = collections.Counter()
        self._lock = threading.Lock()
        self._client: _Client | None = None

    def ask(
        self, bodies: list[dict[str, Any]], on_progress: Callable[[int, int], object] | None
    ) -> list[Answer]:
        with self._lock:
            # Counted here, in the order of the prompts: however calls overtake one another,
            # the k-th asking of a prompt gets the same answer in every replay.
            requests = [(body, self._count(body)) for body in bodies]
            client = self._open()
        return client.ask(requests, on_progress)

    def calls_left(self) -> int:
        with self._lock:
            client = self._open()
        return client.calls_left()

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _open(self) -> _Client:
        if self._client is None:
            self._client = _Client(self._path, self._concurrency, self._left)
        return self._client

    def _count(self, body: dict[str, Any]) -> int:
        # What the gateway overrules cannot make two requests different.
        counted = {key: value for key, value in body.items() if key != "max_tokens"}
        text = _json.dumps(counted, sort_keys=True)
        occurrence = self._asked[text]
        self._asked[text] += 1
        return occurrence


def _body(
    prompt: Prompt,
    system: str | None,
    json: bool,
    temperature: float | None,
    max_tokens: int | None,
    model: str | None = None,
) -> dict[str, Any]:
    messages = [] if system is None else [{"role": "system", "content": str(system)}]
    if isinstance(prompt, str):
        messages.append({"role": "user", "content": str(prompt)})
    else:
        messages += [{"role": m["role"], "content": str(m["content"])} for m in prompt]
    body: dict[str, Any] = {"messages": messages}
    if model is not None:
        body["model"] = model
    if temperature is not None:
        body["temperature"] = float(temperature)
    if max_tokens is not None:
        body["max_tokens"] = int(max_tokens)
    if json:
        body["response_format"] = {"type": "json_object"}
    return body


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose Unix connections come through the sandbox's line.

    Programs may open no socket; the sandbox hands connections over, ready-made.
    """

    def __init__(self, line: int) -> None:
        super().__init__()
        self._line = line

    async def create_unix_connection(
        self, protocol_factory: Any, path: Any = None, *, sock: Any = None, **options: Any
    ) -> Any:
        if sock is None:
            sock = self._take()
        return await super().create_unix_connection(protocol_factory, sock=sock, **options)

    def _take(self) -> socket.socket:
        # Answered at once by a process that waits for nothing else; no need to be asynchronous.
        with socket.socket(fileno=os.dup(self._line)) as line:
            line.settimeout(10.0)
            line.send(b"connect")
            _, descriptors, _, _ = socket.recv_fds(line, 16, 1)
        if not descriptors:
            raise ConnectionError("the teacher cannot be reached now")
        connection = socket.socket(fileno=descriptors[0])
        connection.setblocking(False)
        return connection


class _Client:
    """Speaks with the gateway from a thread of its own, so that any program may use it."""

    def __init__(self, path: str | None, concurrency: int | None, left: str) -> None:
        self._pid = os.getpid()
        self._left = left
        self._path = path or os.environ.get("COURSEWRIGHT_SOCKET") or "teacher"
        self._concurrency = concurrency or int(brief().get("concurrency", 80))
        line = os.environ.get("COURSEWRIGHT_LINE") if self._path == "teacher" else None
        self._loop = asyncio.new_event_loop() if line is None else _Loop(int(line))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._session: Any = None
        self._slots: asyncio.Semaphore | None = None

    def ask(
        self,
        requests: list[tuple[dict[str, Any], int]],
        on_progress: Callable[[int, int], object] | None,
    ) -> list[Answer]:
        answers: list[Answer] = [Answer(error="not asked")] * len(requests)
        if requests:
            self._run(self._ask_all(requests, answers, on_progress))
        return answers

    def calls_left(self) -> int:
        return int(self._run(self._calls_left()))

    def close(self) -> None:
        if os.getpid() == self._pid:
            self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _run(self, work: Any) -> Any:
        problem = None
        if os.getpid() != self._pid:
            # Another process would count the same prompts anew, and get the same answers.
            problem = "ask the teacher from the program's first process only"
        elif threading.current_thread() is self._thread:
            problem = "on_progress must not ask the teacher"
        if problem is not None:
            work.close()
            raise RuntimeError(problem)
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> Any:
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(self._path, limit=self._concurrency),
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
            )
            self._slots = asyncio.Semaphore(self._concurrency)
        return self._session

    async def _ask_all(
        self,
        requests: list[tuple[dict[str, Any], int]],
        answers: list[Answer],
        on_progress: Callable[[int, int], object] | None,
    ) -> None:
        done = 0

        async def one(number: int) -> None:
            nonlocal done
            answers[number] = await self._ask(*requests[number])
            done += 1
            if on_progress is not None:
                on_progress(done, len(requests))

        position, left = 0, len(requests) - 1  # a single one runs no race
        while position < len(requests) and left > 0:
            # While the cap is far, everything goes at once. Near it, no more is under way than
            # can be paid for, so that which prompts get an answer is not decided by a race.
            left = await self._calls_left_or_all(len(requests))
            chunk = range(position, min(position + max(left, 1), len(requests)))
            await asyncio.gather(*map(one, chunk))
            position = chunk.stop
        # Nothing left to spend: what was asked before still has its answer in the cache.
        await asyncio.gather(*map(one, range(position, len(requests))))

    async def _calls_left_or_all(self, needed: int) -> int:
        try:
            return await self._calls_left()
        except Exception:
            return needed

    async def _calls_left(self) -> int:
        session = await self._open()
        async with asyncio.timeout(10.0), session.get("http://teacher/v1/budget") as response:
            return int((await response.json())[self._left])

    async def _ask(self, body: dict[str, Any], occurrence: int) -> Answer:
        session = await self._open()
        assert self._slots is not None
        data = _json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json", _OCCURRENCE: str(occurrence)}
        pause, error = 0.05, "deadline"
        try:
            async with asyncio.timeout(max(0.0, _seconds_left())):
                while True:
                    async with self._slots:
                        answer, again = await _post(session, data, headers)
                    if not again:
                        return answer
                    error = answer.error or error
                    # The same occurrence again: if the call went through, it is not paid twice.
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, 2.0)
        except TimeoutError:
            return Answer(error="deadline" if error == "deadline" else f"deadline: {error}")
        except Exception as failure:
            return Answer(error=f"{type(failure).__name__}: {failure}")


async def _post(session: Any, data: bytes, headers: dict[str, str]) -> tuple[Answer, bool]:
    """Send one request; return the answer, and whether it is worth sending again."""
    import aiohttp

    try:
        async with session.post(
            "http://teacher/v1/chat/completions", data=data, headers=headers
        ) as response:
            status = response.status
            text = await response.text()
    except (aiohttp.ClientError, ConnectionError) as error:
        return Answer(error=f"{type(error).__name__}: {error}"), True
    try:
        told = _json.loads(text)
        if status == 200:
            content = told["choices"][0]["message"]["content"]
            return Answer(content or "", id=told["id"]), False
        kind = str(told["error"].get("type") or "")
        message = str(told["error"].get("message") or kind)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Answer(error=f"unreadable response with status {status}"), False
    if kind == "budget_exhausted":
        return Answer(error="budget"), False
    # The gateway has already tried the teacher again; only its own overload is worth waiting for.
    return Answer(error=f"{kind}: {message}"), kind == "overloaded"


def _seconds_left() -> float:
    """Time for the teacher: the rest of the program's, less some to save what came."""
    left = float(os.environ.get("COURSEWRIGHT_DEADLINE", "inf")) - time.monotonic()
    return left - min(2.0, max(0.5, 0.05 * left))


teacher = Teacher()
student = Student()


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


# ---------------------------------------------------------------- the material


def brief() -> dict[str, Any]:
    """Return what is known of the task: description, answer format, sizes, packages."""
    try:
        with open(_data_path("brief.json"), encoding="utf-8") as stream:
            told = _json.load(stream)
    except FileNotFoundError:
        return {}
    return told if isinstance(told, dict) else {}


def load_visible() -> list[dict[str, Any]]:
    """Return the visible items, with answers."""
    return _rows("visible.jsonl")


def load_seeds() -> list[dict[str, Any]]:
    """Return the seed questions; none in the `scratch` setting."""
    return _rows("seeds.jsonl")


def load_sample() -> list[dict[str, Any]]:
    """Return one to three rows in the required shape."""
    return _rows("sample.json") or _rows("sample.jsonl")


def load_previous() -> list[dict[str, Any]]:
    """Return the rows of the attempt that this one mends or improves; none at first."""
    return _rows("previous.jsonl")


def load_best() -> list[dict[str, Any]]:
    """Return the rows of the best attempt so far; none at first."""
    return _rows("best.jsonl")


def seed() -> int:
    """Return the round's random seed."""
    return int(os.environ.get("COURSEWRIGHT_SEED", "0"))


def _data_path(name: str) -> str:
    return os.path.join(os.environ.get("COURSEWRIGHT_DATA", "."), name)


def _rows(name: str) -> list[dict[str, Any]]:
    try:
        with open(_data_path(name), encoding="utf-8") as stream:
            if name.endswith(".json"):
                told = _json.load(stream)
                return told if isinstance(told, list) else [told]
            return [_json.loads(line) for line in stream if line.strip()]
    except FileNotFoundError:
        return []

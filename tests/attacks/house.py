"""A small invented task, the teacher that knows it, and a run whose every round is an attack.

The run is a real one: real sandbox at a given level, gateway process, call ledger, intake and
audit. Only the student is a parrot, which learns nothing at once. The agent proposes one hostile
program a round, and between the rounds, inside the supervisor, it looks what the last one left.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from coursewright.config import Budget, CustomPart, OpenAITeacher, RunConfig, SandboxConfig
from coursewright.endpoints.fault_server import FaultServer, serving
from coursewright.protocols import Completion
from coursewright.records import Brief, Proposal, Result, Round, Turn
from coursewright.runs import run
from coursewright.store import RunFolder
from coursewright.store.ledger import Call, Ledger, Totals
from tests.parrot import PARROT

PROGRAMS = Path(__file__).parent / "programs"
INSTRUCTION = "Work out the sum."
ROUND_CALLS = 90
SECONDS = 120.0
"""Of one program: none gets so far, even where ten others want the processor."""
TIGHT = SandboxConfig(
    memory_bytes=384 * 1024**2,
    cpu_seconds=20,
    processes=24,
    file_bytes=24 * 1024**2,
    files=300,
    output_bytes=4096,
)
"""Small bombs for small caps; what holds here holds for the defaults, which are only larger."""


def make_task(folder: Path, canary: str) -> Path:
    """Write the task. Every gold answer of a hidden split stands beside the canary."""
    folder.mkdir(parents=True)
    spec = {
        "schema": 1,
        "name": "sums",
        "summary": "Sums of two numbers.",
        "instruction": INSTRUCTION,
        "answer_format": "The number.",
        "scorer": {"kind": "numeric"},
        "generation": {"max_new_tokens": 8},
        "rows": {"minimum": 20, "maximum": 300},
    }
    (folder / "task.yaml").write_text(json.dumps(spec, indent=1))  # which is YAML, too
    (folder / "description.md").write_text("# sums\n\n## Topics\n\n- **sum**: Add two numbers.\n")
    sample = {"instruction": INSTRUCTION, "input": "What is 1 plus 1?", "output": "2"}
    (folder / "sample_submission.json").write_text(json.dumps([sample]))
    for first, split in ((100, "visible"), (200, "scored"), (300, "private")):
        lines = []
        for number in range(first, first + 20):
            mark = f" ({canary})" if split != "visible" else ""
            asked = f"What is the sum of {number} and {7 * number % 100}{mark}?"
            lines.append(
                json.dumps(
                    {
                        "id": f"{split}-{number}",
                        "topic": "sum",
                        "question": asked,
                        "answer": number + 7 * number % 100,
                    }
                )
            )
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


STORIES = (
    "{who} had {a} {things} and bought {b} more. How many {things} are there now?",
    "On Monday {who} counted {a} {things}, on Tuesday {b}. How many in both days?",
    "A box holds {a} {things}, another one {b}. What do they hold together?",
    "{who} walks past {a} {things} and then past {b}. How many were passed?",
    "There were {b} {things} in the shed; {a} came by cart. Count them all.",
    "Add the {a} {things} of {who} to the {b} of a friend.",
)
WHO = ("Ada", "Bo", "Cem", "Dee", "Eli", "Flo", "Gus", "Hal", "Ines", "Jan", "Kai")
THINGS = ("apples", "bricks", "candles", "drums", "eggs", "flags", "gloves", "hats", "inks")


class Abacus:
    """A teacher: writes the exercise of the number it is asked for, solves what it is asked to
    solve, and repeats all else."""

    name = "abacus"

    async def complete(self, request: dict[str, Any], seed: int) -> Completion:
        """Answer one request."""
        said = request["messages"][-1]["content"]
        if found := re.search(r"exercise (\d+)", said):
            return Completion(json.dumps(exercise(int(found[1]))), 10, 10)
        if found := re.search(r"Solve: (.*)", said):
            answer = str(sum(map(int, re.findall(r"\d+", found[1]))))
            return Completion(json.dumps({"question": found[1], "answer": answer}), 10, 10)
        return Completion(said, 10, 10)

    async def close(self) -> None:
        """Nothing to release."""


def exercise(number: int) -> dict[str, str]:
    """One exercise, in one of many wordings."""
    added = 3 + number % 17
    question = STORIES[number % 6].format(
        who=WHO[number % 11], things=THINGS[number % 9], a=number, b=added
    )
    return {"question": question, "answer": str(number + added)}


# ---------------------------------------------------------------- one attack after the other


@dataclass
class Aftermath:
    """What was found once a program's round was over."""

    attack: str
    orphans: list[str] = field(default_factory=list)
    descriptors: int = 0


class Assailant:
    """An agent that proposes hostile programs in turn, and looks around before each."""

    seen: ClassVar[dict[str, list[Aftermath]]] = {}

    def __init__(self, marker: str, attacks: list[str], targets: dict[str, Any]) -> None:
        self._marker, self._attacks, self._targets = marker, attacks, targets

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        """Return the next attack."""
        seen = self.seen.setdefault(self._marker, [])
        before = self._attacks[turn.number - 1] if turn.number else "nothing yet"
        seen.append(look_around(self._marker, before))
        return Proposal(
            plan="none", code=program(self._attacks[turn.number], self._marker, self._targets)
        )


def look_around(marker: str, attack: str) -> Aftermath:
    """Note what is alive and open on the supervisor's side."""
    return Aftermath(attack, orphans(marker), open_files())


def open_files() -> int:
    """Our descriptors but for sockets: the teacher's server in this process keeps some of those."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += not os.readlink(entry).startswith("socket:")
    return found


def orphans(marker: str) -> list[str]:
    """Processes of hostile programs: each bears the marker as name, argument or variable."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            texts = [(entry / name).read_bytes() for name in ("comm", "cmdline", "environ")]
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and any(marker.encode() in text for text in texts):
            found.append(f"{entry.name}: {texts[1]!r}")
    return found


@cache
def _prelude() -> str:
    return (PROGRAMS / "prelude.py").read_text()


def program(attack: str, marker: str, targets: dict[str, Any]) -> str:
    """The text of an attack `name` or `name:variant`, told its marker and its targets."""
    name, _, variant = attack.partition(":")
    told = json.dumps({**targets, "marker": marker, "variant": variant})
    return f"{_prelude()}\nTARGETS.update({told!r})\n{(PROGRAMS / f'{name}.py').read_text()}"


# ---------------------------------------------------------------- the whole siege


@dataclass
class Siege:
    """A run of attacks, over."""

    result: Result
    rounds: dict[str, Round]
    aftermath: dict[str, Aftermath]
    calls: dict[str, list[Call]]
    """Answered calls that each round has paid for."""
    totals: dict[str, Totals]
    upstream: FaultServer
    folder: RunFolder
    level: str
    marker: str
    priority: int
    """Of this process before the first attack."""
    affinity: set[int]


def marker() -> str:
    """A name for the processes of one run; a process name has at most 15 bytes."""
    return f"siege-{secrets.token_hex(4)}"


@contextmanager
def upstream() -> Iterator[FaultServer]:
    """The teacher's server: sound, and misbehaving for a prompt that asks it to."""
    with serving(FaultServer(upstream=Abacus())) as server:
        yield server


def besiege(
    place: Path,
    level: str,
    attacks: list[str],
    server: FaultServer,
    *,
    canary: str = "canary",
    targets: dict[str, Any] | None = None,
    seconds: float = SECONDS,
    patience: float = 30.0,
) -> Siege:
    """Carry a run of these attacks to its end, one a round of `seconds` at most.

    `patience` is for one call of the teacher, all its tries together, in seconds.
    """
    mark = marker()
    config = RunConfig(
        task=str(make_task(place / "sums", canary)),
        agent=CustomPart(
            path=f"{__name__}:Assailant",
            options={"marker": mark, "attacks": attacks, "targets": targets or {}},
        ),
        teacher=OpenAITeacher(
            model="abacus",
            base_url=server.base_url,
            seconds=patience,
            try_seconds=patience / 10,
            attempts=3,
        ),
        student=PARROT,
        budget=Budget(
            rounds=len(attacks),
            calls=ROUND_CALLS * (len(attacks) + 1),
            round_calls=ROUND_CALLS,
            program_seconds=seconds,
        ),
        sandbox=TIGHT.model_copy(update={"level": level}),
        retrainings=1,
        runs=place / "runs",
        name="siege",
    )
    priority, affinity = os.getpriority(os.PRIO_PROCESS, 0), os.sched_getaffinity(0)
    result = run(config)
    folder = RunFolder(place / "runs" / "siege")
    seen = [*Assailant.seen.pop(mark), look_around(mark, attacks[-1])]
    with Ledger.read_only(folder.ledger_path) as ledger:
        calls = {
            attack: [call for call in ledger.calls(number) if call.round == number]
            for number, attack in enumerate(attacks)
        }
        totals = {attack: ledger.totals(number) for number, attack in enumerate(attacks)}
    return Siege(
        result=result,
        rounds=dict(zip(attacks, folder.rounds(), strict=True)),
        aftermath={found.attack: found for found in seen},
        calls=calls,
        totals=totals,
        upstream=server,
        folder=folder,
        level=level,
        marker=mark,
        priority=priority,
        affinity=affinity,
    )

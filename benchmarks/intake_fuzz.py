"""The strict parse of submissions under a coverage-guided fuzzer: does it crash, hang or swell?

    pip install atheris==3.0.0
    python -m benchmarks.intake_fuzz [--runs 1000000] [--seconds 1800]

libFuzzer, by way of atheris, mutates hostile and honest submissions for as many inputs or seconds
as it is given, whichever ends first, in a process of its own: it may take 600 MiB, and no input
more than 5 s. Beside crashes it looks for answers that contradict themselves (`fuzz_target`):

- a collection that keeps more than it read, or tells control characters;
- another answer when the same file is read in pieces of 64 bytes;
- a list that is taken though `json` cannot read it, or with another number of rows;
- a kept row that no object of the file holds.

Caps are small here, so that short inputs reach them. An input that breaks something is left in
`runs/bench/fuzz`; keep it in `tests/submission/found`, where the suite reads it for ever.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import ROOT, RUNS, report

FOUND = ROOT / "tests" / "submission" / "found"
LONGEST, SECONDS, MEGABYTES = 4096, 5, 600
INSTRUMENTED = ["coursewright.submission", "coursewright.chat"]
ROW = {"instruction": "Add.", "input": "1+1", "output": "2", "response": "k", "passages": ["a"]}
TALK = [{"role": "user", "content": "1+1"}, {"role": "assistant", "content": "2"}]
CALL = [TALK[0], {"role": "assistant", "tool_calls": [{"name": "add", "arguments": {"a": 1}}]}]
SEEDS = [
    json.dumps([ROW, {**ROW, "input": "2+2"}], indent=1).encode(),
    b"\n".join(json.dumps({**ROW, "input": str(n)}).encode() for n in range(4)),
    json.dumps([{"messages": TALK, "response": "k"}, {"messages": CALL}]).encode(),
    json.dumps({"messages": [*CALL, {"role": "tool", "content": "2"}, TALK[1]]}).encode(),
    b'[{"a": NaN}, {"a": 1e999}, {"a": 123456789012345678901}, {"a": "\\ud800"}]',
    b'[{"a": "\\\\\\" [{"}, [[[[[[[]]]]]]], "\xff", {"a": 1, "a": 2}]',
    b"\xef\xbb\xbf[]",
    "[]".encode("utf-16"),
    b"\0refused: link",
    b"{}\r\n\r\n  {} \n",
]
WORDS = (
    *("instruction", "input", "output", "response", "passages", "messages", "role", "content"),
    *("tool_calls", "function", "name", "arguments", "tool_call_id", "user", "assistant", "tool"),
    *(
        "\\\\ud800",
        "\\\\u0000",
        "NaN",
        "-Infinity",
        "1e999",
        "<|im_end|>",
        "<s>",
        '{\\"',
        '\\"}',
        "][",
    ),
    *(
        "null",
        "true",
        "\\xef\\xbb\\xbf",
        "\\xff",
        "\\x00",
        "\\xe2\\x80\\xa8",
        "\\\\\\\\",
        '\\\\\\"',
    ),
)


def fuzz(arguments: list[str]) -> None:
    """Fuzz in this process, which libFuzzer ends."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from benchmarks.fuzz_target import Target

    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        target = Target(Path(folder))

        def read(data: bytes) -> None:
            try:
                target(data)
            except BaseException:
                # The fuzzer keeps inputs that hang or swell, but none that raises.
                (RUNS / "fuzz" / "broken").write_bytes(data)
                raise

        atheris.Setup(["intake_fuzz", *arguments], read)
        atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--inside", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        sys.exit("the fuzzer is not installed: pip install atheris==3.0.0")
    if options.inside is not None:
        fuzz(options.inside)
        return
    corpus, words = RUNS / "fuzz" / "corpus", RUNS / "fuzz" / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    words.write_text("".join(f'"{word}"\n' for word in WORDS), encoding="utf-8")
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [
        *(f"-runs={options.runs}", f"-max_total_time={options.seconds}", f"-max_len={LONGEST}"),
        *(f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}", f"-dict={words}"),
        *("-print_final_stats=1", f"-artifact_prefix={corpus.parent}/", "-seed=1"),
        *(str(corpus), *([str(FOUND)] if FOUND.is_dir() else [])),
    ]
    command = [sys.executable, "-m", "benchmarks.intake_fuzz", "--inside", *limits]
    began = time.monotonic()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    (RUNS / "fuzz" / "log").write_text(done.stdout, encoding="utf-8")
    stats = dict(re.findall(r"^stat::(\w+):\s+(\d+)", done.stdout, re.MULTILINE))
    report(
        inputs=int(stats.get("number_of_executed_units", 0)),
        seconds=round(time.monotonic() - began, 1),
        slowest_seconds=int(stats.get("slowest_unit_time_sec", -1)),
        peak_mib=int(stats.get("peak_rss_mb", -1)),
        corpus=len(list(corpus.iterdir())),
        broke=done.returncode != 0,
    )
    if done.returncode != 0:
        sys.exit(done.stdout[-3000:])


if __name__ == "__main__":
    main()

"""Stands before every attack: a mark by which its processes are found, and how it reports.

`attempt` prints `GOT` for what it got at and `held` for what it did not; a `GOT` fails the test.
"""

import ctypes
import json
import os
import socket
import sys
import time

import coursewright_program as ours


class Targets(dict):
    def update(self, told):
        super().update(json.loads(told))
        os.environ["MARK"] = self["marker"]
        ctypes.CDLL(None).prctl(15, self["marker"].encode())


TARGETS = Targets()


def attempt(name, way, *arguments):
    try:
        got = way(*arguments)
    except Exception as error:
        print("held", name, type(error).__name__, flush=True)
    else:
        print("GOT" if got else "held", name, repr(got)[:200], flush=True)


def connection():
    """A raw connection to the teacher's gateway."""
    with socket.socket(fileno=os.dup(int(os.environ["COURSEWRIGHT_LINE"]))) as line:
        line.settimeout(10)
        line.send(b"connect")
        _, handed, _, _ = socket.recv_fds(line, 16, 1)
    raw = socket.socket(fileno=handed[0])
    raw.settimeout(10)
    return raw


def post(raw, prompt, headers="", path="/v1/chat/completions", **body):
    """One request by hand; its status and its JSON."""
    data = json.dumps({"messages": [{"role": "user", "content": prompt}], **body}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: teacher\r\nContent-Length: {len(data)}\r\n{headers}\r\n"
    raw.sendall(head.encode() + data)
    return answer(raw)


def answer(raw):
    """Read one response."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = raw.recv(65536)
        if not piece:
            raise ConnectionError("hung up")
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split()[0])
    while len(body) < length:
        body += raw.recv(65536)
    told = json.loads(body) if b"application/json" in head.lower() else {}
    return int(head.split()[1]), told


def exercises(first, count):
    """Honest rows: what the teacher writes when it is asked as it should be."""
    rows = []
    for answer in ours.teacher.generate_batch(
        [f"Write exercise {n}." for n in range(first, first + count)]
    ):
        told = json.loads(answer)
        rows.append(
            {
                "instruction": "Work out the sum.",
                "input": told["question"],
                "output": told["answer"],
                "response": answer,
            }
        )
    return rows

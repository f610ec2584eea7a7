"""What a program's connections may hold of the gateway's memory."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursewright.teacher.crowd import LARGE_AT_A_TIME, SMALL_BYTES, SPARE_CONNECTIONS
from tests.teacher.talk import Desk, ask, chat

CONCURRENCY = 5
MOST = 2 * CONCURRENCY + SPARE_CONNECTIONS
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{"


@pytest.fixture(autouse=True)
def enough_descriptors() -> Iterator[None]:
    """Leave to open more connections than a shell usually allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def crowd(path: Path, count: int) -> list[socket.socket]:
    """Connections that have begun a large body, and leave it at that."""
    held = []
    for _ in range(count):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].settimeout(10)
        held[-1].connect(str(path))
        held[-1].send(HEAD)
    return held


def hung_up(connection: socket.socket) -> bool:
    """Whether the other side has let go of a connection."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_connections_beyond_their_number_are_hung_up_and_room_comes_back(tmp_path: Path) -> None:
    with (
        Desk(tmp_path).teacher(concurrency=CONCURRENCY) as teacher,
        teacher.line(0, 10) as line,
    ):
        held = crowd(line.socket, MOST)
        beyond = crowd(line.socket, 40)
        assert all(map(hung_up, beyond))
        for connection in (*held, *beyond):
            connection.close()
        assert ask(line.socket, [chat("is anybody there?")])[0][0] == 200


def test_large_bodies_that_never_end_keep_no_small_one_waiting(tmp_path: Path) -> None:
    with (
        Desk(tmp_path).teacher(concurrency=CONCURRENCY) as teacher,
        teacher.line(0, 10) as line,
    ):
        held = crowd(line.socket, 2 * LARGE_AT_A_TIME)
        assert ask(line.socket, [chat("a small one")])[0][0] == 200
        for connection in held:
            connection.close()
        large = [chat(f"{number} " + "x" * 2 * SMALL_BYTES) for number in range(8)]
        assert [status for status, _ in ask(line.socket, large)] == [200] * 8

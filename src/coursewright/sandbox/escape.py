"""The program of the escape probe: tries every way out and writes down those that worked.

Runs inside the sandbox as any program does, with `probe.json` naming its targets. It must do no
harm where it succeeds: a weak level is probed too, with all rights of the user. Never
imported by coursewright. An honest probe also proves that the allowed ways do work, or else a
sandbox in which nothing runs would look safe.
"""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import json
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable
from typing import Any

import coursewright_program  # type: ignore[import-not-found]

with open(os.path.join(os.environ["COURSEWRIGHT_DATA"], "probe.json"), encoding="utf-8") as stream:
    targets: dict[str, Any] = json.load(stream)
libc = ctypes.CDLL(None, use_errno=True)
escapes: list[str] = []
SECRET = targets["secret"].encode()


def attempt(name: str, way_out: Callable[..., object], *arguments: object) -> None:
    """Note an escape unless the attempt fails or finds nothing."""
    try:
        found = way_out(*arguments)
    except (OSError, ImportError, ValueError):
        return
    if found:
        escapes.append(name if found is True else f"{name} ({found})")


def read(path: str) -> bytes:
    """Return the beginning of a file."""
    with open(path, "rb") as stream:
        return stream.read(65536)


def environment() -> object:
    """Secrets of the supervisor's environment, in ours or in any process we can look into."""
    if targets["secret"] in "".join(os.environ.values()):
        return "own environment"
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if SECRET in read(f"/proc/{name}/environ"):
                    return f"process {name}"
            except OSError:
                continue
    return None


def descriptors() -> object:
    """Anything open but the standard streams and the line."""
    allowed = {0, 1, 2, int(os.environ["COURSEWRIGHT_LINE"])}
    return [number for number in range(3, 256) if number not in allowed and is_open(number)]


def is_open(number: int) -> bool:
    """Whether a descriptor is open."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def connect(family: int, kind: int, address: Any) -> bool:
    """Reach a listening socket of the supervisor's."""
    with socket.socket(family, kind) as client:
        client.settimeout(1.0)
        client.connect(address)
        client.send(b"escaped")
        return True


def open_socket(family: int, kind: int, protocol: int = 0) -> bool:
    """Merely make a socket of an unusual kind."""
    socket.socket(family, kind, protocol).close()
    return True


def datagram_pair() -> bool:
    """A pair of datagram sockets can address a third."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        one.sendto(b"escaped", targets["datagram"])
    return True


def call(name: str) -> bool:
    """Make a system call with senseless arguments: the filter must refuse it, not the kernel."""
    number = targets["calls"].get(name)
    if number is None:
        return False
    senseless = ctypes.c_long(-1)
    result = libc.syscall(ctypes.c_long(number), *[senseless] * 6)
    return result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS)


def write(path: str) -> bool:
    """Leave a file outside the work folder."""
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("escaped")
    return True


def open_for_writing(path: str) -> bool:
    """Take hold of a file that is not the program's, without changing it."""
    os.close(os.open(path, os.O_WRONLY))
    return True


def signal_outside() -> bool:
    """Reach the supervisor with a signal."""
    os.kill(targets["supervisor"], 0)
    return True


def rename() -> bool:
    """Move a planted file away."""
    os.rename(targets["files"][0], targets["files"][0] + ".away")
    return True


def become_root() -> bool:
    """Turn back into root."""
    before = os.getuid()
    os.setuid(0)
    return before != 0


def capabilities() -> object:
    """Hold, or be able to take on, any right of root's but that of reading."""
    number = {"aarch64": 90}.get(os.uname().machine, 125)
    sets = (ctypes.c_uint32 * 6)()
    header = struct.pack("<Ii", 0x20080522, 0)
    if libc.syscall(ctypes.c_long(number), header, sets) != 0:
        return False
    reading = 1 << 2
    return hex((sets[0] | sets[1]) & ~reading | sets[3] | sets[4]).strip("0x")


def follow_link() -> bytes:
    """Read through a link laid in the work folder."""
    os.symlink(targets["files"][0], "link")
    return read("link")


def hard_link() -> bool:
    """Pull a file into the work folder."""
    os.link(targets["files"][0], "hard")
    return True


def listing(path: str) -> object:
    """Read the names of a folder that is none of the program's business."""
    return targets["marker"] in os.listdir(path)


def everything() -> None:
    """Try all of it."""
    attempt("environment", environment)
    attempt("inherited descriptors", descriptors)
    for path in targets["files"]:
        attempt(f"reads {path}", read, path)
        attempt(f"may change {path}", open_for_writing, path)
    for path in targets["writable"]:
        attempt(f"writes {path}", write, path)
    attempt("renames a foreign file", rename)
    attempt("lists a foreign folder", listing, targets["folder"])
    attempt("reads through a link", follow_link)
    attempt("makes a hard link", hard_link)
    attempt("imports coursewright", lambda: bool(importlib.util.find_spec("coursewright")))
    attempt("TCP", connect, socket.AF_INET, socket.SOCK_STREAM, tuple(targets["tcp"]))
    attempt("UDP", connect, socket.AF_INET, socket.SOCK_DGRAM, tuple(targets["tcp"]))
    attempt("TCP over IPv6", open_socket, socket.AF_INET6, socket.SOCK_STREAM)
    attempt("DNS", socket.getaddrinfo, "example.com", 80)
    abstract = "\0" + targets["abstract"]
    attempt("abstract socket", connect, socket.AF_UNIX, socket.SOCK_STREAM, abstract)
    attempt("named socket", connect, socket.AF_UNIX, socket.SOCK_STREAM, targets["named"])
    attempt("datagram pair", datagram_pair)
    attempt("netlink", open_socket, 16, socket.SOCK_RAW)
    attempt("vsock", open_socket, 40, socket.SOCK_STREAM)
    attempt("packet socket", open_socket, 17, socket.SOCK_RAW, 3)
    attempt("signal to the supervisor", signal_outside)
    attempt("root", become_root)
    attempt("capabilities", capabilities)
    for name in ("ptrace", "process_vm_readv", "pidfd_open", "unshare", "setns", "mount", "bpf",
                 "io_uring_setup", "keyctl", "perf_event_open", "userfaultfd", "clone3",
                 "open_by_handle_at", "memfd_create", "shmget"):  # fmt: skip
        attempt(f"system call {name}", call, name)
    # These may answer "done" and do nothing; the supervisor looks whether they did.
    attempt("", os.chmod, targets["files"][0], 0o600)
    attempt("", os.utime, targets["files"][0], (1, 1))


def allowed_ways() -> list[str]:
    """Return which of the things a program needs do not work."""
    broken = []
    line = int(os.environ["COURSEWRIGHT_LINE"])
    with socket.socket(fileno=os.dup(line)) as control:
        control.send(b"connect")
        _, handed, _, _ = socket.recv_fds(control, 16, 1)
    if not handed:
        broken.append("no connection to the teacher")
    else:
        with socket.socket(fileno=handed[0]) as teacher:
            teacher.setblocking(True)
            teacher.sendall(SECRET)
    for name in targets["modules"]:
        if importlib.util.find_spec(name) is None:
            broken.append(f"cannot import {name}")
    if not stat.S_ISCHR(os.stat("/dev/null").st_mode) or not read("/dev/urandom"):
        broken.append("no devices")
    return broken


if targets["attack"]:
    everything()
problems = allowed_ways()
coursewright_program.save_rows([])
with open("found.json", "w", encoding="utf-8") as stream:
    json.dump({"escapes": escapes, "broken": problems, "python": sys.version}, stream)

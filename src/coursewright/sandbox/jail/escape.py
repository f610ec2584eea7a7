"""The program of a jail's escape probe: tries every way out, writes down those that worked.

Runs inside as a command agent does, its targets on standard input. Never imported by
coursewright. Like `sandbox.escape` it does no harm where it succeeds: it opens without writing,
changes only what was planted, and makes system calls with arguments that cannot take effect.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

targets: dict[str, Any] = json.load(sys.stdin)
libc = ctypes.CDLL(None, use_errno=True)
escapes: list[str] = []
SECRET = targets["secret"].encode()


def attempt(name: str, way_out: Callable[..., object], *arguments: object) -> None:
    """Note an escape unless the attempt fails or finds nothing."""
    try:
        found = way_out(*arguments)
    except (OSError, ValueError):
        return
    if found:
        escapes.append(name if found is True else f"{name} ({found})")


def read(path: str) -> bool:
    """Whether a file can be read."""
    with open(path, "rb") as stream:
        stream.read(1)
    return True


def open_for_writing(path: str) -> bool:
    """Take hold of a file that is not ours, without changing it."""
    os.close(os.open(path, os.O_WRONLY))
    return True


def write(path: str) -> bool:
    """Leave a file outside the work folder."""
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("escaped")
    return True


def environment() -> object:
    """Secrets of the supervisor's environment, in any process we can look into."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", "rb") as stream:
                    if SECRET in stream.read():
                        return f"process {name}"
            except OSError:
                continue
    return None


def descriptors() -> object:
    """Anything open but the standard streams."""
    return [name for name in os.listdir("/proc/self/fd") if int(name) > 2 and still_open(name)]


def still_open(name: str) -> bool:
    """Whether it was not just the listing's own descriptor."""
    try:
        os.fstat(int(name))
    except OSError:
        return False
    return True


def connect(family: int, kind: int, address: Any) -> None:
    """Reach a socket outside; whether it was reached is seen there."""
    with socket.socket(family, kind) as client:
        client.settimeout(1.0)
        client.connect(address)
        client.send(SECRET)


def open_socket(family: int, kind: int, protocol: int = 0) -> bool:
    """Merely make a socket of an unusual kind."""
    socket.socket(family, kind, protocol).close()
    return True


def ask_proxy(host: str, port: int) -> socket.socket | None:
    """Ask the proxy for a host; None when it refuses."""
    proxy = os.environ["HTTPS_PROXY"].rpartition(":")[2]
    client = socket.create_connection(("127.0.0.1", int(proxy)), 10.0)
    client.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode())
    return client if b" 200 " in client.recv(4096).partition(b"\r\n")[0] else None


def tell_named_host() -> None:
    """Tell the one host that is named the secret, through the proxy, and wait for its end."""
    client = ask_proxy(*targets["named"])
    if client is not None:
        with client:
            client.sendall(SECRET)
            client.recv(1)


def call(name: str) -> bool:
    """Make a system call with senseless arguments: the filter must refuse it, not the kernel."""
    number = targets["calls"].get(name)
    if number is None:
        return False
    senseless = ctypes.c_long(-1)
    result = libc.syscall(ctypes.c_long(number), *[senseless] * 6)
    return result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS)


def signal_outside() -> bool:
    """Reach the supervisor with a signal."""
    os.kill(targets["supervisor"], 0)
    return True


def become_root() -> bool:
    """Turn back into root."""
    before = os.getuid()
    os.setuid(0)
    return before != 0


def listing(path: str) -> object:
    """Read the names of a folder that is withheld; a cover in its place is empty."""
    return os.listdir(path)[:1]


def everything() -> None:
    """Try all of it."""
    attempt("environment", environment)
    attempt("inherited descriptors", descriptors)
    for path in targets["files"]:
        # There is an own one of each of these inside.
        if not path.startswith("/etc/"):
            attempt(f"reads {path}", read, path)
        attempt(f"may change {path}", open_for_writing, path)
    for path in targets["folders"]:
        attempt(f"lists {path}", listing, path)
    for path in targets["writable"]:
        attempt(f"writes {path}", write, path)
    address = tuple(targets["tcp"])
    attempt("", connect, socket.AF_INET, socket.SOCK_STREAM, address)
    attempt("", connect, socket.AF_INET, socket.SOCK_DGRAM, address)
    attempt("", connect, socket.AF_INET, socket.SOCK_STREAM, tuple(targets["named"]))
    attempt("a host that is not named", lambda: ask_proxy(*address) is not None)
    attempt("DNS", socket.getaddrinfo, "example.com", 80)
    abstract = "\0" + targets["abstract"]
    attempt("", connect, socket.AF_UNIX, socket.SOCK_STREAM, abstract)
    attempt("", connect, socket.AF_UNIX, socket.SOCK_STREAM, targets["named_socket"])
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        attempt("socket with a name", open_socket, socket.AF_UNIX, kind)
    attempt("netlink", open_socket, 16, socket.SOCK_RAW)
    attempt("vsock", open_socket, 40, socket.SOCK_STREAM)
    attempt("packet socket", open_socket, 17, socket.SOCK_RAW, 3)
    attempt("raw socket", open_socket, socket.AF_INET, socket.SOCK_RAW, 1)
    attempt("signal to the supervisor", signal_outside)
    attempt("root", become_root)
    for name in ("ptrace", "process_vm_readv", "unshare", "setns", "mount", "bpf", "keyctl",
                 "io_uring_setup", "perf_event_open", "userfaultfd", "clone3",
                 "open_by_handle_at", "memfd_create", "shmget"):  # fmt: skip
        attempt(f"system call {name}", call, name)
    attempt("", os.chmod, targets["files"][0], 0o600)
    attempt("", os.rename, targets["files"][0], targets["files"][0] + ".away")


everything()
tell_named_host()
with open("found.json", "w", encoding="utf-8") as stream:
    json.dump({"escapes": escapes}, stream)

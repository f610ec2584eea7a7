"""Gives up rights, for good, from inside a process that is about to run a program.

Copied beside the launcher and imported there, so it stands alone: standard library only, and
nothing of coursewright. Every function raises OSError when the kernel says no; the caller
never goes on to the program in that case.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from collections.abc import Iterable

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE, _PR_CAP_AMBIENT_CLEAR_ALL = 2, 4
_PR_SET_KEEPCAPS = 8
_SECCOMP_MODE_FILTER = 2
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522

# The same numbers on every architecture.
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_CAPGET, _CAPSET = {"aarch64": (90, 91)}.get(os.uname().machine, (125, 126))
_RULE_PATH_BENEATH = 1
_CREATE_RULESET_VERSION = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, MAKE_SYM = 1 << 7, 1 << 8, 1 << 12
REFER, TRUNCATE = 1 << 13, 1 << 14

READ = READ_FILE | READ_DIR
WORK = (
    READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER | TRUNCATE
)
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
"""Rights that a rule on a single file may carry."""

_libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _prctl(option: int, first: int = 0, second: object = 0) -> None:
    if isinstance(second, int):
        second = ctypes.c_ulong(second)
    zero = ctypes.c_ulong(0)
    if _libc.prctl(option, ctypes.c_ulong(first), second, zero, zero) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def landlock_version() -> int:
    """Return the kernel's Landlock version, 0 when it has none."""
    try:
        return _call(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    except OSError:
        return 0


def die_with_parent(parent: int) -> None:
    """Be killed when the parent process ends, even if it ended just now."""
    _prctl(_PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os.kill(os.getpid(), 9)


def look_ordinary() -> None:
    """Let a process that changed its user read its own /proc entries again."""
    _prctl(_PR_SET_DUMPABLE, 1)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def set_limits(limits: dict[str, tuple[int, int]]) -> None:
    """Set resource limits by name, never above the hard limit in force."""
    for name, (soft, hard) in limits.items():
        which = getattr(resource, name)
        allowed = resource.getrlimit(which)[1]
        if allowed != resource.RLIM_INFINITY:
            hard = min(hard, allowed)
        resource.setrlimit(which, (min(soft, hard), hard))


def become(uid: int, *, read_search: bool = False) -> None:
    """Turn from root into an unprivileged user of its own, without any capability.

    `read_search` keeps the right to read what file modes forbid, for an interpreter that only
    root may reach; a Landlock rule set must then say what may be read at all.
    """
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    if read_search:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setresuid(uid, uid, uid)
    kept = 1 << _CAP_DAC_READ_SEARCH if read_search else 0
    _set_capabilities(kept)
    if read_search:
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH)


def drop_capabilities() -> None:
    """Give up every capability, now and for whatever is executed later."""
    for capability in range(64):
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last one, or not privileged to drop and so none to gain
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _set_capabilities(0)


def _set_capabilities(kept: int) -> None:
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    data = struct.pack("<IIIIII", kept, kept, kept, 0, 0, 0)
    _call(_CAPSET, header, data)


def no_new_privileges() -> None:
    """Make set-uid programs powerless; needed before the two filters below."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def landlock(rules: Iterable[tuple[str, int]], version: int) -> None:
    """Allow exactly `rules`, pairs of path and rights, and nothing else of the file tree.

    From version 4 TCP is closed too, from 6 abstract sockets and signals to outside.
    """
    handled = (1 << 13) - 1
    if version >= 2:
        handled |= REFER
    if version >= 3:
        handled |= TRUNCATE
    if version >= 5:
        handled |= 1 << 15  # device ioctl
    network = 0b11 if version >= 4 else 0
    scopes = 0b11 if version >= 6 else 0
    attributes = struct.pack("<QQQ", handled, network, scopes)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rule_set = _call(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    for path, rights in rules:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            rights &= handled
            if not os.path.isdir(path):
                rights &= _FILE_RIGHTS
            rule = struct.pack("<Qi", rights, place)
            _call(_LANDLOCK_ADD_RULE, rule_set, _RULE_PATH_BENEATH, rule, 0)
        finally:
            os.close(place)
    try:
        _call(_LANDLOCK_RESTRICT_SELF, rule_set, 0)
    finally:
        os.close(rule_set)


def filter_calls(program: bytes) -> None:
    """Put a filter of system calls (an array of `struct sock_filter`) in force."""
    code = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(head))


def close_other_descriptors(kept: Iterable[int]) -> None:
    """Close everything open but the standard streams and `kept`."""
    last = 2
    for descriptor in sorted(kept):
        if descriptor > last:
            os.closerange(last + 1, descriptor)
            last = descriptor
    os.closerange(last + 1, 1 << 20)

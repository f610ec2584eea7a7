"""The filter, run by a small interpreter of classic BPF, for both machines."""

from __future__ import annotations

import errno
import struct

import pytest

from coursewright.sandbox import seccomp
from coursewright.sandbox.seccomp import AARCH64, X86_64, Machine

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def decide(program: bytes, machine: Machine, number: int, *arguments: int) -> int:
    """Run the filter on one call; return its verdict."""
    data = struct.pack("<iIQ6Q", number, machine.audit, 0, *(*arguments, *[0] * 6)[:6])
    code = list(struct.iter_unpack("<HBBI", program))
    place = accumulator = 0
    while True:
        operation, when_true, when_false, value = code[place]
        place += 1
        match operation:
            case 0x20:
                accumulator = struct.unpack_from("<I", data, value)[0]
            case 0x54:
                accumulator &= value
            case 0x15:
                place += when_true if accumulator == value else when_false
            case 0x35:
                place += when_true if accumulator >= value else when_false
            case 0x45:
                place += when_true if accumulator & value else when_false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"unknown operation {operation:#x}")


@pytest.fixture(params=[X86_64, AARCH64], ids=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest) -> Machine:
    target: Machine = request.param
    return target


@pytest.fixture(params=[True, False], ids=["namespaces", "none"])
def program(request: pytest.FixtureRequest, machine: Machine) -> bytes:
    return seccomp.program_filter(machine, namespaces=request.param)


_WRITE = {X86_64.audit: 1, AARCH64.audit: 64}


def test_ordinary_calls_are_allowed(machine: Machine, program: bytes) -> None:
    assert decide(program, machine, _WRITE[machine.audit]) == _ALLOW
    assert decide(program, machine, machine.calls["clone"], 0x3D0F00) == _ALLOW
    assert decide(program, machine, machine.calls["prlimit64"], 0, 7) == _ALLOW
    assert decide(program, machine, machine.calls["close_range"], 3, 9, 0) == _ALLOW
    assert decide(program, machine, machine.calls["prctl"], 4, 1) == _ALLOW
    assert decide(program, machine, machine.calls["prctl"], 15, 0) == _ALLOW
    assert decide(program, machine, machine.calls["socketpair"], 1, 1 | 0o2000000) == _ALLOW
    assert decide(program, machine, machine.calls["ioctl"], 1, 0x5401) == _ALLOW
    assert decide(program, machine, machine.calls["kill"], 1, 9) == _ALLOW


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("socket", (1, 1)),
        ("connect", ()),
        ("ptrace", ()),
        ("clone", (0x10000000 | 17,)),
        ("clone", (0x20000000 | 17,)),
        ("socketpair", (1, 2)),
        ("socketpair", (2, 1)),
        ("prlimit64", (1,)),
        ("ioctl", (0, 0x5412)),
        ("clone", (0x10000,)),
        ("close_range", (3, 9, 2)),
        ("prctl", (4, 0)),
    ],
)
def test_ways_out_are_refused(
    machine: Machine, program: bytes, name: str, arguments: tuple[int, ...]
) -> None:
    assert decide(program, machine, machine.calls[name], *arguments) == _ERRNO | errno.EPERM


def test_calls_that_are_not_known_yet_do_not_exist(machine: Machine, program: bytes) -> None:
    for number in (463, 470, 1000):
        assert decide(program, machine, number) == _ERRNO | errno.ENOSYS
    assert decide(program, machine, machine.calls["clone3"]) == _ERRNO | errno.ENOSYS


def test_foreign_conventions_are_deadly(machine: Machine, program: bytes) -> None:
    foreign = Machine(audit=0x40000003, calls={})
    assert decide(program, foreign, 11) == _KILL
    if machine is X86_64:
        assert decide(program, machine, 0x40000000 | 41) == _KILL


def test_file_modes_are_kept_where_there_is_no_own_file_tree(machine: Machine) -> None:
    number = machine.calls["fchmodat"]
    assert decide(seccomp.program_filter(machine, namespaces=True), machine, number) == _ALLOW
    assert decide(seccomp.program_filter(machine, namespaces=False), machine, number) == _ERRNO


def test_signals_can_be_refused_for_old_kernels(machine: Machine) -> None:
    program = seccomp.program_filter(machine, namespaces=False, refuse=seccomp.SIGNALS)
    assert decide(program, machine, machine.calls["kill"], 1, 9) == _ERRNO | errno.EPERM


def test_every_refused_name_is_known_to_one_machine() -> None:
    known = X86_64.calls.keys() | AARCH64.calls.keys()
    assert set(seccomp._REFUSED.split()) <= known

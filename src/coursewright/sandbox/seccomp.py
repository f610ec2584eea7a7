"""The system-call filter, as a classic BPF program built in plain Python.

The filter is a list of refusals over a default of "allowed": a program may compute, use its
files, threads, child processes and pipes. It can never open a socket of its own (the teacher's
connections are handed over ready-made), look into other processes, make namespaces or mounts,
or reach the odd corners of the kernel. A call that the table does not know yet, because the
kernel is newer than this file, answers ENOSYS.

Sources: seccomp(2), the kernel's `unistd.h` for the numbers, and the default profiles of
container engines for the choice.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

# Instruction codes of classic BPF.
_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_ABOVE_OR_EQUAL = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_JUMP_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000

# Offsets in struct seccomp_data; arguments are 64 bit, little endian on both machines.
_NUMBER, _ARCHITECTURE = 0, 4

_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE_MASK = 1, 5, 0xF
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_CLONE_FILES, _CLONE_THREAD, _CLOSE_RANGE_UNSHARE = 0x400, 0x10000, 2
_PR_SET_DUMPABLE = 4
_NAMESPACE_FLAGS = 0x7E020080
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWTIME."""
_LAST_KNOWN = 462
"""mseal, Linux 6.10. What came later is unknown here and so refused."""


@dataclass(frozen=True)
class Machine:
    """A processor architecture: its audit number and the numbers of the system calls."""

    audit: int
    calls: dict[str, int]
    foreign_bit: int = 0
    """Bit of a call number that marks another calling convention (x32)."""


_COMMON = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "pidfd_send_signal": 424, "open_tree": 428, "move_mount": 429, "fsopen": 430,
    "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "close_range": 436, "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442,
    "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448, "fchmodat2": 452,
}  # fmt: skip

X86_64 = Machine(
    audit=0xC000003E,
    foreign_bit=0x40000000,
    calls=_COMMON
    | {
        "shmget": 29, "shmat": 30, "shmctl": 31, "ioctl": 16, "socket": 41, "connect": 42,
        "accept": 43, "bind": 49, "listen": 50, "socketpair": 53, "clone": 56,
        "kill": 62, "semget": 64, "msgget": 68, "truncate": 76, "chmod": 90, "fchmod": 91,
        "chown": 92, "fchown": 93, "lchown": 94, "ptrace": 101, "syslog": 103, "setsid": 112,
        "rt_sigqueueinfo": 129, "utime": 132, "mknod": 133, "uselib": 134, "personality": 135,
        "ustat": 136, "sysfs": 139, "setpriority": 141, "sched_setparam": 142,
        "sched_setscheduler": 144, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155,
        "prctl": 157, "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164,
        "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169,
        "sethostname": 170, "setdomainname": 171, "iopl": 172, "ioperm": 173, "init_module": 175,
        "delete_module": 176, "quotactl": 179, "nfsservctl": 180, "setxattr": 188,
        "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198,
        "fremovexattr": 199, "tkill": 200, "sched_setaffinity": 203, "lookup_dcookie": 212,
        "clock_settime": 227, "tgkill": 234, "utimes": 235, "mq_open": 240, "mq_unlink": 241,
        "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
        "ioprio_set": 251, "inotify_init": 253, "migrate_pages": 256, "mknodat": 259,
        "fchownat": 260, "futimesat": 261, "fchmodat": 268, "unshare": 272, "move_pages": 279,
        "utimensat": 280, "accept4": 288, "inotify_init1": 294, "rt_tgsigqueueinfo": 297,
        "perf_event_open": 298, "fanotify_init": 300, "prlimit64": 302,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "clock_adjtime": 305,
        "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311,
        "kcmp": 312, "finit_module": 313, "sched_setattr": 314, "memfd_create": 319,
        "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    },
)  # fmt: skip

AARCH64 = Machine(
    audit=0xC00000B7,
    calls=_COMMON
    | {
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15,
        "fremovexattr": 16, "lookup_dcookie": 18, "inotify_init1": 26, "ioctl": 29,
        "ioprio_set": 30, "mknodat": 33, "umount2": 39, "mount": 40, "pivot_root": 41,
        "nfsservctl": 42, "truncate": 45, "chroot": 51, "fchmod": 52, "fchmodat": 53,
        "fchownat": 54, "fchown": 55, "vhangup": 58, "quotactl": 60, "utimensat": 88,
        "acct": 89, "personality": 92, "unshare": 97, "kexec_load": 104, "init_module": 105,
        "delete_module": 106, "clock_settime": 112, "syslog": 116, "ptrace": 117,
        "sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122,
        "kill": 129, "tkill": 130, "tgkill": 131, "rt_sigqueueinfo": 138, "setpriority": 140,
        "reboot": 142, "setsid": 157, "sethostname": 161, "setdomainname": 162,
        "prctl": 167, "settimeofday": 170, "adjtimex": 171, "mq_open": 180, "mq_unlink": 181,
        "msgget": 186, "semget": 190, "shmget": 194, "shmctl": 195, "shmat": 196,
        "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202,
        "connect": 203, "add_key": 217, "request_key": 218, "keyctl": 219,
        "clone": 220, "swapon": 224, "swapoff": 225, "migrate_pages": 238, "move_pages": 239,
        "rt_tgsigqueueinfo": 240, "perf_event_open": 241, "accept4": 242, "prlimit64": 261,
        "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265,
        "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270,
        "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "sched_setattr": 274,
        "memfd_create": 279, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
    },
)  # fmt: skip

_MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}

_REFUSED = (
    # No network and no local sockets but connected pairs.
    "socket connect bind listen accept accept4 "
    # Other processes.
    "ptrace process_vm_readv process_vm_writev kcmp pidfd_open pidfd_getfd pidfd_send_signal "
    "process_madvise process_mrelease migrate_pages move_pages "
    # Wide or young corners of the kernel.
    "io_uring_setup io_uring_enter io_uring_register bpf userfaultfd perf_event_open "
    "keyctl add_key request_key fanotify_init name_to_handle_at open_by_handle_at "
    "lookup_dcookie uselib ustat sysfs modify_ldt personality nfsservctl "
    # Namespaces and mounts.
    "unshare setns mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick move_mount "
    "open_tree mount_setattr quotactl quotactl_fd "
    # The machine as a whole.
    "init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff "
    "sethostname setdomainname iopl ioperm acct syslog settimeofday clock_settime adjtimex "
    "clock_adjtime vhangup mknod mknodat "
    # Memory that no process map shows, which would escape the watch over the tree.
    "memfd_create memfd_secret shmget shmat shmctl semget msgget mq_open mq_unlink"
)
"""Names of the calls that answer EPERM."""

_NETWORK = ("socket", "connect", "bind", "listen", "accept", "accept4")
_OWN_PROCESSES = ("pidfd_open", "pidfd_send_signal")
"""Harmless in a process namespace, and used by the runtimes that coding agents are built on."""

_UNKNOWN_TO_PROGRAMS = ("clone3",)
"""Answers ENOSYS: the C library falls back to `clone`, whose flags a filter can read."""

_ONLY_ON_ITSELF = ("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam",
                   "sched_setattr")  # fmt: skip
"""First argument is a process id: only 0, the caller, is allowed."""

_METADATA_KEPT = ("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown",
                  "fchownat", "utime", "utimes", "utimensat", "futimesat")  # fmt: skip
"""Without a mount namespace these reach every file the user owns, and Landlock does not
restrict them. They answer success and do nothing, so that `shutil.copy` still works."""

_ATTRIBUTES_REFUSED = ("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
                       "fremovexattr")  # fmt: skip
_REFUSED_WITHOUT_NAMESPACES = ("setsid", "inotify_init", "inotify_init1", "setpriority",
                               "ioprio_set")  # fmt: skip
"""`setsid` stays out so that a process tree can be found by its session whatever it forks."""

SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")


def machine() -> Machine | None:
    """Return this computer's architecture, or None when the filter does not know it."""
    return _MACHINES.get(platform.machine())


def program_filter(
    target: Machine, *, namespaces: bool, sockets: bool = False, refuse: tuple[str, ...] = ()
) -> bytes:
    """Build the filter as an array of `struct sock_filter`.

    Args:
        target: whose numbers to use.
        namespaces: whether own namespaces stand around the program. Without them, calls that
            Landlock leaves open are refused too.
        sockets: whether sockets of the internet families may be opened, for a program with a
            network namespace around it. Sockets with names in the file tree never are.
        refuse: names of further calls to refuse with EPERM.
    """
    calls = target.calls
    code = [
        _op(_LOAD, _ARCHITECTURE),
        _op(_JUMP_EQUAL, target.audit, 1, 0),
        _op(_RETURN, _KILL),
        _op(_LOAD, _NUMBER),
    ]
    if target.foreign_bit:
        code += [_op(_JUMP_ANY_BIT, target.foreign_bit, 0, 1), _op(_RETURN, _KILL)]
    code += _when_at_least(_LAST_KNOWN + 1, errno.ENOSYS)
    refused = [*_REFUSED.split(), *refuse]
    if sockets:
        refused = [name for name in refused if name not in _NETWORK + _OWN_PROCESSES]
        families = [_op(_JUMP_EQUAL, _AF_INET, 2, 0), _op(_JUMP_EQUAL, _AF_INET6, 1, 0)]
        code += _on_argument(calls["socket"], 0, families)
    if not namespaces:
        refused += _REFUSED_WITHOUT_NAMESPACES
        for name in _METADATA_KEPT:
            code += _when(calls.get(name), 0)
        for name in _ATTRIBUTES_REFUSED:
            code += _when(calls.get(name), errno.ENOTSUP)
    for name in refused:
        code += _when(calls.get(name), errno.EPERM)
    for name in _UNKNOWN_TO_PROGRAMS:
        code += _when(calls.get(name), errno.ENOSYS)
    for name in _ONLY_ON_ITSELF:
        code += _on_argument(calls[name], 0, [_op(_JUMP_EQUAL, 0, 1, 0)])
    code += _on_argument(calls["clone"], 0, [_op(_JUMP_ANY_BIT, _NAMESPACE_FLAGS, 0, 1)])
    # The watch reads what is open from /proc/PID: no thread has descriptors of its own, and no
    # process hides them.
    code += _on_argument(
        calls["clone"],
        0,
        [_op(_AND, _CLONE_THREAD | _CLONE_FILES), _op(_JUMP_EQUAL, _CLONE_THREAD, 0, 1)],
    )
    code += _on_argument(calls["close_range"], 2, [_op(_JUMP_ANY_BIT, _CLOSE_RANGE_UNSHARE, 0, 1)])
    hides = [
        _op(_JUMP_EQUAL, _PR_SET_DUMPABLE, 0, 3),
        _op(_LOAD, 16 + 8),
        _op(_JUMP_EQUAL, 1, 1, 0),
    ]
    code += _on_argument(calls["prctl"], 0, hides)
    code += _on_argument(calls["socketpair"], 0, [_op(_JUMP_EQUAL, _AF_UNIX, 1, 0)])
    # Datagram pairs could still address a third socket by name.
    code += _on_argument(
        calls["socketpair"],
        1,
        [
            _op(_AND, _SOCK_TYPE_MASK),
            _op(_JUMP_EQUAL, _SOCK_STREAM, 2, 0),
            _op(_JUMP_EQUAL, _SOCK_SEQPACKET, 1, 0),
        ],
    )
    for request in (_TIOCSTI, _TIOCLINUX):
        code += _on_argument(calls["ioctl"], 1, [_op(_JUMP_EQUAL, request, 0, 1)])
    code.append(_op(_RETURN, _ALLOW))
    return b"".join(code)


def _op(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, when_true, when_false, value)


def _when(number: int | None, error: int) -> list[bytes]:
    """Answer `error` (0: pretend success) to one call; nothing where the machine lacks it."""
    if number is None:
        return []
    return [_op(_JUMP_EQUAL, number, 0, 1), _op(_RETURN, _ERRNO | error)]


def _when_at_least(number: int, error: int) -> list[bytes]:
    return [_op(_JUMP_ABOVE_OR_EQUAL, number, 0, 1), _op(_RETURN, _ERRNO | error)]


def _on_argument(number: int, argument: int, test: list[bytes]) -> list[bytes]:
    """Refuse one call unless `test`, on an argument's low half, jumps over the refusal.

    The kernel reads all arguments used here as 32 bit, so the high half means nothing.
    """
    body = [
        _op(_LOAD, 16 + 8 * argument),
        *test,
        _op(_RETURN, _ERRNO | errno.EPERM),
        _op(_LOAD, _NUMBER),
    ]
    return [_op(_JUMP_EQUAL, number, 0, len(body)), *body]

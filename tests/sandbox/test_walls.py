"""Each test tries one way out of the sandbox."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

import coursewright
from coursewright.sandbox import seccomp

from .conftest import Run

Refused = Callable[..., None]


# ---------------------------------------------------------------- secrets


def test_environment_holds_nothing_of_the_supervisors(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    ran = run("import os\nfor item in os.environ.items(): print(item)")
    assert "planted" not in ran.execution.stdout
    assert "COURSEWRIGHT_SEED" in ran.execution.stdout


def test_no_process_shows_a_secret_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "sk-planted")
    ran = run(
        f"""
        import os
        for name in ["1", "self", "{os.getpid()}", "{os.getppid()}", *map(str, range(1, 400))]:
            for file in ("environ", "maps"):
                try:
                    text = open(f"/proc/{{name}}/{{file}}").read()
                except OSError:
                    continue
                print("planted" if "sk-planted" in text else "read", name, file)
        """
    )
    assert ran.execution.status == "ok"
    assert "planted" not in ran.execution.stdout


def test_descriptors_are_not_inherited(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("planted")
    descriptor = os.open(secret, os.O_RDONLY)
    try:
        os.set_inheritable(descriptor, True)
        ran = run(
            """
            import os, stat
            for number in range(3, 1024):
                try:
                    print(number, stat.S_ISSOCK(os.fstat(number).st_mode))
                except OSError:
                    pass
            print(os.environ["COURSEWRIGHT_LINE"], "line")
            """
        )
    finally:
        os.close(descriptor)
    *held, line = ran.lines
    assert held == [f"{line.split()[0]} True"]


# ---------------------------------------------------------------- the file tree


def test_foreign_files_cannot_be_read(refused: Refused) -> None:
    package = Path(coursewright.__file__).parent
    pytest_file = metadata.distribution("pytest").locate_file("pytest/__init__.py")
    paths = [
        package / "__init__.py",
        package / "records.py",
        *sorted(package.rglob("private.jsonl")),
        Path(str(pytest_file)),
        Path(os.__file__).parent / "site-packages" / "pip" / "__init__.py",
        Path("/etc/passwd"),
        Path(f"/proc/{os.getpid()}/environ"),
    ]
    refused(*(f"open({str(path)!r}).read()" for path in paths))


def test_a_world_readable_run_folder_cannot_be_read(refused: Refused, tmp_path: Path) -> None:
    split = tmp_path / "private.jsonl"
    split.write_text("{}")
    split.chmod(0o666)
    refused(
        f"open({str(split)!r}).read()",
        f"import os; os.listdir({str(tmp_path)!r})",
        f"import os; os.symlink({str(split)!r}, 'link'); open('link').read()",
        f"import os; os.link({str(split)!r}, 'hard')",
        f"import os; os.truncate({str(split)!r}, 0)",
        f"import os; os.unlink({str(split)!r})",
    )


def test_nothing_can_be_written_outside(refused: Refused) -> None:
    folders = ["/var/tmp", "/usr/lib", "/coursewright", "/", "/etc", "/dev", str(Path.home())]
    refused(*(f"open({folder!r} + '/coursewright-test-file', 'w')" for folder in folders))


def test_data_and_library_are_read_only(refused: Refused) -> None:
    refused(
        "import os; open(os.environ['COURSEWRIGHT_DATA'] + '/new', 'w')",
        "import coursewright_program; open(coursewright_program.__file__, 'a')",
        "import numpy; open(numpy.__file__, 'a')",
    )


def test_modes_and_times_of_foreign_files_stay(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    before = file.stat()
    run(
        f"""
        import os
        for change in (lambda p: os.chmod(p, 0), lambda p: os.utime(p, (1, 1)),
                       lambda p: os.chown(p, 0, 0), lambda p: os.setxattr(p, "user.a", b"b")):
            try:
                change({str(file)!r})
            except OSError:
                pass
        """
    )
    assert (file.stat().st_mode, file.stat().st_mtime) == (before.st_mode, before.st_mtime)


def test_a_link_in_the_work_folder_does_not_lead_the_clean_up_astray(
    run: Run, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("")
    run(
        f"""
        import os
        os.symlink({str(kept)!r}, "away")
        os.makedirs("deep/er")
        os.symlink({str(kept)!r}, "deep/er/away")
        os.chmod("deep", 0)
        """
    )
    assert (kept / "file").exists()


# ---------------------------------------------------------------- network and sockets


def test_no_socket_can_be_opened(refused: Refused) -> None:
    kinds = [
        "AF_INET, socket.SOCK_STREAM",
        "AF_INET, socket.SOCK_DGRAM",
        "AF_INET, socket.SOCK_RAW",
        "AF_INET6, socket.SOCK_STREAM",
        "AF_NETLINK, socket.SOCK_RAW",
        "AF_PACKET, socket.SOCK_RAW",
        "AF_VSOCK, socket.SOCK_STREAM",
        "AF_ALG, socket.SOCK_SEQPACKET",
        "AF_UNIX, socket.SOCK_STREAM",
        "AF_UNIX, socket.SOCK_DGRAM",
    ]
    refused(*(f"import socket; socket.socket(socket.{kind})" for kind in kinds))


def test_names_do_not_resolve(refused: Refused) -> None:
    refused("import socket; socket.getaddrinfo('example.com', 80)")


def test_datagram_pairs_reach_nobody(refused: Refused, tmp_path: Path) -> None:
    place = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(place)
        refused(
            "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]"
            f".sendto(b'x', {place!r})"
        )


def test_a_handed_connection_cannot_be_turned_elsewhere(run: Run, tmp_path: Path) -> None:
    gateway, other = tmp_path / "gateway", tmp_path / "other"
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        for listener, place in ((one, gateway), (two, other)):
            listener.bind(str(place))
            listener.listen()
        ran = run(
            f"""
            import os, socket
            line = socket.socket(fileno=int(os.environ["COURSEWRIGHT_LINE"]))
            line.send(b"connect")
            _, handed, _, _ = socket.recv_fds(line, 16, 1)
            teacher = socket.socket(fileno=handed[0])
            try:
                teacher.connect({str(other)!r})
            except OSError as error:
                print("refused")
            """,
            socket=gateway,
        )
    assert ran.lines == ["refused"]


# ---------------------------------------------------------------- processes and the kernel


def test_outside_processes_cannot_be_signalled(refused: Refused) -> None:
    refused(*(f"import os; os.kill({pid}, 0)" for pid in (os.getpid(), os.getppid())))


def test_system_calls_are_refused_by_the_filter(run: Run) -> None:
    machine = seccomp.machine()
    assert machine is not None
    names = ["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd",
             "unshare", "setns", "mount", "bpf", "io_uring_setup", "keyctl", "perf_event_open",
             "userfaultfd", "clone3", "memfd_create", "shmget", "init_module",
             "open_by_handle_at", "mknodat", "chroot"]  # fmt: skip
    ran = run(
        f"""
        import ctypes, errno
        libc = ctypes.CDLL(None, use_errno=True)
        for name, number in {[(name, machine.calls[name]) for name in names]}:
            libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
            print(name, errno.errorcode[ctypes.get_errno()])
        """
    )
    assert [line.split()[0] for line in ran.lines] == names
    assert {line.split()[1] for line in ran.lines} == {"EPERM", "ENOSYS"}


def test_a_program_cannot_become_root(run: Run) -> None:
    ran = run(
        """
        import os
        try:
            os.setuid(0)
        except OSError:
            print("refused")
        status = open("/proc/self/status").read() if os.path.exists("/coursewright") else ""
        print([line for line in status.splitlines() if line.startswith("CapEff")])
        """
    )
    assert ran.lines[0] == "refused"
    assert ran.lines[1] in ("['CapEff:\\t0000000000000000']", "[]")


def test_limits_of_other_processes_cannot_be_set(refused: Refused) -> None:
    refused(f"import resource; resource.prlimit({os.getpid()}, resource.RLIMIT_CPU)")

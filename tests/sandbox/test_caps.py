"""Each test lets a program run past one cap."""

from __future__ import annotations

import json
import time

import pytest

from coursewright.config import SandboxConfig
from coursewright.sandbox.enclosure import CAP_SYS_ADMIN, holds_capabilities

from .conftest import Run

pytestmark = pytest.mark.long

_SAVE = """
from coursewright_program import save_rows
save_rows([{"instruction": "i", "input": "q", "output": "a", "response": "r1"}])
"""


def test_deadline_keeps_the_rows_saved_so_far(run: Run) -> None:
    ran = run(_SAVE + "import time\ntime.sleep(60)", deadline=1.5)
    assert ran.execution.status == "timeout"
    assert "deadline" in ran.execution.reason
    assert json.loads(ran.work["submission.json"])[0]["output"] == "a"
    assert ran.rows == [1]
    assert ran.execution.submission == "taken"


def test_a_program_that_ignores_signals_dies_at_its_deadline(run: Run) -> None:
    began = time.monotonic()
    ran = run(
        """
        import signal, time
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(60)
        """,
        deadline=1.0,
    )
    assert ran.execution.status == "timeout"
    assert time.monotonic() - began < 10


def test_the_place_where_time_went_is_told_at_the_deadline(run: Run) -> None:
    ran = run("import time\ndef stuck():\n    time.sleep(60)\nstuck()", deadline=2.5)
    assert "in stuck" in ran.execution.stderr


def test_one_process_that_grabs_too_much_gets_a_memory_error(run: Run) -> None:
    ran = run("x = bytearray(10**10)", config=SandboxConfig(memory_bytes=256 * 1024**2))
    assert ran.execution.status == "raised"
    assert "MemoryError" in ran.execution.stderr


def test_memory_counts_over_the_whole_tree(run: Run) -> None:
    ran = run(
        _SAVE
        + """
import os, time
for _ in range(5):
    if os.fork() == 0:
        x = bytearray(b"x") * (70 * 1024**2)
        time.sleep(60)
time.sleep(60)
""",
        config=SandboxConfig(memory_bytes=256 * 1024**2),
    )
    assert (ran.execution.status, ran.execution.reason) == (
        "killed",
        "more than 256 MiB of memory",
    )
    assert ran.rows == [1]
    assert ran.execution.peak_bytes is not None
    assert ran.execution.peak_bytes > 256 * 1024**2


def test_shared_pages_count_once(run: Run) -> None:
    ran = run(
        """
        import os, time
        x = bytearray(b"x") * (120 * 1024**2)
        for _ in range(4):
            if os.fork() == 0:
                time.sleep(0.5)
                os._exit(0)
        time.sleep(0.5)
        """,
        config=SandboxConfig(memory_bytes=256 * 1024**2),
    )
    assert ran.execution.status == "ok", ran.execution


def test_a_fork_bomb_is_stopped(run: Run) -> None:
    began = time.monotonic()
    ran = run(
        """
        import os, time
        while True:
            try:
                if os.fork() == 0:
                    continue
            except OSError:
                time.sleep(0.01)
        """,
        config=SandboxConfig(processes=16),
    )
    assert (ran.execution.status, ran.execution.reason) == ("killed", "more than 16 processes")
    assert time.monotonic() - began < 15


def test_many_files_are_stopped(run: Run) -> None:
    ran = run(
        """
        import os, time
        for number in range(100_000):
            os.makedirs(f"folder{number % 10}", exist_ok=True)
            open(f"folder{number % 10}/{number}", "w").close()
        time.sleep(60)
        """,
        config=SandboxConfig(files=500),
    )
    assert (ran.execution.status, ran.execution.reason) == ("killed", "more than 500 files")


def test_files_cannot_hide_in_depth(run: Run) -> None:
    ran = run(
        """
        import os, time
        for _ in range(45):
            os.mkdir("x" * 100)
            os.chdir("x" * 100)
        time.sleep(60)
        """
    )
    assert ran.execution.status == "killed"
    assert ran.execution.reason == "folders too deep, or closed, to be looked into"


def test_many_bytes_in_several_files_are_stopped(run: Run) -> None:
    ran = run(
        """
        import os, time
        for number in range(8):
            with open(f"{os.environ['TMPDIR']}/{number}", "wb") as stream:
                stream.write(b"x" * 5_000_000)
        time.sleep(60)
        """,
        config=SandboxConfig(file_bytes=16 * 1024**2),
    )
    assert (ran.execution.status, ran.execution.reason) == ("killed", "more than 16 MiB of files")


@pytest.mark.parametrize(
    "begin",
    [
        "os.open(name, os.O_CREAT | os.O_RDWR); os.unlink(name)",
        "os.open('.', os.O_TMPFILE | os.O_RDWR)",
    ],
    ids=["unlinked", "never named"],
)
def test_files_without_a_name_count_as_long_as_they_are_open(run: Run, begin: str) -> None:
    ran = run(
        f"""
        import os, time
        for number in range(8):
            name = str(number)
            file = {begin}
            os.write(file, b"x" * 5_000_000)
        time.sleep(20)
        """,
        config=SandboxConfig(file_bytes=16 * 1024**2),
    )
    assert (ran.execution.status, ran.execution.reason) == ("killed", "more than 16 MiB of files")


_LOST_NAME = """
import os, time
for name in "abcdefgh":
    file = os.open(name, os.O_CREAT | os.O_RDWR)
    os.unlink(name)
    os.write(file, b"x" * 5_000_000)
"""


def test_an_open_file_counts_once_however_often_it_is_held(run: Run) -> None:
    held = "import os\nfor _ in range(8):\n    os.dup(3)\nos.fork()\ntime.sleep(0.6)"
    ran = run(_LOST_NAME + held, config=SandboxConfig(file_bytes=50_000_000))
    assert ran.execution.status == "ok", ran.execution


def test_files_cannot_be_hidden_in_sockets(run: Run) -> None:
    ran = run(
        """
        import os, socket, time
        one, other = socket.socketpair()
        for number in range(40):
            file = os.open(str(number), os.O_CREAT | os.O_RDWR)
            os.unlink(str(number))
            os.write(file, b"x" * 500_000)
            socket.send_fds(one, [b"x"], [file])
            os.close(file)
        time.sleep(20)
        """,
        config=SandboxConfig(file_bytes=16 * 1024**2),
    )
    assert ran.execution.status == "killed"
    assert ran.execution.reason == "more than 16 open files on their way through sockets"


def test_an_open_file_may_be_passed_on(run: Run) -> None:
    ran = run(
        """
        import os, socket, time
        one, other = socket.socketpair()
        socket.send_fds(one, [b"x"], [os.open("file", os.O_CREAT | os.O_RDWR)])
        time.sleep(0.5)
        _, (file,), _, _ = socket.recv_fds(other, 1, 1)
        os.write(file, b"x")
        """
    )
    assert ran.execution.status == "ok", ran.execution


def test_mapped_files_without_a_name_count(run: Run, level: str) -> None:
    if not holds_capabilities(CAP_SYS_ADMIN):
        pytest.skip("what is only mapped can be looked at by root alone")
    ran = run(
        """
        import ctypes, os, time
        library = ctypes.CDLL(None)
        library.mmap.restype = ctypes.c_void_p
        for name in "abcdefgh":
            file = os.open(name, os.O_CREAT | os.O_RDWR)
            os.unlink(name)
            os.write(file, b"x" * 5_000_000)
            library.mmap(None, ctypes.c_size_t(4096), 1, 1, file, ctypes.c_long(0))
            os.close(file)
        time.sleep(20)
        """,
        config=SandboxConfig(file_bytes=16 * 1024**2),
    )
    assert (ran.execution.status, ran.execution.reason) == ("killed", "more than 16 MiB of files")


_WITHOUT_FIRST_THREAD = """
import ctypes, threading
threading.Thread(target=time.sleep, args=(20,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_open_files_are_seen_when_the_first_thread_has_ended(run: Run) -> None:
    ran = run(
        _LOST_NAME + _WITHOUT_FIRST_THREAD,
        config=SandboxConfig(file_bytes=16 * 1024**2),
        deadline=10.0,
    )
    assert (ran.execution.status, ran.execution.reason) == ("killed", "more than 16 MiB of files")


def test_memory_is_seen_when_the_first_thread_has_ended(run: Run) -> None:
    ran = run(
        """
import os, time
for _ in range(4):
    if os.fork() == 0:
        break
else:
    time.sleep(20)
x = bytearray(b"x") * (70 * 1024**2)
"""
        + _WITHOUT_FIRST_THREAD,
        config=SandboxConfig(memory_bytes=256 * 1024**2),
        deadline=10.0,
    )
    assert (ran.execution.status, ran.execution.reason) == (
        "killed",
        "more than 256 MiB of memory",
    )


def test_one_large_file_is_refused(run: Run) -> None:
    ran = run(
        "open('large', 'wb').write(b'x' * 40_000_000)",
        config=SandboxConfig(file_bytes=16 * 1024**2),
    )
    assert "File too large" in ran.execution.stderr


def test_cpu_time_is_stopped(run: Run) -> None:
    ran = run("while True: pass", config=SandboxConfig(cpu_seconds=1))
    assert ran.execution.status == "killed"
    assert "CPU time" in ran.execution.reason


def test_long_output_keeps_its_ends(run: Run) -> None:
    ran = run(
        """
        print("first")
        for _ in range(2000):
            print("x" * 1000)
        print("last")
        """,
        config=SandboxConfig(output_bytes=4096),
    )
    assert ran.execution.status == "ok"
    assert ran.execution.stdout.startswith("first\n")
    assert ran.execution.stdout.endswith("last\n")
    assert "bytes left out" in ran.execution.stdout
    assert len(ran.execution.stdout) < 5000


def test_a_flood_of_output_is_stopped(run: Run) -> None:
    ran = run(
        """
        import os
        block = b"x" * 2**20
        while True:
            os.write(1, block)
        """,
        config=SandboxConfig(output_bytes=1024),
    )
    assert (ran.execution.status, ran.execution.reason) == (
        "killed",
        "more than 64 MiB of output",
    )


def test_many_threads_are_fine(run: Run) -> None:
    ran = run(
        """
        import time
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(200) as pool:
            print(len(list(pool.map(lambda n: time.sleep(0.1), range(200)))))
        """
    )
    assert ran.lines == ["200"]

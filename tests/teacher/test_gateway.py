"""A real gateway process on real Unix sockets: caps, cache, refusals, crashes."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from coursewright.errors import ConfigError, RunFolderError, StorageError
from coursewright.store.ledger import Ledger
from coursewright.teacher import GatewayLost, GatewayTeacher, usage_of
from coursewright.teacher.gateway import Door, Window
from coursewright.teacher.wire import BODY_BYTES
from tests.teacher.talk import Desk, Reply, ask, budget_of, chat, text_of

pytestmark = pytest.mark.long


def test_racing_calls_stop_exactly_at_the_cap_of_the_round(tmp_path: Path):
    desk = Desk(tmp_path, delay=0.01)
    with desk.teacher() as teacher, teacher.line(0, 137) as line:
        replies = ask(line.socket, [chat(f"question {i}") for i in range(500)])
        assert [status for status, _ in replies].count(200) == 137
        refused = [body["error"]["type"] for status, body in replies if status == 429]
        assert refused == ["budget_exhausted"] * (500 - 137)
        assert budget_of(line.socket)["calls_left"] == 0
        assert line.usage().calls == 137
    assert desk.upstream_calls() == 137


def test_total_cap_holds_over_rounds(tmp_path: Path):
    desk = Desk(tmp_path)
    with desk.teacher(calls=30) as teacher:
        for number, expected in ((0, 20), (1, 10), (2, 0)):
            with teacher.line(number, 20) as line:
                bodies = [chat(f"{number}-{i}") for i in range(40)]
                statuses = [status for status, _ in ask(line.socket, bodies)]
                assert statuses.count(200) == expected
        assert teacher.calls_left() == 0
    assert desk.upstream_calls() == 30


def test_a_round_played_again_is_told_what_it_was_told_first(tmp_path: Path):
    desk = Desk(tmp_path)

    def play(teacher: GatewayTeacher, number: int) -> list[dict[str, Any]]:
        told = []
        with teacher.line(number, 8) as line:
            for i in range(4):
                told.append(budget_of(line.socket))
                # The second of them is asked a second time, as after a lost connection.
                for _ in range(1 + (i == 1)):
                    ask(line.socket, [chat(f"{number}-{i}")], occurrence=0)
        return told

    with desk.teacher(calls=10, tokens=5000) as teacher:
        first = [play(teacher, number) for number in (0, 1)]
    left = [[budget["calls_left"] for budget in told] for told in first]
    assert left == [[8, 7, 6, 5], [6, 5, 4, 3]]
    with desk.teacher(calls=10, tokens=5000) as teacher:
        assert [play(teacher, number) for number in (0, 1)] == first
    assert desk.upstream_calls() == 8


def test_token_cap_is_never_passed_and_calls_wait_for_what_others_hold(tmp_path: Path):
    # 10 tokens a call, but up to about 140 held while it is under way.
    desk = Desk(tmp_path, delay=0.005)
    with desk.teacher(tokens=400, max_tokens=100) as teacher, teacher.line(0, 1000) as line:
        replies = ask(line.socket, [chat(f"{i:03}") for i in range(60)])
        served = [status for status, _ in replies].count(200)
        assert 25 <= served <= 40
        assert {status for status, _ in replies} == {200, 429}
        usage = line.usage()
        assert usage.prompt_tokens + usage.completion_tokens == 10 * served <= 400


def test_same_request_is_another_call_each_time_and_a_counted_one_is_not(tmp_path: Path):
    desk = Desk(tmp_path)
    with desk.teacher() as teacher, teacher.line(0, 10) as line:
        first, second = ask(line.socket, [chat("vote"), chat("vote")])
        assert text_of(first) != text_of(second)
        ((again),) = ask(line.socket, [chat("vote")], occurrence=1)
        assert again[1]["id"] in {first[1]["id"], second[1]["id"]}
        assert line.usage().model_dump(include={"calls", "cached"}) == {"calls": 2, "cached": 1}
    with desk.teacher() as teacher, teacher.line(0, 2) as line:
        replayed = [ask(line.socket, [chat("vote")])[0] for _ in range(2)]
        assert {reply[1]["id"] for reply in replayed} == {first[1]["id"], second[1]["id"]}
    assert desk.upstream_calls() == 2


def test_identical_calls_in_flight_share_one_upstream_call(tmp_path: Path):
    desk = Desk(tmp_path, delay=0.2)
    with desk.teacher() as teacher, teacher.line(0, 10) as line:
        replies = ask(line.socket, [chat("same")] * 20, occurrence=0)
        assert len({text_of(reply) for reply in replies}) == 1
        assert line.usage().model_dump(include={"calls", "cached"}) == {"calls": 1, "cached": 19}
    assert desk.upstream_calls() == 1


def test_same_calls_in_a_later_round_are_free_and_still_traceable_to_both(tmp_path: Path):
    desk = Desk(tmp_path)
    with desk.teacher() as teacher:
        for number in (0, 1):
            with teacher.line(number, 1) as line:
                (reply,) = ask(line.socket, [chat("once")])
    with Ledger.read_only(desk.ledger) as ledger:
        call = ledger.lookup(reply[1]["id"])
        assert call is not None
        assert call.rounds == (0, 1)
        assert call.response == text_of(reply)
    assert desk.upstream_calls() == 1


def test_answers_depend_on_the_run_seed_and_on_nothing_else(tmp_path: Path):
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with Desk(tmp_path / name).teacher() as teacher, teacher.line(4, 5) as line:
            texts.append([text_of(r) for r in ask(line.socket, [chat("p"), chat("q"), chat("r")])])
    assert texts[0] == texts[1]


def test_fields_a_program_may_not_decide_are_overruled(tmp_path: Path):
    with Desk(tmp_path, "Echo").teacher(max_tokens=77) as teacher, teacher.line(0, 5) as line:
        body = chat(
            "hello",
            model="expensive",
            n=50,
            max_tokens=10**9,
            max_completion_tokens=10**9,
            stream=True,
            tools=[{"type": "function"}],
            seed=1,
            user="root",
            base_url="http://elsewhere",
            temperature=0.5,
        )
        (reply,) = ask(line.socket, [body])
        assert reply[1]["model"] == "counting"
        got = text_of(reply)
        assert "expensive" not in got
        assert "('max_tokens', '77')" in got
        assert "('n', '1')" in got
        assert "('stream', 'False')" in got
        assert "('temperature', '0.5')" in got
        for field in ("tools", "seed", "user", "base_url", "max_completion_tokens"):
            assert f"('{field}'" not in got


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 200_000, 400),
        (b'{"messages": ' + b"1" * 500_000 + b"}", 400),
        (json.dumps(chat("x", temperature=1e999)).encode(), 400),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', 400),
        (json.dumps(chat("x", temperature="hot")).encode(), 400),
        (json.dumps(chat("x", stop=["a"] * 9)).encode(), 400),
        (json.dumps({"messages": [{"role": "system!", "content": "x"}]}).encode(), 400),
        (json.dumps({"messages": [{"role": ["user"], "content": "x"}]}).encode(), 400),
        (json.dumps({"messages": [{"role": "user", "content": 5}]}).encode(), 400),
        (json.dumps({"messages": []}).encode(), 400),
        (json.dumps({"messages": [{"role": "user", "content": "x"}] * 65}).encode(), 400),
        (json.dumps(chat("x" * BODY_BYTES)).encode(), 413),
    ],
)
def test_bad_bodies_are_refused_and_cost_nothing(shared_line, body: bytes, status: int):
    desk, line = shared_line
    before = desk.upstream_calls()
    ((got, said),) = ask(line.socket, [body])
    assert got == status
    assert said["error"]["type"] == "invalid_request_error"
    assert desk.upstream_calls() == before
    assert ask(line.socket, [chat("still there?")])[0][0] == 200


def test_nothing_that_a_program_sends_is_written_to_a_log(tmp_path: Path):
    with Desk(tmp_path).teacher() as teacher, teacher.line(0, 5) as line:
        ask(line.socket, [json.dumps({"messages": [{"role": [], "content": "x"}]}).encode()])
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(line.socket))
            link.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nno header\r\n\r\n")
            assert b" 400 " in link.recv(1000)
        assert os.fstat(teacher._complaints.fileno()).st_size == 0


def test_a_request_that_the_gateway_fails_on_is_refused(tmp_path: Path):
    class Broken:
        def calls_left(self) -> int:
            raise ZeroDivisionError

    async def go() -> dict[str, Any]:
        window = cast(Window, Broken())
        door = Door(window, None, tmp_path / "s", read_seconds=1.0, concurrency=1)
        await door.open()
        return await asyncio.to_thread(budget_of, door.socket)

    assert asyncio.run(go())["error"]["message"] == "the gateway failed: ZeroDivisionError"


@pytest.fixture(scope="module")
def shared_line(tmp_path_factory: pytest.TempPathFactory):
    desk = Desk(tmp_path_factory.mktemp("desk"))
    with desk.teacher() as teacher, teacher.line(0, 1000) as line:
        yield desk, line


@pytest.mark.parametrize("occurrence", [-1, 10_000, 99999999])
def test_absurd_occurrences_are_refused(shared_line, occurrence: int):
    _, line = shared_line
    assert ask(line.socket, [chat("x")], occurrence=occurrence)[0][0] == 400


def test_upstream_trouble_is_retried_and_every_try_is_charged(tmp_path: Path):
    desk = Desk(tmp_path, "Flaky", fails=2)
    with desk.teacher() as teacher, teacher.line(0, 10) as line:
        assert text_of(ask(line.socket, [chat("x")])[0]) == "fine at last"
        assert line.usage().calls == desk.upstream_calls() == 3


def test_retries_stop_at_the_cap(tmp_path: Path):
    desk = Desk(tmp_path, "Flaky", fails=99)
    with desk.teacher() as teacher, teacher.line(0, 2) as line:
        ((status, _),) = ask(line.socket, [chat("x")])
        assert status == 429
    assert desk.upstream_calls() == 2


def test_wicked_upstreams_cost_only_their_own_call(tmp_path: Path):
    desk = Desk(tmp_path, "Wicked")
    with desk.teacher() as teacher, teacher.line(0, 20) as line:
        bad = ask(line.socket, [chat(w) for w in ("refuse", "crash", "gigabyte", "no text")])
        assert [status for status, _ in bad] == [502] * 4
        assert {body["error"]["type"] for _, body in bad} == {"upstream_error"}
        odd, plain, good = ask(line.socket, [chat("surrogate"), chat("no usage"), chat("x")])
        assert text_of(odd) == "a?b"
        assert plain[1]["usage"] == {
            "prompt_tokens": 8,
            "completion_tokens": 4,
            "total_tokens": 12,
        }
        assert text_of(good) == "ok"
        assert line.usage().calls == 7


def ask_and_kill(
    teacher: GatewayTeacher, desk: Desk, cap: int, bodies: list[dict[str, Any]], after: int
) -> list[Reply]:
    """Ask all, and kill the gateway as soon as `after` calls are upstream."""
    replies: list[Reply] = []

    def watch(pid: int) -> None:
        while desk.upstream_calls() < after:
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)

    def run() -> None:
        with teacher.line(0, cap) as line:
            threading.Thread(target=watch, args=(teacher.pid,), daemon=True).start()
            replies.extend(ask(line.socket, bodies))

    with pytest.raises(GatewayLost):
        run()
    return replies


def test_killed_gateway_is_replaced_and_nothing_is_paid_twice(tmp_path: Path):
    desk = Desk(tmp_path, delay=0.05)
    bodies = [chat(f"question {i}") for i in range(120)]
    with desk.teacher(concurrency=20) as teacher:
        pid = teacher.pid
        interrupted = ask_and_kill(teacher, desk, 1000, bodies, after=50)
        got = {body["id"]: body for status, body in interrupted if status == 200}
        assert 0 < len(got) < 120
        with Ledger.read_only(desk.ledger) as ledger:
            assert ledger.totals().calls >= desk.upstream_calls()
        with teacher.line(0, 1000) as line:
            assert teacher.pid != pid
            replies = ask(line.socket, bodies)
            assert all(status == 200 for status, _ in replies)
            again = {body["id"]: body for _, body in replies}
            assert {key: again[key] for key in got} == got
            usage = line.usage()
        assert usage.calls >= desk.upstream_calls()
        with teacher.line(0, 1000) as line:
            upstream = desk.upstream_calls()
            assert [body for _, body in ask(line.socket, bodies)] == [b for _, b in replies]
            assert desk.upstream_calls() == upstream
            assert line.usage().calls == usage.calls


def test_cap_holds_across_a_crash_and_lost_calls_may_be_asked_again(tmp_path: Path):
    desk = Desk(tmp_path, delay=0.3)
    with desk.teacher(calls=100, concurrency=20) as teacher:
        ask_and_kill(teacher, desk, 10, [chat(f"{i}") for i in range(10)], after=10)
        assert desk.upstream_calls() == 10
        with teacher.line(0, 10) as line:
            replies = ask(line.socket, [chat(f"{i}") for i in range(12)])
            assert [status for status, _ in replies].count(200) == 10
        assert desk.upstream_calls() == 20
        assert teacher.calls_left() == 80


def test_closed_round_lets_nothing_more_upstream(tmp_path: Path):
    desk = Desk(tmp_path, delay=0.2)
    replies = []
    with desk.teacher(concurrency=5) as teacher:
        with teacher.line(0, 100) as line:
            asking = threading.Thread(
                target=lambda: replies.extend(ask(line.socket, [chat(f"{i}") for i in range(50)]))
            )
            asking.start()
            while desk.upstream_calls() < 5:
                time.sleep(0.002)
        asking.join()
        seen = desk.upstream_calls()
        assert seen == 5
        assert not line.socket.exists()
        assert line.usage().calls == 5
        assert sorted({status for status, _ in replies} - {0}) == [200, 503]
        time.sleep(0.3)
        assert desk.upstream_calls() == seen
        with Ledger.read_only(desk.ledger) as ledger:
            assert ledger.totals().unknown == 0


def test_usage_of_a_closed_line_holds_what_was_left_under_way(tmp_path: Path):
    desk = Desk(tmp_path, delay=0.3)
    with desk.teacher() as teacher, contextlib.ExitStack() as programs:
        with teacher.line(0, 100) as line:
            for _ in range(3):  # one pays, and the others share its answer
                asking = threading.Thread(target=ask, args=(line.socket, [chat("x")], 0))
                asking.start()
                programs.callback(asking.join)
            while desk.upstream_calls() < 1:
                time.sleep(0.002)
            time.sleep(0.1)
            early = line.usage()
        told = line.usage()
    assert (early.prompt_tokens, early.cached) == (0, 0)
    assert (told.calls, told.prompt_tokens, told.completion_tokens, told.cached) == (1, 5, 5, 2)
    with Ledger.read_only(desk.ledger) as ledger:
        assert usage_of(ledger.totals(0)) == told


def test_gateway_ends_with_its_supervisor_and_leaves_no_folder(tmp_path: Path):
    desk = Desk(tmp_path)
    teacher = desk.teacher()
    with teacher.line(0, 5) as line:
        folder = line.socket.parents[1]
        assert folder.stat().st_mode & 0o777 == 0o700
        process = psutil.Process(teacher.pid)
    assert teacher._process is not None
    assert teacher._process.stdin is not None
    teacher._process.stdin.close()  # what the kernel does when a supervisor is killed
    teacher._process.wait(10)
    assert not process.is_running()
    assert not folder.exists()
    with teacher.line(1, 5) as line:
        assert ask(line.socket, [chat("x")])[0][0] == 200
    teacher.close()
    assert teacher.pid is None
    assert not line.socket.parents[1].exists()


def test_environment_of_the_gateway_is_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_OF_SOMEBODY_ELSE", "x")
    with Desk(tmp_path).teacher() as teacher, teacher.line(0, 1):
        environment = psutil.Process(teacher.pid).environ()
    assert "SECRET_OF_SOMEBODY_ELSE" not in environment
    assert "PATH" in environment


def test_second_gateway_on_one_ledger_waits_for_the_first(tmp_path: Path):
    desk = Desk(tmp_path)
    first, second = desk.teacher(), desk.teacher()
    first.health()
    closing = threading.Timer(0.5, first.close)
    closing.start()
    with second.line(0, 5) as line:
        assert ask(line.socket, [chat("x")])[0][0] == 200
    closing.join()
    assert first.pid is None
    second.close()


@pytest.mark.parametrize(
    ("upstream", "options", "said"),
    [("Nobody", {}, "no class 'Nobody'"), ("Counting", {"colour": "red"}, "options")],
)
def test_upstream_that_cannot_be_built_is_a_config_error(
    tmp_path: Path, upstream: str, options: dict[str, Any], said: str
):
    teacher = Desk(tmp_path, upstream, **options).teacher()
    with pytest.raises(ConfigError, match=said) as caught:
        teacher.health()
    assert caught.value.field == "--teacher"


def test_file_that_is_no_ledger_is_told_in_one_line(tmp_path: Path):
    desk = Desk(tmp_path)
    desk.ledger.write_bytes(b"not a database, and long enough to tell" * 100)
    with pytest.raises(RunFolderError, match="ledger"):
        desk.teacher().health()


def test_ledger_that_cannot_be_written_stops_the_calls_and_says_so(tmp_path: Path):
    desk = Desk(tmp_path)

    def run(teacher: GatewayTeacher) -> None:
        with teacher.line(0, 5) as line:
            assert ask(line.socket, [chat("before")])[0][0] == 200
            _break_schema(desk.ledger)  # stands in for a full disk
            ((status, body),) = ask(line.socket, [chat("after")])
            assert (status, body["error"]["type"]) == (503, "ledger_unavailable")

    with desk.teacher() as teacher, pytest.raises(StorageError, match="ledger"):
        run(teacher)
    assert desk.upstream_calls() == 1


def _break_schema(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON calls BEGIN SELECT RAISE(FAIL, 'full'); END"
        )

"""The program's client against a stand-in gateway, from inside the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coursewright.sandbox import coursewright_program

from .conftest import Run
from .gateway import Gateway, serving

pytestmark = pytest.mark.long

_START = "from coursewright_program import *\n"


def test_answers_come_in_the_order_of_the_prompts(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s", seconds=0.02)) as gateway:
        ran = run(
            _START + "for a in teacher.generate_batch([f'q{i}' for i in range(200)]): "
            "print(a, a.id, a.ok, a.error)",
            socket=gateway.socket,
        )
    assert ran.lines == [f"q{i} #0 key-q{i}-0 True None" for i in range(200)]


def test_the_same_prompt_is_counted_over_the_whole_program(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s")) as gateway:
        ran = run(
            _START + "print(teacher.generate_batch(['a', 'b', 'a']) + [teacher.generate('a')]"
            " + [teacher.generate('a', system='s'), teacher.generate('a', max_tokens=5)])",
            socket=gateway.socket,
        )
    assert ran.lines == [str(["a #0", "b #0", "a #1", "a #2", "a #0", "a #3"])]


def test_wishes_reach_the_gateway(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s")) as gateway:
        run(
            _START + "teacher.generate('q', system='s', json=True, temperature=1, max_tokens=7)\n"
            "teacher.generate([{'role': 'user', 'content': 'm'}])",
            socket=gateway.socket,
        )
    user = {"role": "user", "content": "q"}
    assert gateway.bodies[0] == {
        "messages": [{"role": "system", "content": "s"}, user],
        "temperature": 1.0,
        "max_tokens": 7,
        "response_format": {"type": "json_object"},
    }
    assert gateway.bodies[1] == {"messages": [{"role": "user", "content": "m"}]}


def test_a_spent_budget_and_a_failed_call_spoil_no_other_answer(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s", cap=150)) as gateway:
        ran = run(
            _START
            + "answers = teacher.generate_batch(['broken'] + [f'q{i}' for i in range(199)])\n"
            "print([a.error for a in answers].count('budget'), answers[0].error, "
            "[bool(a) for a in answers].count(True), teacher.calls_left())",
            socket=gateway.socket,
        )
    assert ran.lines == ["50 upstream_error: no luck 149 0"]


def test_a_cap_cuts_off_the_last_prompts_in_every_replay(run: Run, tmp_path: Path) -> None:
    code = _START + "print([a.ok for a in teacher.generate_batch([f'q{i}' for i in range(60)])])"
    expected = [str([True] * 50 + [False] * 10)]
    with serving(Gateway(tmp_path / "s", cap=50)) as gateway:
        assert run(code, socket=gateway.socket).lines == expected
    # As after a kill half way: 20 answers are paid for, 30 calls are left.
    known = {f"key-q{i}-0" for i in range(20)}
    with serving(Gateway(tmp_path / "t", cap=30, known=known)) as gateway:
        assert run(code, socket=gateway.socket).lines == expected


def test_a_cut_connection_is_tried_again_as_the_same_call(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s", fail_first=3)) as gateway:
        ran = run(
            _START + "print(teacher.generate_batch(['a', 'b', 'c', 'd']))", socket=gateway.socket
        )
    assert ran.lines == [str(["a #0", "b #0", "c #0", "d #0"])]
    assert len(gateway.heard) == 7


def test_connections_that_the_gateway_closed_are_replaced(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s", keep_alive=0.05)) as gateway:
        ran = run(
            _START + "import time\nfor i in range(3):\n"
            "    print(teacher.generate_batch(['a', 'b'])); time.sleep(0.3)",
            socket=gateway.socket,
        )
    assert ran.lines == [str([f"a #{i}", f"b #{i}"]) for i in range(3)]


def test_concurrency_is_the_briefs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "brief.json").write_text(json.dumps({"concurrency": 7}))
    with serving(Gateway(tmp_path / "s", seconds=0.05)) as gateway:
        run(
            _START + "teacher.generate_batch([f'q{i}' for i in range(30)])",
            socket=gateway.socket,
            files={"brief.json": tmp_path / "brief.json"},
        )
    assert gateway.most_busy == 7


def test_a_teacher_that_is_too_slow_leaves_time_to_save(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s", seconds=30)) as gateway:
        ran = run(
            _START + "a = teacher.generate('q')\nprint(a.ok, a.error)\n"
            "save_rows([{'instruction': 'i', 'input': '', 'output': 'o', 'response': 'r'}])",
            socket=gateway.socket,
            deadline=3.0,
        )
    assert (ran.execution.status, ran.lines) == ("ok", ["False deadline"])
    assert ran.rows == [1]


def test_the_teacher_works_from_threads_and_inside_an_event_loop(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s")) as gateway:
        ran = run(
            _START + "import asyncio\nfrom concurrent.futures import ThreadPoolExecutor\n"
            "with ThreadPoolExecutor(40) as pool:\n"
            "    print(list(pool.map(teacher.generate, [f'q{i}' for i in range(40)]))[-1])\n"
            "async def main():\n    return teacher.generate('x')\n"
            "print(asyncio.run(main()))",
            socket=gateway.socket,
        )
    assert ran.lines == ["q39 #0", "x #0"]


def test_a_forked_process_is_told_not_to_ask(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s")) as gateway:
        ran = run(
            _START + "import os\nteacher.generate('q')\nif os.fork() == 0:\n"
            "    try:\n        teacher.generate('q')\n"
            "    except RuntimeError as error:\n        print(error, flush=True)\n"
            "    os._exit(0)\nos.wait()",
            socket=gateway.socket,
        )
    assert ran.lines == ["ask the teacher from the program's first process only"]


def test_progress_is_told(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s")) as gateway:
        ran = run(
            _START + "seen = []\n"
            "teacher.generate_batch(['a', 'b'], on_progress=lambda *s: seen.append(s))\n"
            "print(seen)",
            socket=gateway.socket,
        )
    assert ran.lines == ["[(1, 2), (2, 2)]"]


# ---------------------------------------------------------------- rows and material


def test_rows_name_their_response_and_pile_up(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s")) as gateway:
        ran = run(
            _START + "a = teacher.generate('q')\n"
            "row = {'instruction': 'i', 'input': 'q', 'output': a, 'response': a, 'more': 1}\n"
            "print(save_rows([row])); print(save_rows({**row, 'output': 5, 'response': a.id}))\n"
            "print(check_submission())",
            socket=gateway.socket,
        )
    first = {"instruction": "i", "input": "q", "output": "q #0", "response": "key-q-0"}
    assert json.loads(ran.work["submission.json"]) == [first, {**first, "output": "5"}]
    assert ran.lines == ["1", "2", "[]"]
    assert ran.rows[-1] == 2


def test_rows_say_what_was_made_of_which_answers(run: Run, tmp_path: Path) -> None:
    with serving(Gateway(tmp_path / "s")) as gateway:
        ran = run(
            _START + "a, b = teacher.generate_batch(['p', 'q'])\n"
            "row = {'instruction': 'i', 'input': 'q', 'output': 'o', 'derived': 'joined'}\n"
            "save_rows({**row, 'response': [a, b]})\n"
            "save_rows({**row, 'response': a.id, 'sources': [b.id], 'kind': 'derived'})\n"
            "save_rows({**row, 'derived': 'quoted', 'passages': ['x.md:1']})\n"
            "print(check_submission())",
            socket=gateway.socket,
        )
    first, again, quoted = json.loads(ran.work["submission.json"])
    assert first == again
    assert (first["response"], first["sources"]) == ("key-p-0", ["key-q-0"])
    assert (first["derived"], quoted["derived"]) == ("joined", "quoted")
    assert "response" not in quoted
    assert ran.lines == ["[]"]


def test_problems_of_a_submission_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "brief.json").write_text(json.dumps({"rows": {"minimum": 3}}))
    ran = run(
        _START + "save_rows([{'instruction': 'i', 'input': '', 'output': ' ', 'response': 'r'},"
        " {'instruction': 'i', 'output': []}])\nfor p in check_submission(): print(p)",
        files={"brief.json": tmp_path / "brief.json"},
    )
    assert ran.lines == [
        "row 0: output is empty",
        "row 1: output is not a text",
        "row 1: names no teacher response",
        "2 rows, at least 3 are needed",
    ]


def test_material_is_read_and_may_be_missing(run: Run, tmp_path: Path) -> None:
    for name, text in (
        ("visible.jsonl", '{"id": "v"}\n'),
        ("sample.json", '[{"output": "s"}]'),
        ("best.jsonl", '{"output": "b", "response": "r"}\n'),
    ):
        (tmp_path / name).write_text(text)
    ran = run(
        _START + "print(load_visible(), load_sample(), load_best(), load_previous(), "
        "load_seeds(), brief(), seed())",
        files={path.name: path for path in tmp_path.iterdir()},
        seed=11,
    )
    assert ran.lines == [
        "[{'id': 'v'}] [{'output': 's'}] [{'output': 'b', 'response': 'r'}] [] [] {} 11"
    ]


def test_saving_row_by_row_stays_fast(run: Run) -> None:
    ran = run(
        _START + "import time\nbegan = time.monotonic()\n"
        "for i in range(600): save_rows([{'instruction': 'i' * 80, 'input': 'q' * 200, "
        "'output': str(i), 'response': 'r' * 64}])\nprint(time.monotonic() - began < 5)"
    )
    assert ran.lines == ["True"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Sure!\n```json\n{"a": [1, 2,],}\n```\nEnjoy.', {"a": [1, 2]}),
        ('Here: {"q": "what, ]?", "a": "b",} and more', {"q": "what, ]?", "a": "b"}),
        ('{"q": "two\nlines"}', {"q": "two\nlines"}),
        ("{'a': 1} but {\"b\": True}", {"b": True}),
        ('[{"a": 1}, {"a": 2}, {"a": ', [{"a": 1}, {"a": 2}]),
        ('I think [sic] that {"a": "x"} fits', {"a": "x"}),
        ("```\n[1, 2]\n```", [1, 2]),
        ('\ufeff{"a": null}', {"a": None}),
        ('{"a": "{\\"b\\": 1}"}', {"a": '{"b": 1}'}),
        ("no JSON at all", None),
        ("", None),
        ("42", None),
        ("[" * 5000, None),
        ('{"a": ' * 3000, None),
    ],
)
def test_json_is_found_in_a_models_text(text: str, value: object) -> None:
    assert coursewright_program.parse_answer(text) == value


def test_public_names_are_pinned() -> None:
    assert sorted(coursewright_program.__all__) == [
        "Answer",
        "Student",
        "Teacher",
        "brief",
        "check_submission",
        "list_passages",
        "load_best",
        "load_previous",
        "load_sample",
        "load_seeds",
        "load_visible",
        "parse_answer",
        "read_passage",
        "save_rows",
        "search_corpus",
        "seed",
        "student",
        "teacher",
    ]

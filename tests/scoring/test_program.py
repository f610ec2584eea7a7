"""A user's program as scorer: one process, one line for one line, never in the way for long."""

import os
import sys
import time
from pathlib import Path

import pytest

from coursewright.errors import TaskError
from coursewright.scoring import make_scorer

PROGRAM = """import json, os, sys, time
for number, line in enumerate(sys.stdin):
    asked = json.loads(line)
    word = asked["output"]
    if word == "die":
        sys.exit("cannot go on")
    if word == "once" and not os.path.exists("died"):
        open("died", "w").close()
        os._exit(3)
    if word == "hang":
        time.sleep(100)
    if word == "flood":
        while True:
            sys.stdout.write("x" * 65536)
    if word == "shout":
        sys.stderr.write("x" * 1_000_000)
    if word == "deaf":
        os.close(0); os.close(1); time.sleep(100)
    if word == "late":
        sys.stdout.write('{"score": 1}\\n{"score": 1}\\n')
        sys.stdout.flush()
        continue
    replies = {
        "number": str(number), "two": "1\\n2", "text": "fine", "list": "[1]", "none": "{}",
        "large": '{"score": 1.5}', "nan": '{"score": NaN}', "word": '{"score": "1"}',
        "key": json.dumps({"score": float("OPENAI_API_KEY" in os.environ)}),
        "here": json.dumps({"score": float(os.path.exists("score.py"))}),
        "count": json.dumps({"score": number / 10}), "blank": "",
    }
    same = json.dumps({"score": float(word == asked["answer"])})
    print(replies.get(word, same), flush=True)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    (tmp_path / "score.py").write_text(PROGRAM)
    monkeypatch.setenv("COURSEWRIGHT_TRUSTED_TASKS", str(tmp_path))
    return tmp_path


@pytest.fixture
def scorer(folder):
    spec = {"kind": "program", "command": [sys.executable, "score.py"], "seconds": 20}
    made = make_scorer(spec, folder)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("output", "gold", "score"),
    [
        ("a", "a", 1),
        ("a", "b", 0),
        ("a\nb \u2028\ud800 ü", "a\nb \u2028\ud800 ü", 1),
        ("", "", 1),
        ("x" * 10**6, "x" * 10**6, 1),
        ("here", "", 1),
        ("shout", "shout", 1),
    ],
)
def test_the_program_scores(scorer, output, gold, score):
    assert scorer.score(output, gold) == score


def test_golds_of_any_json_sort_are_passed(scorer):
    assert scorer.score("a", {"not": ["a"]}) == 0
    assert scorer.readable("a")
    assert not scorer.readable(" ")


def test_one_process_stays_up_for_all_answers(scorer):
    assert [scorer.score("count", 0) for _ in range(4)] == [0, 0.1, 0.2, 0.3]


def test_it_gets_no_keys(scorer, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert scorer.score("key", "") == 0


def test_a_program_that_dies_once_is_started_again(scorer, folder):
    assert scorer.score("once", "once") == 1
    assert (folder / "died").exists()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("die", "ended with status 1; its standard error ends: cannot go on"),
        ("flood", "wrote more than one short line"),
        ("two", "wrote more than one short line"),
        ("deaf", "ended"),
        *((word, "replied") for word in ("number", "text", "list", "none", "large", "nan", "word")),
        ("blank", "replied ''"),
    ],
)
def test_what_is_wrong_with_a_program_is_told(scorer, word, message):
    with pytest.raises(TaskError) as caught:
        scorer.score(word, "x")
    assert message in caught.value.message
    assert caught.value.field == "scorer.command"
    assert scorer.score("a", "a") == 1, "the next answer has a fresh process"


def test_a_line_too_many_is_no_answer_to_the_next_question(scorer):
    with pytest.raises(TaskError, match=r"wrote more than one short line|nobody asked for"):
        scorer.score("late", "x")
    assert scorer.score("a", "b") == 0


def test_a_program_that_is_late_is_ended(folder):
    spec = {"kind": "program", "command": [sys.executable, "score.py"], "seconds": 0.5}
    with pytest.raises(TaskError, match=r"gave no reply within 0\.5 s"):
        make_scorer(spec, folder).score("hang", "x")


def test_its_whole_process_group_ends_with_the_scorer(folder):
    (folder / "score.py").write_text(
        "import os, sys, time\n"
        "if os.fork() == 0:\n"
        "    open('child', 'w').write(str(os.getpid())); os.rename('child', 'pid')\n"
        "    time.sleep(100)\n"
        "while not os.path.exists('pid'): time.sleep(0.01)\n"
        "for line in sys.stdin: print('{\"score\": 1}', flush=True)\n"
    )
    spec = {"kind": "program", "command": [sys.executable, "score.py"], "seconds": 20}
    scorer = make_scorer(spec, folder)
    assert scorer.score("a", "a") == 1
    child = Path(f"/proc/{(folder / 'pid').read_text()}/stat")
    assert child.exists()
    scorer.close()
    # What is killed may take a moment, and be a zombie until somebody reaps it.
    for _ in range(1000):
        if not child.exists() or child.read_text().rpartition(")")[2].split()[0] in "ZX":
            return
        time.sleep(0.01)
    pytest.fail("the child lives on")


def test_a_program_that_cannot_be_started_is_told(folder):
    with pytest.raises(TaskError, match="cannot be started"):
        make_scorer({"kind": "program", "command": ["./absent"]}, folder).score("a", "a")


def test_a_program_named_by_a_folder_waits_for_trust(folder, monkeypatch):
    monkeypatch.delenv("COURSEWRIGHT_TRUSTED_TASKS")
    spec = {"kind": "program", "command": ["touch", "done"]}
    with pytest.raises(TaskError, match="code that would run with your rights"):
        make_scorer(spec, folder)
    assert not os.path.exists(folder / "done")


def test_files_of_the_command_take_part_in_a_run(scorer, folder):
    assert scorer.files() == ("score.py",)

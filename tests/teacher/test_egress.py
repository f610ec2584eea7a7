"""What may not leave for a teacher's server is neither given to programs nor let through."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.briefing import make_brief, program_files
from coursewright.config import TEXT_KINDS, Budget, CustomPart, OpenAITeacher, RunConfig
from coursewright.sandbox import CORPUS_INDEX
from coursewright.store import RunStore
from coursewright.tasks import load_task, read_corpus, scaffold_task
from coursewright.teacher import GatewayTeacher, told_to_programs, withheld_texts
from coursewright.teacher.egress import Egress
from coursewright.teacher.wire import Refusal, read_request
from tests.teacher.talk import Desk, ask, chat

LONG = "A train leaves the old station at nine and meets another one that left at ten, so when?"
SHORT = "Why is it?"
WORD = st.text(alphabet="abc ,.!", max_size=30)


def lets_through(text: str, *withheld: str) -> bool:
    request = read_request(chat(text), model="m", max_tokens=9)
    try:
        Egress({"visible": withheld}).require(request)
    except Refusal as refusal:
        return not (refusal.status == 403 and "visible" in str(refusal))
    return True


@given(before=WORD, after=WORD)
def test_a_quotation_is_found_wherever_it_stands_and_however_it_is_set(
    before: str, after: str
) -> None:
    quoted = LONG.upper().replace(" ", "\n  ").replace(",", "")
    assert not lets_through(f"{before} {quoted} {after}", LONG)
    assert not lets_through(f"{before} {' '.join(LONG.split()[2:15])} {after}", LONG)
    assert not lets_through(f"{before} {SHORT} {after}", LONG, SHORT)


@pytest.mark.parametrize(
    "text", ["Write a question about trains.", " ".join(LONG.split()[:8]), "Yes no", ""]
)
def test_what_only_resembles_passes(text: str) -> None:
    assert lets_through(text, LONG, SHORT, "Yes no", "")


def test_the_gateway_refuses_a_quotation_and_charges_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    teacher = GatewayTeacher(
        CustomPart(path="tests.teacher.upstreams:Counting", options={"log": str(desk.log)}),
        ledger=desk.ledger,
        seed=1,
        budget=Budget(calls=5),
        withheld={"seeds": [LONG]},
    )
    with teacher, teacher.line(0, 5) as line:
        replies = ask(line.socket, [chat(f"Like this: {LONG}"), chat("Something else.")])
        assert [status for status, _ in replies] == [403, 200]
        assert replies[0][1]["error"]["type"] == "egress"
        assert line.usage().calls == desk.upstream_calls() == 1


@pytest.mark.parametrize("kind", ["description", "visible", "seeds"])
def test_programs_are_not_given_what_the_teacher_may_not_see(kind: str) -> None:
    may = [other for other in TEXT_KINDS if other != kind]
    teacher = OpenAITeacher(model="m", base_url="http://127.0.0.1:1/v1", may_leave=tuple(may))
    config = RunConfig(task="science-mini", setting="seed", teacher=teacher)
    brief = make_brief(config, load_task("science-mini"))
    told = told_to_programs(config.teacher, brief)
    withheld = withheld_texts(config.teacher, brief)
    assert list(withheld) == [kind]
    assert all(withheld.values())
    for field in ("description", "visible", "seeds"):
        assert bool(getattr(told, field)) is (field != kind)


def test_a_corpus_that_may_not_leave_is_neither_given_to_programs_nor_let_through(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "task"
    scaffold_task(folder)
    (folder / "corpus").mkdir()
    (folder / "corpus" / "a.txt").write_text(f"Well then. {LONG} Thus it stands in the book.")
    task = load_task(str(folder))
    passages = read_corpus(task)
    may = tuple(kind for kind in TEXT_KINDS if kind != "corpus")
    address = "http://127.0.0.1:1/v1"
    for teacher in (
        OpenAITeacher(model="m", base_url=address),
        OpenAITeacher(model="m", base_url=address, may_leave=may),
    ):
        config = RunConfig(task=str(folder), teacher=teacher)
        brief = make_brief(config, task)
        told = told_to_programs(teacher, brief)
        withheld = withheld_texts(teacher, brief, passages)
        with RunStore.create(tmp_path / "runs", None, config, task.digests) as store:
            given = set(program_files(store, told, passages))
        kept = "corpus" not in teacher.may_leave
        assert (told.corpus is None) is kept
        assert (CORPUS_INDEX not in given) is kept
        assert withheld == ({"corpus": [passages[0].text]} if kept else {})
        assert "search_corpus" in brief.interface


def test_a_teacher_in_process_is_told_everything() -> None:
    config = RunConfig(task="science-mini", setting="seed")
    brief = make_brief(config, load_task("science-mini"))
    assert withheld_texts(config.teacher, brief) == {}
    assert told_to_programs(config.teacher, brief) == brief

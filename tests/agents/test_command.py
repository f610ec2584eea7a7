"""`command:LINE`: what it is given, and what becomes of what it leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursewright.agents import make_agent
from coursewright.agents.command import WANTED, CommandAgent, make_proposal
from coursewright.agents.command_brief import brief_files
from coursewright.agents.egress import withhold
from coursewright.config import TEXT_KINDS, TextKind
from coursewright.config import CommandAgent as CommandConfig
from coursewright.errors import Interrupted
from coursewright.records import BadCase, Errand, Isolation, Item, Proposal, Seed
from tests.agents.fake_course import make_attempt, make_brief, make_turn

CODE = b"print(1)\n"


def errand(**changes: Any) -> Errand:
    fields = {"status": "ok", "seconds": 1.0, "files": {"code.py": CODE, "plan.md": b"A plan.\n"}}
    return Errand.model_validate(fields | changes)


def judged(**changes: Any) -> Proposal:
    return make_proposal(errand(**changes))


class FakeJail:
    """Remembers what it was asked for."""

    isolation = Isolation(level="L3", mechanisms=("fake",), verified=True)

    def __init__(self, done: Errand | None = None) -> None:
        self.asked: dict[str, Any] = {}
        self._done = done or errand()

    def run(self, files: dict[str, bytes], *, wanted: dict[str, int], deadline: float) -> Errand:
        self.asked = {"files": files, "wanted": wanted, "deadline": deadline}
        return self._done


# ---------------------------------------------------------------- what it leaves


def test_plan_and_code_become_the_proposal() -> None:
    proposal = judged()
    assert (proposal.plan, proposal.code, proposal.failure) == ("A plan.", "print(1)\n", None)
    assert proposal.notes == ()


def test_a_non_zero_exit_is_judged_on_its_files() -> None:
    assert judged(status="raised", reason="exit status 3").code == "print(1)\n"


def test_the_analysis_is_taken_where_there_is_one() -> None:
    files = {"code.py": CODE, "analysis.md": b"Weak in algebra."}
    assert judged(files=files).analysis == "Weak in algebra."


@pytest.mark.parametrize(
    ("changes", "failure", "words"),
    [
        ({"status": "timeout", "reason": "ran into its deadline"}, "execution timeout", "deadline"),
        ({"status": "killed", "reason": "more than 4 MiB of files"}, "other", "4 MiB of files"),
        ({"files": {}}, "code extraction failed", "left no code.py"),
        ({"files": {}, "status": "raised", "reason": "status 3"}, "code extraction failed",
         "left no code.py (status 3)"),
        ({"files": {"code.py": b" \n"}}, "code extraction failed", "is empty"),
        ({"files": {"code.py": b"a\n\xff"}}, "code extraction failed", "code.py:2: is not UTF-8"),
        ({"files": {"code.py": b"a\0"}}, "code extraction failed", "NUL"),
        ({"files": {}, "refused": {"code.py": "link"}}, "code extraction failed", "symbolic link"),
        ({"files": {}, "refused": {"code.py": "special"}}, "code extraction failed", "a pipe"),
        ({"files": {}, "refused": {"code.py": "large"}}, "agent output truncated", "1024 KiB"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_a_failed_attempt_of_the_right_type(
    changes: dict[str, Any], failure: str, words: str
) -> None:
    proposal = judged(**changes)
    assert proposal.failure == failure
    assert words in proposal.message
    assert proposal.code == ""


def test_a_stopped_command_is_not_judged_on_half_a_program() -> None:
    assert judged(status="timeout", reason="deadline").code == ""


def test_the_end_of_its_errors_is_in_the_message_of_a_failure() -> None:
    message = judged(files={}, stderr="x" * 9000 + "no such model").message
    assert "no such model" in message
    assert len(message) < 5000


def test_what_it_printed_is_kept_in_the_log() -> None:
    log = judged(stdout="thinking", stderr="warning").log
    assert log == "--- standard output\nthinking\n--- standard error\nwarning\n"


def test_hosts_out_of_reach_are_noted() -> None:
    notes = judged(unreachable=("telemetry.example:443",)).notes
    assert notes == ("tried to reach telemetry.example:443, which is not named in agent.network",)


def test_a_plan_that_may_not_be_taken_is_noted_and_left_out() -> None:
    proposal = judged(files={"code.py": CODE}, refused={"plan.md": "folder"})
    assert (proposal.plan, proposal.failure) == ("", None)
    assert "plan.md is a folder" in proposal.notes[0]


# ---------------------------------------------------------------- cost


def test_a_reported_cost_is_marked_as_such() -> None:
    said = b'{"cost_usd": 0.25, "calls": 3, "prompt_tokens": 10, "model": "x"}'
    usage = judged(files={"code.py": CODE, "cost.json": said}).usage
    assert (usage.cost_usd, usage.calls, usage.prompt_tokens) == (0.25, 3, 10)
    assert usage.self_reported


def test_without_a_report_nothing_is_claimed() -> None:
    usage = judged().usage
    assert (usage.cost_usd, usage.self_reported) == (None, False)


def test_under_a_cap_in_money_a_silent_command_is_noted() -> None:
    turn = make_turn()
    capped = turn.model_copy(update={"allowance": turn.allowance.model_copy(update={"usd": 2.5})})
    jail = FakeJail()
    proposal = CommandAgent(jail, 60).propose(make_brief(), capped)
    assert "the cap in money counts nothing" in proposal.notes[0]
    assert "2.50 USD" in jail.asked["files"]["brief.md"].decode()
    assert CommandAgent(jail, 60).propose(make_brief(), turn).notes == ()


@pytest.mark.parametrize(
    "said",
    [
        b"", b"free", b"[]", b"3", b"\xff\xfe", b'{"cost_usd": -1}', b'{"cost_usd": NaN}',
        b'{"cost_usd": 1e999}', b'{"cost_usd": "1"}', b'{"calls": 1.5}', b'{"calls": true}',
        b'{"prompt_tokens": 99999999999999999999}', b'{"cost_usd": ' + b"9" * 6000 + b"}",
        b"[" * 60_000,
    ],
)  # fmt: skip
def test_a_cost_that_cannot_be_believed_is_ignored_with_a_note(said: bytes) -> None:
    proposal = judged(files={"code.py": CODE, "cost.json": said})
    assert (proposal.failure, proposal.usage.cost_usd, proposal.usage.self_reported) == (
        None, None, False,
    )  # fmt: skip
    assert proposal.notes[0].startswith("cost.json was left out")


def test_a_cost_file_that_may_not_be_taken_is_noted() -> None:
    assert "cost.json is a pipe" in judged(refused={"cost.json": "special"}).notes[0]


@given(st.dictionaries(st.sampled_from(sorted(WANTED)), st.binary(max_size=200)))
def test_whatever_is_left_becomes_a_proposal(files: dict[str, bytes]) -> None:
    proposal = judged(files=files)
    assert bool(proposal.code) == (proposal.failure is None)
    Proposal.model_validate_json(proposal.model_dump_json())


# ---------------------------------------------------------------- what it is given


def test_the_jail_gets_the_brief_and_the_shorter_time() -> None:
    jail = FakeJail()
    agent = make_agent(CommandConfig(command=("x",), seconds=99_999.0), jail)
    assert isinstance(agent, CommandAgent)
    turn = make_turn()
    proposal = agent.propose(make_brief(), turn)
    assert jail.asked["deadline"] == turn.allowance.seconds
    assert jail.asked["wanted"] == WANTED
    assert "brief.json" in jail.asked["files"]
    assert proposal.isolation == jail.isolation


def test_a_host_that_is_gone_interrupts_the_run_instead_of_burning_its_rounds() -> None:
    silent = FakeJail(errand(files={}, status="raised", down=("api.example:443",)))
    with pytest.raises(Interrupted, match=r"api\.example:443 cannot be reached.*resume"):
        CommandAgent(silent, 60).propose(make_brief(), make_turn())
    managed = FakeJail(errand(down=("api.example:443",)))
    assert CommandAgent(managed, 60).propose(make_brief(), make_turn()).failure is None


def test_the_brief_holds_everything_once_as_json() -> None:
    brief, turn = make_brief(), make_turn()
    files = brief_files(brief, turn, seconds=60)
    told = json.loads(files["brief.json"])
    assert told["brief"] == json.loads(brief.model_dump_json())
    assert told["turn"] == json.loads(turn.model_dump_json())
    assert told["seconds"] == 60
    visible = files["visible.jsonl"].decode().splitlines()
    assert [json.loads(line)["id"] for line in visible] == [item.id for item in brief.visible]


@pytest.mark.parametrize("kind", ["description", "visible", "seeds", "bad_cases"])
def test_what_may_not_leave_is_not_told(kind: TextKind) -> None:
    canary = "a text that stays at home"
    item, seed = Item(id="v", question=canary, answer="1"), Seed(id="s", question=canary)
    case = BadCase(id="v", topic=None, question=canary, gold="1", answer="2")
    brief = {
        "description": make_brief(description=canary),
        "visible": make_brief(visible=(item,)),
        "seeds": make_brief(seeds=(seed,)),
    }.get(kind, make_brief())
    past = make_attempt("print()", cases=(case,) if kind == "bad_cases" else ())
    turn = make_turn("improve", parent=past)
    found = []
    for kinds in (TEXT_KINDS, tuple(k for k in TEXT_KINDS if k != kind)):
        files = brief_files(*withhold(brief, turn, kinds), seconds=60)
        found.append(canary.encode() in b"".join(files.values()))
    assert found == [True, False]


def test_parent_and_history_lie_in_folders() -> None:
    past = make_attempt("print()", accuracy={"adding": 0.5})
    turn = make_turn("improve", parent=past, history=(past,))
    files = brief_files(make_brief(), turn, seconds=60)
    for folder in ("parent", f"history/{past.number:03d}"):
        assert files[f"{folder}/code.py"].decode() == past.code
        assert files[f"{folder}/plan.md"].decode() == past.plan
        assert files[f"{folder}/feedback.md"].decode() == past.feedback.text


@pytest.mark.parametrize("operation", ["draft", "debug", "repair", "improve", "one-shot"])
def test_every_operation_is_told_in_prose(operation: Any) -> None:
    past = make_attempt("print()", accuracy={"adding": 0.5})
    parent = past if operation in ("debug", "repair", "improve") else None
    turn = make_turn(operation, parent=parent, history=(past,) if parent else ())
    text = brief_files(make_brief(), turn, seconds=60)["brief.md"].decode()
    assert ("`parent/" in text) == (parent is not None)
    assert make_brief().instruction in text
    assert "{{" not in text
    assert "{%" not in text


def test_a_task_cannot_write_into_the_work_order_as_a_template() -> None:
    brief = make_brief(summary="{{ turn.seed }} {% raw %}")
    assert (
        "{{ turn.seed }} {% raw %}"
        in brief_files(brief, make_turn(), seconds=1)["brief.md"].decode()
    )

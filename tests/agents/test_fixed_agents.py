"""The registry, `program:FILE` and `replay:FILE`."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.agents import AGENTS, make_agent
from coursewright.agents.program import ProgramAgent
from coursewright.agents.replay import ReplayAgent
from coursewright.config import CustomPart, HeuristicAgent, parse_agent
from coursewright.errors import ConfigError
from coursewright.records import Brief, Proposal, Turn
from tests.agents.fake_course import make_attempt, make_brief, make_turn


class MyAgent:
    """A user's own agent."""

    def __init__(self, words: str = "") -> None:
        self.words = words

    def propose(self, brief: Brief, turn: Turn) -> Proposal:
        return Proposal(plan=self.words)


class NotAnAgent:
    pass


class TestRegistry:
    def test_short_names_and_dotted_paths(self, tmp_path: Path) -> None:
        program = tmp_path / "p.py"
        program.write_text("print(1)\n")
        assert type(make_agent(HeuristicAgent())).__name__ == "HeuristicAgent"
        assert isinstance(make_agent(parse_agent(f"program:{program}")), ProgramAgent)
        custom = CustomPart(path=f"{__name__}:MyAgent", options={"words": "hi"})
        assert make_agent(custom).propose(make_brief(), make_turn()).plan == "hi"
        assert set(AGENTS) == {
            *("command", "heuristic", "openai", "program", "random-search", "replay")
        }

    @pytest.mark.parametrize(
        ("path", "options", "message"),
        [
            ("no.such:Agent", {}, "no module"),
            (f"{__name__}:Missing", {}, "no class"),
            (f"{__name__}:NotAnAgent", {}, "propose"),
            (f"{__name__}:MyAgent", {"wrong": 1}, "options"),
        ],
    )
    def test_a_wrong_path_is_told_in_one_line(
        self, path: str, options: dict[str, int], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message) as caught:
            make_agent(CustomPart(path=path, options=options))
        assert "\n" not in str(caught.value)


class TestProgram:
    def test_is_proposed_unchanged_in_every_operation(self, tmp_path: Path) -> None:
        path = tmp_path / "mine.py"
        path.write_text("x = 'é'\n", encoding="utf-8")
        agent = ProgramAgent(path)
        failed = make_attempt("x = 'é'\n", status="failed", error="boom")
        codes = {
            agent.propose(make_brief(), make_turn("draft")).code,
            agent.propose(make_brief(), make_turn("debug", 1, failed)).code,
            agent.propose(make_brief(), make_turn("repair", 2, failed)).code,
        }
        assert codes == {"x = 'é'\n"}

    @pytest.mark.parametrize(
        ("data", "line", "message"),
        [
            (b"x = 1\ny = (\n", 2, "not valid Python"),
            (b"x = 1\n\xff\n", 2, "not UTF-8"),
            (b"x = '\x00'\n", None, "not valid Python"),
        ],
    )
    def test_an_unusable_file_is_named_with_its_line(
        self, tmp_path: Path, data: bytes, line: int | None, message: str
    ) -> None:
        path = tmp_path / "bad.py"
        path.write_bytes(data)
        with pytest.raises(ConfigError, match=message) as caught:
            ProgramAgent(path)
        assert caught.value.file == str(path)
        assert line is None or caught.value.line == line

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"none\.py.*cannot be read"):
            ProgramAgent(tmp_path / "none.py")


class TestReplay:
    def test_hands_out_proposals_by_round_number(self, tmp_path: Path) -> None:
        path = tmp_path / "said.jsonl"
        said = [Proposal(plan="one", code="1"), Proposal(plan="two", code="2\u2028")]
        path.write_text("\n".join(p.model_dump_json() for p in said) + "\n", encoding="utf-8")
        agent = ReplayAgent(path)
        assert agent.propose(make_brief(), make_turn(number=1)) == said[1]
        assert agent.propose(make_brief(), make_turn(number=0)) == said[0]

    def test_past_its_end_it_fails_and_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "said.jsonl"
        path.write_text(Proposal(code="1").model_dump_json() + "\n")
        agent = ReplayAgent(path)
        late = agent.propose(make_brief(), make_turn(number=3))
        assert late.failure == "other"
        assert f"{path} holds no proposal for round 3" in late.message
        assert not late.code

    def test_a_bad_line_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "said.jsonl"
        path.write_text('{"plan": "a"}\n\n{"plam": "b"}\n')
        with pytest.raises(ConfigError, match="not a recorded proposal") as caught:
            ReplayAgent(path)
        assert (caught.value.line, caught.value.field) == (3, "plam")

    @pytest.mark.parametrize("text", ["", "\n\n"])
    def test_an_empty_recording_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "said.jsonl"
        path.write_text(text)
        with pytest.raises(ConfigError, match="no proposals"):
            ReplayAgent(path)

"""The gold check tells a task's faults from an official rule's."""

import pytest

from coursewright.errors import TaskError
from coursewright.scoring import GoldCheck, accepts, make_scorer, written

COMMA = {"number": "1,200", "unit": "J"}
PLAIN = {"number": "12", "unit": "J"}


def test_a_gold_that_only_official_rejects_is_unfixable():
    check = GoldCheck({"kind": "scibench", "policy": "official"})
    assert check.verdict(PLAIN) == "accepted"
    assert check.verdict(COMMA) == "unfixable"
    assert check.verdict({"number": "about twelve"}) == "rejected"


def test_under_repaired_nothing_is_unfixable():
    check = GoldCheck({"kind": "scibench"})
    assert not check.official
    assert check.verdict(COMMA) == "accepted"
    assert check.verdict({"number": "about twelve"}) == "rejected"


class Shouted:
    def score(self, output, answer):
        return float(output == answer["text"].upper())

    def readable(self, output):
        return output.isupper()

    def written(self, answer):
        return answer["text"].upper()


def test_a_scorer_may_say_how_a_perfect_answer_is_written():
    scorer = make_scorer({"kind": f"{__name__}:Shouted"})
    assert written(scorer, {"text": "yes"}) == "YES"
    assert accepts(scorer, {"text": "yes"})


@pytest.mark.parametrize("kind", ["subprocess:Popen", f"{__name__}:Shouted", "os.system"])
def test_code_named_by_a_task_folder_waits_for_trust(kind, tmp_path, monkeypatch):
    monkeypatch.delenv("COURSEWRIGHT_TRUSTED_TASKS", raising=False)
    spec = {"kind": kind, "args": ["touch", str(tmp_path / "done")]}
    with pytest.raises(TaskError, match="code that would run with your rights") as caught:
        make_scorer(spec, tmp_path)
    assert caught.value.field == "scorer.kind"
    assert str(tmp_path) in caught.value.message
    assert not (tmp_path / "done").exists()


@pytest.mark.parametrize("trusted", ["{0}", "/nowhere:{0}", "{0}/..", "{0}/inside/../"])
def test_the_user_trusts_a_folder_or_one_above_it(trusted, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWRIGHT_TRUSTED_TASKS", trusted.format(tmp_path))
    assert make_scorer({"kind": f"{__name__}:Shouted"}, tmp_path)


@pytest.mark.parametrize("trusted", ["", "{0}/inside", "{0}x", ":"])
def test_trust_does_not_spread(trusted, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWRIGHT_TRUSTED_TASKS", trusted.format(tmp_path))
    with pytest.raises(TaskError):
        make_scorer({"kind": f"{__name__}:Shouted"}, tmp_path)

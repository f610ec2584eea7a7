"""The programs among the baselines: what they leave, on an exam with simple sums."""

from __future__ import annotations

from collections import Counter
from typing import Any

from coursewright.bench.baselines import AS_RUNS
from coursewright.records import Seed
from tests.agents.fake_course import FakeProgramModule, make_brief


def code_of(name: Any) -> str:
    text: str = AS_RUNS[name].agent.path.read_text()
    return text


def right(row: dict[str, Any]) -> bool:
    calculation, _, result = row["output"].partition(" = ")
    return bool(eval(calculation, {}) == int(result))


def test_the_fixed_pipeline_keeps_what_the_vote_confirms() -> None:
    module = FakeProgramModule(make_brief())
    rows = module.run(code_of("fixed-pipeline"))
    assert len(rows) == 240
    assert sum(map(right, rows)) / len(rows) > 0.95
    assert len({row["input"] for row in rows}) == len(rows)
    assert not {row["input"] for row in rows} & {item.question for item in make_brief().visible}
    signs = Counter(next(s for s in "+-*" if f" {s} " in row["output"]) for row in rows)
    assert min(signs.values()) > 60


def test_the_fixed_pipeline_goes_on_from_its_best_rows() -> None:
    first = FakeProgramModule(make_brief(), cap=30).run(code_of("fixed-pipeline"))
    assert 0 < len(first) < 240
    again = FakeProgramModule(make_brief(), best=first).run(code_of("fixed-pipeline"))
    assert again[: len(first)] == first
    assert len({row["input"] for row in again}) == len(again) >= 240


def test_the_fixed_pipeline_keeps_rows_that_were_too_few() -> None:
    first = FakeProgramModule(make_brief(), cap=30).run(code_of("fixed-pipeline"))
    again = FakeProgramModule(make_brief(), previous=first).run(code_of("fixed-pipeline"))
    assert again[: len(first)] == first


def test_seeds_only_answers_every_seed_once_within_its_calls() -> None:
    seeds = tuple(Seed(id=f"s{n}", question=f"What is {n} + 3?") for n in range(50))
    module = FakeProgramModule(make_brief(seeds=seeds), cap=20)
    rows = module.run(code_of("seeds-only"))
    assert {row["input"] for row in rows} <= {seed.question for seed in seeds}
    assert len(rows) == len({row["input"] for row in rows}) > 35
    assert len(module.prompts) <= 20

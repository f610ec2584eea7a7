"""What agents are told of `coursewright_program` is what it offers."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import pytest

from coursewright.sandbox import coursewright_program as module
from coursewright.sandbox import program_interface

TOLD = program_interface(corpus=True)


def calls_told() -> dict[str, str]:
    """Every call the documentation spells out at the margin of a list, name to parameters."""
    found = re.findall(r"^    ([a-z_.]+)\(((?:[^()])*)\)", TOLD, re.MULTILINE | re.DOTALL)
    return {name: " ".join(parameters.split()) for name, parameters in found}


def test_every_public_name_is_told() -> None:
    # The classes of the ready-made two are what the names `teacher` and `student` stand for.
    names = set(module.__all__) - {"Teacher", "Student"}
    missing = [name for name in names if not re.search(rf"\b{name}\b", TOLD)]
    assert not missing


def test_nothing_is_told_that_is_not_there() -> None:
    for name in calls_told():
        head, _, method = name.partition(".")
        target: Any = getattr(module, head)
        assert callable(getattr(target, method) if method else target), name


@pytest.mark.parametrize(
    "name",
    [
        *("teacher.generate_batch", "student.generate_batch", "parse_answer", "save_rows"),
        *("search_corpus", "read_passage", "list_passages"),
    ],
)
def test_parameters_are_told_as_they_are(name: str) -> None:
    told = ast.parse(f"def f({calls_told()[name]}): ...").body[0]
    assert isinstance(told, ast.FunctionDef)
    names = [a.arg for a in (*told.args.args, *told.args.kwonlyargs)]
    head, _, method = name.partition(".")
    target: Any = getattr(module, head)
    real = inspect.signature(getattr(target, method) if method else target).parameters
    assert names == list(real)
    optional = [*told.args.defaults, *(d for d in told.args.kw_defaults if d is not None)]
    defaults = [p.default for p in real.values() if p.default is not inspect.Parameter.empty]
    assert [ast.literal_eval(d) for d in optional] == defaults

"""How the suite is spread over workers: no module is torn apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.conftest import SHARED, WholeModules

ROOT = Path(__file__).parents[1]


def test_tests_of_a_module_and_of_modules_that_share_are_one_unit(
    pytestconfig: pytest.Config,
) -> None:
    def unit(nodeid: str) -> str:
        return WholeModules._split_scope(object.__new__(WholeModules), nodeid)

    assert issubclass(WholeModules, LoadScopeScheduling)
    assert unit("tests/a.py::test_one[x::y]") == unit("tests/a.py::test_two")
    assert unit("tests/a.py::test_one") != unit("tests/b.py::test_one")
    assert len({unit(f"{module}::test") for module in SHARED}) == 1
    found = pytestconfig.pluginmanager.get_hookcallers(
        pytestconfig.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py"))
    )
    assert "pytest_xdist_make_scheduler" in {caller.name for caller in found or ()}


def test_modules_that_share_are_there() -> None:
    assert [module for module in SHARED if not (ROOT / module).is_file()] == []

"""A teacher's server that does everything wrong, met by a real program in a whole run."""

from __future__ import annotations

from pathlib import Path

import pytest

from coursewright.endpoints.fault_server import FAULTS
from tests.attacks import house

pytestmark = pytest.mark.long


def test_a_hostile_upstream_costs_its_own_calls_and_no_other_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-this-test")
    with house.upstream() as server:
        attack = "upstream_faults"
        siege = house.besiege(
            *(tmp_path, "L2", [attack], server),
            targets={"faults": list(FAULTS)},
            patience=15.0,
        )
        met = dict(server.met)
    played = siege.rounds[attack]
    assert played.execution is not None
    assert played.execution.status == "ok", played.execution
    lines = played.execution.stdout.splitlines()
    answered = [line for line in lines if line.startswith("answered")]
    assert answered == ["answered no_usage None"]
    assert len([line for line in lines if line.startswith("held")]) == len(FAULTS) - 1
    assert set(met) == set(FAULTS)
    assert max(met.values()) <= 3, "tries of one call"
    assert played.execution.teacher.estimated == 1
    assert played.execution.teacher.calls <= house.ROUND_CALLS
    assert played.audit is not None
    assert (played.status, played.audit.kept) == ("scored", 25)
    assert siege.result.status == "finished"

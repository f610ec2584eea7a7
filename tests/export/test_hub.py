"""Pushing to a hub on loopback, through huggingface_hub's own client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.export.hub_server import TOKEN, FakeHub, fake_hub
from tests.export.runs import finished_run

pytestmark = pytest.mark.long

NAME = "my-org/my-student"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as served:
        yield served


def push(
    run: Path, hub: FakeHub, *more: str, token: str | None = TOKEN, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    environment |= {"HF_ENDPOINT": hub.address, "HF_HOME": str(run.parent / ".home"), **variables}
    environment["HF_HUB_DISABLE_XET"] = "1"  # big files go by plain HTTP, which the fake speaks
    if token is not None:
        environment["HF_TOKEN"] = token
    return subprocess.run(
        [sys.executable, "-m", "coursewright", "export", str(run), "--to", f"hub:{NAME}", *more],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_model_and_data_set_become_private_repositories(run: Path, hub: FakeHub) -> None:
    before = sorted(run.parent.iterdir())
    done = push(run, hub, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["model"] == f"{hub.address}/{NAME}"
    assert told["dataset"] == f"{hub.address}/datasets/{NAME}"
    assert told["serve"][0] == f"vllm serve {NAME} --served-model-name my-student"
    assert [(repo["type"], repo["visibility"]) for repo in hub.made] == [
        ("dataset", "private"),
        ("model", "private"),
    ]
    assert hub.commits == [f"datasets/{NAME}", f"models/{NAME}"], "one commit each"
    model, data = hub.repositories[f"models/{NAME}"], hub.repositories[f"datasets/{NAME}"]
    weights = (run / "student" / "model.safetensors").read_bytes()
    assert model["model.safetensors"] == weights
    assert f"datasets:\n- {NAME}" in model["README.md"].decode()
    assert {"README.md", "lineage.json", "alpaca/train.parquet", "messages/train.jsonl"} < set(data)
    assert sorted(run.parent.iterdir()) == before, "nothing passing stays"


def test_the_token_is_told_to_nobody_but_the_hub(run: Path, hub: FakeHub) -> None:
    done = push(run, hub)
    assert done.returncode == 0, done.stderr
    for files in hub.repositories.values():
        assert not [name for name, content in files.items() if TOKEN.encode() in content]
    hub.refuse = {"/commit/": 403}
    refused = push(run, hub, "--force")
    assert refused.returncode == 2
    for said in (done, refused):
        assert TOKEN not in said.stdout + said.stderr
    for path in run.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


def test_without_a_token_nothing_is_asked(run: Path, hub: FakeHub) -> None:
    done = push(run, hub, token=None)
    assert done.returncode == 2
    assert "HF_TOKEN" in done.stderr
    assert done.stderr.count("\n") == 1
    assert hub.made == []


def test_a_refused_token_is_one_line(run: Path, hub: FakeHub) -> None:
    done = push(run, hub, token="hf_another")
    assert done.returncode == 2
    assert "the token in HF_TOKEN is not accepted" in done.stderr
    assert "hf_another" not in done.stderr
    assert hub.made == []
    assert done.stderr.count("\n") == 1


def test_a_repository_with_files_is_left_alone_without_force(run: Path, hub: FakeHub) -> None:
    key = f"models/{NAME}"
    hub.repositories[key] = {".gitattributes": b"", "old.bin": b"old", "README.md": b"old"}
    done = push(run, hub)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert hub.made == []
    assert push(run, hub, "--force").returncode == 0
    assert "old.bin" not in hub.repositories[key]
    assert ".gitattributes" in hub.repositories[key]
    assert hub.repositories[key]["README.md"] != b"old"


def test_what_was_pushed_before_a_refusal_is_said(run: Path, hub: FakeHub) -> None:
    hub.refuse = {f"/api/models/{NAME}/commit": 403}
    done = push(run, hub)
    assert done.returncode == 2
    assert "pushed before: dataset" in done.stderr
    assert "the token in HF_TOKEN may not write there" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("coursewright: hub:my-org/my-student")


def test_a_hub_that_is_not_there_is_one_line(run: Path, hub: FakeHub) -> None:
    hub.address = "http://127.0.0.1:9"
    done = push(run, hub, HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert "the hub cannot be reached" in done.stderr
    assert done.stderr.count("\n") == 1

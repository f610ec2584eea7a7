"""Base models by id: fetched once, pinned to their commit, and every refusal one line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import fake_hub
import huggingface_hub.constants
import pytest
from fake_hub import COMMIT, Hub

from coursewright.config import HuggingFaceStudent, parse_student
from coursewright.errors import ConfigError, CoursewrightError, StorageError
from coursewright.student import EMBEDDED, hub


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that has nano as `org/open`, beside files that nobody should fetch."""
    shutil.copytree(EMBEDDED["nano"], tmp_path / "served")
    (tmp_path / "served" / "modeling_evil.py").write_text("raise SystemExit")
    (tmp_path / "served" / "original").mkdir()
    (tmp_path / "served" / "original" / "second.safetensors").write_bytes(b"copy")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    served = Hub(tmp_path / "served")
    with fake_hub.serve(served) as address:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        monkeypatch.setattr(
            huggingface_hub.constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        yield served


OPEN = HuggingFaceStudent(model="org/open")


def fetch(config: HuggingFaceStudent) -> tuple[Path, list[str]]:
    said: list[str] = []
    return hub.fetch(config, said.append), said


def refusal(config: HuggingFaceStudent) -> str:
    with pytest.raises(CoursewrightError) as refused:
        fetch(config)
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_an_id_becomes_a_folder_without_code_or_second_copies(there: Hub) -> None:
    folder, said = fetch(OPEN)
    assert folder.name == COMMIT
    assert (folder / "model.safetensors").read_bytes() == (
        EMBEDDED["nano"] / "model.safetensors"
    ).read_bytes()
    assert not list(folder.rglob("*.py"))
    assert not (folder / "original").exists()
    assert len(said) == 1
    assert said[0].startswith("fetching org/open, 0.00 GB")


def test_a_pinned_model_is_fetched_once_and_then_asks_nobody(there: Hub) -> None:
    pinned = hub.settle(OPEN, lambda line: None)
    assert pinned.revision == COMMIT
    there.asked.clear()
    folder, said = fetch(pinned)
    assert (folder.name, said, there.asked) == (COMMIT, [], [])


def test_a_snapshot_that_lost_a_file_is_completed(there: Hub) -> None:
    pinned = hub.settle(OPEN, lambda line: None)
    folder, _ = fetch(pinned)
    (folder / "model.safetensors").resolve().unlink()
    (folder / "model.safetensors").unlink()
    folder, _ = fetch(pinned)
    assert (folder / "model.safetensors").is_file()


def test_without_a_hub_the_cache_is_good_enough(there: Hub) -> None:
    there.status = 503
    assert "try again" in refusal(OPEN)
    there.status = None
    folder, _ = fetch(OPEN)
    there.status = 503
    assert fetch(OPEN)[0] == folder


def test_a_hub_that_is_off_line_or_unreachable_is_said(
    there: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "cannot be reached" in refusal(OPEN)


def test_the_token_is_named_in_the_config_and_read_from_the_environment(
    there: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    gated = HuggingFaceStudent(model="org/gated", token="MY_TOKEN")
    line = refusal(gated)
    assert "gated" in line
    assert "MY_TOKEN" in line
    monkeypatch.setenv("MY_TOKEN", "good")
    assert (fetch(gated)[0] / "config.json").is_file()
    assert "Bearer good" in there.tokens


def test_what_the_hub_does_not_have_is_named(there: Hub) -> None:
    assert "check the name" in refusal(HuggingFaceStudent(model="org/nothing"))
    assert "no revision 'v9'" in refusal(HuggingFaceStudent(model="org/open", revision="v9"))
    assert "neither a folder" in refusal(HuggingFaceStudent(model="no/such/folder"))


def test_weights_that_could_run_code_are_not_fetched(there: Hub) -> None:
    (there.folder / "model.safetensors").rename(there.folder / "pytorch_model.bin")
    assert "safetensors" in refusal(OPEN)
    assert not any("resolve" in asked and ".bin" in asked for asked in there.asked)


def test_too_little_space_is_found_before_the_download(
    there: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6))
    with pytest.raises(StorageError, match="HF_HOME"):
        fetch(OPEN)
    assert not any(asked.startswith("GET /org/open/resolve") for asked in there.asked)


def test_a_folder_is_pinned_by_its_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(EMBEDDED["nano"], tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    pinned = hub.settle(HuggingFaceStudent(model="model"), lambda line: None)
    assert pinned.model == str(tmp_path / "model")
    assert pinned.revision is None


def test_references_name_ids_with_and_without_their_kind() -> None:
    assert parse_student("hf:org/open") == parse_student("org/open") == OPEN
    with pytest.raises(ConfigError, match="hf:ORG/NAME"):
        parse_student("gpt2")

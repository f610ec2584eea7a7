"""The student's files, in a form that plain transformers and peft read."""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
from pathlib import Path
from typing import Any

from coursewright.config import CustomPart, HuggingFaceStudent
from coursewright.errors import ConfigError, StageFailed, UsageError
from coursewright.export.base import Base
from coursewright.export.cards import Form
from coursewright.export.delivery import ADAPTER, Delivery
from coursewright.protocols import Progress
from coursewright.student import LocalStudent

_NOT_OURS = {"README.md", "made.json", "training_args.bin"}
"""Of a checkpoint: cards are written here, and the rest is of no use to a reader."""
_OF_ADAPTERS = {ADAPTER, "adapter_model.safetensors"}
_KEPT = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")


def form_of(delivery: Delivery, *, merged: bool) -> Form:
    """What the exported weights are. Full fine-tuned weights are whole already.

    Raises:
        UsageError: the adapter's base model is not known.
    """
    if not delivery.is_adapter:
        return "full"
    if merged and isinstance(delivery.config.student, CustomPart):
        raise UsageError("--merged: the base model of a student class of your own is not known")
    return "merged" if merged else "adapter"


def write_weights(
    delivery: Delivery, form: Form, base: Base, folder: Path, progress: Progress
) -> None:
    """Write weights, tokenizer and chat template to `folder`, which exists.

    Raises:
        ConfigError: the base model is not where it was.
        OSError, StorageError: no space.
    """
    student = delivery.folder.student_path
    left_out = _NOT_OURS | (_OF_ADAPTERS if form == "merged" else set())
    for path in sorted(p for p in student.rglob("*") if p.is_file()):
        name = path.relative_to(student)
        if str(name) not in left_out:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    if form == "merged":
        _merge(delivery, folder, progress)
    if form == "adapter":
        _name_base(folder / ADAPTER, base)
        if base.embedded and base.place is not None:
            # It is small, and nobody could get it from anywhere else.
            shutil.copytree(base.place, folder / "base", ignore=_card_of_base)
    else:
        _answer_as_scored(folder)


def _card_of_base(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in _NOT_OURS}


def _name_base(config: Path, base: Base) -> None:
    """Name the base so that readers find it; a folder of this machine is named by its last part."""
    data = json.loads(config.read_text(encoding="utf-8"))
    data["base_model_name_or_path"] = base.repository or base.name
    config.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _merge(delivery: Delivery, folder: Path, progress: Progress) -> None:
    config = delivery.config.student
    assert not isinstance(config, CustomPart)
    setup = delivery.training.setup
    dtype = config.recipe.dtype if setup is None else setup.dtype
    progress.say("merging the adapter into its base model")
    if isinstance(config, HuggingFaceStudent):
        config = config.model_copy(update={"server": None})  # it merges nothing
    with LocalStudent(config, delivery.folder.artifacts, progress) as student:
        try:
            student.merge(delivery.folder.student_path, folder, dtype)
        except StageFailed as failed:
            # Safetensors says it in words alone.
            if any(sign in str(failed) for sign in ("os error 28", "os error 27")):
                raise OSError(errno.ENOSPC, "no space left on device") from failed
            raise ConfigError(f"cannot merge: {failed}", field="student") from failed


def _answer_as_scored(folder: Path) -> None:
    """Make the recommended way to generate the one that was scored: greedy, same stops.

    What a base model recommends (sampling, penalties) was not used for the score.
    """
    path = folder / "generation_config.json"
    said: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        said = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: said[key] for key in _KEPT if said.get(key) is not None}
    stops = kept.get("eos_token_id", [])
    found = {*(stops if isinstance(stops, list) else [stops]), *_end_of_turn(folder)}
    if found:
        kept["eos_token_id"] = min(found) if len(found) == 1 else sorted(found)
    kept["do_sample"] = False
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _end_of_turn(folder: Path) -> set[int]:
    """The id of the tokenizer's end token, where its files say it."""
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    end = config.get("eos_token")
    text = end.get("content") if isinstance(end, dict) else end
    return {t["id"] for t in tokenizer.get("added_tokens", []) if t.get("content") == text}

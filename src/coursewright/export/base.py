"""The model that the student began as: where it lies, what it is called, under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from coursewright.config import EmbeddedStudent, HuggingFaceStudent, StudentConfig
from coursewright.plain_yaml import load_yaml
from coursewright.student import EMBEDDED

_FRONT = re.compile(r"\A---\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_LICENSE = ("license", "license_name", "license_link")


@dataclass(frozen=True)
class Base:
    """A base model."""

    name: str
    """As the world may know it: never a path."""
    place: str | None
    """What loads it on this machine, a folder or a hub id; None for a student class of a user's."""
    repository: str | None = None
    """Its id on the hub, if it came from there."""
    revision: str | None = None
    """The commit that was trained, of a model from the hub."""
    embedded: bool = False
    license: dict[str, str] = field(default_factory=dict)
    """What its own card says about its licence, field by field; empty if it says nothing."""


def base_of(config: StudentConfig) -> Base:
    """The base model of a student."""
    if isinstance(config, EmbeddedStudent):
        files = EMBEDDED[config.kind]
        return Base(config.kind, str(files), embedded=True, license=license_of(files))
    if not isinstance(config, HuggingFaceStudent):
        return Base(config.path, None)
    folder = Path(config.model)
    if folder.is_absolute():
        return Base(folder.name, str(folder), license=license_of(folder))
    return Base(
        config.model,
        config.model,
        repository=config.model,
        revision=config.revision,
        license=_license_in_cache(config),
    )


def _license_in_cache(config: HuggingFaceStudent) -> dict[str, str]:
    """What the card of a model of the hub says, if it was fetched with the model."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return {}
    card = try_to_load_from_cache(config.model, "README.md", revision=config.revision)
    return license_of(Path(card).parent) if isinstance(card, str) else {}


def license_of(folder: Path) -> dict[str, str]:
    """The licence fields in the metadata of a model folder's card."""
    try:
        front = _FRONT.match((folder / "README.md").read_text(encoding="utf-8"))
        data: Any = load_yaml(front[1]) if front else None
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError):
        return {}
    if not isinstance(data, dict) or not isinstance(data.get("license"), str):
        return {}
    return {key: data[key] for key in _LICENSE if isinstance(data.get(key), str)}

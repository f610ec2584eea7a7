"""Where a student's base model lies: a local folder, or an id that the Hugging Face hub knows.

What the hub delivers is kept in the user's usual cache (`HF_HOME`). Only weights in safetensors,
configuration, tokenizer and card are fetched: nothing that could run.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coursewright.config import HuggingFaceStudent
from coursewright.errors import ConfigError, StorageError

Say = Callable[[str], None]

_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_WANTED = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken", "README.md"]
# Second copies of the weights, in other formats.
_UNWANTED = ["*/*", "consolidated*"]
_MARGIN = 2**30
"""Bytes that stay free on the disk of the cache, for checkpoints."""


def settle(config: HuggingFaceStudent, say: Say) -> HuggingFaceStudent:
    """Return the config with everything in it that time or place could change nailed down.

    A folder becomes absolute, an id gets its commit. Fetches the model if it is not there yet.

    Raises:
        ConfigError, StorageError: as `fetch`.
    """
    folder = folder_of(config)
    if folder is not None:
        return config.model_copy(update={"model": str(folder)})
    # A snapshot of the cache is a folder named after its commit.
    return config.model_copy(update={"revision": fetch(config, say).name})


def settle_here(config: HuggingFaceStudent) -> HuggingFaceStudent | None:
    """Return what `settle` would, without asking or fetching: None where the cache lacks an id.

    Raises:
        ConfigError: as `folder_of`, or the library of the hub is not installed.
    """
    folder = folder_of(config)
    if folder is not None:
        return config.model_copy(update={"model": str(folder)})
    with _explained(config):
        found = _cached(config)
    return None if found is None else config.model_copy(update={"revision": found.name})


def folder_of(config: HuggingFaceStudent) -> Path | None:
    """Return the folder that a config names, or None where it names an id of the hub.

    Raises:
        ConfigError: it names neither, or a folder that holds no model.
    """
    if Path(config.model).is_dir():
        folder = Path(config.model).absolute()
        _require_model(folder)
        return folder
    if not _ID.fullmatch(config.model):
        raise ConfigError(
            f"{config.model!r} is neither a folder nor an id of the hub (ORG/NAME)",
            field="student.model",
        )
    return None


def _require_model(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ConfigError(
            f"{folder} holds no model (no config.json); name a model's folder, or an id of the hub "
            "(ORG/NAME)",
            field="student.model",
        )


def fetch(config: HuggingFaceStudent, say: Say) -> Path:
    """Return the folder of a model, from the cache or else from the hub.

    Raises:
        ConfigError: no such folder or id, gated, not reachable, or not a model with tokenizer and
            safetensors; one line that says what to do.
        StorageError: too little space in the cache.
    """
    folder = folder_of(config)
    if folder is None:
        with _explained(config):
            folder = _from_cache(config) or _from_hub(config, say)
        _require_model(folder)
    return folder


def _from_cache(config: HuggingFaceStudent) -> Path | None:
    """A complete snapshot of a pinned commit: nothing has to be asked."""
    if config.revision is None or not re.fullmatch(r"[0-9a-f]{40}", config.revision):
        return None
    return _cached(config)


def _cached(config: HuggingFaceStudent) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                config.model,
                revision=config.revision,
                local_files_only=True,
                allow_patterns=_WANTED,
                ignore_patterns=_UNWANTED,
            )
        )
    except LocalEntryNotFoundError:
        return None


def _from_hub(config: HuggingFaceStudent, say: Say) -> Path:
    """Ask for the model, look whether there is space, then fetch what is missing."""
    import httpx2
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    token = os.environ.get(config.token) if config.token else None
    asked: dict[str, Any] = {
        "repo_id": config.model,
        "revision": config.revision,
        "token": token,
        "allow_patterns": _WANTED,
        "ignore_patterns": _UNWANTED,
    }
    try:
        # Asked first because of its errors: the planning below hides them.
        HfApi(token=token).model_info(config.model, revision=config.revision)
    except (OfflineModeIsEnabled, httpx2.TransportError, HfHubHTTPError) as error:
        # Without a hub that answers, what the cache holds of this revision is good enough.
        status = error.response.status_code if isinstance(error, HfHubHTTPError) else 503
        found = _cached(config) if status >= 500 else None
        if found is None:
            raise
        return found
    plan = snapshot_download(**asked, dry_run=True)
    if not any(file.filename.endswith(".safetensors") for file in plan):
        raise ConfigError(
            f"{config.model} has no weights in safetensors; other formats can run code when they "
            "are loaded. Convert it, and give the folder as student.model",
            field="student.model",
        )
    missing = sum(file.file_size or 0 for file in plan if file.will_download)
    if missing:
        cache = Path(constants.HF_HUB_CACHE)
        free = shutil.disk_usage(_existing(cache)).free
        if missing + _MARGIN > free:
            raise _no_space(config, cache, missing, free)
        say(f"fetching {config.model}, {missing / 1e9:.2f} GB, to {cache}")
    return Path(snapshot_download(**asked))


def _no_space(
    config: HuggingFaceStudent, cache: Path, missing: int | None, free: int
) -> StorageError:
    needs = "more than that" if missing is None else f"{(missing + _MARGIN) / 1e9:.1f} GB"
    return StorageError(
        f"{config.model} needs {needs}, and {free / 1e9:.1f} GB are free there; "
        "make room, or set HF_HOME to a folder on a larger disk",
        file=cache,
        field="student.model",
    )


@contextmanager
def _explained(config: HuggingFaceStudent) -> Iterator[None]:
    """Turn the hub library's errors into one line of ours."""
    try:
        from huggingface_hub import constants, errors
    except ImportError as error:
        raise ConfigError("needs `pip install coursewright[train]`", field="student") from error
    import httpx2

    def refused(message: str) -> ConfigError:
        return ConfigError(f"{config.model} {message}", field="student.model")

    variable = config.token or "HF_TOKEN"
    try:
        yield
    except errors.GatedRepoError as error:
        raise refused(
            f"is gated: ask for access on its page of the hub, then set {variable} to a token of "
            "that account"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise refused(f"has no revision {config.revision!r}; see its page of the hub") from error
    except errors.RepositoryNotFoundError as error:
        raise refused(
            f"is not on the hub, or is private: check the name, or set {variable} to a token that "
            "may read it"
        ) from error
    except errors.HfHubHTTPError as error:
        raise refused(
            f"cannot be fetched, the hub answers {error.response.status_code}: check the token in "
            f"{variable}, or try again later"
        ) from error
    except (
        *(ConnectionError, httpx2.HTTPError, errors.DryRunError),
        *(errors.FileMetadataError, errors.LocalEntryNotFoundError),
    ) as error:
        raise refused(
            f"is not in the cache, and the hub cannot be reached ({type(error).__name__}): try "
            "again, or give a local folder as student.model"
        ) from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        cache = Path(constants.HF_HUB_CACHE)
        free = shutil.disk_usage(_existing(cache)).free
        raise _no_space(config, cache, None, free) from error


def _existing(path: Path) -> Path:
    """The nearest folder above a path that exists already."""
    return next(folder for folder in (path, *path.parents) if folder.exists())

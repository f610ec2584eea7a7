"""Pushing an export to the Hugging Face hub: one commit for the data set, one for the model."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from coursewright.errors import UsageError

TOKEN = "HF_TOKEN"
_ALWAYS_THERE = {".gitattributes"}
KINDS = ("dataset", "model")
"""The model's card links to the data set, so that one comes first."""


class Hub:
    """The two repositories of an export, ORG/NAME as a model and as a data set."""

    def __init__(self, repository: str) -> None:
        """Find token and client.

        Raises:
            UsageError: no token in the environment, or no client library.
        """
        self.repository = repository
        self._token = os.environ.get(TOKEN, "").strip()
        if not self._token:
            raise UsageError(
                f"--to hub:{repository}: {TOKEN} is not set; put a token with write access there"
            )
        try:
            import huggingface_hub
        except ImportError as error:
            raise UsageError(
                "hub: needs huggingface_hub, which is not installed: "
                "pip install 'coursewright[train]'"
            ) from error
        self._library = huggingface_hub
        self._api: Any = huggingface_hub.HfApi(token=self._token)
        # Its log would stand between our one line and the user; its errors are told.
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)

    def require_free(self, *, force: bool) -> None:
        """Look at both repositories before anything is made or sent.

        Raises:
            UsageError: one of them holds files and there is no `force`; or the hub says no.
        """
        with self._told("asking whose token it is"):
            # To strangers the hub says that a repository is not there.
            self._api.whoami()
        for kind in KINDS:
            if self._files(kind) and not force:
                raise UsageError(
                    f"hub:{self.repository}: the {kind} repository is not empty; "
                    "choose another name, or replace its files with --force"
                )

    def push(self, folder: Path) -> dict[str, str]:
        """Push `dataset/` and `model/` of a finished export; new repositories are private.

        Returns the address of each. A repository gets all of its files in one commit.

        Raises:
            UsageError: the hub says no; the line says what has been pushed by then.
        """
        addresses: dict[str, str] = {}
        for kind in KINDS:
            with self._told(
                f"pushing the {kind} (pushed before: {', '.join(addresses) or 'nothing'})"
            ):
                made = self._api.create_repo(
                    self.repository, repo_type=kind, private=True, exist_ok=True
                )
                self._commit(kind, folder / kind)
                addresses[kind] = str(made)
        return addresses

    def _commit(self, kind: str, folder: Path) -> None:
        files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
        add, delete = self._library.CommitOperationAdd, self._library.CommitOperationDelete
        operations: list[Any] = [
            add(path_in_repo=n, path_or_fileobj=p) for n, p in sorted(files.items())
        ]
        operations += [delete(path_in_repo=name) for name in self._files(kind) - set(files)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on the card's metadata
            self._api.create_commit(
                self.repository,
                operations,
                commit_message="coursewright export",
                repo_type=kind,
            )

    def _files(self, kind: str) -> set[str]:
        found: list[str] = []
        absent = self._library.errors.RepositoryNotFoundError
        with self._told(f"looking at the {kind} repository"), suppress(absent):
            found = self._api.list_repo_files(self.repository, repo_type=kind)
        return set(found) - _ALWAYS_THERE

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Whatever the library or the network says becomes one line, without the token."""
        try:
            yield
        except UsageError:
            raise
        except Exception as error:
            said = " ".join(str(error).split()).replace(self._token, "***")
            hint = self._hint(error)
            raise UsageError(
                f"hub:{self.repository}: {doing} failed: {hint}{type(error).__name__}: {said[:300]}"
            ) from None

    def _hint(self, error: Exception) -> str:
        """What to do about it, where that is known."""
        errors = self._library.errors
        if isinstance(error, errors.HfHubHTTPError):
            status = error.response.status_code
            hints = {
                401: f"the token in {TOKEN} is not accepted",
                403: f"the token in {TOKEN} may not write there",
            }
            return f"{hints[status]}; " if status in hints else ""
        if isinstance(error, ConnectionError | errors.HTTPError):
            return "the hub cannot be reached; "
        return ""

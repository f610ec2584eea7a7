"""The supervisor's side of the student: data sets in, checkpoints and answers out."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from pydantic import TypeAdapter

from coursewright.config import EMBEDDED_NAMES, EmbeddedStudent, HuggingFaceStudent
from coursewright.errors import StageFailed
from coursewright.protocols import Progress
from coursewright.records import Generation, Likelihood, Preamble, Prompt, Training
from coursewright.store import Scratch
from coursewright.student import hub
from coursewright.student.served import StudentServerClient
from coursewright.student.slots import Executor, local_slots

EMBEDDED: dict[str, Path] = {name: Path(__file__).parent / name for name in EMBEDDED_NAMES}
"""The embedded base models by name, as Hugging Face files."""

METHOD = 1
"""Raised when training or answering changes in a way that gives other weights or answers."""

_WHERE = ("model", "revision", "token", "gpu")
"""Settings of a student that say where its model lies or is computed, not what it is."""

_PROMPTS: TypeAdapter[list[Prompt]] = TypeAdapter(list[Prompt])
_ADAPTER = "adapter_config.json"
_BESIDE_THE_MODEL = {"README.md", "made.json"}


class Store(Protocol):
    """What a student needs of the run's artifacts."""

    def path_of(self, digest: str) -> Path:
        """The file with this digest."""

    def put_folder(self, folder: Path) -> str:
        """Keep a copy of a folder; return its digest."""

    def checkout(self, digest: str, folder: Path) -> None:
        """Lay out a kept folder at a path that does not exist yet."""


class LocalStudent:
    """Fits `protocols.Student`. Use as a context manager, or `close()` it.

    Several threads may train and answer at once: as many of them work as the executor has workers.

    Call `start()` early, on a thread that lives as long as the run: the worker then imports its
    libraries while other stages work. Without it the first request starts the worker.
    """

    def __init__(
        self,
        config: EmbeddedStudent | HuggingFaceStudent,
        store: Store,
        progress: Progress,
        *,
        generation: Generation | None = None,
        preamble: Preamble | None = None,
        executor: Callable[[], Executor] | None = None,
    ) -> None:
        """`preamble` stands before every row and every prompt.

        `executor` opens what computes; it is closed with the student. None: one worker here.
        """
        self._config = config
        self._store = store
        self._progress = progress
        self._generation = generation or Generation()
        self._preamble = preamble.model_dump(mode="json") if preamble else None
        if isinstance(config, EmbeddedStudent):
            self.name: str = config.kind
            self._base = EMBEDDED[config.kind]
            self._template_options: dict[str, Any] = {}
        else:
            self._base = hub.fetch(config, progress.say)
            local = Path(config.model).is_dir()
            self.name = Path(config.model).name if local else config.model
            self._template_options = config.template_options
        server = None if isinstance(config, EmbeddedStudent) else config.server
        self._server = None if server is None else StudentServerClient(server, progress.say)
        self._fingerprint: str | None = None
        self._scratch = Scratch("coursewright-student-")
        self._folder = self._scratch.path
        # Nobody may read a checkpoint that another thread is still laying out, and a server holds
        # one student at a time.
        self._laying, self._asking_server = threading.Lock(), threading.Lock()
        self._executor = local_slots(config) if executor is None else executor()

    def start(self) -> None:
        """Start a worker; returns at once."""
        self._executor.start()

    def wait(self) -> None:
        """Return once a worker has loaded its libraries."""
        self._executor.ask({"do": "wait"})

    def train(self, rows: str, seed: int) -> Training:
        """Fine-tune the base model on the data set with this digest.

        Raises:
            StageFailed: the data set cannot be trained on.
            Interrupted: the worker was killed again and again.
        """
        out = Path(tempfile.mkdtemp(prefix="checkpoint-", dir=self._folder))
        request = {
            "do": "train",
            "base": str(self._base),
            "base_name": self.name,
            "rows": str(self._store.path_of(rows)),
            "out": str(out),
            "seed": seed,
            "recipe": self._config.recipe.model_dump(),
            **self._worded(),
        }
        self._progress.start("train")
        done = self._executor.ask(request, self._follow_training())
        try:
            weights = self._store.put_folder(out)
        finally:
            shutil.rmtree(out, ignore_errors=True)
        self._progress.finish(f"loss {done['loss']:.3f}")
        return Training(weights=weights, seed=seed, **done)

    def answer(self, weights: str | None, prompts: Sequence[Prompt]) -> list[str]:
        """Greedy answers, in order, of the base model (None) or of a fine-tuned one."""
        if not prompts:
            return []
        said = _PROMPTS.dump_python(list(prompts), mode="json")
        if self._server is not None:
            rendered = self._executor.ask(
                {
                    "do": "render",
                    "base": str(self._base),
                    "prompts": said,
                    **self._worded(),
                }
            )["prompts"]
            with self._asking_server:
                model = self._known_to_server(self._server, weights)
                return self._server.answer(model, rendered, self._generation.max_new_tokens)
        request = {
            "do": "answer",
            "base": str(self._base),
            "weights": None if weights is None else str(self._laid_out(weights)),
            "prompts": said,
            "batch": self._config.answer_batch,
            "max_new_tokens": self._generation.max_new_tokens,
            "dtype": self._config.recipe.dtype,
            **self._worded(),
        }
        answers: list[str] = self._executor.ask(request, self._heed)["answers"]
        return answers

    def likelihood(self, weights: str | None, rows: str) -> Likelihood:
        """How likely a model finds the answers of a data set's rows.

        The worker reads, also where a server answers the exam.

        Raises:
            StageFailed: no row has an answer that fits the model's context.
        """
        request = {
            "do": "likelihood",
            "base": str(self._base),
            "weights": None if weights is None else str(self._laid_out(weights)),
            "rows": str(self._store.path_of(rows)),
            "batch": self._config.answer_batch,
            "dtype": self._config.recipe.dtype,
            **self._worded(),
        }
        self._progress.start("look")
        began = time.monotonic()
        means = tuple(self._executor.ask(request, self._heed)["means"])
        if not means:
            raise StageFailed("no visible item's answer fits the student's context", stage="look")
        self._progress.finish(f"{sum(means) / len(means):.2f}")
        return Likelihood(means=means, seconds=time.monotonic() - began)

    def converse(self, weights: str, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Sampled replies of a fine-tuned model to chat requests, in order (see `sampling`).

        The worker replies, also where a server answers the exam. A reply has `text`,
        `prompt_tokens`, `completion_tokens` and `finish_reason`, or else why it is `refused`.
        """
        request = {
            "do": "converse",
            "base": str(self._base),
            "weights": str(self._laid_out(weights)),
            "requests": list(requests),
            "batch": self._config.answer_batch,
            "dtype": self._config.recipe.dtype,
            "template_options": self._template_options,
        }
        replies: list[dict[str, Any]] = self._executor.ask(request)["replies"]
        return replies

    def merge(self, adapter: Path, out: Path, dtype: str | None = None) -> None:
        """Write the base model with an adapter folder's weights merged in to the folder `out`.

        The weights are written in `dtype`; None is the one that this machine computes in. The
        tokenizer is not written.

        Raises:
            StageFailed: the worker says why not.
        """
        request = {
            "do": "merge",
            "base": str(self._base),
            "weights": str(adapter.absolute()),
            "out": str(out),
            "recipe_dtype": self._config.recipe.dtype,
            "dtype": dtype,
        }
        self._executor.ask(request)

    def special_tokens(self) -> tuple[str, ...]:
        """Texts that the tokenizer reads as commands: rows and answers must not hold them."""
        file = self._base / "tokenizer.json"
        if not file.is_file():
            return ()
        added = json.loads(file.read_text(encoding="utf-8")).get("added_tokens", [])
        return tuple(token["content"] for token in added if token.get("special"))

    def fingerprint(self) -> str:
        """Digest of base weights, recipe and everything else that decides weights and answers."""
        if self._fingerprint is None:
            part = self._config.model_dump(mode="json")
            for name in _WHERE:
                part.pop(name, None)
            # A server computes a little otherwise than the worker; where it is does not matter.
            if self._server is not None:
                part["server"] = self._server.loads
            part |= {"method": METHOD, "generation": self._generation.model_dump()}
            if self._preamble is not None:
                part["preamble"] = self._preamble
            digest = hashlib.sha256(json.dumps(part, sort_keys=True).encode())
            for file in sorted(self._base.iterdir()):
                if file.is_file() and file.name not in _BESIDE_THE_MODEL:
                    with file.open("rb") as content:
                        of_file = hashlib.file_digest(content, "sha256")
                    digest.update(f"\n{file.name} {of_file.hexdigest()}".encode())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def _worded(self) -> dict[str, Any]:
        """What decides how rows and prompts are worded: the same in every request."""
        return {"template_options": self._template_options, "preamble": self._preamble}

    def rest(self) -> None:
        """Let the workers drop their models, so that others have the device's memory."""
        self._executor.rest()

    def close(self) -> None:
        """End the workers and remove the scratch folder."""
        self._executor.close()
        self._scratch.close()

    def __enter__(self) -> LocalStudent:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _laid_out(self, weights: str) -> Path:
        """The checkpoint as a folder; laid out once."""
        folder = self._folder / "weights" / weights
        with self._laying:
            if not folder.exists():
                self._store.checkout(weights, folder)
        return folder

    def _known_to_server(self, server: StudentServerClient, weights: str | None) -> str:
        """The name under which the server has the base model or, taken in now, a student."""
        assert isinstance(self._config, HuggingFaceStudent)
        if server.loads == "adapter":
            if weights is None:
                return server.base_model or self._config.model
            server.take_in(weights, self._laid_out(weights))
            return weights
        folder = self._base if weights is None else self._laid_out(weights)
        return str(self._whole(folder) if (folder / _ADAPTER).is_file() else folder)

    def _whole(self, adapter: Path) -> Path:
        """The whole model that an adapter and its base make, as a folder; made once."""
        folder = adapter.with_name(f"{adapter.name}-whole")
        if not folder.exists():
            making = adapter.with_name(f"{adapter.name}-making")
            wanted = self._config.recipe.dtype
            dtype = self._executor.ask({"do": "dtype", "wanted": wanted})["dtype"]
            self.merge(adapter, making, dtype)
            for file in adapter.iterdir():
                if not file.name.startswith("adapter_"):
                    shutil.copyfile(file, making / file.name)
            making.rename(folder)
        return folder

    def _follow_training(self) -> Callable[[dict[str, Any]], None]:
        """A listener that shows the steps, once their number is known."""

        def follow(event: dict[str, Any]) -> None:
            if event["event"] == "notice":
                self._heed(event)
            elif event["done"] == 0:
                self._progress.start("train", event["total"])
            else:
                self._progress.advance(event["done"], f"loss {event['loss']:.3f}")

        return follow

    def _heed(self, event: dict[str, Any]) -> None:
        """Pass on what the worker found worth saying."""
        if event["event"] == "notice":
            self._progress.say(f"student: {event['line']}")

"""A server in the worker's place: the same prompts, the same answers, every refusal one line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from models import begin_with_a_token, make_model
from pydantic import ValidationError

from conftest import FolderStore, Remembered, colour_rows
from coursewright.config import HuggingFaceStudent, Recipe, StudentServer
from coursewright.errors import ConfigError, Interrupted
from coursewright.records import Generation
from coursewright.student import EMBEDDED, LocalStudent
from coursewright.student.generation import render_all
from coursewright.student.hardware import Hardware
from coursewright.student.loading import load_tokenizer
from coursewright.student.served import StudentServerClient

pytestmark = [pytest.mark.train, pytest.mark.long]
PROMPTS = ["Which colour?\n7 owls", "Which colour?\n31 cats", "12 + 3 = ?", "[4, 7, 1]", "a"]
LORA = Recipe(method="lora", epochs=2, batch=8, learning_rate=1e-2)
FULL = Recipe(epochs=1, batch=8, learning_rate=2e-3)


def test_a_real_server_gives_the_workers_answers_base_full_and_adapter(
    served: LocalStudent,
    store: FolderStore,
    folder_server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = StudentServer(base_url=folder_server, loads="folder", concurrency=4)
    rows = store.put_rows(colour_rows(48))
    for recipe in (FULL, LORA):
        monkeypatch.setattr(
            served,
            "_config",
            HuggingFaceStudent(model=str(EMBEDDED["nano"]), recipe=recipe, server=given),
        )
        trained = served.train(rows, seed=1).weights
        monkeypatch.setattr(served, "_server", None)
        expected = [served.answer(weights, PROMPTS) for weights in (None, trained)]
        monkeypatch.setattr(served, "_server", StudentServerClient(given, print))
        assert [served.answer(weights, PROMPTS) for weights in (None, trained)] == expected
        assert expected[0] != expected[1]


class FakeVLLM:
    """Loads adapters at run time and answers with what it was asked."""

    def __init__(self) -> None:
        self.adapters: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.takes_adapters = True
        self.extra_tokens = 0
        self.status = 200

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path.endswith("_lora_adapter") and not self.takes_adapters:
            return 404, {"detail": "Not Found"}
        if path == "/v1/load_lora_adapter":
            if body["lora_name"] in self.adapters:
                return 400, {"error": {"message": "has already been loaded"}}
            self.adapters[body["lora_name"]] = body["lora_path"]
            return 200, "Success"
        if path == "/v1/unload_lora_adapter":
            del self.adapters[body["lora_name"]]
            return 200, "Success"
        if self.status != 200:
            return self.status, {"error": {"message": "no"}}
        if body["model"] not in ("base", *self.adapters):
            return 404, {"error": {"message": "The model does not exist."}}
        if len(body["prompt"]) > 400:
            said = "This model's maximum context length is 100 tokens."
            return 400, {"error": {"message": said, "code": 400}}
        self.asked.append(body)
        tokenizer, _ = load_tokenizer(str(EMBEDDED["nano"]))
        count = len(tokenizer(body["prompt"])["input_ids"]) + self.extra_tokens
        return 200, {
            "model": body["model"],
            "choices": [{"text": f" {body['prompt']}\n", "finish_reason": "stop"}],
            "usage": {"prompt_tokens": count, "completion_tokens": 1},
        }


@contextmanager
def listening(fake: FakeVLLM) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, said = fake.post(self.path, body)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            # A client that gives up in the middle of a batch is not this fake's business.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def fake() -> Iterator[tuple[FakeVLLM, str]]:
    fake = FakeVLLM()
    with listening(fake) as url:
        yield fake, url


@pytest.fixture(scope="module")
def served(fake: tuple[FakeVLLM, str], store: FolderStore) -> Iterator[LocalStudent]:
    """One warm student for the module, which a server answers for."""
    server = StudentServer(base_url=fake[1], model="base", attempts=1)
    config = HuggingFaceStudent(model=str(EMBEDDED["nano"]), recipe=LORA, server=server)
    generation = Generation(max_new_tokens=12)
    with LocalStudent(config, store, Remembered(), generation=generation) as warm:
        yield warm


def test_an_adapter_is_loaded_before_it_is_asked_and_the_last_one_dropped(
    served: LocalStudent, store: FolderStore, fake: tuple[FakeVLLM, str]
) -> None:
    adapters = [served.train(store.put_rows(colour_rows(8)), seed).weights for seed in (1, 2)]
    vllm = fake[0]
    for weights in (adapters[0], adapters[0], adapters[1]):
        vllm.asked.clear()
        served.answer(weights, ["a"])
        assert [request["model"] for request in vllm.asked] == [weights]
        assert list(vllm.adapters) == [weights]
        assert (Path(vllm.adapters[weights]) / "adapter_config.json").is_file()
    vllm.adapters.clear()  # as if it had been started anew
    served.answer(adapters[1], ["a"])
    assert list(vllm.adapters) == [adapters[1]]


def test_it_is_asked_greedily_for_whole_rendered_prompts_in_order(
    served: LocalStudent, fake: tuple[FakeVLLM, str]
) -> None:
    fake[0].asked.clear()
    answers = served.answer(None, PROMPTS)
    assert answers == [f"<|user|>{prompt}<|end|><|assistant|>" for prompt in PROMPTS]
    request = fake[0].asked[0]
    assert (request["temperature"], request["max_tokens"], request["model"]) == (0.0, 12, "base")


def test_a_prompt_beyond_the_servers_context_stays_unanswered(served: LocalStudent) -> None:
    answers = served.answer(None, ["a", "b " * 300])
    assert answers == ["<|user|>a<|end|><|assistant|>", ""]


def test_a_server_that_reads_prompts_otherwise_is_refused(
    served: LocalStudent, fake: tuple[FakeVLLM, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake[0], "extra_tokens", 1)
    with pytest.raises(ConfigError, match="own tokenizer"):
        served.answer(None, PROMPTS)


def test_a_server_without_adapters_or_model_or_life_is_one_line(
    served: LocalStudent,
    store: FolderStore,
    fake: tuple[FakeVLLM, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained = served.train(store.put_rows(colour_rows(8)), 3).weights
    with monkeypatch.context() as patch:
        patch.setattr(fake[0], "takes_adapters", False)
        with pytest.raises(ConfigError, match="--enable-lora"):
            served.answer(trained, ["a"])
    with monkeypatch.context() as patch:
        patch.setattr(fake[0], "status", 503)
        with pytest.raises(Interrupted, match="resume"):
            served.answer(None, PROMPTS)
    assert served._server is not None
    with pytest.raises(ConfigError, match="not known"):
        served._server.answer("other", [{"text": "a", "tokens": 1}], 4)


def test_a_servers_first_token_is_left_to_the_server(tmp_path: Path) -> None:
    folder = make_model(tmp_path, template=False)
    begin_with_a_token(folder)
    given: dict[str, Any] = {"base": str(folder), "prompts": ["a"], "template_options": {}}
    (prompt,) = render_all(lambda event: None, Hardware("cpu"), **given)["prompts"]
    tokenizer, _ = load_tokenizer(str(folder))
    ids = tokenizer(prompt["text"])["input_ids"]
    assert ids[0] == 1
    assert ids.count(1) == 1
    assert len(ids) == prompt["tokens"]


def test_adapters_for_a_fully_tuned_student_are_refused_with_the_config() -> None:
    with pytest.raises(ValidationError, match="folder"):
        HuggingFaceStudent(model="m", recipe=FULL, server=StudentServer())

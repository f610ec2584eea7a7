"""Training in this process: other models, templates, and memory that runs out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from models import begin_with_a_token, make_model

from conftest import colour_rows
from coursewright.config import Recipe
from coursewright.errors import ConfigError
from coursewright.student import training
from coursewright.student.generation import Answerer
from coursewright.student.hardware import Hardware
from coursewright.student.loading import load_base, load_tokenizer
from coursewright.student.wording import Wording

pytestmark = [pytest.mark.train, pytest.mark.long]
torch.set_num_threads(1)  # as in the worker: a second thread costs more than it gives
CPU = Hardware("cpu")
QUICK = Recipe(epochs=1, batch=4, max_length=96)


class Bench:
    """A worker's insides, without the process around them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.events, self.tuner = folder, [], training.Tuner()  # type: ignore[var-annotated]
        self.rows = folder / "rows.jsonl"
        self.rows.write_text("".join(json.dumps(row) + "\n" for row in colour_rows(16)))

    def train(self, base: Path, recipe: Recipe, name: str = "out", **options: Any) -> Any:
        out = self.folder / name
        done = self.tuner.train(
            self.events.append, CPU, base=str(base), base_name="base", rows=str(self.rows),
            out=str(out), seed=1, recipe=recipe.model_dump(), template_options=options,
        )  # fmt: skip
        return done, out

    def answer(
        self,
        base: Path,
        weights: Path | None = None,
        prompts: Sequence[str] = ("a", "7 owls", "9 cats", "1 + 1"),
    ) -> list[str]:
        done = Answerer().answer(
            self.events.append, CPU, base=str(base), weights=None if weights is None else
            str(weights), prompts=list(prompts), batch=4, max_new_tokens=4, dtype="bfloat16",
            template_options={},
        )  # fmt: skip
        return list(done["answers"])

    def notices(self) -> list[str]:
        return [event["line"] for event in self.events if event["event"] == "notice"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def weights_of(out: Path) -> str:
    (file,) = out.glob("*.safetensors")
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", ["qwen2", "gpt2"])
@pytest.mark.parametrize("method", ["lora", "full"])
def test_any_causal_model_trains_and_answers(bench: Bench, kind: str, method: Any) -> None:
    base = make_model(bench.folder / "base", kind)
    recipe = QUICK.model_copy(update={"method": method, "dtype": "bfloat16"})
    done, out = bench.train(base, recipe)
    assert done["steps"] == 4
    assert done["setup"]["dtype"] == "float32", "a CPU computes in float32"
    assert len(bench.answer(base, out)) == 4


def test_a_model_with_a_template_keeps_it_and_a_base_model_gets_ours(bench: Bench) -> None:
    chat = make_model(bench.folder / "chat")
    base = make_model(bench.folder / "base", template=False)
    assert bench.train(chat, QUICK, "a")[0]["setup"]["template"] == "model"
    done, out = bench.train(base, QUICK, "b")
    assert done["setup"]["template"] == "coursewright"
    tokenizer, whose = load_tokenizer(str(out))
    assert whose == "model", "the trained student carries the template it was trained under"
    assert Wording(tokenizer, {}).prompt("2 + 2") == "Question:\n2 + 2\n\nAnswer:\n"


def test_our_template_begins_as_the_tokenizer_begins_and_its_question_is_a_prefix(
    tmp_path: Path,
) -> None:
    folder = make_model(tmp_path, template=False)
    begin_with_a_token(folder)
    tokenizer, _ = load_tokenizer(str(folder))
    turns = [{"role": "user", "content": "2 + 2"}, {"role": "assistant", "content": "4"}]
    asked = Wording(tokenizer, {}).prompt("2 + 2")
    whole = tokenizer.apply_chat_template(turns, tokenize=False)
    assert whole == f"{asked}4<|end|>\n"
    ids = tokenizer(asked, add_special_tokens=False)["input_ids"]
    assert ids[0] == 1
    assert 1 not in ids[1:]


def test_switches_of_a_template_reach_training_and_answers(bench: Bench) -> None:
    base = make_model(bench.folder / "base")
    (base / "chat_template.jinja").write_text(
        "{% if shout %}!{% endif %}{% for m in messages %}{{ m.content }}<|end|>{% endfor %}"
    )
    plain, _ = bench.train(base, QUICK, "a")
    loud, _ = bench.train(base, QUICK, "b", shout=True)
    assert plain["loss"] != loud["loss"]
    tokenizer, _ = load_tokenizer(str(base))
    assert Wording(tokenizer, {"shout": True}).prompt("a") == "!a<|end|>"


def starve(monkeypatch: pytest.MonkeyPatch, fits: Callable[[Any, int], bool]) -> None:
    """Let a forward pass of so many rows run out of memory unless it `fits`."""
    real = training._Trainer.compute_loss

    def compute_loss(self: Any, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
        if not fits(self.args, len(inputs["input_ids"])):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(self, model, inputs, *rest, **named)

    monkeypatch.setattr(training._Trainer, "compute_loss", compute_loss)


def test_out_of_memory_halves_the_batch_keeps_the_step_and_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = make_model(bench.folder / "base")
    small, at_once = bench.train(base, QUICK.model_copy(update={"batch": 2, "accumulation": 4}))
    starve(monkeypatch, lambda args, rows: rows <= 2)
    wanted = QUICK.model_copy(update={"batch": 8})
    done, out = bench.train(base, wanted, "halved")
    assert (done["setup"]["batch"], done["setup"]["accumulation"]) == (2, 4)
    assert done["steps"] == small["steps"]
    assert weights_of(out) == weights_of(at_once)
    assert len(bench.notices()) == 2
    assert "8 rows at a time did not fit" in done["setup"]["notes"][0]
    again, _ = bench.train(base, wanted, "again")
    assert len(bench.notices()) == 2, "what fits is remembered"
    assert again["setup"] == done["setup"]


def test_a_single_row_that_does_not_fit_is_computed_twice_then_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = make_model(bench.folder / "base")
    starve(monkeypatch, lambda args, rows: args.gradient_checkpointing)
    done, _ = bench.train(base, QUICK.model_copy(update={"batch": 1, "accumulation": 8}))
    assert done["setup"]["gradient_checkpointing"]
    starve(monkeypatch, lambda args, rows: False)
    with pytest.raises(ConfigError, match="max_length"):
        bench.train(base, QUICK.model_copy(update={"batch": 1, "epochs": 2}), "never")


def test_answers_survive_a_batch_that_does_not_fit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = make_model(bench.folder / "base")
    expected = bench.answer(base)
    real = Answerer._greedy

    def greedy(self: Any, ids: list[list[int]], limit: int) -> list[str]:
        if len(ids) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, ids, limit)

    monkeypatch.setattr(Answerer, "_greedy", greedy)
    assert bench.answer(base) == expected
    assert bench.notices() == [f"out of memory; {n} prompts at a time" for n in (2, 1)]


def test_the_models_context_bounds_rows_and_prompts(bench: Bench) -> None:
    base = make_model(bench.folder / "base", "gpt2")
    long = {"instruction": "word " * 400, "input": "", "output": "7"}
    bench.rows.write_text(bench.rows.read_text() + json.dumps(long) + "\n")
    done, _ = bench.train(base, QUICK.model_copy(update={"max_length": 2048}))
    assert "256 tokens" in done["setup"]["notes"][0]
    answers = bench.answer(base, prompts=["a", "word " * 400])
    assert answers[1] == ""
    assert bench.notices()[-1].startswith("1 prompts do not fit")


def test_another_failure_than_memory_is_not_taken_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = make_model(bench.folder / "base")

    def compute_loss(self: Any, *_: Any, **__: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(training._Trainer, "compute_loss", compute_loss)
    with pytest.raises(RuntimeError, match="mat1"):
        bench.train(base, QUICK)
    assert bench.notices() == []


def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ConfigError, match="cannot load") as torn:
        load_base(str(folder), "float32", "cpu")
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ConfigError, match="tokenizer") as bare:
        load_base(str(folder), "float32", "cpu")
    assert all("\n" not in str(error.value) for error in (torn, bare))

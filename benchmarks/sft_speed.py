"""What the student stage costs: its fine-tuning, and a bare PyTorch loop of the same.

Same model, same rows of one length, same batch, accumulation, optimiser, clipping and schedule,
one thread, turn about in one process. On a CPU the clock is that of the process, since a shared
machine's other work should not count; on a GPU it is the wall's. The rate is taken between the
first steps and the last, so that neither side's loading counts; `stage_share` counts everything
from rows on disk to weights on disk. `lean` is the bare loop with the stage's own loss, which
projects supervised tokens alone.

Bars: 0.8 of the bare loop for nano (full fine-tuning), 0.9 for a Llama of 110 M weights (LoRA).

    python -m benchmarks.sft_speed [--device auto] [--only nano|110M|8B]

The last is for a GPU of 40 GB or more, and makes 16 GB of random weights first.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import get_peft_model
from torch.nn.functional import cross_entropy

from benchmarks.common import report
from coursewright.chat import layout
from coursewright.config import Recipe, StudyRecipe
from coursewright.student import EMBEDDED
from coursewright.student.hardware import Hardware, look, quieten
from coursewright.student.loading import load_base
from coursewright.student.training import Tuner, lora

SHAPES: dict[str, dict[str, Any]] = {
    "110M": {
        "vocab_size": 32_000, "hidden_size": 768, "intermediate_size": 2048,
        "num_hidden_layers": 12, "num_attention_heads": 12, "num_key_value_heads": 12,
        "tie_word_embeddings": True,
    },
    "8B": {
        "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "tie_word_embeddings": False,
    },
}  # fmt: skip
WARM = 3
"""Steps before the clock starts."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu", choices=("cpu", "auto"))
    parser.add_argument("--only", choices=("nano", *SHAPES))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    quieten()
    hardware = look(chosen.device)
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as place:
        if chosen.only in ("nano", None):
            recipe = Recipe(epochs=1)
            compare(
                "nano", EMBEDDED["nano"], recipe, hardware, Path(place), steps=60, words=24, times=6
            )
        if chosen.only in ("110M", None):
            base = make_llama(Path(place) / "llama", SHAPES["110M"], "float32")
            recipe = StudyRecipe(epochs=1, accumulation=4)
            compare("llama 110M", base, recipe, hardware, Path(place), steps=6, words=28, times=3)
        if chosen.only == "8B":
            base = make_llama(Path(place) / "llama", SHAPES["8B"], "bfloat16")
            recipe = StudyRecipe(epochs=1)
            compare("llama 8B", base, recipe, hardware, Path(place), steps=12, words=900, times=3)


def compare(
    name: str, base: Path, recipe: Recipe, hardware: Hardware, place: Path,
    *, steps: int, words: int, times: int,
) -> None:  # fmt: skip
    """Measure both sides turn about, and report the median of the shares."""
    rows = make_rows(steps * recipe.batch * recipe.accumulation, words)
    sides: dict[str, Callable[[], tuple[float, float]]] = {
        "stage": lambda: through_the_stage(base, rows, recipe, hardware, place),
        "bare": lambda: bare_loop(base, rows, recipe, hardware, lean=False),
        "lean": lambda: bare_loop(base, rows, recipe, hardware, lean=True),
    }
    rates: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for turn in range(times):
        order = list(sides)
        for side in order[turn % 3 :] + order[: turn % 3]:
            rates[side].append(sides[side]())

    def share(of: str, part: int) -> float:
        pairs = zip(rates["stage"], rates[of], strict=True)
        return round(statistics.median(a[part] / b[part] for a, b in pairs), 3)

    report(
        name="sft_speed",
        model=name,
        device=hardware.device,
        method=recipe.method,
        batch=[recipe.batch, recipe.accumulation],
        tokens_per_second={
            side: round(statistics.median(rate for rate, _ in measured))
            for side, measured in rates.items()
        },
        share_of_bare=share("bare", 0),
        share_of_lean=share("lean", 0),
        stage_share=share("bare", 1),
        peak_gib=round(peak_gib(hardware), 2),
    )


def through_the_stage(
    base: Path, rows: list[dict[str, str]], recipe: Recipe, hardware: Hardware, place: Path
) -> tuple[float, float]:
    """Tokens a second of the student stage: once warm, and over the whole request."""
    now = clock(hardware)
    file, out, ticks = place / "rows.jsonl", place / "out", list[float]()
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    began = now()
    done = Tuner().train(
        lambda event: ticks.append(now()), hardware, base=str(base),
        base_name="base", rows=str(file), out=str(out), seed=0, recipe=recipe.model_dump(),
        template_options={},
    )  # fmt: skip
    whole = now() - began
    shutil.rmtree(out)
    if len(ticks) != done["steps"] + 1:
        raise AssertionError("not every step was told")
    return rate(ticks, base, rows, recipe, whole)


def bare_loop(
    base: Path, rows: list[dict[str, str]], recipe: Recipe, hardware: Hardware, *, lean: bool
) -> tuple[float, float]:
    """The same training written out, with nothing around it."""
    now = clock(hardware)
    began = now()
    dtype = hardware.dtype(recipe.dtype)
    model, tokenizer, _ = load_base(str(base), dtype, hardware.device)
    adapter = lora(recipe)
    if adapter is not None:
        model = get_peft_model(model, adapter)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.learning_rate, weight_decay=0.0, fused=True)
    size = recipe.batch * recipe.accumulation
    schedule = transformers.get_cosine_schedule_with_warmup(optimiser, 1, len(rows) // size)
    examples = tokenized(tokenizer, rows, hardware.device)
    ticks = [now()]
    for start in range(0, len(rows), size):
        batches = [
            [torch.stack(column) for column in zip(*examples[at : at + recipe.batch], strict=True)]
            for at in range(start, start + size, recipe.batch)
        ]
        count = sum(int((labels != -100).sum()) for _, labels in batches)
        for ids, labels in batches:
            with torch.autocast(hardware.device, getattr(torch, dtype), dtype != "float32"):
                (summed_loss(model, ids, labels, lean=lean) / count).backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        ticks.append(now())
    return rate(ticks, base, rows, recipe, now() - began)


def summed_loss(model: Any, ids: torch.Tensor, labels: torch.Tensor, *, lean: bool) -> torch.Tensor:
    """Negative log-likelihood of the supervised tokens."""
    if lean:
        targets = labels[:, 1:]
        wanted = (targets != -100).any(dim=0).nonzero().flatten()
        logits = model(ids, use_cache=False, logits_to_keep=wanted).logits
        return cross_entropy(
            logits.flatten(0, 1).float(), targets[:, wanted].flatten(), reduction="sum"
        )
    logits = model(ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
    return cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), reduction="sum"
    )


def clock(hardware: Hardware) -> Callable[[], float]:
    """Seconds that count on this hardware."""
    return time.process_time if hardware.device == "cpu" else time.perf_counter


def rate(
    ticks: list[float], base: Path, rows: list[dict[str, str]], recipe: Recipe, whole: float
) -> tuple[float, float]:
    """Tokens a second between the warm steps and the last one, and over everything."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(base, local_files_only=True)
    length = len(tokenized(tokenizer, rows[:1], "cpu")[0][0])
    in_step = length * recipe.batch * recipe.accumulation
    steps = len(ticks) - 1 - WARM
    return steps * in_step / (ticks[-1] - ticks[WARM]), len(rows) * length / whole


def tokenized(
    tokenizer: Any, rows: list[dict[str, str]], device: str
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Ids and labels of each row; all of one length."""
    examples = []
    for row in rows:
        asked = [{"role": "user", "content": layout(row["instruction"], row["input"])}]
        turns = [*asked, {"role": "assistant", "content": row["output"]}]
        prompt = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        whole = tokenizer.apply_chat_template(turns, tokenize=False)
        ids = torch.tensor(tokenizer(whole, add_special_tokens=False)["input_ids"], device=device)
        labels = ids.clone()
        labels[: len(tokenizer(prompt, add_special_tokens=False)["input_ids"])] = -100
        examples.append((ids, labels))
    if len({len(ids) for ids, _ in examples}) != 1:
        raise AssertionError("rows of several lengths")
    return examples


def make_rows(count: int, words: int) -> list[dict[str, str]]:
    """Rows that all tokenize to one length: two-digit numbers, and one of them as answer."""
    rng = random.Random(0)
    rows = []
    for _ in range(count):
        numbers = [str(rng.randint(10, 99)) for _ in range(words)]
        rows.append(
            {"instruction": "Which is last?", "input": " ".join(numbers), "output": numbers[-1]}
        )
    return rows


def make_llama(folder: Path, shape: dict[str, Any], dtype: str) -> Path:
    """A Llama of random weights, with nano's tokenizer."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        **shape,
        max_position_embeddings=2048,
        eos_token_id=3,
        pad_token_id=0,
        bos_token_id=None,
        dtype=dtype,
    )
    made = transformers.AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    made.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(EMBEDDED["nano"] / name, folder / name)
    return folder


def peak_gib(hardware: Hardware) -> float:
    """Most memory used so far: of the GPU, or of this process."""
    if hardware.device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux


if __name__ == "__main__":
    main()

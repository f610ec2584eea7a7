"""Make nano, the embedded student: tokenizer and base weights from drills and GSM8K questions.

    python scripts/make_nano.py --gsm8k FOLDER --minutes 30 --out FOLDER

Seeded. The learning rate follows the clock when `--minutes` is given and the steps when
`--steps` is; only the latter repeats exactly. A checkpoint is written every few minutes and
`--resume` goes on from it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import torch
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nano import corpus, tokens

BLOCK = 4096
"""Documents drawn, tokenized and sorted by length together."""
PROMPT_WEIGHT = 0.1
"""Loss weight of question tokens: enough to learn words, little enough to spend on answers."""

Batch = tuple[torch.Tensor, torch.Tensor]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--gsm8k", type=Path, required=True, help="folder with train.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="stop by the clock")
    parser.add_argument("--steps", type=int, help="stop by steps")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--mlp", type=int, default=384)
    parser.add_argument("--vocabulary", type=int, default=1024)
    parser.add_argument("--batch-tokens", type=int, default=3072)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--resume", action="store_true")
    arguments = parser.parse_args()
    if (arguments.minutes is None) == (arguments.steps is None):
        parser.error("give one of --minutes and --steps")
    return arguments


def encode(tokenizer: PreTrainedTokenizerFast, pairs: list[tuple[str, str]]) -> list[Any]:
    """Token ids and the length of the question of each document, as the chat template has it."""
    heads = [f"{tokens.USER}{q}{tokens.END}{tokens.ASSISTANT}" for q, _ in pairs]
    tails = [f"{a}{tokens.END}" for _, a in pairs]
    left = tokenizer(heads, add_special_tokens=False)["input_ids"]
    right = tokenizer(tails, add_special_tokens=False)["input_ids"]
    return [(a + b, len(a)) for a, b in zip(left, right, strict=True)]


def batches(
    tokenizer: PreTrainedTokenizerFast, pairs: Iterator[tuple[str, str]], size: int, rng: Random
) -> Iterator[Batch]:
    """Endless batches of about `size` tokens, of documents of like length; ids and loss weights."""
    while True:
        rows = encode(tokenizer, list(islice(pairs, BLOCK)))
        rows = sorted((r for r in rows if len(r[0]) <= 256), key=lambda r: len(r[0]))
        groups: list[list[Any]] = [[]]
        for row in rows:
            if len(row[0]) * (len(groups[-1]) + 1) > size:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        for group in groups:
            width = max(len(ids) for ids, _ in group)
            ids = torch.zeros(len(group), width, dtype=torch.long)
            weights = torch.zeros(len(group), width)
            for i, (row, asked) in enumerate(group):
                ids[i, : len(row)] = torch.tensor(row)
                weights[i, 1:asked] = PROMPT_WEIGHT
                weights[i, asked : len(row)] = 1.0
            yield ids, weights


def loss_of(model: LlamaForCausalLM, batch: Batch) -> tuple[torch.Tensor, float]:
    """Weighted loss, and the plain loss of the answers for the log.

    Rows are padded on the right and attention is causal, so no mask is needed.
    """
    ids, weights = batch
    logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
    each = cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    wanted = weights[:, 1:].flatten()
    answers = wanted == 1.0
    return (each * wanted).sum() / wanted.sum(), float(each.detach()[answers].mean())


def rate_at(done: float, peak: float) -> float:
    """Warm-up over 2 %, then a cosine to a twentieth of the peak."""
    if done < 0.02:
        return peak * (done / 0.02 + 0.01)
    return peak * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def save(
    out: Path, model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, made: dict[str, Any]
) -> None:
    """Write the model as Hugging Face files, and how it was made."""
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "made.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    arguments = read_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    started = time.monotonic()
    drills = corpus.mixture(arguments.gsm8k / "train.jsonl")
    sample = islice(corpus.documents(drills, Random(f"tokens {arguments.seed}")), 30_000)
    tokenizer = tokens.train_tokenizer(
        (part for pair in sample for part in pair), arguments.vocabulary
    )
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=arguments.hidden,
            intermediate_size=arguments.mlp,
            num_hidden_layers=arguments.layers,
            num_attention_heads=arguments.heads,
            num_key_value_heads=arguments.heads,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
            attn_implementation="sdpa",
        )
    )
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.05, fused=True
    )
    step, spent, seen = 0, 0.0, 0
    state = arguments.out / "state.pt"
    if arguments.resume and state.exists():
        kept = torch.load(state, weights_only=False)
        model.load_state_dict(kept["model"])
        optimizer.load_state_dict(kept["optimizer"])
        step, spent, seen = kept["step"], kept["seconds"], kept["tokens"]
    weights = sum(p.numel() for p in model.parameters())
    print(f"{weights:,} weights, {time.monotonic() - started:.0f} s of set-up", flush=True)
    # A resumed run draws fresh documents: the stream is seeded by where it takes up.
    pairs = corpus.documents(drills, Random(f"documents {arguments.seed} {step}"))
    stream = batches(
        tokenizer, pairs, arguments.batch_tokens, Random(f"order {arguments.seed} {step}")
    )
    begun, saved, running = time.monotonic() - spent, time.monotonic(), 0.0

    def made() -> dict[str, Any]:
        options = {k: v for k, v in vars(arguments).items() if k not in ("gsm8k", "out", "resume")}
        return {
            "weights": weights,
            "steps": step,
            "tokens": seen,
            "options": options,
            "seconds": round(time.monotonic() - begun),
            "torch": torch.__version__,
        }

    for batch in stream:
        seconds = time.monotonic() - begun
        done = step / arguments.steps if arguments.steps else seconds / (60 * arguments.minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate_at(done, arguments.rate)
        loss, answers = loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step, seen = step + 1, seen + int((batch[1] > 0).sum())
        running = answers if step == 1 else 0.98 * running + 0.02 * answers
        if step % 100 == 0:
            speed = f"{seen / seconds:,.0f} tokens/s"
            print(f"{seconds:6.0f} s  step {step:6d}  answers {running:.3f}  {speed}", flush=True)
        if time.monotonic() - saved > 300:
            save(arguments.out, model, tokenizer, made())
            torch.save(
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step,
                    "seconds": seconds,
                    "tokens": seen,
                },
                state,
            )
            saved = time.monotonic()
    save(arguments.out, model, tokenizer, made())
    state.unlink(missing_ok=True)


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()

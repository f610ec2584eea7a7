"""Make an embedded student, nano or pico: tokenizer and weights from drills and GSM8K questions.

    python scripts/make_nano.py --gsm8k FOLDER --minutes 60 --out FOLDER
    python scripts/make_nano.py --gsm8k FOLDER --start FOLDER --drop-layer 2 --layers 2 \\
        --steps 7000 --out FOLDER

Seeded. The learning rate follows the clock when `--minutes` is given and the steps when
`--steps` is; only the latter repeats exactly. A checkpoint is written every few minutes, and
`--resume` goes on from it with the tokenizer that it began with.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nano import corpus, start, tokens
from nano.muon import Muon

BLOCK = 2048
"""Documents drawn, tokenized and sorted by length together."""
PROMPT_WEIGHT = 0.2
"""Loss weight of question tokens: enough to learn words, little enough to spend on answers."""
LONGEST = 256
"""Longer documents are left out."""
SAVE_SECONDS = 240

Batch = tuple[torch.Tensor, torch.Tensor]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make an embedded student.")
    parser.add_argument("--gsm8k", type=Path, required=True, help="folder with train.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, help="stop by the clock")
    parser.add_argument("--steps", type=int, help="stop by steps")
    parser.add_argument("--until", type=int, help="leave off at this step, for --resume")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--mlp", type=int, default=384)
    parser.add_argument("--vocabulary", type=int, default=1536)
    parser.add_argument("--batch-tokens", type=int, default=1536)
    parser.add_argument("--rate", type=float, default=3e-3, help="AdamW: embeddings and norms")
    parser.add_argument("--muon-rate", type=float, default=0.02, help="Muon: all other matrices")
    parser.add_argument("--init", type=float, default=0.06)
    parser.add_argument(
        "--early", type=float, default=0.05, help="share of the run for first drills"
    )
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--start", type=Path, help="go on from this finished checkpoint")
    parser.add_argument(
        "--drop-layer", type=int, help="with --start: leave this layer out (from 0), keep the rest"
    )
    parser.add_argument(
        "--more", action="append", default=[], metavar="DRILL=FACTOR", help="weigh a drill more"
    )
    arguments = parser.parse_args()
    if (arguments.minutes is None) == (arguments.steps is None):
        parser.error("give one of --minutes and --steps")
    if arguments.drop_layer is not None and arguments.start is None:
        parser.error("--drop-layer leaves a layer of --start out: give both")
    return arguments


def encode(tokenizer: PreTrainedTokenizerFast, pairs: list[tuple[str, str]]) -> list[Any]:
    """Token ids and the length of the question of each document, as the chat template has it."""
    heads = [f"{tokens.USER}{q}{tokens.END}{tokens.ASSISTANT}" for q, _ in pairs]
    tails = [f"{a}{tokens.END}" for _, a in pairs]
    left = tokenizer(heads, add_special_tokens=False)["input_ids"]
    right = tokenizer(tails, add_special_tokens=False)["input_ids"]
    return [(a + b, len(a)) for a, b in zip(left, right, strict=True)]


def batches(
    tokenizer: PreTrainedTokenizerFast,
    draw: Callable[[], Iterator[tuple[str, str]]],
    size: int,
    rng: Random,
) -> Iterator[Batch]:
    """Endless batches of about `size` tokens, of documents of like length; ids and loss weights."""
    while True:
        rows = encode(tokenizer, list(islice(draw(), BLOCK)))
        rows = sorted((r for r in rows if len(r[0]) <= LONGEST), key=lambda r: len(r[0]))
        groups: list[list[Any]] = [[]]
        for row in rows:
            if len(row[0]) * (len(groups[-1]) + 1) > size:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        yield from (padded(group) for group in groups)


def padded(rows: list[Any]) -> Batch:
    """One batch: rows filled up on the right."""
    width = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    weights = torch.zeros(len(rows), width)
    for i, (row, asked) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        weights[i, 1:asked] = PROMPT_WEIGHT
        weights[i, asked : len(row)] = 1.0
    return ids, weights


def loss_of(model: LlamaForCausalLM, batch: Batch) -> tuple[torch.Tensor, float]:
    """Weighted loss, and the plain loss of the answers for the log.

    Rows are padded on the right and attention is causal, so no mask is needed. Every fourth token
    of a question stands for all of them: the vocabulary is the dearest matrix.
    """
    ids, weights = batch
    targets, wanted = ids[:, 1:].flatten(), weights[:, 1:].flatten()
    answers = wanted == 1.0
    chosen = answers | ((wanted > 0) & (torch.rand(wanted.shape) < 0.25))
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
    logits = model.lm_head(hidden.flatten(0, 1)[chosen])
    each = cross_entropy(logits, targets[chosen], reduction="none")
    total = (each * wanted[chosen]).sum() / wanted[chosen].sum()
    return total, float(each.detach()[answers[chosen]].mean())


def rate_at(done: float, peak: float) -> float:
    """Warm-up over 2 %, flat, and straight down from 60 % on: a run can be cut or prolonged."""
    return peak * min(1.0, done / 0.02 + 0.01, max(0.02, (1 - done) / 0.4))


def build_model(
    arguments: argparse.Namespace, tokenizer: PreTrainedTokenizerFast
) -> LlamaForCausalLM:
    """A fresh model of the size asked for."""
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
            initializer_range=arguments.init,
        )
    )
    start.prepare(model, tokenizer)
    return model


def finished_weights(arguments: argparse.Namespace) -> dict[str, torch.Tensor]:
    """The weights of `--start`; without the layer of `--drop-layer` those above it move down."""
    finished = LlamaForCausalLM.from_pretrained(arguments.start, dtype=torch.float32)
    if arguments.drop_layer is not None:
        del finished.model.layers[arguments.drop_layer]
    if len(finished.model.layers) != arguments.layers:
        raise SystemExit(f"--layers must be {len(finished.model.layers)} to go on from --start")
    return finished.state_dict()


def build_optimizers(
    model: LlamaForCausalLM, arguments: argparse.Namespace
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for the rest; each remembers its peak rate."""
    inner = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim < 2 or "embed" in n]
    adam = torch.optim.AdamW(
        rest, lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    optimizers = [adam, Muon(inner, lr=arguments.muon_rate, decay=0.05)]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


class Making:
    """A run of this script: what is trained, how far it is, and where it is kept."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.out: Path = arguments.out
        more = {drill: float(factor) for drill, factor in (m.split("=") for m in arguments.more)}
        self.parts = [
            replace(part, share=part.share * more.get(part.name, 1.0))
            for part in corpus.mixture(arguments.gsm8k / "train.jsonl")
        ]
        self.step, self.seen, self.seconds = 0, 0, 0.0
        state = self.out / "state.pt"
        kept = torch.load(state, weights_only=False) if arguments.resume else None
        self.before: Any = None
        if arguments.start is not None:
            self.tokenizer = AutoTokenizer.from_pretrained(arguments.start)
            self.before = json.loads((arguments.start / "made.json").read_text(encoding="utf-8"))
        elif kept is None:
            words = corpus.vocabulary_texts(self.parts, Random(f"tokens {arguments.seed}"))
            self.tokenizer = tokens.train_tokenizer(words, arguments.vocabulary)
        else:
            self.tokenizer = AutoTokenizer.from_pretrained(self.out)
        self.model = build_model(arguments, self.tokenizer)
        if arguments.start is not None:
            self.model.load_state_dict(finished_weights(arguments))
        self.optimizers = build_optimizers(self.model, arguments)
        if kept is not None:
            self.model.load_state_dict(kept["model"])
            for optimizer, was in zip(self.optimizers, kept["optimizers"], strict=True):
                optimizer.load_state_dict(was)
            self.step, self.seen, self.seconds = kept["step"], kept["tokens"], kept["seconds"]

    @property
    def done(self) -> float:
        """The share of the run that is behind us."""
        if self.arguments.steps:
            return float(self.step / self.arguments.steps)
        return float(self.seconds / (60 * self.arguments.minutes))

    def run(self) -> None:
        """Train to the end."""
        arguments, step = self.arguments, self.step
        # A resumed run draws fresh documents: the stream is seeded by where it takes up.
        rng = Random(f"documents {arguments.seed} {step}")
        stream = batches(
            self.tokenizer,
            lambda: corpus.documents(self.parts, rng, early=self.done < arguments.early),
            arguments.batch_tokens,
            Random(f"order {arguments.seed} {step}"),
        )
        begun = saved = time.monotonic()
        begun -= self.seconds
        running = 0.0
        while self.done < 1:
            answers = self.train(next(stream))
            self.seconds = time.monotonic() - begun
            running = running * 0.98 + answers * 0.02 if running else answers
            if self.step % 100 == 0:
                speed = f"{self.seen / self.seconds:,.0f} tokens/s"
                print(f"{self.seconds:6.0f} s  step {self.step:6d}  answers {running:.3f}  {speed}")
            if self.step == self.arguments.until:
                self.save(unfinished=True)
                return
            if time.monotonic() - saved > SAVE_SECONDS:
                self.save(unfinished=True)
                saved = time.monotonic()
        self.save()

    def train(self, batch: Batch) -> float:
        """One step; returns the loss of the answers."""
        for group in (g for optimizer in self.optimizers for g in optimizer.param_groups):
            group["lr"] = rate_at(self.done, group["peak"])
        loss, answers = loss_of(self.model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.step, self.seen = self.step + 1, self.seen + int((batch[1] > 0).sum())
        return answers

    def save(self, unfinished: bool = False) -> None:
        """Write the model as Hugging Face files, how it was made, and what a resumption needs."""
        self.out.mkdir(parents=True, exist_ok=True)
        self.model.save_pretrained(self.out)
        self.tokenizer.save_pretrained(self.out)
        not_told = ("gsm8k", "out", "resume", "start", "until")
        made = {
            "weights": sum(p.numel() for p in self.model.parameters()),
            "steps": self.step,
            "tokens": self.seen,
            "seconds": round(self.seconds),
            "options": {k: v for k, v in vars(self.arguments).items() if k not in not_told},
            "torch": torch.__version__,
        }
        if self.before is not None:
            made["before"] = self.before
        (self.out / "made.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        state = self.out / "state.pt"
        if not unfinished:
            state.unlink(missing_ok=True)
            return
        torch.save(
            {
                "model": self.model.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "step": self.step,
                "tokens": self.seen,
                "seconds": self.seconds,
            },
            state,
        )


def main() -> None:
    arguments = read_arguments()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    making = Making(arguments)
    print(f"{sum(p.numel() for p in making.model.parameters()):,} weights")
    making.run()


if __name__ == "__main__":
    main()

"""Supervised fine-tuning through TRL, the same path for nano and for an 8 B model."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import torch
import transformers
from peft import LoraConfig
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

from coursewright.chat import layout
from coursewright.config import Recipe
from coursewright.errors import ConfigError, StageFailed

Say = Callable[[dict[str, Any]], None]

EVENTS = 200
"""At most about so many progress events a training."""


def choose_device(wanted: str) -> str:
    """The device for `cpu` or `auto`; also sets the threads of the CPU on purpose."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    datasets.disable_caching()
    return "cuda" if wanted == "auto" and torch.cuda.is_available() else "cpu"


def load_base(folder: str, dtype: str, device: str) -> tuple[Any, Any]:
    """A base model and its tokenizer from a local folder; no code of the folder is ever run."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, dtype), local_files_only=True, attn_implementation="sdpa"
        )
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(f"cannot load this model: {error}", file=folder) from error
    if tokenizer.chat_template is None:
        raise ConfigError("the tokenizer has no chat template", file=folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.to(device), tokenizer


def read_rows(file: str) -> list[dict[str, Any]]:
    """The rows of a data set as conversations: prompt and completion."""
    rows = []
    for line in Path(file).read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            asked = layout(row["instruction"], row.get("input", ""))
            rows.append(
                {
                    "prompt": [{"role": "user", "content": asked}],
                    "completion": [{"role": "assistant", "content": row["output"]}],
                }
            )
    return rows


def train(
    say: Say,
    device: str,
    *,
    base: str,
    base_name: str,
    rows: str,
    out: str,
    seed: int,
    recipe: dict[str, Any],
) -> dict[str, Any]:
    """Fine-tune `base` on the rows of a file and write the checkpoint to the folder `out`.

    Returns rows, steps, supervised tokens, mean loss of the last tenth of the steps, seconds.
    The same rows, recipe and seed give the same weights, byte for byte.
    """
    began = time.monotonic()
    how = Recipe.model_validate(recipe)
    conversations = read_rows(rows)
    if not conversations:
        raise StageFailed("the data set is empty")
    model, tokenizer = load_base(base, how.dtype, device)
    # LoRA's first weights are drawn while the trainer is built: seed before, not only inside.
    transformers.set_seed(seed, deterministic=device == "cpu")
    follower = _Follower(say)
    trainer = _Trainer(
        model=model,
        args=_arguments(how, len(conversations), device, seed, out),
        train_dataset=datasets.Dataset.from_list(conversations),
        processing_class=tokenizer,
        peft_config=_lora(how),
        callbacks=[follower],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    kept = trainer.train_dataset
    supervised = sum(label != -100 for labels in kept["labels"] for label in labels)
    if supervised == 0:
        raise StageFailed(f"no row leaves room for an answer within {how.max_length} tokens")
    trainer.train()
    if how.method == "lora":
        # The adapter names its base; a path of this machine has no place in an artifact.
        trainer.model.peft_config["default"].base_model_name_or_path = base_name
    trainer.model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    tail = follower.losses[-max(1, len(follower.losses) // 10) :]
    return {
        "rows": len(kept),
        "steps": trainer.state.global_step,
        "supervised_tokens": supervised,
        "loss": sum(tail) / len(tail),
        "seconds": time.monotonic() - began,
    }


def _lora(how: Recipe) -> LoraConfig | None:
    if how.method == "full":
        return None
    return LoraConfig(
        r=how.lora_rank,
        lora_alpha=how.lora_alpha,
        lora_dropout=how.lora_dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def _arguments(how: Recipe, rows: int, device: str, seed: int, out: str) -> SFTConfig:
    """Everything that matters is set here: the libraries' defaults have changed before."""
    steps = math.ceil(math.ceil(rows / how.batch) / how.accumulation) * how.epochs
    return SFTConfig(
        output_dir=out,
        per_device_train_batch_size=how.batch,
        gradient_accumulation_steps=how.accumulation,
        num_train_epochs=how.epochs,
        learning_rate=how.learning_rate,
        lr_scheduler_type=how.schedule,
        warmup_steps=round(how.warmup * steps),
        weight_decay=how.weight_decay,
        max_grad_norm=1.0,
        optim="adamw_torch_fused",
        bf16=how.dtype == "bfloat16" and device == "cuda",
        gradient_checkpointing=how.gradient_checkpointing,
        max_length=how.max_length,
        loss_type="nll",
        completion_only_loss=True,
        packing=False,
        train_sampling_strategy="group_by_length",
        seed=seed,
        data_seed=seed,
        use_cpu=device == "cpu",
        dataloader_num_workers=0,
        dataloader_pin_memory=device == "cuda",
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )


class _Trainer(SFTTrainer):  # type: ignore[misc]
    """TRL's trainer, with a loss for the CPU that costs what the responses cost.

    On a CPU, TRL 1.16 projects every token of every row on the vocabulary, through buffers made for
    big ones: a third of nano's training time. The value is the same: the mean negative
    log-likelihood of the supervised tokens.
    """

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        if inputs["input_ids"].device.type != "cpu" or return_outputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        targets = inputs["labels"][:, 1:]
        wanted = (targets != -100).any(dim=0).nonzero().flatten()
        # Rows are padded on the right and attention is causal: no supervised token could see the
        # padding, so no mask is built.
        logits = model(inputs["input_ids"], use_cache=False, logits_to_keep=wanted).logits
        targets = targets[:, wanted].flatten()
        total = cross_entropy(logits.flatten(0, 1).float(), targets, reduction="sum")
        count = (targets != -100).sum() if num_items_in_batch is None else num_items_in_batch
        return total / count


class _Follower(TrainerCallback):  # type: ignore[misc]
    """Tells the supervisor how far the training is."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.losses: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._say({"event": "progress", "done": 0, "total": state.max_steps, "loss": 0.0})

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))
            if state.global_step % max(1, state.max_steps // EVENTS) == 0:
                recent = self.losses[-10:]
                loss = sum(recent) / len(recent)
                self._say({"event": "progress", "done": state.global_step, "loss": loss})

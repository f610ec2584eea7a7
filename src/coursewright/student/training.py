"""Supervised fine-tuning through TRL, the same path for embedded models and for an 8 B model."""

from __future__ import annotations

import inspect
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import datasets
import torch
import transformers
from peft import LoraConfig, PeftModel
from torch.nn.functional import cross_entropy
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer

from coursewright.config import Recipe
from coursewright.errors import ConfigError, StageFailed
from coursewright.records import Preamble, TracedRow
from coursewright.student.hardware import Hardware, free, is_out_of_memory
from coursewright.student.loading import context_of, load_base
from coursewright.student.wording import Wording

Say = Callable[[dict[str, Any]], None]

EVENTS = 200
"""At most about so many progress events a training."""


def read_rows(file: str) -> list[TracedRow]:
    """The rows of a data set."""
    lines = Path(file).read_text(encoding="utf-8").split("\n")
    return [TracedRow.model_validate_json(line) for line in lines if line]


def tokenized(rows: Sequence[TracedRow], wording: Wording) -> datasets.Dataset:
    """The rows as TRL takes them when nothing is left for it to word: answers unmasked."""
    worded = [wording.row(row) for row in rows]
    return datasets.Dataset.from_dict(
        {"input_ids": [ids for ids, _ in worded], "completion_mask": [mask for _, mask in worded]}
    )


class Tuner:
    """Fine-tunes; remembers the batch that fits into memory, once the recipe's own did not."""

    def __init__(self) -> None:
        self._fitting: dict[str, Recipe] = {}

    def train(
        self,
        say: Say,
        hardware: Hardware,
        *,
        base: str,
        base_name: str,
        rows: str,
        out: str,
        seed: int,
        recipe: dict[str, Any],
        template_options: dict[str, Any],
        preamble: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Fine-tune `base` on the rows of a file and write the checkpoint to the folder `out`.

        `preamble` is what stands before every row, as it will before every question.

        Returns rows, steps, supervised tokens, mean loss of the last tenth of the steps, seconds,
        and the setup. The same rows, recipe and seed give the same weights, byte for byte.

        Raises:
            ConfigError: no model, or too little memory for a single row.
            StageFailed: the data set cannot be trained on.
        """
        began = time.monotonic()
        wanted = Recipe.model_validate(recipe)
        examples = read_rows(rows)
        if not examples:
            raise StageFailed("the data set is empty")
        given = _Given(examples, template_options, Preamble.model_validate(preamble or {}))
        case = json.dumps([base, recipe], sort_keys=True)
        how = self._fitting.get(case, suited(wanted, hardware))
        while True:
            try:
                done = _train(say, hardware, how, given, base, base_name, out, seed)
                break
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                less = lessened(how)
            # Outside of `except`: the error holds on to the tensors of its frames.
            free()
            if less is None:
                raise ConfigError(
                    "one row at a time does not fit into memory, not even with gradient "
                    "checkpointing; set a smaller recipe.max_length, method: lora, or a smaller "
                    "model",
                    field="student",
                )
            how = self._fitting[case] = less
            say({"event": "notice", "line": f"out of memory; {in_words(how)}"})
        template, length, native = (done.pop(name) for name in ("template", "length", "native"))
        notes = differences(wanted, how, hardware)
        if length < wanted.max_length:
            notes.append(f"rows cut at {length} tokens: the model's context holds no more")
        setup = {
            "device": hardware.device,
            "dtype": how.dtype,
            "batch": how.batch,
            "accumulation": how.accumulation,
            "gradient_checkpointing": how.gradient_checkpointing,
            "packing": how.packing,
            "template": template,
            "notes": notes,
        }
        if given.preamble:
            setup["preamble"] = given.preamble.model_dump(mode="json")
            setup["native"] = native
        return {**done, "seconds": time.monotonic() - began, "setup": setup}


@dataclass(frozen=True)
class _Given:
    """What is trained on, and how it is worded."""

    rows: Sequence[TracedRow]
    template_options: dict[str, Any]
    preamble: Preamble


def suited(wanted: Recipe, hardware: Hardware) -> Recipe:
    """The recipe as this hardware can carry it out."""
    dtype = hardware.dtype(wanted.dtype)
    # Rows laid end to end are kept apart by flash-attention's kernels alone.
    packing = wanted.packing and hardware.flash_attention and dtype != "float32"
    return wanted.model_copy(update={"dtype": dtype, "packing": packing})


def lessened(how: Recipe) -> Recipe | None:
    """The recipe with less in memory at once and steps of the same size; None if there is none."""
    if how.batch > 1:
        batch = next(part for part in range(how.batch // 2, 0, -1) if how.batch % part == 0)
        passes = how.accumulation * (how.batch // batch)
        return how.model_copy(update={"batch": batch, "accumulation": passes})
    if not how.gradient_checkpointing:
        return how.model_copy(update={"gradient_checkpointing": True})
    return None


def in_words(how: Recipe) -> str:
    """How rows go through memory."""
    text = f"training with {how.batch} rows at a time, {how.accumulation} times a step"
    return text + (", activations computed twice" if how.gradient_checkpointing else "")


def differences(wanted: Recipe, how: Recipe, hardware: Hardware) -> list[str]:
    """Where a training departed from its recipe, and why."""
    notes = []
    if how.dtype != wanted.dtype:
        notes.append(f"{how.dtype} instead of {wanted.dtype}: {hardware.device} is better at it")
    if wanted.packing and not how.packing:
        notes.append("rows padded, not packed: packing needs CUDA with flash-attention")
    if (how.batch, how.gradient_checkpointing) != (wanted.batch, wanted.gradient_checkpointing):
        notes.append(f"{wanted.batch} rows at a time did not fit into memory: {in_words(how)}")
    return notes


def _train(
    say: Say,
    hardware: Hardware,
    how: Recipe,
    given: _Given,
    base: str,
    base_name: str,
    out: str,
    seed: int,
) -> dict[str, Any]:
    """One training, from the first weights to the checkpoint on disk."""
    # Weights that are trained stay in float32 and are computed with in `dtype`: small updates
    # would vanish in half precision. Under LoRA those are the adapter's alone.
    kept_in = "float32" if how.method == "full" else how.dtype
    attention = "flash_attention_2" if how.packing else "sdpa"
    model, tokenizer, template = load_base(base, kept_in, hardware.device, attention)
    length = min(how.max_length, context_of(model) or how.max_length)
    # LoRA's first weights are drawn while the trainer is built: seed before, not only inside.
    transformers.set_seed(seed, deterministic=hardware.device == "cpu")
    follower = _Follower(say)
    wording = Wording(tokenizer, given.template_options, given.preamble)
    trainer = _Trainer(
        model=model,
        args=arguments(
            how.model_copy(update={"max_length": length}),
            len(given.rows),
            hardware.device,
            seed,
            out,
        ),
        train_dataset=tokenized(given.rows, wording),
        processing_class=tokenizer,
        peft_config=lora(how),
        callbacks=[follower],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    kept = trainer.train_dataset
    supervised = sum(label != -100 for labels in kept["labels"] for label in labels)
    if supervised == 0:
        raise StageFailed(f"no row leaves room for an answer within {length} tokens")
    trainer.train()
    if how.method == "lora":
        # The adapter names its base; a path of this machine has no place in an artifact.
        trainer.model.peft_config["default"].base_model_name_or_path = base_name
        # Embeddings are as they were: PEFT need not look for the base's to compare them.
        trainer.model.save_pretrained(out, save_embedding_layers=False)
    else:
        trainer.model.to(getattr(torch, how.dtype)).save_pretrained(out)
    tokenizer.save_pretrained(out)
    tail = follower.losses[-max(1, len(follower.losses) // 10) :]
    return {
        "rows": len(given.rows) if how.packing else len(kept),
        "steps": trainer.state.global_step,
        "supervised_tokens": supervised,
        "loss": sum(tail) / len(tail),
        "template": template,
        "length": length,
        "native": [part for part in ("system", "tools") if getattr(wording.manner, part)],
    }


def lora(how: Recipe) -> LoraConfig | None:
    """The adapter's settings; None for full fine-tuning."""
    if how.method == "full":
        return None
    return LoraConfig(
        r=how.lora_rank,
        lora_alpha=how.lora_alpha,
        lora_dropout=how.lora_dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def arguments(how: Recipe, rows: int, device: str, seed: int, out: str) -> SFTConfig:
    """Everything that matters is set here: the libraries' defaults have changed before."""
    steps = math.ceil(math.ceil(rows / how.batch) / how.accumulation) * how.epochs
    return SFTConfig(
        output_dir=out,
        per_device_train_batch_size=how.batch,
        gradient_accumulation_steps=how.accumulation,
        num_train_epochs=how.epochs,
        learning_rate=how.learning_rate,
        lr_scheduler_type=how.schedule,
        # Below 1 it is a share; how many steps packed rows make is not known before.
        warmup_steps=how.warmup if how.packing else round(how.warmup * steps),
        weight_decay=how.weight_decay,
        max_grad_norm=1.0,
        optim="adamw_torch_fused",
        bf16=how.dtype == "bfloat16",
        fp16=how.dtype == "float16",
        gradient_checkpointing=how.gradient_checkpointing,
        max_length=how.max_length,
        loss_type="nll",
        completion_only_loss=True,
        packing=how.packing,
        packing_strategy="bfd",
        train_sampling_strategy="random" if how.packing else "group_by_length",
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

    @cached_property
    def _can_keep_some_logits(self) -> bool:
        model = self.model.get_base_model() if isinstance(self.model, PeftModel) else self.model
        # TRL has wrapped the forward; the class still has the model's own.
        return "logits_to_keep" in inspect.signature(type(model).forward).parameters

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        ours = inputs["input_ids"].device.type == "cpu" and not return_outputs
        if not ours or self.aux_loss_enabled or not self._can_keep_some_logits:
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

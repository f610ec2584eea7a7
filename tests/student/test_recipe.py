"""The study's listing, from the configuration's defaults down to the libraries' arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers
from peft import get_peft_model
from pydantic import ValidationError

from coursewright.config import HuggingFaceStudent, Recipe, StudyRecipe
from coursewright.student.hardware import Hardware
from coursewright.student.training import arguments, differences, lessened, lora, suited

BIG_GPU = Hardware("cuda", bfloat16=True, flash_attention=True)
OLD_GPU = Hardware("cuda")
CPU = Hardware("cpu")


def test_the_default_of_a_hugging_face_student_is_the_studys_listing() -> None:
    assert HuggingFaceStudent(model="m").recipe.model_dump() == {
        "method": "lora",
        "learning_rate": 1e-4,
        "epochs": 3,
        "batch": 1,
        "accumulation": 8,
        "warmup": 0.1,
        "schedule": "cosine",
        "weight_decay": 0.0,
        "max_length": 2048,
        "lora_rank": 8,
        "lora_alpha": 16,
        "lora_dropout": 0.0,
        "dtype": "bfloat16",
        "gradient_checkpointing": False,
        "packing": False,
    }


def test_a_setting_of_a_file_leaves_the_rest_of_the_listing_alone() -> None:
    student = HuggingFaceStudent.model_validate({"model": "m", "recipe": {"epochs": 1}})
    assert student.recipe == StudyRecipe(epochs=1)
    assert student.recipe.method == "lora"


def test_the_listing_reaches_trainer_and_adapter_field_by_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.training_args.is_torch_bf16_gpu_available", lambda: True)
    how = suited(StudyRecipe(), BIG_GPU)
    given = arguments(how, rows=2000, device="cuda", seed=4, out=str(tmp_path))
    expected = {
        "optim": "adamw_torch_fused",
        "learning_rate": 1e-4,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 75,  # a tenth of 3 epochs of 250 steps
        "num_train_epochs": 3,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 8,
        "max_length": 2048,
        "bf16": True,
        "fp16": False,
        "weight_decay": 0.0,
        "packing": False,
        "gradient_checkpointing": False,
        "completion_only_loss": True,
        "seed": 4,
    }
    assert {name: getattr(given, name) for name in expected} == expected
    adapter = lora(how)
    assert adapter is not None
    assert (adapter.r, adapter.lora_alpha, adapter.lora_dropout) == (8, 16, 0.0)
    assert (adapter.target_modules, adapter.bias) == ("all-linear", "none")


def test_the_adapter_sits_on_all_linear_layers_of_a_llama_and_trains_in_float32() -> None:
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2,
    )  # fmt: skip
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    adapted = get_peft_model(model, lora(StudyRecipe()))
    trained = {name: p for name, p in adapted.named_parameters() if p.requires_grad}
    assert {name.split(".")[-4] for name in trained} == {
        *("q_proj", "k_proj", "v_proj", "o_proj"),
        *("gate_proj", "up_proj", "down_proj"),
    }
    assert {p.dtype for p in trained.values()} == {torch.float32}


@pytest.mark.parametrize(
    ("hardware", "wanted", "used"),
    [
        (BIG_GPU, "bfloat16", "bfloat16"),
        (OLD_GPU, "bfloat16", "float16"),
        (OLD_GPU, "float16", "float16"),
        (BIG_GPU, "float32", "float32"),
        (CPU, "bfloat16", "float32"),
        (CPU, "float16", "float32"),
    ],
)
def test_half_precision_is_used_where_it_is_fast(
    hardware: Hardware, wanted: str, used: str
) -> None:
    recipe = StudyRecipe.model_validate({"dtype": wanted})
    how = suited(recipe, hardware)
    assert how.dtype == used
    assert any(used in note for note in differences(recipe, how, hardware)) == (used != wanted)


def test_rows_are_packed_only_where_attention_keeps_them_apart() -> None:
    recipe = StudyRecipe(packing=True)
    assert suited(recipe, BIG_GPU).packing
    for poor in (OLD_GPU, CPU):
        how = suited(recipe, poor)
        assert not how.packing
        assert any("packing" in note for note in differences(recipe, how, poor))


def test_less_memory_leaves_the_size_of_a_step() -> None:
    how: Recipe | None = Recipe(batch=12, accumulation=2)
    seen = []
    while how is not None:
        seen.append((how.batch, how.accumulation, how.gradient_checkpointing))
        how = lessened(how)
    assert seen == [(12, 2, False), (6, 4, False), (3, 8, False), (1, 24, False), (1, 24, True)]


def test_a_dtype_nobody_has_is_refused() -> None:
    with pytest.raises(ValidationError):
        StudyRecipe.model_validate({"dtype": "int4"})

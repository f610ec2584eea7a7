"""The embedded checkpoints: what the package promises about their files and their tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from coursewright.student import EMBEDDED

EACH = pytest.mark.parametrize("folder", EMBEDDED.values(), ids=EMBEDDED)


@EACH
def test_the_files_are_small_and_carry_no_code(folder: Path) -> None:
    files = [f for f in folder.iterdir() if f.is_file()]
    assert sum(f.stat().st_size for f in files) < 8_000_000
    assert {f.suffix for f in files} <= {".json", ".md", ".jinja", ".safetensors"}


@EACH
def test_it_is_a_llama_of_half_a_million_to_three_million_weights(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    made = json.loads((folder / "made.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert 500_000 <= made["weights"] <= 3_000_000


def test_no_two_of_them_are_of_one_shape() -> None:
    shapes = [json.loads((folder / "config.json").read_text()) for folder in EMBEDDED.values()]
    kept = ("hidden_size", "num_hidden_layers", "intermediate_size")
    assert len({tuple(shape[key] for key in kept) for shape in shapes}) == len(shapes)


@EACH
def test_a_number_is_read_in_pairs_of_digits_from_the_right_wherever_it_stands(
    folder: Path,
) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in ("407", "x = 407", "[4, 407]", "a407b", "$407.5"):
        tokens = tokenizer.encode(text, add_special_tokens=False).tokens
        digits = [t for t in tokens if any(c.isdigit() for c in t)]
        assert "4 07" in " ".join(digits)
        assert all(t.isdigit() and len(t) <= 2 for t in digits)


@EACH
def test_any_text_survives_the_tokenizer(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for text in ("def f(x):\n    return [x * 2]", "76 - 25", "naïve café, 東京 🙂", "a  b\n\n c"):
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text

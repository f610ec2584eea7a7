"""The embedded checkpoint: what the package promises about its files and its tokenizer."""

from __future__ import annotations

import json

from tokenizers import Tokenizer

from coursewright.student import EMBEDDED


def test_the_files_are_small_and_carry_no_code() -> None:
    files = [f for f in EMBEDDED["nano"].iterdir() if f.is_file()]
    assert sum(f.stat().st_size for f in files) < 8_000_000
    assert {f.suffix for f in files} <= {".json", ".md", ".jinja", ".safetensors"}


def test_it_is_a_llama_of_half_a_million_to_three_million_weights() -> None:
    config = json.loads((EMBEDDED["nano"] / "config.json").read_text())
    made = json.loads((EMBEDDED["nano"] / "made.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert 500_000 <= made["weights"] <= 3_000_000


def test_a_number_is_read_in_pairs_of_digits_from_the_right_wherever_it_stands() -> None:
    tokenizer = Tokenizer.from_file(str(EMBEDDED["nano"] / "tokenizer.json"))
    for text in ("407", "x = 407", "[4, 407]", "a407b", "$407.5"):
        tokens = tokenizer.encode(text, add_special_tokens=False).tokens
        digits = [t for t in tokens if any(c.isdigit() for c in t)]
        assert "4 07" in " ".join(digits)
        assert all(t.isdigit() and len(t) <= 2 for t in digits)


def test_any_text_survives_the_tokenizer() -> None:
    tokenizer = Tokenizer.from_file(str(EMBEDDED["nano"] / "tokenizer.json"))
    for text in ("def f(x):\n    return [x * 2]", "76 - 25", "naïve café, 東京 🙂", "a  b\n\n c"):
        assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False).ids) == text

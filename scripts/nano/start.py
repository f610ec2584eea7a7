"""First weights that already hold what every small reader has to find: numbers and copying.

Random weights spend most of a short training on two discoveries. Both are known, so they are
written in: number tokens begin as waves of several periods (sums are then rotations; the same
structure that Nanda et al. 2023 found in trained models), and the first two layers begin with a
head that looks one token back and heads that look for what followed the last time (induction,
Olsson et al. 2022). Training is free to change all of it.
"""

from __future__ import annotations

import math

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

PERIODS = (2, 5, 10, 20, 50, 100, 200, 400)
"""Of the waves that number tokens begin with."""
CONSTANT = 8.0
"""The last dimension of every embedding, in units of the others' deviation: a bias to attend by."""
SLOW = 7
"""Rotary pairs from this one on turn so slowly that they can compare contents at a distance."""


def number_waves(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Write waves of a number's value into the embeddings of number tokens."""
    weights = model.model.embed_tokens.weight
    deviation = float(weights.std())
    for token, i in tokenizer.get_vocab().items():
        if token.isascii() and token.isdigit():
            n = int(token)
            waves = [f(2 * math.pi * n / p) for p in PERIODS for f in (math.cos, math.sin)]
            weights[i, : len(waves)] = 2.0 * deviation * torch.tensor(waves)
            weights[i, len(waves)] = 2.0 * deviation
    weights[:, -1] = CONSTANT * deviation


def copying_heads(model: LlamaForCausalLM) -> None:
    """Write a previous-token head into layer 0 and two induction heads into layer 1."""
    config = model.config
    size, width = config.hidden_size, config.hidden_size // config.num_attention_heads
    pairs = width // 2
    basis = torch.linalg.qr(torch.randn(size - 1, size - 1))[0]
    basis = torch.cat([basis, torch.zeros(size - 1, 1)], dim=1)  # blind to the constant
    seen, noted = basis[:width], basis[width : 2 * width]
    back, match = (model.model.layers[i].self_attn for i in (0, 1))
    turn = 1.0 / config.rope_parameters["rope_theta"] ** (torch.arange(pairs) / pairs)
    # Layer 0, head 0: the query is turned back by one position, so it fits the key before it.
    query, key = torch.zeros(width, size), torch.zeros(width, size)
    fast = torch.arange(SLOW)
    key[fast, -1] = 0.8
    query[fast, -1] = 0.8 * torch.cos(turn[fast])
    query[fast + pairs, -1] = -0.8 * torch.sin(turn[fast])
    back.q_proj.weight[:width], back.k_proj.weight[:width] = query, key
    back.v_proj.weight[:width] = seen
    back.o_proj.weight[:, :width] = noted.T * float(model.model.embed_tokens.weight.std())
    # Layer 1, heads 0 and 1: what I am now is sought among what stood before each position.
    slow = torch.cat([torch.arange(SLOW, pairs), torch.arange(SLOW, pairs) + pairs])
    for head in (0, 1):
        rows = slice(head * width, (head + 1) * width)
        chosen = torch.randperm(width)[: len(slow)]
        query, key = torch.zeros(width, size), torch.zeros(width, size)
        query[slow], key[slow] = 2.2 * seen[chosen], 2.2 * noted[chosen]
        match.q_proj.weight[rows], match.k_proj.weight[rows] = query, key
        copied = basis[(2 + head) % (size // width - 1) * width :][:width]
        match.v_proj.weight[rows] = copied
        match.o_proj.weight[:, rows] = 3.0 * copied.T * float(model.model.embed_tokens.weight.std())


@torch.no_grad()
def prepare(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Write both into fresh random weights; all other branches begin by adding nothing."""
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    number_waves(model, tokenizer)
    copying_heads(model)

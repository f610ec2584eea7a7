"""The tokenizer: byte-level BPE in which every digit stands alone, and the chat template."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"

CHAT_TEMPLATE = (
    # It was taught two roles; what else there is has to be said in the user's turn.
    "{% for m in messages %}"
    "{% if m.role not in ('user', 'assistant') %}"
    "{{ raise_exception('the roles are user and assistant') }}"
    "{% endif %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

# A sign takes the spaces around it along when a digit follows (" * ", ", "): a sum of two
# two-digit numbers is then seven tokens long, and a number looks the same wherever it stands.
_PIECES = Regex(
    r"\d{1,2}(?=(?:\d\d)*(?!\d))| ?[A-Za-z]+|\n *| ?[^\sA-Za-z\d]+ ?(?=\d)| ?[^\sA-Za-z\d]+|\s+"
)


def train_tokenizer(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """Learn a vocabulary of `size` entries from texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_PIECES, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, USER, ASSISTANT, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    numbers = (
        str(n) for _ in range(2000) for n in [*range(10, 100), "00 01 02 03 04 05 06 07 08 09"]
    )
    tokenizer.train_from_iterator(chain(numbers, texts), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT],
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast

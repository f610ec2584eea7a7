"""A finished run becomes two folders for the world: the model and its data set, with their cards.

    model/      README.md (model card), weights, tokenizer with chat template, lineage.json
    dataset/    README.md (data card), alpaca/ and messages/ as Parquet and JSONL, lineage.json

They have the shape of Hugging Face repositories and are read by plain `transformers`, `peft` and
`datasets`; nothing in them names this machine.
"""

from coursewright.export.exporting import Exported, export_run

__all__ = ["Exported", "export_run"]

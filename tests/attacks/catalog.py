"""The attacks, by name: hostile programs and hostile submissions, and how each must end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class End:
    """How the round of a hostile program ends, truly told."""

    status: str = "invalid"
    execution: str | None = "ok"
    """None: there is no record of an end, since the program ended itself as if from outside."""
    reason: str = ""
    """What the record says of it, where a cap was hit."""


@dataclass(frozen=True)
class Refusal:
    """What a hostile submission is refused with."""

    words: str = "no submission.json"
    """In the error of the file, or the reason of the row."""
    walls: bool = False
    """Whether the walls of the program have a say in it, so that both levels are tried."""


PROGRAMS: dict[str, End] = {
    "scan": End(),
    "network": End(),
    "racing_calls": End(),
    "replayed_keys": End(),
    "forged_identity": End(),
    "late_daemon": End(),
    "fork_bomb": End("failed", "killed", "more than 24 processes"),
    "memory_bomb": End("failed", "killed", "more than 384 MiB of memory"),
    "million_files": End("failed", "killed", "more than 300 files"),
    "unnamed_files": End("failed", "killed", "more than 24 MiB of files"),
    "output_flood": End("failed", "killed", "more than 64 MiB of output"),
    "forged_scores": End(),
    "suicide": End("failed", None),
    "meddling": End(),
    "poisoned_caches": End(),
    "next_attempt": End("scored"),
    "wrong_clocks": End("scored"),
    "asking_the_exam": End(),
    "copies_tenfold": End("scored"),
    "lookup_table": End(),
}

SUBMISSIONS: dict[str, Refusal] = {
    "symlink": Refusal("symbolic link", walls=True),
    "hard_link": Refusal("hard link", walls=True),
    "fifo": Refusal(walls=True),
    "socket": Refusal(walls=True),
    "device": Refusal(walls=True),
    "device_link": Refusal("symbolic link", walls=True),
    "folder": Refusal("folder", walls=True),
    "closed": Refusal("1 usable rows", walls=True),
    "sparse_2_gb": Refusal("not closed", walls=True),
    "huge_line": Refusal("in the middle of row 1", walls=True),
    "nan": Refusal("NaN or Infinity"),
    "infinite": Refusal("number out of range"),
    "deep": Refusal("nested too deeply"),
    "deep_row": Refusal("nested too deeply"),
    "long_integer": Refusal("row too long"),
    "duplicate_keys": Refusal("duplicate key"),
    "surrogate": Refusal("lone surrogate"),
    "raw_surrogate": Refusal("not UTF-8"),
    "nul": Refusal("NUL"),
    "escaped_nul": Refusal("NUL"),
    "utf_16": Refusal("UTF-16"),
    "byte_order_mark": Refusal("byte-order mark"),
    "truncated": Refusal("in the middle of row 2"),
    "empty": Refusal("empty"),
    "path_as_id": Refusal("1 usable rows"),
    "path_as_field": Refusal("unknown field"),
    "pickle": Refusal("neither"),
    "pickle_in_json": Refusal("unknown field"),
    "template_key": Refusal("unknown field"),
    "control_token": Refusal("special token"),
    "forged_note": Refusal("NUL"),
}

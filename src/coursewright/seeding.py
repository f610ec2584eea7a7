"""The harness owns every seed: all randomness of a run is derived here from its one seed."""

from __future__ import annotations

import hashlib


def derive(seed: int, *labels: str | int) -> int:
    """Return a 31-bit seed for the purpose named by `labels`, independent for each purpose."""
    text = "\x1f".join([str(seed), *map(str, labels)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & 0x7FFF_FFFF

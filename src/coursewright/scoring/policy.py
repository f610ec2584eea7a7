"""The two ways to read a benchmark's rule."""

from typing import Literal

Policy = Literal["repaired", "official"]
"""`official` scores as the benchmark's authors do, faults included, so that numbers compare with
published ones. `repaired` (the default) reads golds and answers by their meaning: every gold
accepts itself."""

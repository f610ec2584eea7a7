"""Task folders out of a data set's own files, by a mapping in YAML.

    build_task("banking77", Path("downloads/banking77"), Path("my-task"), {})
    build_task("my-mapping.yaml", Path("data.csv"), Path("my-task"), {"seed": "3"})

The parts, in the order of the data: `files` finds, `reading` parses, `items` maps, `grouping`
keeps together, `splitting` divides, `writing` writes. `docs/benchmarks.md` explains mappings.
"""

from coursewright.tasks.builders.build import Built, build_task
from coursewright.tasks.builders.mapping import shipped_builders

__all__ = ["Built", "build_task", "shipped_builders"]

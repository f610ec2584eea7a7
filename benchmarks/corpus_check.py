"""CPU time of a corpus: documents read, held against the splits, indexed, searched.

    python -m benchmarks.corpus_check [--megabytes 16] [--items 2000]

Words are drawn from a fixed vocabulary by their rank, so that common ones are common.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from pathlib import Path

from coursewright.records import Item
from coursewright.sandbox import CORPUS_INDEX, coursewright_corpus, write_index
from coursewright.tasks.corpus import leaks, read_documents


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=16)
    parser.add_argument("--items", type=int, default=2000)
    wanted = parser.parse_args()
    rng = random.Random(0)
    vocabulary = [
        "".join(rng.choices("abcdefghiklmnorstu", k=rng.randint(2, 9))) for _ in range(30_000)
    ]
    weights = [1 / rank for rank in range(1, len(vocabulary) + 1)]

    def text(words: int) -> str:
        return " ".join(rng.choices(vocabulary, weights, k=words))

    items = [
        Item(id=str(n), question=text(18), answer=text(2), context=text(80) if n % 2 else None)
        for n in range(wanted.items)
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "corpus"
        folder.mkdir()
        for number in range(wanted.megabytes):
            paragraphs = []
            size = 0
            while size < 2**20:
                paragraphs.append(text(90))
                size += len(paragraphs[-1]) + 2
            (folder / f"{number}.txt").write_text("\n\n".join(paragraphs))
        (folder / "leak.txt").write_text(items[0].question)
        began = time.process_time()
        documents = read_documents(folder)
        read = time.process_time()
        found = list(leaks(documents.passages, items))
        held = time.process_time()
        write_index(documents.passages, Path(place) / CORPUS_INDEX)
        indexed = time.process_time()
        os.environ["COURSEWRIGHT_DATA"] = place
        for item in items[:100]:
            coursewright_corpus.search_corpus(item.question)
        searched = time.process_time()
        index_bytes = (Path(place) / CORPUS_INDEX).stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = (
        f"{documents.size / 2**20:.0f} MiB, {len(documents.passages):,} passages, "
        f"{len(items):,} items",
        f"read {read - began:.1f} s",
        f"held against the splits {held - read:.1f} s ({len(found)} leak found)",
        f"indexed {indexed - held:.1f} s ({index_bytes / 2**20:.0f} MiB)",
        f"a search {(searched - indexed) * 10:.1f} ms",
        f"peak {peak:.0f} MiB",
    )
    print("; ".join(told))


if __name__ == "__main__":
    main()

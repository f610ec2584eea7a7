"""Write the probes of the built-in tasks, byte for byte the same every time.

    python scripts/make_probes.py [--out DIR] [NAME ...]

They are made from the private items of the package, which `make_tasks.py` writes first:

    renumbered  of a generated task, new draws of the same skill in the same phrasing; of
                `word-problems`, the problems themselves with other numbers
    rephrased   the same draws in another phrasing; the problems told otherwise
    sibling     neighbouring skills; stories of the `words` family
    abilities   what the embedded students met of the other families before any course
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from coursewright.families import Sample, load_family
from coursewright.families.drawing import FAMILY_OF
from coursewright.families.past import KNOWN, draw_known
from coursewright.similarity import normalised
from make_tasks import BUILTIN, HELDOUT
from probes import minis, words
from probes.siblings import SIBLINGS

SEEDS = {"science-mini": 11, "code-mini": 12, "finance-mini": 13}
"""Those of `make_tasks.py`, from which the private items were drawn."""
ABILITIES = 50
"""Items of each other family in the panel."""

Line = dict[str, Any]
Files = dict[str, list[Line]]


def gold(family: str, sample: Sample) -> object:
    """The answer as the scorer of the family's task takes it."""
    return sample.answer if family == "code" else int(sample.answer)


def probes(task: str) -> Files:
    """All probe files of one task, by name."""
    taken = {
        normalised(f"{line.get('context', '')}\n{line['question']}")
        for split in ("visible", "scored", "private", "seeds")
        for line in read(BUILTIN / task / f"{split}.jsonl")
    }
    files = word_twins(taken) if task == "word-problems" else mini_twins(task, taken)
    own = FAMILY_OF[task]
    for family in KNOWN:
        if family != own:
            rng = Random(f"probes/{task}/abilities/{family}")
            samples = draw_known(family, ABILITIES, rng)
            files[f"abilities-{family}"] = [item(family, sample) for sample in samples]
    for name, lines in files.items():
        for number, line in enumerate(lines, 1):
            line["id"] = f"{task}-{name}-{number:04d}"
    return files


def mini_twins(task: str, taken: set[str]) -> Files:
    """Twins of a generated task's private items, and its sibling."""
    family, rng = load_family(FAMILY_OF[task]), Random(f"probes/{task}")
    private = read(BUILTIN / task / "private.jsonl")
    files: Files = {"renumbered": [], "rephrased": []}
    found = minis.sources(family, private, SEEDS[task], HELDOUT["private"])
    for number, source in enumerate(found):
        about = {"group": source.line["id"]}
        again = minis.renumbered(source, taken, rng)
        files["renumbered"].append(item(family.name, again) | about)
        other = minis.rephrased(source, number, taken, rng)
        files["rephrased"].append(item(family.name, other) | about)
    neighbours = minis.siblings(SIBLINGS[family.name], taken, rng)
    files["sibling"] = [item(family.name, sample) for sample in neighbours]
    return files


def word_twins(taken: set[str]) -> Files:
    """Twins of SVAMP's private problems, and stories as their sibling."""
    rng = Random("probes/word-problems")
    files: Files = {"renumbered": [], "rephrased": []}
    for line in words.probed(read(BUILTIN / "word-problems" / "private.jsonl")):
        for name, twin in (("renumbered", words.renumbered), ("rephrased", words.rephrased)):
            made = twin(line, rng)
            assert made is not None
            meta = {"source": line["meta"]["source"]}
            files[name].append(
                made | {"group": line["group"], "topic": line["topic"], "meta": meta}
            )
    family = load_family("words")
    stories = minis.siblings(family.skills, taken, rng)
    files["sibling"] = [item("words", sample) for sample in stories]
    return files


def item(family: str, sample: Sample) -> Line:
    """A drawn question as an item."""
    line: Line = {"question": sample.question, "answer": gold(family, sample)}
    if sample.context:
        line["context"] = sample.context
    return line | {"topic": sample.skill, "meta": {"phrasing": sample.phrasing}}


def read(path: Path) -> list[Line]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(folder: Path, files: Files) -> None:
    """One JSON object a line, keys in reading order."""
    folder.mkdir(parents=True, exist_ok=True)
    order = ("id", "topic", "group", "context", "question", "answer", "meta")
    for name, lines in files.items():
        ordered = [{key: line[key] for key in order if key in line} for line in lines]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in ordered)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[[], *FAMILY_OF], help="default: all")
    parser.add_argument("--out", type=Path, default=BUILTIN, help="default: the package")
    options = parser.parse_args(None if arguments is None else list(arguments))
    for name in options.names or FAMILY_OF:
        files = probes(name)
        write(options.out / name / "probes", files)
        print(f"{name}: {', '.join(f'{probe} {len(lines)}' for probe, lines in files.items())}")


if __name__ == "__main__":
    main()

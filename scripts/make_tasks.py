"""Write the built-in task folders, byte for byte the same every time.

    python scripts/make_tasks.py [--out DIR] [NAME ...]

The mini tasks come from the generated families, `word-problems` from `scripts/sources`. The texts
that a person wrote (task.yaml, description.md, sample_submission.json, notices) are not touched:
only the item files are written.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

from coursewright.families import Family, Sample, Skill, load_family
from coursewright.similarity import normalised
from word_problems import read_seeds, split_svamp

ROOT = Path(__file__).resolve().parent
BUILTIN = ROOT.parent / "src" / "coursewright" / "tasks" / "builtin"

PER_SKILL = {"visible": 11, "scored": 22, "private": 97}
"""Items of each skill in each split of a mini task."""
HELDOUT = {"visible": 0, "scored": 4, "private": 18}
"""How many of them stand in phrasings that only the test has; the agent must not see one."""
SEEDS_PER_SKILL = 24
MARK = {"visible": "v", "scored": "s", "private": "p", "seeds": "seed"}

Line = dict[str, object]
Splits = dict[str, list[Line]]


def mini(task: str, family: Family, seed: int, answer: Callable[[Sample], object]) -> Splits:
    """All files of a generated task: balanced over skills, no question twice."""
    seen: set[str] = set()
    files: Splits = {}
    for split, count in PER_SKILL.items():
        samples = [
            (skill, sample)
            for skill in family.skills
            for sample in _draw(
                skill, split, count, HELDOUT[split], Random(f"{seed}/{split}/{skill.name}"), seen
            )
        ]
        Random(f"{seed}/{split}").shuffle(samples)
        files[split] = [
            _item(task, split, number, skill, sample) | {"answer": answer(sample)}
            for number, (skill, sample) in enumerate(samples, 1)
        ]
    raw = [
        (skill, sample)
        for skill in family.skills
        for sample in _draw(
            skill, "seeds", SEEDS_PER_SKILL, 0, Random(f"{seed}/seeds/{skill.name}"), seen
        )
    ]
    Random(f"{seed}/seeds").shuffle(raw)
    files["seeds"] = [
        _item(task, "seeds", number, skill, sample) for number, (skill, sample) in enumerate(raw, 1)
    ]
    return files


def _draw(
    skill: Skill, split: str, count: int, heldout: int, rng: Random, seen: set[str]
) -> Iterator[Sample]:
    """``count`` samples unlike any in ``seen``, the last ``heldout`` in test-only phrasings."""
    for number in range(count):
        last = number - (count - heldout)
        pool, at = (skill.heldout, last) if last >= 0 else (skill.phrasings, number)
        sample = skill.sample(rng, pool[at % len(pool)])
        while (key := normalised(f"{sample.context}\n{sample.question}")) in seen:
            sample = skill.sample(rng, pool[at % len(pool)])
        seen.add(key)
        yield sample


def _item(task: str, split: str, number: int, skill: Skill, sample: Sample) -> Line:
    line: Line = {"id": f"{task}-{MARK[split]}-{number:04d}", "question": sample.question}
    if sample.context:
        line["context"] = sample.context
    meta: dict[str, object] = {"phrasing": sample.phrasing}
    if sample.phrasing in skill.heldout:
        meta["heldout"] = True
    return line | {"topic": skill.name, "meta": meta}


def word_problems() -> Splits:
    """SVAMP by groups, seeds from GSM8K."""
    files: Splits = dict(split_svamp(ROOT / "sources" / "svamp" / "SVAMP.json"))
    files["seeds"] = read_seeds(ROOT / "sources" / "gsm8k" / "questions.jsonl")
    return files


MAKERS: dict[str, Callable[[], Splits]] = {
    "science-mini": lambda: mini(
        "science-mini", load_family("science"), 11, lambda s: int(s.answer)
    ),
    "code-mini": lambda: mini("code-mini", load_family("code"), 12, lambda s: s.answer),
    "finance-mini": lambda: mini(
        "finance-mini", load_family("finance"), 13, lambda s: int(s.answer)
    ),
    "word-problems": word_problems,
}


def write(folder: Path, files: Splits) -> None:
    """One JSON object a line, keys in reading order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        text = "".join(json.dumps(_ordered(line), ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def _ordered(line: Line) -> Line:
    order = ("id", "topic", "group", "context", "question", "answer", "meta")
    return {key: line[key] for key in order if key in line}


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[[], *MAKERS], help="default: all")
    parser.add_argument("--out", type=Path, default=BUILTIN, help="default: the package")
    options = parser.parse_args(None if arguments is None else list(arguments))
    for name in options.names or MAKERS:
        files = MAKERS[name]()
        write(options.out / name, files)
        sizes = ", ".join(f"{split} {len(lines)}" for split, lines in files.items())
        print(f"{name}: {sizes}")


if __name__ == "__main__":
    main()

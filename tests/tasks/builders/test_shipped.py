"""Every shipped builder, on a few real records or on invented ones of the same schema."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coursewright.tasks import build_task, check_task, shipped_builders
from tests.tasks.builders import invented

DATA = Path(__file__).parent / "data"
REAL: dict[str, tuple[str, dict[str, str]]] = {
    "banking77": ("classification", {}),
    "cruxeval": ("cruxeval", {}),
    "gsm8k": ("numeric_qa", {}),
    "svamp": ("numeric_qa", {"variant": "svamp"}),
    "mbpp": ("mbpp_top", {}),
}
INVENTED: dict[str, tuple[str, dict[str, str], Callable[[Path], None]]] = {
    "scibench": ("scibench", {}, invented.scibench),
    "lcb_top": ("lcb_top", {}, invented.lcb_top),
    "financereasoning": ("financereasoning", {}, invented.financereasoning),
    "tatqa": ("tatqa", {}, invented.tatqa),
    "aqua": ("multiple_choice", {}, invented.aqua),
    "mmlu": ("multiple_choice", {"variant": "mmlu"}, invented.mmlu),
    "bbh": ("multiple_choice", {"variant": "bbh"}, invented.bbh),
    "bbh_text": ("multiple_choice", {"variant": "bbh_text"}, invented.bbh),
    "nlupp": ("spans", {}, invented.nlupp),
    "restaurant8k": ("spans", {"variant": "restaurant8k"}, invented.restaurant8k),
    "intents": ("label_set", {}, invented.nlupp),
    "sql": ("text_to_sql", {}, invented.text_to_sql),
}


def source_of(name: str, place: Path) -> tuple[str, dict[str, str], Path]:
    if name in REAL:
        builder, options = REAL[name]
        return builder, options, DATA / name
    builder, options, write = INVENTED[name]
    write(place)
    return builder, options, place


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", [*REAL, *INVENTED])
def test_a_builder_builds_a_folder_that_passes_its_check(name, tmp_path):
    builder, options, source = source_of(name, tmp_path / "data")
    built = build_task(builder, source, tmp_path / "task", options)
    assert check_task(str(tmp_path / "task")) == []
    manifest = json.loads((tmp_path / "task" / "manifest.json").read_text())
    assert {split: len(part["ids"]) for split, part in manifest["splits"].items()} == {
        split: built.splits[split] for split in ("visible", "scored", "private")
    }
    assert "the scorer rejects this gold answer" not in built.dropped
    total = sum(built.splits[split] for split in ("visible", "scored", "private"))
    assert 0.6 <= built.splits["private"] / total <= 0.9
    assert all(len(source["sha256"]) == 64 for source in manifest["sources"])


def test_no_builder_is_left_out():
    tried = {builder for builder, *_ in [*REAL.values(), *INVENTED.values()]}
    assert tried == set(shipped_builders()) - {"generic"}


@pytest.mark.parametrize("name", ["svamp", "sql"])
def test_the_same_files_give_the_same_bytes_and_another_seed_others(name, tmp_path):
    builder, options, source = source_of(name, tmp_path / "data")
    for folder, seed in (("one", "0"), ("two", "0"), ("other", "1")):
        build_task(builder, source, tmp_path / folder, {**options, "seed": seed})
    one, two, other = (
        {path.name: path.read_bytes() for path in sorted((tmp_path / folder).iterdir())}
        for folder in ("one", "two", "other")
    )
    assert one == two
    assert one["private.jsonl"] != other["private.jsonl"]


def test_official_scibench_lists_exactly_the_golds_no_answer_can_match(tmp_path):
    invented.scibench(tmp_path / "data")
    build_task("scibench", tmp_path / "data", tmp_path / "task", {"policy": "official"})
    assert check_task(str(tmp_path / "task")) == []
    spec = (tmp_path / "task" / "task.yaml").read_text()
    golds = [
        item
        for split in ("visible", "scored", "private")
        for item in lines(tmp_path / "task" / f"{split}.jsonl")
        if item["answer"]["number"] in ("1,250", "−5")
    ]
    assert golds
    assert all(f"- {item['id']}" in spec for item in golds)
    assert spec.count("- atkins:") + spec.count("- stat:") == len(golds)


def test_questions_on_one_table_stay_together(tmp_path):
    invented.tatqa(tmp_path / "data")
    build_task("tatqa", tmp_path / "data", tmp_path / "task", {})
    homes: dict[str, set[str]] = {}
    for split in ("visible", "scored", "private"):
        for item in lines(tmp_path / "task" / f"{split}.jsonl"):
            homes.setdefault(item["context"], set()).add(split)
    assert all(len(splits) == 1 for splits in homes.values())


def test_queries_that_find_nothing_or_write_are_dropped_and_said(tmp_path):
    invented.text_to_sql(tmp_path / "data")
    built = build_task("text_to_sql", tmp_path / "data", tmp_path / "task", {})
    assert built.dropped["the query returns nothing"] == 1
    assert built.dropped["the source excludes this sentence"] == invented.N
    assert built.dropped["the query fails, takes too long or returns too much"] == 1


def test_seeds_hold_no_answer_and_no_exam_question(tmp_path):
    build_task("classification", DATA / "banking77", tmp_path / "task", {})
    seeds = lines(tmp_path / "task" / "seeds.jsonl")
    assert seeds
    assert not {"answer", "group", "meta"} & {key for seed in seeds for key in seed}


def test_sizes_can_be_asked_for(tmp_path):
    options = {"private": "10", "scored": "5", "visible": "3", "most": "20"}
    built = build_task("cruxeval", DATA / "cruxeval", tmp_path / "task", options)
    assert built.splits == {"visible": 3, "scored": 5, "private": 10}

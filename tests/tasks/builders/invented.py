"""Invented records, true to the schemas of sets whose texts are not shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_THINGS = [
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "ivory", "jade"),
    *("kelp", "larch", "maple", "nectar", "olive", "pearl", "quartz", "river", "slate", "tulip"),
    *("umber", "violet", "willow", "yarrow", "zinnia", "bronze", "copper", "cobalt", "nickel"),
]
N = 24


def prose(number: int) -> str:
    """A sentence that shares few words with that of any other number."""
    words = [_THINGS[(number * step + step * step) % len(_THINGS)] for step in range(1, 12)]
    return f"Note {number} on " + " ".join(f"{word}{number}" for word in words)


def write(folder: Path, name: str, value: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


def scibench(folder: Path) -> None:
    units = ["$\\mathrm{atm}$", " ", "$10^{-3} \\mathrm{kg}$", "$\\mathrm{~kJ}$"]
    for book in ("atkins", "stat"):
        records = [
            {
                "problem_text": f"{prose(n)} in {book}. How much is it?",
                "answer_latex": f" {n}.5",
                "answer_number": "1,250" if n == 3 else "−5" if n == 4 else f"{n}.5",
                "unit": units[n % 4],
                "source": book,
                "problemid": f" {n}.{n}(a)",
                "comment": " ",
            }
            for n in range(N)
        ]
        write(folder, f"{book}.json", records)


def lcb_top(folder: Path) -> None:
    lines = []
    for n in range(N * 2):
        case = {"input": f'[{n}, 2]\n"ab"', "output": "true" if n % 2 else f"[{n}]"}
        record = {
            "question_title": f"t{n // 2}",
            "question_content": f"{prose(n // 2)}. Return what is asked.",
            "question_id": str(n // 2),
            "contest_id": "c",
            "contest_date": "2024-01-01",
            "difficulty": ("easy", "hard")[n // 2 % 2],
            "test": json.dumps([{**case, "testtype": "functional"}]),
            "starter_code": "class Solution:\n    def answer(self, xs, s):\n        ",
            "function_name": "answer",
            "test_id": n % 2,
        }
        lines.append(json.dumps(record))
    write(folder, "test.jsonl", "\n".join(lines))


def financereasoning(folder: Path) -> None:
    records = [
        {
            "question": f"{prose(n)}. What is the value? Answer to the nearest dollar.",
            "context": f"{prose(n // 2 + 500)}. {prose(n // 2 + 900)}." * 2 if n % 4 < 2 else "",
            "ground_truth": n % 3 == 0 if n % 8 == 7 else 10.5 * n + 1,
            "source": f"FinCode-test-{n}",
            "python_solution": "1",
            "question_id": f"test-{n}",
            "level": "easy",
        }
        for n in range(N * 2)
    ]
    write(folder, "data/easy.json", records)


def tatqa(folder: Path) -> None:
    kinds = ["span", "multi-span", "arithmetic", "count"]
    answers: list[Any] = [["2019"], ["Other", "Fixed Price"], -22.22, "2"]
    records = []
    for n in range(N):
        rows = [["", "", "2019"], ["Other", "", f"$ {n}.1"], ["Fixed", "", "(12)"]]
        questions = [
            {
                "uid": f"q{n}-{k}",
                "order": k,
                "question": f"{prose(n)} as {kind}?",
                "answer": answers[k],
                "derivation": "",
                "answer_type": kind,
                "scale": "percent" if kind == "arithmetic" else "",
            }
            for k, kind in enumerate(kinds)
        ]
        texts = [{"uid": f"p{n}", "order": 1, "text": prose(n + 100)}]
        table = {"uid": f"t{n}", "table": rows}
        records.append({"table": table, "paragraphs": texts, "questions": questions})
    write(folder, "tatqa_dataset_dev.json", records)


def aqua(folder: Path) -> None:
    options = ["A)1", "B)2", "C)3", "D)4", "E)None of these"]
    lines = [
        {
            "question": f"{prose(n)}?",
            "options": options,
            "rationale": "r",
            "correct": "ABCDE"[n % 5],
        }
        for n in range(N)
    ]
    write(folder, "AQuA.json", "\n".join(map(json.dumps, lines)))


def mmlu(folder: Path) -> None:
    for subject in ("abstract_algebra", "virology"):
        lines = [
            f'"{prose(n)} of {subject}?",one,"two, or",three,four,{"ABCD"[n % 4]}' for n in range(N)
        ]
        write(folder, f"test/{subject}_test.csv", "\n".join(lines) + "\n")
        write(folder, f"dev/{subject}_dev.csv", f"{prose(99)} {subject}?,1,2,3,4,A\n")


def bbh(folder: Path) -> None:
    examples = [
        {"input": f"{prose(n)}?\nOptions:\n(A) yes\n(B) no", "target": ("(A)", "(B)")[n % 2]}
        for n in range(N)
    ]
    words = [{"input": f"Sort: {prose(n)}", "target": f"amber birch{n}"} for n in range(N)]
    write(folder, "date_understanding.json", {"canary": "c", "examples": examples})
    write(folder, "word_sorting.json", {"canary": "c", "examples": words})


def nlupp(folder: Path) -> None:
    records = []
    for n in range(N):
        text = f"{prose(n)} until tomorrow for {n}"
        slots = {
            "date_to": {"text": "tomorrow", "span": [0, 1], "value": {"day": 1}},
            "people": {"text": str(n), "span": [2, 3]},
        }
        records.append({"text": text, "intents": ["book", "change"][: 1 + n % 2], "slots": slots})
    write(folder, "hotels/fold0.json", [*records, {"text": "Hello there"}])


def restaurant8k(folder: Path) -> None:
    for name, first in (("test.json", 0), ("train_0.json", 200)):
        records = []
        for n in range(first, first + N):
            text = f"{n} adults for {prose(n)}"
            span = {"endIndex": len(f"{n} adults")}
            labels = [{"slot": "people", "valueSpan": span}]
            records.append({"userInput": {"text": text}, "labels": labels})
        write(folder, name, [*records, {"userInput": {"text": "Fine, thanks"}}])


def text_to_sql(folder: Path) -> None:
    schema = ["Table Name, Field Name, Type, Is Foreign Key, Is Primary Key"]
    schema += ["COURSE, COURSE_ID, int(11), NO, PRI", "COURSE, NAME, varchar(255), YES, -"]
    schema += ["COURSE, CREDITS, int(11), YES, -", "-, -, -, -, -"]
    schema += ["OFFERING, COURSE_ID, int(11), NO, PRI", "OFFERING, TERM, varchar(4), YES, -"]
    write(folder, "advising-schema.csv", "\n".join(schema))
    records: list[dict[str, Any]] = []
    for n in range(N):
        join = (
            "SELECT A.NAME FROM COURSE AS A , OFFERING AS B WHERE A.COURSE_ID = B.COURSE_ID "
            f'AND B.TERM = "term0" AND A.CREDITS > {n - 50} ;'
        )
        plain = f'SELECT A.CREDITS FROM COURSE AS A WHERE A.NAME LIKE "%term0%" AND {n} = {n} ;'
        sentences = [
            {
                "question-split": "train",
                "text": f"{prose(n)} in term0 ?",
                "variables": {"term0": "FA"},
            },
            {"question-split": "exclude", "text": "never", "variables": {}},
        ]
        declared = [{"name": "term0", "example": "WN", "location": "both", "type": "t"}]
        sql = [join if n % 2 else plain]
        records.append({"sentences": sentences, "sql": sql, "variables": declared})
    records[0]["sql"] = ['SELECT NAME FROM COURSE WHERE NAME = "term0" AND 1 = 2 ;']
    records[2]["sql"] = ["DELETE FROM COURSE ;"]
    write(folder, "advising.json", records)

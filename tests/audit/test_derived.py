"""Transforms that a program declares: done again or looked up, and refused if they do not hold."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from coursewright.audit import Context, faults
from coursewright.audit.provenance import Provenance
from coursewright.audit.rounding import is_rounding
from coursewright.records import Message, Seed, TracedRow, Transform
from tests.audit.calls import INSTRUCTION, Calls

ASK = "Write 3 new exam questions with their answers, as a JSON list."
FALL = "A stone falls for 3.2 s. How far does it fall, in m?"
CODE = "def f(xs):\n    return [x * 2 for x in xs if x > 1]"


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    ledger = Calls(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def made(word: Transform | None, question: str, output: str, *keys: str, **more: Any) -> TracedRow:
    first, *rest = [*keys, None][: max(1, len(keys))]
    return TracedRow(
        instruction=INSTRUCTION,
        input=question,
        output=output,
        response=first,
        sources=tuple(rest),
        derived=word,
        **more,
    )


def judged(calls: Calls, row: TracedRow, **more: Any) -> str:
    """What the row is, or why it is refused."""
    context = Context(round_number=0, ledger=calls.path, instructions=(INSTRUCTION,), **more)
    finding = Provenance().examine([row], context)
    return finding.kept[0].kind if finding.kept else next(iter(finding.dropped))


def pair(question: str, answer: object, **more: object) -> str:
    return json.dumps([{"question": question, "answer": answer, **more}])


# ---------------------------------------------------------------- rounded


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("50.176", "50.2"),
        ("50.176", "50"),
        (50.176, "50.18"),
        ("9.8 * 3.2**2 / 2 = 50.176", "50.2"),
        ("50.176 m", "50.2"),
        ("The answer is 50.176 m.", "The answer is 50.2 m."),
        ("1,234.5", "1200"),
        ("-0.125", "-0.12"),
        ("-0.125", "-0.13"),
        ("1.23456e5", "1.23e5"),
        ("x = 0.3333333333, y = 2.6666666667", "x = 0.333, y = 2.667"),
    ],
)
def test_a_rounded_answer_is_derived(calls: Calls, answer: object, output: str) -> None:
    key = calls.add(ASK, pair(FALL, answer))
    assert judged(calls, made("rounded", FALL, output, key)) == "derived"
    assert judged(calls, made(None, FALL, output, key)) not in ("derived", "teacher")


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("50.176", "50.3"),
        ("50.176", "51"),
        ("50.2", "50.176"),
        ("1234", "1000"),
        ("50.176", "-50.2"),
        ("50.176 m", "50.2 km"),
        ("9.83 * 3 = 29.49", "9.8"),
        ("x = 0.3333, y = 2.6667", "x = 0.33, y = 2.7, z = 1"),
    ],
)
def test_what_is_no_rounding_of_the_answer_is_refused(
    calls: Calls, answer: str, output: str
) -> None:
    key = calls.add(ASK, pair(FALL, answer))
    assert judged(calls, made("rounded", FALL, output, key)) == faults.UNLIKE["rounded"]


@pytest.mark.parametrize(
    ("short", "long", "is_one"),
    [
        ("2", "1.5", True),
        ("1", "1.5", True),
        ("0.1", "0.149", True),
        ("0.1", "0.16", False),
        ("1200", "1249.9", True),
        ("1200", "1251", False),
        ("2.50", "2.5", False),
        ("2.5", "2.50", True),
        ("9" * 50, "1.5", False),
    ],
)
def test_roundings_of_numbers(short: str, long: str, is_one: bool) -> None:
    assert is_rounding(short, long) is is_one


# ---------------------------------------------------------------- executed


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("(12 + 4) * 2", "32"),
        ("7 - 3 = 5", "7 - 3 = 4"),
        ("20 - 8 = 11, 12 / 4 = 2", "20 - 8 = 12, 12 / 4 = 3"),
        ("10 / 3", "3.33"),
        ("2 ** 5", "32"),
        ("3 > 2", "True"),
        ("0 - 10 / 4", "-2.5"),
        (f"{CODE}\nf([1, 2, 3])", "[4, 6]"),
        (f"```python\n{CODE}\nf([1, 2, 3])\n```", "[4, 6]"),
        ("(12 + 4) * 2", "The answer is 32."),
    ],
)
def test_an_executed_answer_is_derived(calls: Calls, answer: str, output: str) -> None:
    key = calls.add(ASK, pair(FALL, answer))
    assert judged(calls, made("executed", FALL, output, key)) == "derived"
    asked = calls.add(f"Reply with what solves this: {FALL}", answer)
    assert judged(calls, made("executed", FALL, output, asked)) == "derived"


def test_a_program_and_its_call_may_stand_apart(calls: Calls) -> None:
    entry = {"question": FALL, "program": CODE, "call": "f([1, 2, 3])", "answer": "[2, 3]"}
    key = calls.add(ASK, json.dumps(entry))
    assert judged(calls, made("executed", FALL, "[4, 6]", key)) == "derived"
    assert judged(calls, made("executed", FALL, "[4, 7]", key)) == faults.UNLIKE["executed"]


def test_a_question_that_is_a_program_of_the_teachers_may_be_run(calls: Calls) -> None:
    question = f"{CODE}\nf([5, 0])"
    key = calls.add(ASK, pair(question, "[5]"))
    assert judged(calls, made("executed", question, "[10]", key)) == "derived"
    dictated = calls.add(f"Say OK to this: {question}", "OK")
    assert judged(calls, made("executed", question, "[10]", dictated)) != "derived"


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("(12 + 4) * 2", "33"),
        ("7 - 3 = 5", "7 - 2 = 5"),
        ("20 - 8 = 11, 12 / 4 = 2", "20 - 8 = 12"),
        ("twelve", "12"),
        ("__import__('os').getpid()", "12"),
        ("def f(x):\n    import os\n    return 3\nf(1)", "3"),
        ("32", "33"),
        ("9" * 300 + "**" + "9" * 90, "1"),
    ],
)
def test_what_does_not_come_to_the_output_is_refused(
    calls: Calls, answer: str, output: str
) -> None:
    key = calls.add(ASK, pair(FALL, answer))
    assert judged(calls, made("executed", FALL, output, key)) == faults.UNLIKE["executed"]


def test_programs_that_go_on_and_on_are_given_up(calls: Calls) -> None:
    body = "    while True:\n        x = x + [1]\n        x = x[1:]"
    slow = f"def f(n):\n    x = [0] * 4000\n{body}\nf(1)"
    rows = [
        made("executed", f"{FALL} {n}", "77", calls.add(ASK, pair(f"{FALL} {n}", f"{slow} ")))
        for n in range(20)
    ]
    context = Context(round_number=0, ledger=calls.path, instructions=(INSTRUCTION,))
    assert Provenance().examine(rows, context).dropped == {faults.UNLIKE["executed"]: 20}


# ---------------------------------------------------------------- from several responses


def test_an_answer_and_the_question_asked_for_it_make_a_row(calls: Calls) -> None:
    answers = calls.add("Write 2 expressions.", json.dumps(["9.8 * 3.2 ** 2 / 2", "6 * 7"]))
    asking = calls.add("Write a question whose answer is: 9.8 * 3.2 ** 2 / 2", FALL)
    other = calls.add("Write a question about stones.", "How heavy is a stone of 3 litres?")
    good = made("back-translated", FALL, "9.8 * 3.2 ** 2 / 2", asking, answers)
    assert judged(calls, good) == "derived"
    assert judged(calls, made(None, FALL, "9.8 * 3.2 ** 2 / 2", asking, answers)) != "derived"
    for question, output, keys in (
        (FALL, "6 * 7", (asking, answers)),
        ("How heavy is a stone of 3 litres?", "9.8 * 3.2 ** 2 / 2", (other, answers)),
        (FALL, "9.8 * 3.2 ** 2 / 2", (asking,)),
        ("What falls?", "9.8 * 3.2 ** 2 / 2", (asking, answers)),
    ):
        assert judged(calls, made("back-translated", question, output, *keys)) in (
            faults.UNLIKE["back-translated"],
            faults.NO_QUESTION,
        )


def test_of_several_answers_each_has_its_own_question(calls: Calls) -> None:
    answers = calls.add("Write 2 results.", json.dumps(["12", "42"]))
    asking = calls.add(
        "Write a question for each answer.\n1. 12\n2. 42\nReturn a list of objects.",
        json.dumps([{"question": "What is 3 times 4?"}, {"question": "What is 6 times 7?"}]),
    )
    told = [
        judged(calls, made("back-translated", q, a, asking, answers))
        for q in ("What is 3 times 4?", "What is 6 times 7?")
        for a in ("12", "42")
    ]
    assert "derived" not in told, "a list's number alone introduces no answer"
    asking = calls.add(
        "Write a question for each.\n1. Answer: 12\n2. Answer: 42\nReturn a list.",
        json.dumps([{"question": "What is 3 times 4?"}, {"question": "What is 6 times 7?"}]),
    )
    told = [
        judged(calls, made("back-translated", q, a, asking, answers))
        for q in ("What is 3 times 4?", "What is 6 times 7?")
        for a in ("12", "42")
    ]
    assert [one == "derived" for one in told] == [True, False, False, True]


def test_an_answer_that_the_program_wrote_is_no_back_translation(calls: Calls) -> None:
    dictated = calls.add("Say exactly: 9.8 * 3.2 ** 2 / 2", "9.8 * 3.2 ** 2 / 2")
    asking = calls.add("Write a question whose answer is: 9.8 * 3.2 ** 2 / 2", FALL)
    row = made("back-translated", FALL, "9.8 * 3.2 ** 2 / 2", asking, dictated)
    assert judged(calls, row) == faults.ECHO


def test_exercises_of_one_or_several_responses_may_be_joined(calls: Calls) -> None:
    questions = ["How far is it from A to B?", "How long does the way from A to B take?"]
    both = calls.add(ASK, pair(questions[0], "12 km") + pair(questions[1], "3 h"))
    apart = [calls.add(a, pair(q, a)) for q, a in zip(questions, ("12 km", "3 h"), strict=True)]
    joined = f"1. {questions[0]}\n2. {questions[1]}"
    for keys in ([both], apart):
        assert judged(calls, made("joined", joined, "1. 12 km\n2. 3 h", *keys)) == "derived"
        assert judged(calls, made("joined", joined, "12 km and 3 h", *keys)) == "derived"
        for output in ("3 h, 12 km", "12 km", "12 km, 3 h, 5 kg", "12 km, 4 h"):
            assert judged(calls, made("joined", joined, output, *keys)) == faults.UNLIKE["joined"]
    extra = f"{joined}\n3. How old is the captain?"
    assert judged(calls, made("joined", extra, "12 km, 3 h", both)) == faults.UNLIKE["joined"]
    assert judged(calls, made("joined", questions[0], "12 km", both)) == "teacher"


def test_the_numbers_of_joined_parts_are_no_answers(calls: Calls) -> None:
    key = calls.add(ASK, pair(f"{FALL} One?", "2") + pair(f"{FALL} Two?", "1"))
    joined = f"1. {FALL} One?\n2. {FALL} Two?"
    for output in ("1. 2\n2. 1", "(1) 2 (2) 1", "2, 1"):
        assert judged(calls, made("joined", joined, output, key)) == "derived"
    sums = calls.add(ASK, pair(f"{FALL} One?", "(3 + 2) / 5") + pair(f"{FALL} Two?", "7 - 4"))
    assert judged(calls, made("joined", joined, "1. (3 + 2) / 5\n2. 7 - 4", sums)) == "derived"
    for output in ("1. 1\n2. 2", "1. 2\n2. 2", "1, 2"):
        assert judged(calls, made("joined", joined, output, key)) == faults.UNLIKE["joined"]


# ---------------------------------------------------------------- parts of one


def test_a_part_of_an_exercise_with_what_its_parts_share(calls: Calls) -> None:
    story = "A train leaves at 9 and arrives at 12. It carries 40 people."
    parts = [
        {"question": "How long is it under way?", "answer": "3 h"},
        {"question": "How many people travel?", "answer": "40"},
    ]
    key = calls.add(ASK, json.dumps({"context": story, "questions": parts}))
    for part, other in (parts, parts[::-1]):
        text = f"{story}\n{part['question']}"
        assert judged(calls, made("split", text, part["answer"], key)) == "derived"
        assert judged(calls, made("split", text, other["answer"], key)) == faults.UNLIKE["split"]
    planted = f"{story} It is late.\n{parts[0]['question']}"
    assert judged(calls, made("split", planted, "3 h", key)) == faults.UNLIKE["split"]


def test_the_next_piece_of_a_solution(calls: Calls) -> None:
    steps = ["It falls for 3.2 s.", "So it falls 9.8 * 3.2 ** 2 / 2 m.", "That is 50.176 m."]
    key = calls.add(ASK, pair(FALL, " ".join(steps)))
    asked = f"{FALL}\nSolution: {steps[0]}"
    assert judged(calls, made("split", asked, steps[1], key)) == "derived"
    assert judged(calls, made("split", asked, " ".join(steps[1:]), key)) == "derived"
    assert judged(calls, made("split", asked, steps[2], key)) == faults.UNLIKE["split"]
    assert judged(calls, made("split", f"{FALL} {steps[1]}", steps[2], key)) != "derived"


CHOICES = ["7 km", "12 km", "19 km"]


def lettered(order: Sequence[str], style: str = "{}) {}") -> str:
    return "\n".join(style.format("abc"[n], choice) for n, choice in enumerate(order))


@pytest.mark.parametrize("answer", ["B", "b) 12 km", "12 km", "The correct answer is (B)."])
@pytest.mark.parametrize("listed", [False, True])
def test_shuffled_choices_with_the_answer_named_anew(
    calls: Calls, answer: str, listed: bool
) -> None:
    stem = "How far is it from A to B?"
    entry: dict[str, object] = {"question": f"{stem}\n{lettered(CHOICES, '{}. {}')}"}
    if listed:
        entry = {"question": stem, "options": CHOICES}
    key = calls.add(ASK, json.dumps({**entry, "answer": answer}))
    question = f"{stem}\n{lettered([CHOICES[2], CHOICES[0], CHOICES[1]])}"
    for output in ("C", "c) 12 km", "(c)"):
        assert judged(calls, made("shuffled", question, output, key)) == "derived"
    for output in ("B", "A", "c) 7 km", "19 km", "d"):
        assert judged(calls, made("shuffled", question, output, key)) == faults.UNLIKE["shuffled"]
    changed = question.replace("19 km", "20 km")
    assert judged(calls, made("shuffled", changed, "C", key)) == faults.UNLIKE["shuffled"]
    other = question.replace("A to B", "A to C")
    assert judged(calls, made("shuffled", other, "C", key)) == faults.UNLIKE["shuffled"]


# ---------------------------------------------------------------- source

TEXT = "The ferry leaves the old harbour at six in the morning and comes back at nine."


def test_a_quotation_needs_no_teacher_but_its_passage(calls: Calls) -> None:
    shown: dict[str, Any] = {"passages": {"a.md:1": TEXT, "b.md:1": "Other words stand here."}}
    quoted: dict[str, Any] = {"passages": ("a.md:1",)}
    words = TEXT.split()
    follows = made("quoted", " ".join(words[:9]), " ".join(words[9:]), **quoted)
    gap = made("quoted", TEXT.replace("six", "____"), "six", **quoted)
    for row in (follows, gap):
        assert judged(calls, row, **shown) == "source"
        for wrong in (
            row.model_copy(update={"output": "seven"}),
            row.model_copy(update={"output": "comes back"}),
            row.model_copy(update={"passages": ("b.md:1",)}),
            row.model_copy(update={"passages": ()}),
            row.model_copy(update={"input": f"Say: {row.input}"}),
        ):
            assert judged(calls, wrong, **shown) == faults.UNLIKE["quoted"]
        planted = row.model_copy(update={"instruction": "The answer to item 17 is 42."})
        assert judged(calls, planted, **shown) == faults.OTHER_INSTRUCTION
        assert judged(calls, row.model_copy(update={"derived": None}), **shown) == faults.UNNAMED


def test_a_question_that_is_a_seeds_makes_the_row_of_source(calls: Calls) -> None:
    seed = Seed(id="1", question=FALL)
    key = calls.add(f"Solve: {FALL}", "50.176")
    assert judged(calls, made(None, FALL, "50.176", key), seeds=(seed,)) == "source"
    assert judged(calls, made(None, FALL, "50.176", key)) == "teacher"


# ---------------------------------------------------------------- what is kept, and said


def test_a_row_that_needs_no_transform_is_the_teachers(calls: Calls) -> None:
    key = calls.add(ASK, pair(FALL, "50.176"))
    context = Context(round_number=0, ledger=calls.path, instructions=(INSTRUCTION,))
    plain = made(None, FALL, "50.176", key)
    (kept,) = Provenance().examine([made("rounded", FALL, "50.176", key)], context).kept
    assert kept == plain
    (own,) = Provenance().examine([plain.model_copy(update={"kind": "source"})], context).kept
    assert own == plain, "what a program says of the kind counts for nothing"


def test_counts_of_kinds_and_transforms_are_evidence(calls: Calls) -> None:
    key = calls.add(ASK, pair(FALL, "50.176"))
    rows = [
        made(None, FALL, "50.176", key),
        made("rounded", FALL, "50.2", key),
        made("rounded", FALL, "50", key),
        made("rounded", FALL, "51", key),
    ]
    context = Context(round_number=0, ledger=calls.path, instructions=(INSTRUCTION,))
    finding = Provenance().examine(rows, context)
    assert [row.kind for row in finding.kept] == ["teacher", "derived", "derived"]
    assert finding.check.evidence == (
        "2 rows kept: derived (2 rounded)",
        "1 rows kept: teacher",
        f"1 of 4 rows: {faults.UNLIKE['rounded']}",
    )


@pytest.mark.parametrize("word", [w for w in faults.UNLIKE if w != "quoted"])
def test_a_declaration_does_not_replace_a_call(calls: Calls, word: Transform) -> None:
    key = calls.add(ASK, pair(FALL, "50.176"))
    assert judged(calls, made(word, FALL, "50.2")) == faults.UNNAMED
    assert judged(calls, made(word, FALL, "50.2", "0" * 64)) == faults.UNKNOWN
    assert judged(calls, made(word, FALL, "50.2", key, "0" * 64)) == faults.UNKNOWN
    later = calls.add("later", pair(FALL, "50.176"), round_number=3)
    assert judged(calls, made(word, FALL, "50.2", key, later)) == faults.LATER
    planted = made(word, "Hand made: what is it?", "50.2", key)
    assert judged(calls, planted) in (faults.UNLIKE[word], faults.NO_QUESTION)


def test_conversations_may_be_derived_but_not_their_calls(calls: Calls) -> None:
    key = calls.add(ASK, pair(FALL, "50.176"))
    said = TracedRow(
        messages=(
            Message(role="user", content=FALL),
            Message(role="assistant", content="50.2"),
        ),
        response=key,
        derived="rounded",
    )
    assert judged(calls, said) == "derived"
    hand = said.model_copy(
        update={"messages": (Message(role="user", content="Hand made."), *said.messages)}
    )
    assert judged(calls, hand) == faults.NO_TURN

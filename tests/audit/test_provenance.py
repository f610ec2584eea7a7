import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursewright.audit import Context, provenance
from coursewright.audit.provenance import Provenance
from coursewright.records import Seed, TracedRow
from tests.audit.calls import INSTRUCTION, Calls, row

ASK = "Write 3 new exam questions with their answers, as a JSON list."
APPLES = "Anna has 7 apples and eats 3 of them. How many are left?"
PEARS = "Bo buys 2 bags of 6 pears. How many pears does he have?"


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    ledger = Calls(tmp_path / "ledger.sqlite")
    yield ledger
    ledger.close()


def fault(
    calls: Calls, traced: TracedRow, *, round_number: int = 0, seeds: tuple[Seed, ...] = ()
) -> str | None:
    """Why the row is refused, or None."""
    context = Context(
        ledger=calls.path, instructions=(INSTRUCTION,), seeds=seeds, round_number=round_number
    )
    finding = Provenance().examine([traced], context)
    assert len(finding.kept) + sum(finding.dropped.values()) == 1
    return next(iter(finding.dropped), None)


def pairs(*entries: tuple[str, object], **more: object) -> str:
    return json.dumps([{"question": q, "answer": a, **more} for q, a in entries])


# ---------------------------------------------------------------- traced


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("4", "4"),
        (4, "4"),
        (4.0, "4.0"),
        (4.0, "4"),
        ("1,234", "1234"),
        ("$4", "4"),
        ("4 apples", "4"),
        ("4 apples, for 7 - 3 = 4", "4"),
        ("4 (for 7 - 3 is 4, not 5)", "4"),
        ("maybe, but 100 % sure", "maybe"),
        ("7 - 3 = 4", "7 - 3 = 4"),
        ("7 - 3 = 4", "7-3=4"),
        ("The answer is 4.", "4"),
        (True, "True"),
        ([1, 2], "[1, 2]"),
        (["a", "b"], "['a', 'b']"),
        (["a", "b"], "a, b"),
        ({"value": 4}, "4"),
        ("“Yes”  indeed", '"yes" indeed'),
        ("Café", "CAFÉ"),
    ],
)
def test_question_and_answer_of_one_object_are_traced(
    calls: Calls, answer: object, output: str
) -> None:
    key = calls.add(
        ASK, "Here you are:\n```json\n" + pairs((APPLES, answer), (PEARS, "99")) + "```"
    )
    assert fault(calls, row(APPLES, output, key)) is None


def test_escaped_text_is_traced(calls: Calls) -> None:
    question, answer = 'What is "x"\nin é?\n| a | b |', 'line "1"\n\tline 2'
    key = calls.add(ASK, pairs((question, answer)))
    assert fault(calls, row(question, answer, key)) is None
    assert fault(calls, row(question.replace("\n", " "), answer, key)) is None


def test_context_and_question_of_one_object_may_be_put_together(calls: Calls) -> None:
    context = "Year | Sales\n2020 | 10\n2021 | 12"
    entry = {"context": context, "question": "What were the sales in 2021?", "answer": "12"}
    key = calls.add(ASK, json.dumps([entry, {**entry, "question": "And 2020?", "answer": "10"}]))
    for text in (
        f"{context}\n{entry['question']}",
        f"Context: {context}\n\nQuestion: {entry['question']}",
        f"{entry['question']} {context}",
    ):
        assert fault(calls, row(text, "12", key)) is None
    assert fault(calls, row(f"{context}\nAnd 1999?", "12", key)) is not None


def test_a_solution_put_together_from_several_fields_is_traced(calls: Calls) -> None:
    entry = {"question": APPLES, "steps": "She had 7 and ate 3.", "answer": "4"}
    key = calls.add(ASK, json.dumps(entry))
    output = "She had 7 and ate 3.\nTherefore, the final answer is: 4"
    assert fault(calls, row(APPLES, output, key)) is None
    assert fault(calls, row(APPLES, "She had 9 and ate 5.\nanswer: 4", key)) is not None


def test_an_answer_to_a_question_of_the_request_is_traced(calls: Calls) -> None:
    request = f"Solve this question.\n{INSTRUCTION}\n{APPLES}\nReply with the number only."
    for response in ("4", "The answer is 4.", '{"answer": "4"}', "7 - 3 = **4**"):
        key = calls.add(request, response)
        assert fault(calls, row(APPLES, "4", key)) is None


def test_a_question_in_the_system_message_counts(calls: Calls) -> None:
    key = calls.add("Solve it.", "4", system=f"The exam question: {APPLES}")
    assert fault(calls, row(APPLES, "4", key)) is None


def test_a_seed_quoted_in_the_request_is_traced_with_its_context(calls: Calls) -> None:
    seed = Seed(id="1", question="How many pears are sold?", context="Mo sells 5 pears a day.")
    key = calls.add(f"Solve: {seed.question}", "5")
    text = f"{seed.context}\n{seed.question}"
    assert fault(calls, row(text, "5", key), seeds=(seed,)) is None
    assert fault(calls, row(text, "5", key)) == provenance.NO_QUESTION
    assert fault(calls, row(f"hand made {seed.question}", "5", key), seeds=(seed,)) is not None


def test_prose_is_read_from_a_question_to_the_next(calls: Calls) -> None:
    response = f"1. Question: {APPLES}\n\nAnswer: 4\n\n2. Question: {PEARS}\nAnswer: 12"
    key = calls.add(ASK, response)
    assert fault(calls, row(APPLES, "4", key)) is None
    assert fault(calls, row(PEARS, "12", key)) is None
    assert fault(calls, row(APPLES, "12", key)) is not None


def test_rows_of_earlier_rounds_stay_traced_and_later_ones_are_not_yet(calls: Calls) -> None:
    early = calls.add(ASK, pairs((APPLES, "4")), round_number=1)
    for number, why in ((1, None), (5, None), (0, provenance.LATER)):
        assert fault(calls, row(APPLES, "4", early), round_number=number) == why


def test_a_whole_exercise_in_the_instruction_is_traced(calls: Calls) -> None:
    key = calls.add(ASK, pairs((APPLES, "4")))
    assert fault(calls, row("", "4", key, instruction=APPLES)) is None
    assert fault(calls, row("", "4", key, instruction=PEARS)) is not None
    assert fault(calls, row("", "4", key, instruction="")) is not None


# ---------------------------------------------------------------- refused


def test_a_row_without_a_response_is_refused(calls: Calls) -> None:
    calls.add(ASK, pairs((APPLES, "4")))
    assert fault(calls, row(APPLES, "4", None)) == provenance.UNNAMED
    assert fault(calls, row(APPLES, "4", "")) == provenance.UNNAMED


@pytest.mark.parametrize("key", ["0" * 64, "x", "' OR 1=1 --", "../../ledger.sqlite", "%"])
def test_a_forged_key_is_refused(calls: Calls, key: str) -> None:
    calls.add(ASK, pairs((APPLES, "4")))
    assert fault(calls, row(APPLES, "4", key)) == provenance.UNKNOWN


def test_the_key_of_another_response_is_refused(calls: Calls) -> None:
    calls.add(ASK, pairs((APPLES, "4")))
    other = calls.add(ASK, pairs((PEARS, "12"), ("What is 2 + 2?", "4")))
    assert fault(calls, row(APPLES, "4", other)) == provenance.NO_QUESTION
    assert fault(calls, row(APPLES, "5", other)) == "output not in the named response"


def test_swapped_outputs_of_one_response_are_refused(calls: Calls) -> None:
    key = calls.add(ASK, pairs((APPLES, "4"), (PEARS, "12")))
    why = "output is not that of its question in the named response"
    assert fault(calls, row(APPLES, "12", key)) == why
    assert fault(calls, row(PEARS, "4", key)) == why


def test_swapped_outputs_of_numbered_questions_are_refused(calls: Calls) -> None:
    request = f"Solve each.\nQuestion 1:\n{APPLES}\nQuestion 2:\n{PEARS}\nReturn a JSON list."
    key = calls.add(request, '[{"answer": "4"}, {"answer": "12"}]')
    assert fault(calls, row(APPLES, "4", key)) is None
    assert fault(calls, row(PEARS, "12", key)) is None
    assert fault(calls, row(APPLES, "12", key)) is not None
    assert fault(calls, row(PEARS, "4", key)) is not None


def test_rows_in_a_mapping_are_told_apart(calls: Calls) -> None:
    entries = {
        "a": {"question": APPLES, "answer": "4"},
        "b": {"question": PEARS, "answer": "12"},
    }
    key = calls.add(ASK, json.dumps(entries))
    assert fault(calls, row(APPLES, "4", key)) is None
    assert fault(calls, row(APPLES, "12", key)) is not None


def test_a_number_of_the_question_is_no_answer(calls: Calls) -> None:
    key = calls.add(ASK, pairs((APPLES, "4")))
    assert fault(calls, row(APPLES, "7", key)) is not None


@pytest.mark.parametrize("answer", ["15", "2.5", "5.2", "1,500", "-5", "0.5", "5,000", "x5", ".5"])
def test_a_part_of_a_number_is_no_answer(calls: Calls, answer: str) -> None:
    key = calls.add(ASK, pairs((APPLES, answer)))
    assert fault(calls, row(APPLES, "5", key)) is not None


@pytest.mark.parametrize("answer", ["14 + 21 = 35", "[14, 35]", "(14, 1)", "14, then 35"])
def test_a_number_on_the_way_to_the_result_is_no_answer(calls: Calls, answer: str) -> None:
    key = calls.add(ASK, pairs((APPLES, answer)))
    assert fault(calls, row(APPLES, "14", key)) is not None


@pytest.mark.parametrize("output", ["[4]", "{4}", "(4,)"])
def test_a_value_in_a_collection_is_another_value(calls: Calls, output: str) -> None:
    key = calls.add(ASK, pairs((APPLES, "4")))
    assert fault(calls, row(APPLES, output, key)) is not None
    for same in ("(4)", "[ANSWER]4[/ANSWER]", "\\boxed{4}"):
        assert fault(calls, row(APPLES, same, key)) is None


def test_a_hand_written_question_is_refused(calls: Calls) -> None:
    key = calls.add(ASK, pairs((APPLES, "4")))
    assert fault(calls, row("Hand made: what is 2 + 2?", "4", key)) == provenance.NO_QUESTION
    assert fault(calls, row(APPLES.replace("7", "8"), "4", key)) == provenance.NO_QUESTION


def test_a_hand_written_output_is_refused(calls: Calls) -> None:
    key = calls.add(f"Solve: {APPLES}", "That is easy.")
    assert fault(calls, row(APPLES, "7 - 3 = 4", key)) == "output not in the named response"


def test_a_hand_written_instruction_is_refused(calls: Calls) -> None:
    key = calls.add(ASK, pairs((APPLES, "4")))
    planted = row(APPLES, "4", key, instruction="The answer to item 17 is 42. Now:")
    assert fault(calls, planted) == provenance.OTHER_INSTRUCTION
    asked = calls.add(
        "Write an instruction and a row.",
        json.dumps({"instruction": "Count the apples.", "question": APPLES, "answer": "4"}),
    )
    assert fault(calls, row(APPLES, "4", asked, instruction="Count the apples.")) is None


def test_a_row_that_the_program_dictated_is_an_echo(calls: Calls) -> None:
    entry = pairs((APPLES, "4"))
    key = calls.add(f"Return this JSON unchanged: {entry}", entry)
    assert fault(calls, row(APPLES, "4", key)) == provenance.ECHO
    long = "First take 3 from 7, which leaves 4 apples."
    key = calls.add(f"Repeat: {long}\nFor: {APPLES}", long)
    assert fault(calls, row(APPLES, long, key)) == provenance.ECHO
    key = calls.add(f"Repeat in a list with a question of your own: {long}", pairs((PEARS, long)))
    assert fault(calls, row(PEARS, long, key)) == provenance.ECHO


def test_a_program_that_never_called_has_no_traced_rows(tmp_path: Path) -> None:
    nowhere = Context(ledger=tmp_path / "none.sqlite")
    finding = Provenance().examine([row("a", "b", "c")], nowhere)
    assert finding.kept == ()
    assert finding.check.verdict == "flagged"


def test_hostile_responses_are_read_in_bounded_time(calls: Calls) -> None:
    for text in ("{" * 200_000, '{"a":' * 50_000, "[" * 200_000, '{"a": [' * 900 + "]}" * 900):
        key = calls.add(ASK, text)
        assert fault(calls, row(APPLES, "4", key)) is not None

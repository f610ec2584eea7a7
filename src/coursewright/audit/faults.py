"""Why a row cannot be traced, in the words that its program hears."""

from coursewright.records import Transform

UNNAMED = "names no teacher response"
UNKNOWN = "names a response that is not in the ledger"
LATER = "names a response of a later round"
NO_QUESTION = "question neither in the named response nor in its request"
NO_TURN = "an earlier turn is neither in the named response nor in its request"
OTHER_INSTRUCTION = "instruction neither the task's nor the teacher's"
ECHO = "output already stood in the request (echo)"

UNLIKE: dict[Transform, str] = {
    "rounded": "declared as rounded, but no answer of its response rounds to its output",
    "executed": "declared as executed, but nothing that can be computed here comes to its output",
    "back-translated": "declared as back-translated, but no request quotes its output for its "
    "question",
    "split": "declared as split, but is no part of an exercise of its response",
    "joined": "declared as joined, but is not put together from exercises of its responses",
    "shuffled": "declared as shuffled, but its choices and answer are not those of its response",
    "quoted": "declared as quoted, but does not stand like this in a passage it cites",
}
"""Why a declared transform does not hold."""
CALLS = "declared transforms of tool calls cannot be checked"

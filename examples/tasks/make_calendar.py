"""Writes the task folder `calendar` beside this file: requests that are answered by a tool call.

    python examples/tasks/make_calendar.py

No wording of a request stands in two splits: each wording is a group, and belongs to one split.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVENTS = ("dentist", "choir", "yoga", "team lunch", "parents' evening", "book club", "haircut")
PEOPLE = ("Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran")

WORDINGS = {
    "add_event": (
        "Put {title} on {day} at {hour}.",
        "I have {title} on {day}, {hour} o'clock. Please note it.",
        "Book {title} for {day} at {hour}:00.",
        "{day} at {hour}: {title}. Add that.",
        "Could you enter {title} for {hour} o'clock on {day}?",
        "Remember that {title} is at {hour} on {day}.",
        "New entry: {title}, {day}, {hour}:00.",
        "At {hour} on {day} I am going to {title}; write it down.",
    ),
    "cancel_event": (
        "Cancel {title}.",
        "I can't make it to {title}, take it out.",
        "Please delete {title} from my calendar.",
        "{title} is off.",
        "No {title} for me after all.",
        "Drop {title}, will you?",
        "Strike {title}.",
        "There is no {title} this week, so remove it.",
    ),
    "invite": (
        "Invite {person} to {title}.",
        "Ask {person} whether they join me for {title}.",
        "{person} should come to {title} too.",
        "Send {person} an invitation for {title}.",
        "Could {person} be added to {title}?",
        "Let {person} know about {title} and ask them along.",
        "I want {person} at {title}.",
        "Please have {person} join {title}.",
    ),
    "show_day": (
        "What is on {day}?",
        "Show me {day}.",
        "Am I free on {day}?",
        "Read out my plans for {day}.",
        "Which appointments are there on {day}?",
        "How busy is {day}?",
        "Tell me everything I have on {day}.",
        "Let me see {day}, please.",
    ),
}
SPLITS = {"visible": (0,), "scored": (1, 2), "private": (3, 4, 5, 6), "seeds": (7,)}
"""Which of the wordings of each tool belong to which split."""
REPEATS = 6
"""Requests in each wording."""
ARGUMENTS = {
    "add_event": ("title", "day", "hour"),
    "cancel_event": ("title",),
    "invite": ("title", "person"),
    "show_day": ("day",),
}


def items(split: str, rng: random.Random) -> list[dict[str, Any]]:
    """Requests of one split with their calls; seeds have none."""
    made = []
    for name, wordings in WORDINGS.items():
        for place in SPLITS[split]:
            for repeat in range(REPEATS):
                values = {
                    "title": rng.choice(EVENTS),
                    "day": rng.choice(DAYS),
                    "hour": rng.randint(7, 22),
                    "person": rng.choice(PEOPLE),
                }
                call = {"name": name, "arguments": {key: values[key] for key in ARGUMENTS[name]}}
                line = {
                    "id": f"{name}-{place}-{repeat}",
                    "group": f"{name}-{place}",
                    "topic": name,
                    "question": wordings[place].format(**values),
                    "answer": call,
                }
                if split == "seeds":
                    del line["answer"], line["group"]
                if line["question"] not in {other["question"] for other in made}:
                    made.append(line)
    return made


def main() -> None:
    """Write every file of the folder."""
    folder, rng = Path(__file__).parent / "calendar", random.Random(0)
    folder.mkdir(exist_ok=True)
    written = {split: items(split, rng) for split in SPLITS}
    for split, lines in written.items():
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (folder / f"{split}.jsonl").write_text(text, encoding="utf-8")
    sample = [
        {
            "messages": [
                {"role": "user", "content": "Put chess club on friday at 18."},
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "name": "add_event",
                            "arguments": {"day": "friday", "hour": 18, "title": "chess club"},
                        }
                    ],
                },
            ]
        }
    ]
    (folder / "sample_submission.json").write_text(json.dumps(sample, indent=2) + "\n")


if __name__ == "__main__":
    main()

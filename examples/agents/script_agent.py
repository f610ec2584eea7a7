#!/usr/bin/env python3
"""A command agent of sixty lines, to begin an own one from. It holds no model.

    coursewright run science-mini --agent command:examples/agents/script_agent.py

It reads the brief on standard input and leaves plan.md, code.py and cost.json in its folder.
From the second round on, topics in which the student is weak get more rows.
"""

import json
import re
import sys

work = json.load(sys.stdin)
brief, turn = work["brief"], work["turn"]

# The task's own list of topics, as `- **Name**: what it is about`; else what its items say.
topics = dict(re.findall(r"^- \*\*(.+?)\*\*:? *(.*)$", brief["description"], re.M))
if not topics:
    topics = {item.get("topic") or brief["task"]: "" for item in brief["visible"]}

weights = dict.fromkeys(topics, 1.0)
parent = turn["parent"]
if parent is not None:
    for score in parent["feedback"]["topics"]:
        for topic in topics:
            if topic.lower() == (score["topic"] or "").lower():
                weights[topic] = 1.5 - score["accuracy"]

calls = min(turn["allowance"]["round_calls"], brief["rows"]["maximum"] // 4)
total = sum(weights.values())
shares = {topic: max(1, int(calls * weight / total)) for topic, weight in weights.items()}

program = f"""\
import json
import random

from coursewright_program import parse_answer, save_rows, seed, teacher

TOPICS = {topics!r}
SHARES = {shares!r}
INSTRUCTION = {brief["instruction"]!r}
FORM = {brief["answer_format"]!r}
STYLES = ["a short question", "a little story", "casual, as to a friend", "terse notes"]

rng = random.Random(seed())
prompts = []
for topic, share in SHARES.items():
    for number in range(share):
        prompts.append(
            "Write 6 different questions with their answers.\\n"
            f"Skill: {{topic}}. {{TOPICS[topic]}}\\n"
            f"Style: {{STYLES[number % len(STYLES)]}}\\n"
            f"Difficulty: {{rng.choice(['easy', 'medium', 'hard'])}}\\n"
            f"Form of an answer: {{FORM}}\\n"
            "Reply with a JSON list of objects with the fields \\"question\\" and \\"answer\\"."
        )
for answer in teacher.generate_batch(prompts[: teacher.calls_left()], json=True):
    found = parse_answer(answer) if answer.ok else None
    rows = []
    for pair in found if isinstance(found, list) else []:
        if isinstance(pair, dict) and pair.get("question") and pair.get("answer"):
            rows.append({{
                "instruction": INSTRUCTION,
                "input": str(pair["question"]),
                "output": str(pair["answer"]),
                "response": answer,
            }})
    save_rows(rows)
"""

with open("plan.md", "w", encoding="utf-8") as file:
    listed = "".join(f"- {topic}: {share} requests\n" for topic, share in shares.items())
    file.write(f"Ask for six questions at a time, weak topics more often.\n\n{listed}")
with open("code.py", "w", encoding="utf-8") as file:
    file.write(program)
with open("cost.json", "w", encoding="utf-8") as file:
    json.dump({"cost_usd": 0.0, "calls": 0}, file)

#!/bin/sh
# Codex CLI as a command agent. See docs/command-agent.md; not tried by us.
# Its own sandbox needs namespaces; the jail around it neither allows nor needs them.
codex exec --skip-git-repo-check --sandbox danger-full-access --json \
    "Read brief.md in this folder and do what it says." < /dev/null > events.jsonl
status=$?
python3 - << 'END'
import json

cost = {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0}
for line in open("events.jsonl"):
    event = json.loads(line)
    if event.get("type") == "turn.completed":
        cost["calls"] += 1
        cost["prompt_tokens"] += event["usage"]["input_tokens"]
        cost["completion_tokens"] += event["usage"]["output_tokens"]
json.dump(cost, open("cost.json", "w"))
END
exit $status

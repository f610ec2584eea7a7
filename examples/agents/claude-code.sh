#!/bin/sh
# Claude Code as a command agent. See docs/command-agent.md; not tried by us.
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
claude -p "Read brief.md in this folder and do what it says." \
    --permission-mode acceptEdits --allowedTools "Read,Edit,Write,Glob,Grep,Bash" \
    --output-format json < /dev/null > answer.json
status=$?
python3 - << 'END'
import json

said = json.load(open("answer.json"))
used = said.get("usage", {})
cost = {
    "cost_usd": said.get("total_cost_usd"),
    "calls": said.get("num_turns", 0),
    "prompt_tokens": sum(v for k, v in used.items() if k.endswith("input_tokens")),
    "completion_tokens": used.get("output_tokens", 0),
}
json.dump(cost, open("cost.json", "w"))
END
exit $status

#!/bin/sh
# Gemini CLI as a command agent. See docs/command-agent.md; not tried by us.
mkdir -p "$HOME/.gemini"
test -e "$HOME/.gemini/settings.json" ||
    echo '{"privacy": {"usageStatisticsEnabled": false}}' > "$HOME/.gemini/settings.json"
export GEMINI_TRUST_WORKSPACE=true
gemini -p "Read brief.md in this folder and do what it says." \
    --approval-mode yolo --output-format json < /dev/null > answer.json
status=$?
python3 - << 'END'
import json

models = json.load(open("answer.json")).get("stats", {}).get("models", {}).values()
cost = {
    "calls": sum(model["api"]["totalRequests"] for model in models),
    "prompt_tokens": sum(model["tokens"]["prompt"] for model in models),
    "completion_tokens": sum(model["tokens"]["candidates"] for model in models),
}
json.dump(cost, open("cost.json", "w"))
END
exit $status

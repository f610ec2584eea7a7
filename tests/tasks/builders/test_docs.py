"""The example of docs/benchmarks.md works as it stands, from the command line too."""

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from coursewright.cli import app
from tests.tasks.builders.invented import prose

DOCS = Path(__file__).parents[3] / "docs" / "benchmarks.md"


def test_the_mapping_of_the_docs_builds(tmp_path):
    text = DOCS.read_text(encoding="utf-8")
    (mapping,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (record,) = (json.loads(line) for line in re.findall(r"```json\n(.*?)\n```", text, re.DOTALL))
    (tmp_path / "reviews.yaml").write_text(mapping)
    (tmp_path / "shop").mkdir()
    lines = []
    for number in range(40):
        reviews = [
            {"text": f"{prose(number)} {mood}.", "mood": mood, "spam": mood == "odd"}
            for mood in ("good", "bad", "odd")
        ]
        lines.append(json.dumps({**record, "sku": f"s{number}", "reviews": reviews}))
    (tmp_path / "shop" / "reviews.jsonl").write_text("\n".join(lines))
    command = ["task", "build", str(tmp_path / "reviews.yaml"), "--from", str(tmp_path / "shop")]
    done = CliRunner().invoke(app, [*command, "-o", str(tmp_path / "task"), "--json"])
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout)
    assert sum(told["splits"].values()) == 40 * 2 - 2
    assert told["dropped"] == {"spam": 40}


def test_every_shipped_builder_is_listed_and_documented():
    done = CliRunner().invoke(app, ["task", "build", "--list", "--json"])
    names = [one["name"] for one in json.loads(done.stdout)["builders"]]
    text = DOCS.read_text(encoding="utf-8")
    assert len(names) == 13
    assert all(f"| `{name}` |" in text for name in names)

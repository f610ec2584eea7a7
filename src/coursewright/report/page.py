"""The report: one HTML file that needs no network, and no script but for browsing rows."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from coursewright.records import Round, TracedRow
from coursewright.report import bars, charts
from coursewright.report.changes import SHOWN, Change, Pairs, changes
from coursewright.report.facts import duration, headline, percent, spending, trust, verdict
from coursewright.report.gain import parts_of_gain, shown_parts
from coursewright.report.inert import few, inert, one_line
from coursewright.report.quality import profile
from coursewright.report.story import Story, identity
from coursewright.shortfall import dropped
from coursewright.summary import smallest_line

WITHOUT_SCRIPT = 25
"""Rows that are shown to who runs no script."""
EMBEDDED_BYTES = 1_500_000
"""Room for the rows in the file; what does not fit is said, and lies in the run folder."""
SMALLEST_BYTES = 500_000
"""Room for the rows of the smallest set, which are all shown."""
CELL = 1_200
"""Characters of a row's question or answer."""
HISTORY = 400
"""Lines of the run's history."""


def render(story: Story) -> str:
    """Return the whole page.

    Raises:
        RunFolderError: a data set of the run cannot be read.
    """
    script = _asset("rows.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rows = story.data_set(story.best)
    table, left_out = row_table(story, rows)
    smallest, smallest_left_out = row_table(story, list(story.smallest.values()), SMALLEST_BYTES)
    for entry, number in zip(smallest, story.smallest, strict=False):
        entry["n"] = number
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            **overview(story),
            **quality(story),
            changes=[shown_change(change) for change in changes(story)],
            rows=table[:WITHOUT_SCRIPT],
            row_count=len(rows),
            left_out=left_out,
            smallest=smallest,
            smallest_left_out=smallest_left_out,
            row_data=Markup(_as_script_data(table)),
            style=Markup(_asset("style.css")),
            script=Markup(script),
            digest=digest,
        )
    )


def overview(story: Story) -> dict[str, Any]:
    """What the templates show of a run but for its data: cheap enough to be asked for often."""
    best, result = story.best, story.result
    chosen = None if best is None else best.number
    found = result.smallest if result else None
    return {
        "name": one_line(story.folder.name),
        "task": one_line(story.config.task.rstrip("/").rsplit("/", 1)[-1]),
        "created": story.folder.marker.created[:16].replace("T", " "),
        "status": story.status,
        "parts": _parts(story),
        "verdict": verdict(story),
        "headline": headline(story),
        "smallest_told": one_line(smallest_line(found), 400) if found else "",
        "alarms": [one_line(alarm, 400) for alarm in (result.alarms if result else ())],
        "gain_parts": shown_parts(parts_of_gain(result)),
        "trust": trust(story),
        "spending": spending(story),
        "score_chart": Markup(_score_chart(story)),
        "rounds": [_round(story, done) for done in story.rounds],
        "chosen": chosen,
        "noise": _noise(story),
        "is_over": result is not None,
        "tree": Markup(charts.tree(_points(story), chosen)),
        "topics": story.topics,
        "topic_bars": bars.moves(
            [(one_line(t.topic, 60), t.items, t.before, t.after) for t in story.topics]
        ),
        "failures": Counter(done.failure for done in story.rounds if done.failure).most_common(),
        "saved": sum(done.collection.read for done in story.rounds if done.collection),
        "dropped": [(one_line(why), n) for why, n in dropped(story.rounds).most_common(20)],
        "checks": _checks(story),
        "seconds": _seconds(story),
        "human": [one_line(said) for said in (result.human_inputs if result else ())],
        "history": few((inert(line, 500) for line in reversed(story.folder.history())), HISTORY),
        "config": inert(
            yaml.safe_dump(story.config.model_dump(mode="json"), sort_keys=False), 20_000
        ),
    }


def quality(story: Story) -> dict[str, Any]:
    """The profile of the first, the middle and the last valid submission."""
    chosen = story.first_middle_last
    return {
        "profiled": [done.number for done in chosen],
        "measures": profile([story.data_set(done) for done in chosen]),
    }


def row_table(
    story: Story, rows: Sequence[TracedRow], room: int | None = EMBEDDED_BYTES
) -> tuple[list[dict[str, Any]], int]:
    """The rows as a page shows them, and how many found no room."""
    table: list[dict[str, Any]] = []
    size = 0
    for number, row in enumerate(rows, 1):
        question, context = row.asked
        entry = {
            "n": number,
            "q": inert(f"{context}\n{question}" if context else question, CELL),
            "a": inert(row.answer, CELL),
            "r": story.origins.get(identity(row)),
            "c": (row.response or "")[:12],
        }
        if room is not None:
            size += len(json.dumps(entry))
            if size > room:
                return table, len(rows) - len(table)
        table.append(entry)
    return table, 0


def _as_script_data(value: Any) -> str:
    """JSON that no text in it can break out of its script element with."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _parts(story: Story) -> list[tuple[str, str]]:
    result, config = story.result, story.config
    if result is not None:
        parts = [("agent", result.agent), ("teacher", result.teacher), ("student", result.student)]
    else:
        kinds = (("agent", config.agent), ("teacher", config.teacher), ("student", config.student))
        parts = [(role, part.kind) for role, part in kinds]
    parts += [("mode", config.mode), ("setting", config.setting), ("seed", str(config.seed))]
    return [(role, one_line(said)) for role, said in parts]


def _points(story: Story) -> list[charts.Point]:
    return [
        charts.Point(
            number=done.number,
            parent=done.parent,
            operation=done.operation,
            visible=done.visible.accuracy if done.visible else None,
            scored=done.scored.accuracy if done.scored else None,
            others=_joined(done),
        )
        for done in story.rounds
    ]


def _joined(done: Round) -> tuple[int, ...]:
    """The rounds, beside its parent, whose rows a merge puts together."""
    parts = done.branch.parts if done.branch is not None else ()
    return tuple(sorted({part.round for part in parts} - {done.parent}))


def _wanted(done: Round) -> str:
    """What the search wanted of a round, beyond its operation."""
    branch = done.branch
    if branch is None:
        return ""
    told = [branch.reason] if branch.reason else []
    if branch.method:
        told.append(f"method {branch.method}" + (f", of {branch.family}" if branch.family else ""))
    if (shard := branch.without) is not None:
        topic = shard.topic or "no topic"
        told.append(f"without {shard.rows} rows: {topic}, {shard.method}, round {shard.round}")
    return one_line("; ".join(told), 500)


def _score_chart(story: Story) -> str:
    final = story.result.final if story.result else None
    private = None
    if final is not None:
        private = charts.Mark(final.private, *final.private_ci95)
    return charts.scores(
        _points(story),
        story.base_scored.accuracy if story.base_scored else None,
        noise=_noise(story),
        chosen=None if story.best is None else story.best.number,
        private=private,
    )


def _noise(story: Story) -> float | None:
    """Standard deviation of a score from training seeds alone, as a fraction."""
    noise = story.result.noise if story.result else None
    if noise is None:
        return story.noise_sd
    return None if noise.sd_points is None else noise.sd_points / 100


def _round(story: Story, done: Round) -> dict[str, Any]:
    return {
        "number": done.number,
        "operation": done.operation,
        "parent": done.parent,
        "status": done.status,
        "failure": done.failure or "",
        "wanted": _wanted(done),
        "visible": percent(done.visible.accuracy) if done.visible else "–",
        "scored": percent(done.scored.accuracy) if done.scored else "–",
        "readable": percent(done.visible.readable) if done.visible else "–",
        "rows": done.audit.kept if done.audit else 0,
        "seconds": f"{done.seconds:.0f}",
        "analysis": inert(done.proposal.analysis),
        "plan": inert(done.proposal.plan),
        "code": inert(done.proposal.code, 20_000),
        "feedback": inert(done.feedback.text),
        "message": inert(done.proposal.message),
    }


def shown_change(change: Change) -> dict[str, Any]:
    def answers(pairs: Pairs) -> list[dict[str, str]]:
        return [
            {
                "id": one_line(now.id),
                "topic": one_line(now.topic or ""),
                "was": one_line(was.output),
                "now": one_line(now.output),
            }
            for was, now in pairs[:SHOWN]
        ]

    return {
        "before": change.before.number,
        "after": change.after.number,
        "operation": change.after.operation,
        "plan": change.plan,
        "code": change.code,
        "rows_kept": change.rows_kept,
        "rows_gained": len(change.gained),
        "rows_lost": len(change.lost),
        "gained": [_shown(row) for row in change.gained[:SHOWN]],
        "lost": [_shown(row) for row in change.lost[:SHOWN]],
        "items_fixed": len(change.fixed),
        "items_broken": len(change.broken),
        "fixed": answers(change.fixed),
        "broken": answers(change.broken),
    }


def _shown(row: TracedRow) -> dict[str, str]:
    return {"q": one_line(row.asked[0], 300), "a": one_line(row.answer, 300)}


def _checks(story: Story) -> list[dict[str, Any]]:
    """Those of the delivered data set; of the best so far while the run goes on."""
    best, result = story.best, story.result
    checks = best.audit.checks if best is not None and best.audit is not None else ()
    if result is not None and result.audit_checks:
        checks = result.audit_checks
    return [
        {
            "name": check.name,
            "verdict": check.verdict,
            "evidence": [one_line(line, 400) for line in check.evidence[:12]],
            "seconds": f"{check.seconds:.2f}",
        }
        for check in checks
    ]


def _seconds(story: Story) -> dict[str, Any]:
    spent = story.result.seconds if story.result else story.folder.seconds()
    total = spent.get("total", 0.0)
    parts = [(name, value) for name, value in spent.items() if name != "total" and value >= 0.05]
    parts.sort(key=lambda pair: -pair[1])
    amounts = [(name, value, duration(value)) for name, value in parts]
    # Students are trained side by side where there are slots, and each counts its own time.
    beside = sum(value for _, value in parts) > 1.02 * total
    return {"total": duration(total), "beside": beside, "bars": bars.amounts(amounts)}


def _shown_whole(value: Any) -> Any:
    """Texts in plain characters; what is markup already was made from such."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return inert(value, 50_000)


@cache
def templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("coursewright.report", "templates"),
        autoescape=True,
        # Whatever a template prints: no view can forget it.
        finalize=_shown_whole,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(name: str) -> str:
    return files("coursewright.report").joinpath("templates", name).read_text(encoding="utf-8")

"""What the pages show: stories of runs, kept while their folders do not change, in templates."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from coursewright import hand
from coursewright.dashboard.browsing import found_rows, origin_of
from coursewright.dashboard.comparing import Comparison
from coursewright.dashboard.lines import RunLine, stamp_of
from coursewright.dashboard.studies import Study, StudyLine
from coursewright.errors import RunFolderError
from coursewright.records import Round
from coursewright.report import Story, bars, page, read_story
from coursewright.report.changes import beside, compare
from coursewright.report.facts import percent
from coursewright.report.inert import few, inert, one_line
from coursewright.store import RunFolder, is_held, place_of

KEPT = 16
"""Stories kept in memory; a long run's takes some megabytes."""
ROWS = 50
"""Rows on a page of them."""
LOG = 200_000
"""Characters of a log that are shown: its end."""


class Pages:
    """Makes the pages; `mark` is what forms carry, `base` stands before the addresses of runs."""

    def __init__(self, mark: str, base: str = "") -> None:
        self._mark = mark
        self._base = base
        self._stories: OrderedDict[Path, tuple[tuple[int, ...], Story]] = OrderedDict()
        self._templates = page.templates().overlay(
            loader=jinja2.ChoiceLoader(
                [
                    jinja2.PackageLoader("coursewright.dashboard", "templates"),
                    jinja2.PackageLoader("coursewright.report", "templates"),
                ]
            )
        )

    def story(self, folder: Path) -> Story:
        """The run in a folder, read again only where something has changed.

        Raises:
            RunFolderError: it cannot be read.
        """
        stamp = (*stamp_of(folder), int(is_held(folder)))
        kept = self._stories.get(folder)
        if kept is None or kept[0] != stamp:
            kept = (stamp, read_story(RunFolder(folder)))
        self._stories[folder] = kept
        self._stories.move_to_end(folder)
        while len(self._stories) > KEPT:
            self._stories.popitem(last=False)
        return kept[1]

    def runs(
        self,
        lines: Sequence[RunLine],
        shown: Sequence[RunLine],
        asked: dict[str, str],
        by: str,
        falling: bool,
    ) -> str:
        """The list."""
        return self._render("runs.html.j2", **listed(lines, shown, asked, by, falling))

    def studies(
        self,
        lines: Sequence[StudyLine],
        shown: Sequence[StudyLine],
        words: str,
        by: str,
        falling: bool,
    ) -> str:
        """The list of studies."""
        return self._render(
            "studies.html.j2", total=len(lines), studies=shown, words=words, by=by, falling=falling
        )

    def study(self, found: Study, tables: Markup, *, whole: bool, **listing: Any) -> str:
        """One study: how far it is, its runs and its tables; not `whole`: what changes."""
        values = {**listed(found.jobs, **listing), "study": found, "tables": tables}
        chart = bars.gains(found.gains)
        return self._render(
            "study.html.j2" if whole else "study-now.html.j2", chart=chart, **values
        )

    def compare_studies(self, found: Sequence[Study]) -> str:
        """Several studies side by side."""
        labels = dict.fromkeys(gain.label for study in found for gain in study.gains)
        gains = [{gain.label: gain for gain in study.gains} for study in found]
        rows = [(label, [of.get(label) for of in gains]) for label in labels]
        return self._render("compare-studies.html.j2", studies=found, rows=rows)

    def run(self, folder: Path, progress: dict[str, Any], said: str) -> str:
        """One run: what changes, what is fetched when it is opened, and what a person may do."""
        story = self.story(folder)
        return self._render(
            "run.html.j2",
            **self._changing(story),
            progress={"stage": "", "done": 0, "total": None, "note": "", **progress},
            said=one_line(said, 300),
        )

    def now(self, folder: Path) -> str:
        """The part of it that changes."""
        return self._render("now.html.j2", **self._changing(self.story(folder)))

    def quality(self, folder: Path) -> str:
        """The profile of the data."""
        return self._render("quality.html.j2", **page.quality(self.story(folder)))

    def between(self, left: Path, right: Path, before: int | None, after: int | None) -> str:
        """Two rounds side by side, of one run or of two; by default the best of each.

        In one run the default is the round that the best one went on from.

        Raises:
            RunFolderError: there are no such rounds.
        """
        one, other = self.story(left), self.story(right)
        last = _round(other, after, other.best)
        first = _round(one, before, other.parent_of(last) or last if left == right else one.best)
        return self._render(
            "between.html.j2",
            left=one.folder.name,
            right=other.folder.name,
            left_rounds=[_told(done) for done in one.rounds],
            right_rounds=[_told(done) for done in other.rounds],
            same_task=one.config.task == other.config.task,
            c=page.shown_change(beside(one, first, other, last)),
        )

    def change(self, folder: Path, after: int) -> str:
        """What changed from a round's parent to it.

        Raises:
            RunFolderError: there is no such round, or it began from nothing.
        """
        story = self.story(folder)
        done = story.rounds[after] if after < len(story.rounds) else None
        parent = None if done is None else story.parent_of(done)
        if done is None or parent is None:
            raise RunFolderError("there is no such change", file=folder.name)
        return self._render("change.html.j2", c=page.shown_change(compare(story, parent, done)))

    def rows(self, folder: Path, *, words: str, origin: int | None, page: int) -> str:
        """One page of the rows of the best data set."""
        story = self.story(folder)
        table = found_rows(story, words, origin)
        pages = max(1, -(-len(table) // ROWS))
        page = min(page, pages - 1)
        return self._render(
            "row-page.html.j2",
            name=story.folder.name,
            rows=table[page * ROWS : (page + 1) * ROWS],
            found=len(table),
            page=page,
            pages=pages,
            words=words,
            origin=origin,
            numbers=[done.number for done in story.rounds],
        )

    def row(self, folder: Path, number: int, *, alone: bool) -> str:
        """Where a row of the best data set comes from; `alone`: as a page of its own.

        Raises:
            RunFolderError: there is no data set.
            UsageError: it has no such row.
        """
        story = self.story(folder)
        template = "row-alone.html.j2" if alone else "row.html.j2"
        return self._render(template, name=story.folder.name, r=origin_of(story, number))

    def report(self, folder: Path) -> str:
        """The report that stands alone."""
        return page.render(self.story(folder))

    def log(self, file: Path) -> str:
        """The end of a log.

        Raises:
            RunFolderError: there is none.
        """
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise RunFolderError("there is no such log", file=file.name) from error
        return inert(text[-LOG:], LOG)

    def compare(self, found: Comparison) -> str:
        """Several runs side by side."""
        return self._render("compare.html.j2", c=found, chart=Markup(found.chart))

    def problem(self, said: str) -> str:
        """Why there is nothing to show."""
        return self._render("problem.html.j2", said=said)

    def _changing(self, story: Story) -> dict[str, Any]:
        """All that changes on the page of a run that is under way."""
        return {
            **page.overview(story),
            **self._hand(story),
            "linked": [done.number for done in story.rounds if done.parent is not None],
            "numbers": [done.number for done in story.rounds],
            "mark": self._mark,
        }

    def _hand(self, story: Story) -> dict[str, Any]:
        """What a person can do about this run now, and what there is to look at before."""
        waiting = hand.waits_at(story.folder, story.result)
        if waiting is not None and story.folder.requests.answer_to(waiting) is not None:
            waiting = None
        to_see: list[str] = []
        if waiting is not None:
            try:
                to_see = hand.what_to_approve(story.folder, waiting)
            except RunFolderError as error:
                to_see = [str(error)]
        return {
            "waiting": None if waiting is None else place_of(waiting),
            "subject": "" if waiting is None else waiting.subject,
            "is_export": waiting is not None and waiting.gate == "export",
            "to_see": "\n".join(few((inert(line, 2000) for line in to_see), 600)),
            "can_steer": story.result is None,
            "can_stop": story.status == "running",
        }

    def _render(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(base=self._base, **values)


def listed(
    lines: Sequence[RunLine],
    shown: Sequence[RunLine],
    asked: Mapping[str, str],
    by: str,
    falling: bool,
) -> dict[str, Any]:
    """A list of runs for its template; `lines` are all, `shown` those that were asked for."""
    return {
        "total": len(lines),
        "shown": shown,
        "tasks": sorted({line.task for line in lines if line.task}),
        "states": sorted({line.status for line in lines}),
        "asked": {"words": "", "status": "", "task": "", **asked},
        "by": by,
        "falling": falling,
    }


def _round(story: Story, number: int | None, fallback: Round | None) -> Round:
    """A round by its number."""
    if number is None and fallback is not None:
        return fallback
    if number is None or number >= len(story.rounds):
        raise RunFolderError("there is no such round to compare", file=story.folder.name)
    return story.rounds[number]


def _told(done: Round) -> tuple[int, str]:
    scored = "no score" if done.scored is None else f"scored {percent(done.scored.accuracy)}"
    return done.number, f"round {done.number}, {done.operation}, {scored}"

"""What the pages show: stories of runs, kept while their folders do not change, in templates."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from coursewright.dashboard.comparing import Comparison
from coursewright.dashboard.lines import RunLine, stamp_of
from coursewright.errors import RunFolderError
from coursewright.report import Story, page, read_story
from coursewright.report.changes import compare
from coursewright.report.inert import inert, one_line
from coursewright.store import RunFolder, is_held, place_of

KEPT = 16
"""Stories kept in memory; a long run's takes some megabytes."""
ROWS = 50
"""Rows on a page of them."""
LOG = 200_000
"""Characters of a log that are shown: its end."""


class Pages:
    """Makes the pages; `mark` is what forms carry."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
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
        return self._render(
            "runs.html.j2",
            total=len(lines),
            shown=shown,
            tasks=sorted({line.task for line in lines if line.task}),
            states=sorted({line.status for line in lines}),
            asked={"words": "", "status": "", "task": "", **asked},
            by=by,
            falling=falling,
        )

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
        """What a person can do about this run now."""
        waiting = story.folder.requests.waiting() if story.result is None else None
        if waiting is not None and story.folder.requests.answer_to(waiting) is not None:
            waiting = None
        return {
            "waiting": None if waiting is None else place_of(waiting),
            "can_steer": story.result is None,
            "can_stop": story.status == "running",
        }

    def _render(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(**values)


def found_rows(story: Story, words: str, origin: int | None) -> list[dict[str, Any]]:
    """The rows of the best data set that hold all the words, and are first of that round."""
    table, _ = page.row_table(story, story.data_set(story.best), room=None)
    wanted = words.lower().split()
    return [
        row
        for row in table
        if (origin is None or row["r"] == origin)
        and all(word in f"{row['q']}\n{row['a']}".lower() for word in wanted)
    ]

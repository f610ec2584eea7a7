"""`export`: read what a run delivered, lay it out aside, and put it in its place at once."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coursewright.display import Silent
from coursewright.errors import RunFolderError
from coursewright.export.base import base_of
from coursewright.export.cards import Exhibit, Form, data_card, model_card
from coursewright.export.dataset import forms_of, write_dataset, write_smallest
from coursewright.export.delivery import Delivery, lineage, read_delivery
from coursewright.export.hub import Hub
from coursewright.export.serving import serve_commands
from coursewright.export.target import placed, repository, require_free
from coursewright.export.weights import form_of, write_weights
from coursewright.protocols import Progress
from coursewright.records import Record
from coursewright.store import RunFolder, export_gate, file_digest, resolve_run, storage, temporary


class Exported(Record):
    """What `export` wrote, and where."""

    run: str
    to: str
    """The folder, or `hub:ORG/NAME`."""
    form: Form
    model: str
    dataset: str
    """Folder or address of each."""
    rows: int
    bytes: int
    serve: tuple[str, ...]
    """Commands that serve the model."""


def require_approval(delivery: Delivery) -> None:
    """Nothing leaves a run with the gate `export` before a person has approved it.

    Raises:
        RunFolderError: nobody has, or somebody rejected it.
    """
    folder = delivery.folder
    waiting = export_gate(delivery.config, delivery.result)
    if waiting is None:
        return
    answer = folder.requests.answer_to(waiting)
    if answer is None:
        raise RunFolderError(
            f"waits for a person; `coursewright approve {folder.name}` lets it be exported",
            file=folder.path,
        )
    if answer.kind == "reject":
        raise RunFolderError(f"its export was rejected: {answer.text}", file=folder.path)


def export_run(
    run: str,
    runs: Path,
    to: str,
    *,
    merged: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Exported:
    """Export a finished run's student and data set to a folder or to `hub:ORG/NAME`.

    Raises:
        RunFolderError: the run has not finished, waits for a person's approval of its export, or
            its files are not those it recorded.
        NoValidSubmission: it has nothing to export.
        UsageError: the target is not empty and there is no `force`, or the hub says no.
        StorageError: disk full; the target is as it was.
    """
    folder = RunFolder(resolve_run(run, runs))
    delivery = read_delivery(folder)
    require_approval(delivery)
    form = form_of(delivery, merged=merged)
    progress = progress or Silent()
    pushed = repository(to)
    if pushed is None:
        target = Path(to).expanduser()
        require_free(target, folder.path, force=force)
        exhibit = Exhibit(folder.name, form, base_of(delivery.config.student))
        with placed(target) as part:
            size = lay_out(part, delivery, exhibit, progress)
        places = {kind: str(target / kind) for kind in ("model", "dataset")}
        model = target.resolve() / "model"
        serve = serve_commands(model, form, exhibit.base, name=folder.name)
    else:
        hub = Hub(pushed)
        hub.require_free(force=force)
        exhibit = Exhibit(pushed.split("/")[1], form, base_of(delivery.config.student), pushed)
        with _aside(folder.path.resolve().parent) as part:
            size = lay_out(part, delivery, exhibit, progress)
            progress.say(f"pushing {size / 1e6:.1f} MB to {to}")
            places = hub.push(part)
            serve = serve_commands(
                part / "model", form, exhibit.base, name=exhibit.name, repository=pushed
            )
    return Exported(
        run=folder.name,
        to=to,
        form=form,
        model=places["model"],
        dataset=places["dataset"],
        rows=len(delivery.rows),
        bytes=size,
        serve=tuple(serve),
    )


def lay_out(folder: Path, delivery: Delivery, exhibit: Exhibit, progress: Progress) -> int:
    """Write `model/` and `dataset/` into `folder`; bytes written."""
    model, dataset = folder / "model", folder / "dataset"
    dataset.mkdir()
    write_dataset(delivery.rows, dataset, delivery.preamble)
    write_smallest(delivery.smallest, dataset, forms_of(delivery.rows), delivery.preamble)
    _describe(dataset, data_card(delivery, exhibit), delivery)
    model.mkdir()
    write_weights(delivery, exhibit.form, exhibit.base, model, progress)
    _describe(model, model_card(delivery, exhibit), delivery)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _describe(folder: Path, card: str, delivery: Delivery) -> None:
    """Add card and lineage; the lineage holds the digests of the other files."""
    (folder / "README.md").write_text(card, encoding="utf-8")
    names = sorted(path for path in folder.rglob("*") if path.is_file())
    digests = {path.relative_to(folder).as_posix(): file_digest(path) for path in names}
    data: dict[str, Any] = lineage(delivery, digests)
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    (folder / "lineage.json").write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A passing folder, gone afterwards, beside a run: where there is room for weights."""
    part = temporary(folder)
    with storage(folder, "make it writable"):
        part.mkdir()
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)

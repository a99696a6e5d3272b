"""`report`: a run as one HTML file, with the same as JSON and Markdown and its figures beside."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.progress import SILENT, Progress
from pentad.evaluation.page.class_part import LARGEST
from pentad.evaluation.page.data import page_data
from pentad.evaluation.page.document import page_html
from pentad.evaluation.page.facts import DirectionPart, Page, Shown
from pentad.evaluation.page.figures.bar_chart import bar_figure
from pentad.evaluation.page.figures.intervals import interval_figure
from pentad.evaluation.page.figures.matrix import matrix_figure
from pentad.evaluation.page.markdown import page_markdown
from pentad.evaluation.results.names import people_direction
from pentad.evaluation.results.store import Run, read_run
from pentad.evaluation.results.tables import run_page
from pentad.pipeline.report.assemble import assemble
from pentad.pipeline.report.details import Content
from pentad.pipeline.report.previews import make_previews
from pentad.store.atomic import write_bytes

NAME = "report.html"
MEDIA_BYTES = 24_000_000
"""The most that pictures and sounds take of one page."""


@dataclass(frozen=True)
class ReportFiles:
    """What was written.

    Attributes:
        page: The HTML file.
        data: The same as JSON.
        markdown: The same as Markdown, without queries.
        figures: SVG files.
        notices: What a reader has to know, one line each.
    """

    page: Path
    data: Path
    markdown: Path
    figures: tuple[Path, ...]
    notices: tuple[str, ...]


def report(
    folder: str | Path,
    *,
    out: str | Path | None = None,
    queries: int = 6,
    media: bool = True,
    workers: int | None = None,
    media_bytes: int = MEDIA_BYTES,
    progress: Progress = SILENT,
) -> ReportFiles:
    """Write the report of a run; the same run and media give the same bytes.

    Args:
        folder: Of the run.
        out: The HTML file; default ``report.html`` in the run. The other files stand beside it
            under the same name, figures in a folder called ``NAME-figures``.
        queries: How many of the best and of the worst queries of each direction; 0 for none.
        media: Whether pictures and sounds are shown; else files are named.
        workers: Decoder processes; default one a processor.
        media_bytes: The most that pictures and sounds take.
        progress: Where files are counted.

    Raises:
        StoreError: There is no run, it is damaged, or a file cannot be written.
        InputError: No task was scored, or ``out`` is no name for a page.
    """
    run = read_run(folder)
    if not run.results:
        raise InputError("no task of this run is scored yet", file=folder)
    target = run.folder / NAME if out is None else Path(out)
    _check(target, queries)
    if target.resolve() != (run.folder / NAME).resolve():
        _check_free(target)
    page, wanted = assemble(run, queries=queries)
    if media:
        page = _with_media(page, wanted, media_bytes, workers, progress)
    return _written(run, page, target)


def _check_free(target: Path) -> None:
    """Raise where a file that no report wrote would be overwritten, such as ``run.json``."""
    for beside in (target.with_suffix(".json"), target.with_suffix(".md")):
        if beside.exists() and not target.exists():
            raise InputError("is there already, and is written with the page; choose another name",
                             file=beside)  # fmt: skip


def _with_media(
    page: Page, wanted: dict[str, Content], most: int, workers: int | None, progress: Progress
) -> Page:
    uses = Counter(_keys(page))
    found, left_out = make_previews(
        wanted,
        uses,
        most_bytes=most,
        workers=workers or len(os.sched_getaffinity(0)),
        progress=progress,
    )
    if not left_out:
        return replace(page, media=found)
    notice = (
        f"{left_out:,} of {len(wanted):,} files are not shown: the page holds no more than "
        f"{most / 1e6:g} MB of media. Fewer queries leave room for all."
    )
    return replace(page, media=found, notices=(*page.notices, notice))


def _keys(page: Page) -> Iterator[str]:
    """Yield the media of the page, one each time it is shown."""
    for part in page.tasks:
        for way in part.directions:
            for shown in (*way.worst, *way.best):
                yield from _keys_of(shown)


def _keys_of(shown: Shown) -> Iterator[str]:
    for entry in (shown.query, *(hit.entry for hit in shown.hits), *shown.expected):
        if entry.media is not None:
            yield entry.media


def _written(run: Run, page: Page, target: Path) -> ReportFiles:
    drawn = {
        target.with_name(f"{target.stem}-figures") / f"{name}.svg": text
        for name, text in _figures(page)
    }
    data, markdown = target.with_suffix(".json"), target.with_suffix(".md")
    values = json.dumps(page_data(page), indent=1, ensure_ascii=False, allow_nan=False)
    texts = {
        **drawn,
        data: values + "\n",
        markdown: f"{run_page(run).rstrip()}\n\n{page_markdown(page)}".rstrip() + "\n",
        target: page_html(page),
    }
    for path, text in texts.items():
        write_bytes(path, text.encode("utf-8", errors="replace"))
    notices = [*page.notices, *(gap for part in page.tasks for gap in part.gaps)]
    notices += [gap for part in page.tasks for way in part.directions for gap in way.gaps]
    return ReportFiles(target, data, markdown, tuple(drawn), tuple(notices))


def _figures(page: Page) -> Iterator[tuple[str, str]]:
    """Yield name and text of every figure."""
    ways = [(part.result.task, way) for part in page.tasks for way in part.directions]
    named = [
        (f"{task}, {people_direction(way.key)}, {way.main.metric}", way.main) for task, way in ways
    ]
    yield "scores", interval_figure(named, f"{page.info.name}: main metrics")
    for task, way in ways:
        yield from _figures_of(f"{task}.{way.key}", f"{task}, {people_direction(way.key)}", way)


def _figures_of(stem: str, title: str, way: DirectionPart) -> Iterator[tuple[str, str]]:
    if way.ranks:
        yield f"{stem}.ranks", bar_figure(way.ranks, f"{title}: rank of the first relevant item")
    if way.classes is not None and way.classes.rows:
        said = f"{title}: {way.classes.metric} of every class"
        yield f"{stem}.classes", bar_figure(way.classes.bars, said, way.classes.chance)
    if way.confusion is not None:
        yield f"{stem}.confusion", matrix_figure(way.confusion.most_confused(LARGEST))


def _check(target: Path, queries: int) -> None:
    if target.suffix.lower() not in {".html", ".htm"}:
        raise InputError("in which format?", file=target, expected="a name that ends in .html")
    if target.is_dir():
        raise InputError("this is a folder; name a file", file=target)
    if queries < 0:
        raise InputError("how many queries?", expected="0 or more", seen=queries)

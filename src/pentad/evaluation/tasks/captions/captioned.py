"""A task of files with captions, which all converters of this folder make in the same way.

Every caption of a file is relevant to it and to no other, also where another file has the same
sentence: that is how the results are published. Captions of a file that is not there are left out
with it, so that what is left is the benchmark over the files that are there, as others report it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.evaluation.tasks.build import Description, Gathered, build_task
from pentad.evaluation.tasks.table import TableRow, text_lines
from pentad.evaluation.tasks.task import Direction, Kind, Task
from pentad.sources.refusal import Refused

METRICS = ("hit@1", "hit@5", "hit@10", "mrr", "medr")
SEVERAL_METRICS = (*METRICS, "recall@10", "map@10")
"""Where a query has several relevant items."""


@dataclass(frozen=True)
class Clip:
    """One file with its captions.

    Attributes:
        id: What the data set calls it.
        unit: What it is resampled with.
        row: Where the table has it, for errors.
        captions: Id and text of each.
    """

    id: str
    unit: str
    row: int | None = None
    captions: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Published:
    """What is known of a benchmark.

    Attributes:
        name: Of the task.
        split: Of the task.
        modality: Of its files.
        clips: How many the published split has.
        source: For the reader of a report.
        license: As far as it is known.
        notes: Deviations that always hold.
    """

    name: str
    split: str
    modality: Modality
    clips: int
    source: str
    license: str
    notes: tuple[str, ...] = ()


class Clips:
    """Clips in the order in which they are first met.

    Args:
        table: Where they stand, for errors.
    """

    def __init__(self, table: Path) -> None:
        self.table = table
        self._clips: dict[str, Clip] = {}

    def __iter__(self) -> Iterator[Clip]:
        return iter(self._clips.values())

    def __len__(self) -> int:
        return len(self._clips)

    def clip(self, id_: str, *, unit: str | None = None, row: int | None = None) -> Clip:
        """Return the clip of this id, which is made where it is new."""
        if id_ not in self._clips:
            self._clips[id_] = Clip(id_, id_ if unit is None else unit, row)
        return self._clips[id_]


def caption_task(
    published: Published,
    clips: Clips,
    find: Callable[[Clip], Path],
    *,
    root: Path,
    notes: Iterable[str] = (),
) -> Task:
    """Return the task of clips with captions.

    Args:
        published: What is known of the benchmark.
        clips: What its tables say.
        find: Returns the file of a clip; `Refused` where there is none.
        root: Folder of the benchmark.
        notes: Deviations that hold here.

    Raises:
        InputError: An id occurs twice, or no file is there at all.
    """
    items = Gathered(published.modality, table=clips.table)
    captions = Gathered(Modality.TEXT, table=clips.table)
    pairs: list[tuple[str, str]] = []
    lost = 0
    for clip in clips:
        item = plain_id(clip.id)
        try:
            items.add(item, find(clip), unit=clip.unit, row=clip.row)
        except Refused as refused:
            items.leave_out(item, refused.detail)
            lost += len(clip.captions)
            continue
        for id_, text in clip.captions:
            captions.add(plain_id(id_), text, unit=clip.unit, row=clip.row)
            pairs.append((plain_id(id_), item))
    _refuse_none(published, items, clips, root)
    return build_task(
        _description(published, (*_told(published, clips, items, lost), *notes), pairs),
        captions, items, pairs, root=root,
    )  # fmt: skip


def _refuse_none(published: Published, items: Gathered, clips: Clips, root: Path) -> None:
    if len(items):
        return
    if not items.absent:
        raise InputError(f"no clip of the split {published.split!r} is listed", file=clips.table)
    raise InputError(f"none of the {len(clips):,} files of {published.modality} is there; "
                     f"{items.absent[0].reason}", file=root)  # fmt: skip


def _description(
    published: Published, notes: tuple[str, ...], pairs: list[tuple[str, str]]
) -> Description:
    several = len({item for _, item in pairs}) < len(pairs)
    return Description(
        name=published.name,
        kind=Kind.retrieval,
        split=published.split,
        directions=(Direction.forward, Direction.reverse),
        metrics=(METRICS, SEVERAL_METRICS if several else METRICS),
        source=published.source,
        license=published.license,
        notes=(*published.notes, *notes),
    )


def _told(published: Published, clips: Clips, items: Gathered, lost: int) -> list[str]:
    """Return how what is there differs from the published split."""
    notes = []
    if len(clips) != published.clips:
        notes.append(f"{clips.table.name} lists {len(clips):,} files; the published split has "
                     f"{published.clips:,}")  # fmt: skip
    if items.absent:
        notes.append(f"{len(items):,} of {len(clips):,} files are there; {lost:,} captions of the "
                     "others are left out with them")  # fmt: skip
    return notes


def plain_id(id_: str) -> str:
    """Return an id without blanks, which runs in the format of TREC cannot hold."""
    return "_".join(id_.split())


def find_first(root: Path, names: Iterable[str]) -> Path | None:
    """Return the first of some files that is there, None where none can be seen."""
    for name in names:
        try:
            if (root / name).is_file():
                return root / name
        except OSError:
            continue
    return None


def needed(root: Path, names: Iterable[str]) -> Path:
    """Return the first of some files that is there.

    Raises:
        InputError: None is; the message names the first.
    """
    listed = list(names)
    found = find_first(root, listed)
    if found is None:
        raise InputError("it is not in this folder", file=root, expected=listed[0])
    return found


def has_words(path: Path | None, words: Iterable[str]) -> bool:
    """Return whether the first line of a file holds every one of some words."""
    if path is None:
        return False
    try:
        _, first = next(text_lines(path), (0, ""))
    except InputError:
        return False
    return all(word in first for word in words)


def safe_name(row: TableRow, column: str) -> str:
    """Return a cell that is part of a file's name, hence without slashes.

    Raises:
        InputError: It is empty or has slashes.
    """
    name = row.text(column)
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise row.wrong("a name with slashes leads elsewhere", column, repr(name))
    return name

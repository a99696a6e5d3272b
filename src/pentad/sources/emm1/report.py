"""`report_emm1`: what can be trained on here: what the tables list, and what has its media.

A row counts as present when all it needs is here: for an item its file, for a caption its text, for
a group both items of a pair or all of them, for a triplet both items and the caption.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.sources.emm1.lfs import read_pointer
from pentad.sources.emm1.report_groups import count_groups
from pentad.sources.emm1.report_items import count_items, open_split
from pentad.sources.emm1.report_rows import SECTIONS, Count
from pentad.sources.emm1.report_triplets import count_eshot, count_triplets

if TYPE_CHECKING:
    from pentad.sources.emm1.dataset import Emm1

_log = logging.getLogger("pentad.sources.emm1")


@dataclass(frozen=True)
class TrainableReport:
    """What there is to train on.

    Attributes:
        root: The tables.
        media_root: The media.
        splits: The parts that are here.
        ranks: Ranks of groups that are here.
        counted: Those of them that were counted.
        rows: All counts, section by section.
        skipped: What could not be counted because its table is not here, and why.
    """

    root: Path
    media_root: Path
    splits: tuple[str, ...]
    ranks: tuple[int, ...]
    counted: tuple[int, ...]
    rows: tuple[Count, ...]
    skipped: tuple[str, ...] = ()

    def section(self, name: str) -> list[Count]:
        """Return the counts of ``items``, ``groups``, ``sources``, ``triplets`` or ``eshot``."""
        return [row for row in self.rows if row.section == name]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values: where, which ranks, and a list a section."""
        return {
            "root": str(self.root),
            "media_root": str(self.media_root),
            "splits": list(self.splits),
            "ranks": {"there": list(self.ranks), "counted": list(self.counted)},
            **{name: [row.to_json() for row in self.section(name)] for name in SECTIONS},
            "skipped": list(self.skipped),
        }


def report_emm1(ds: Emm1, *, ranks: Sequence[int] | None = None) -> TrainableReport:
    """Count what the data set lists and how much of it has its media present.

    Every table is read once, in blocks. A table that is not here, or still is a Git LFS pointer, is
    told and passed over.

    Args:
        ds: The data set.
        ranks: Which neighbors' groups are counted; default the first that is here.

    Raises:
        InputError: A rank is not here, a table is damaged, or nothing can be counted.
    """
    there = _ranks(ds)
    counted = _known(ds, there, ranks)
    skipped: list[InputError] = []
    rows = [row for count in _steps(ds, counted) for row in _attempt(count, skipped)]
    if not rows and skipped:
        raise skipped[0]
    for error in skipped:
        _log.warning("not counted: %s", error)
    _tell_media(ds)
    return TrainableReport(
        ds.root,
        ds.media_root,
        ds.splits or ("hub",),
        there,
        counted,
        tuple(rows),
        tuple(str(error) for error in skipped),
    )


def _steps(ds: Emm1, ranks: Sequence[int]) -> Iterable[Callable[[], list[Count]]]:
    """Yield what is to be counted, one table or so at a time."""
    if "100m" not in ds.splits and ds.places.hub is not None:
        from pentad.sources.emm1.report_hub import hub_steps

        yield from hub_steps(ds, ranks)
    else:
        yield from _table_steps(ds, ranks)
    if "eshot" in ds.splits:
        yield lambda: count_eshot(ds.eshot())


def _table_steps(ds: Emm1, ranks: Sequence[int]) -> Iterable[Callable[[], list[Count]]]:
    for split in (s for s in ("100m", "1m") if s in ds.splits):
        tables = open_split(ds, split)
        for modality in (None, *ds.modalities(split)):
            yield partial(count_items, split, tables, modality, ds.media)
    if "100m" in ds.splits:
        for rank in ranks:
            yield partial(count_groups, ds, rank)
    if "1m" in ds.splits:
        yield lambda: count_triplets(ds, open_split(ds, "1m"))


def _attempt(count: Callable[[], list[Count]], skipped: list[InputError]) -> list[Count]:
    try:
        return count()
    except InputError as error:
        if not _is_absent(error.file):
            raise
        if str(error) not in map(str, skipped):
            skipped.append(error)
        return []


def _is_absent(file: str | None) -> bool:
    """Return whether the table that an error names is simply not here."""
    if file is None:
        return False
    return not Path(file).exists() or read_pointer(Path(file)) is not None


def _tell_media(ds: Emm1) -> None:
    """Tell where all media are missing because nobody said where they are."""
    ds.media.tell_absent()
    if ds.places.converted and ds.media_root == ds.root:
        _log.warning("%s: a conversion holds no media; say where they are: --media-root", ds.root)


def _ranks(ds: Emm1) -> tuple[int, ...]:
    on_hub = "100m" not in ds.splits and ds.places.hub is not None
    return tuple(ds.places.hub_ranks()) if on_hub else ds.ranks


def _known(ds: Emm1, there: Sequence[int], ranks: Sequence[int] | None) -> tuple[int, ...]:
    if ranks is None:
        return tuple(there[:1])
    for rank in ranks:
        if rank not in there:
            names = ", ".join(f"nn_{k}" for k in there) or "none"
            raise InputError(f"there is no nn_{rank} here; there is: {names}", file=ds.root)
    return tuple(dict.fromkeys(ranks))

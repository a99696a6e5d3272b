"""The items of a split with what a download needs of them: their files, and how far these are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1.lookup import IdLookup
from pentad.sources.emm1.media_paths import MediaFolders, default_folder
from pentad.sources.fetch.jobs import Job

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1

ESHOT_SOURCES = {Modality.AUDIO: "EShot", Modality.POINTS: "Objaverse"}
"""EShot names no sources: its sounds are cut from YouTube, its clouds are Objaverse's."""

_ESHOT_FOLDERS = {Modality.AUDIO: "audio", Modality.POINTS: "points"}
_NEEDED = ("source_dataset", "file_name", "save_folder")
_NO_FIELDS = (*_NEEDED, "dataset_license", "id")


class Standing(IntEnum):
    """How far the file of an item is."""

    HERE = 0
    ELSEWHERE = 1  # downloaded earlier, and not in its place any more
    WANTED = 2
    AGAIN = 3  # failed earlier, and tried again
    FAILED = 4  # failed earlier, and not tried again
    LEFT_OUT = 5  # not here, and of a source that was not asked for
    NO_PLAN = 6  # nobody knows where its source lies


COSTS = np.array([0, 0, 1, 2, 100, 100, 100], dtype=np.int32)
"""How far each `Standing` keeps a group from being complete; from 100 on it cannot become so."""

HOPELESS = 100


@dataclass(frozen=True, eq=False)
class ItemFiles:
    """The items of one modality and split.

    Attributes:
        split: Of the data set.
        modality: Of the items.
        frame: ``id``, ``source_dataset``, ``file_name``, ``save_folder`` and whatever else says
            where a file comes from, in file order.
        standing: i8 (items,), a `Standing` each.
    """

    split: str
    modality: Modality
    frame: pl.DataFrame
    standing: NDArray[np.int8]

    @cached_property
    def lookup(self) -> IdLookup:
        """From ids to rows."""
        return IdLookup.of(self.frame["id"].to_numpy())

    @property
    def todo(self) -> NDArray[np.bool_]:
        """Whether the file of each item is to be fetched."""
        return np.isin(self.standing, (Standing.WANTED, Standing.AGAIN, Standing.NO_PLAN))

    def jobs(self, rows: NDArray[np.int64]) -> Iterator[Job]:
        """Return the work for rows, in their order."""
        names = [name for name in self.frame.columns if name not in _NO_FIELDS]
        eshot = self.split == "eshot"
        folder = _ESHOT_FOLDERS[self.modality] if eshot else default_folder(self.modality)
        for row in self.frame[rows].iter_rows(named=True):
            yield Job(
                split=self.split,
                modality=self.modality.value,
                id=row["id"],
                source=row["source_dataset"],
                file_name=row["file_name"],
                target=_target(row["save_folder"], folder, row["file_name"]),
                fields={n: _text(row[n]) for n in names if row[n] not in (None, "")},
            )

    def without(self, given_up: Collection[int]) -> ItemFiles:
        """Return the same with items that are not to be tried again in this run."""
        rows = self.lookup.rows(np.fromiter(given_up, np.uint32, len(given_up)))
        standing = self.standing.copy()
        standing[rows[standing[rows] != Standing.HERE]] = Standing.FAILED
        return ItemFiles(self.split, self.modality, self.frame, standing)


@dataclass(frozen=True)
class Judge:
    """Says of an item that is not here whether it is to be fetched.

    Attributes:
        again: Whether an item with this state and reason in the ledger is to be tried again.
        planned: Whether anybody knows where a source lies.
        chosen: Whether a source was asked for.
        ledger: What earlier runs made of the items, None where there were none.
    """

    again: Callable[[str, str], bool]
    planned: Callable[[str], bool]
    chosen: Callable[[str], bool]
    ledger: pl.DataFrame | None = None


def find_item_files(
    ds: Emm1, split: str, modality: Modality, frame: pl.DataFrame, judge: Judge
) -> ItemFiles:
    """Return how far the files of items are; folders are listed anew.

    Args:
        ds: The data set.
        split: Of it.
        modality: Of the items.
        frame: The items, from `item_table`.
        judge: Says which are to be fetched.

    Raises:
        InputError: A folder cannot be read.
    """
    standing = np.full(frame.height, Standing.WANTED, np.int8)
    _mark_past(standing, judge, split, modality, frame["id"].to_numpy())
    sources = frame["source_dataset"]
    names = sources.unique().to_list()
    for mark, means in ((Standing.NO_PLAN, judge.planned), (Standing.LEFT_OUT, judge.chosen)):
        standing[sources.is_in([name for name in names if not means(name)]).to_numpy()] = mark
    standing[_present(ds, split, modality, frame)] = Standing.HERE
    return ItemFiles(split, modality, frame, standing)


def item_table(ds: Emm1, split: str, modality: Modality) -> pl.DataFrame:
    """Return the infos of a modality, the id as ``id``, with a source for every item.

    Raises:
        InputError: The table cannot be read, or says nothing of files.
    """
    import polars as pl

    if split == "eshot":
        from pentad.sources.emm1.eshot_tables import ID_COLUMNS, read_info

        frame = read_info(ds.places.of("eshot"), modality).rename({ID_COLUMNS[modality]: "id"})
        if "source_dataset" not in frame.columns:
            frame = frame.with_columns(source_dataset=pl.lit(ESHOT_SOURCES[modality]))
    else:
        frame = ds.infos(modality, split=split).rename({f"encord_{modality}_id": "id"})
    for name in _NEEDED:
        if name not in frame.columns:
            raise InputError(
                f"the table of {modality} items lacks a column that a download needs",
                file=ds.places.of(split), column=name,
            )  # fmt: skip
    return frame.with_columns(pl.col(_NEEDED).fill_null(""))


def _present(ds: Emm1, split: str, modality: Modality, frame: pl.DataFrame) -> NDArray[np.bool_]:
    media = MediaFolders(ds.media_root)
    there = np.zeros(frame.height, dtype=np.bool_)
    rows = frame.select("save_folder", "file_name").with_row_index("row")
    for part in rows.partition_by("save_folder"):
        folder, names = part["save_folder"][0], part["file_name"].to_list()
        found = media.present(folder, modality, names)
        if split == "eshot":
            home = ds.places.of("eshot")
            found |= MediaFolders(home.parent).present(home.name, modality, names)
        there[part["row"].to_numpy()] = found
    return there


def _mark_past(
    standing: NDArray[np.int8],
    judge: Judge,
    split: str,
    modality: Modality,
    ids: NDArray[np.uint32],
) -> None:
    import polars as pl

    if judge.ledger is None:
        return
    rows = judge.ledger.filter((pl.col("split") == split) & (pl.col("modality") == modality.value))
    found = IdLookup.of(ids).rows(rows["id"].cast(pl.UInt32).to_numpy())
    pairs = rows.select("state", "reason").fill_null("")
    meaning = {
        (state, reason): _meaning(state, again=judge.again(state, reason))
        for state, reason in pairs.unique().iter_rows()
    }
    marks = np.fromiter((meaning[pair] for pair in pairs.iter_rows()), np.int8, rows.height)
    known = found >= 0
    standing[found[known]] = marks[known]


def _meaning(state: str, *, again: bool) -> Standing:
    if state == "done":
        return Standing.WANTED if again else Standing.ELSEWHERE
    if state == "skipped":
        return Standing.WANTED
    return Standing.AGAIN if again else Standing.FAILED


def _text(value: Any) -> str:
    """Return a cell as text; times are whole seconds as a rule, and names are made of them."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _target(save_folder: str, folder: str, name: str) -> Path:
    """Return where a file goes; nowhere if its name is none, which `safe_target` refuses.

    As a path, ``video/.`` is the folder itself.
    """
    place = f"{save_folder}/{folder}/"
    return Path(place + name if name and PurePosixPath(name).name == name else f"{place}../{name}")


Files = Mapping[Modality, ItemFiles]

"""Triplets as they are asked for: pairs, roles, votes, captions, paths and labels in one frame."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.captions import CsvCaptions
from pentad.sources.emm1.csv_groups import CsvTables
from pentad.sources.emm1.items import ItemTable
from pentad.sources.emm1.layout import Places
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.paths import PathColumn
from pentad.sources.emm1.roles import are_exchanged, exchange, exchanged_share
from pentad.sources.emm1.shape import NAMES, OWN, README
from pentad.sources.emm1.triplets import (
    COLUMNS,
    TRIPLETS,
    read_labels,
    read_triplets,
    select_pairs,
    wanted_codes,
)
from pentad.sources.emm1.votes import vote

if TYPE_CHECKING:
    import polars as pl

SIDES = ("paired", "annotated")
_log = logging.getLogger("pentad.sources.emm1")


@dataclass(frozen=True)
class RatedQuery:
    """What is asked of the triplets; the fields are the options of `Emm1.triplets`."""

    modalities: tuple[Modality, ...] | None = None
    captions: bool = False
    paths: bool = False
    labels: bool = False
    annotations: tuple[str, ...] | None = None
    vote: bool = False
    fix_roles: bool = False
    only_present: bool = False
    names: str = OWN

    def __post_init__(self) -> None:
        """Check the naming."""
        if self.names not in NAMES:
            raise UnknownName("naming of columns", self.names, NAMES)

    @property
    def columns(self) -> list[str]:
        """The columns of the answer, in order."""
        label = ["label"] if self.labels else []
        if self.names == README:
            files = [f"{side}_modality_file_path" for side in SIDES]
            caption = ["caption"] if self.captions else []
            return [*COLUMNS, *label, *files, *caption]
        caption = ["caption"] if self.captions else []
        files = [f"{side}_path" for side in SIDES] if self.paths else []
        return [COLUMNS[0], *caption, *COLUMNS[1:], *label, *files]


class DataSet(Protocol):
    """What triplets need of the data set."""

    places: Places
    media: MediaFolders


def rated_frame(ds: DataSet, query: RatedQuery) -> pl.DataFrame:
    """Return the triplets that a query asks for.

    Raises:
        InputError: A table or column is missing, or a row does not fit.
        UnknownName: There is no such annotation.
    """
    if "1m" not in ds.places.parts and ds.places.hub_pairs():
        from pentad.sources.emm1.hub_ratings import hub_triplets

        return hub_triplets(ds.places, query, ds.media)
    if query.only_present:
        ds.media.tell_absent()
    folder = ds.places.of("1m")
    tables = RatedTables(folder, converted=ds.places.converted)
    frame = tables.triplets()
    frame = _with_right_roles(frame, tables, query)
    if query.modalities is not None:
        frame = select_pairs(frame, query.modalities)
    return finish(frame, query, tables, ds.media)


@dataclass(eq=False)
class RatedTables:
    """The tables of the 1m split.

    Attributes:
        folder: The split's folder.
        converted: Whether `convert` wrote it.
    """

    folder: Path
    converted: bool = False

    def __post_init__(self) -> None:
        """Keep what is read."""
        self._csv = CsvTables(self.folder, {})

    def triplets(self) -> pl.DataFrame:
        """Return all rows, columns as `read_triplets` has them."""
        if self.converted:
            from pentad.sources.emm1.converted import read_converted_triplets

            return read_converted_triplets(self.folder)
        return read_triplets(self.folder)

    def items(self, modality: Modality) -> ItemTable:
        """Return the items of a modality."""
        if self.converted:
            from pentad.sources.emm1.converted import read_item_folder

            return read_item_folder(self.folder / "infos" / modality, modality)
        return self._csv.items(modality)

    def captions(self) -> Any:
        """Return the captions, as something with ``take(ids)``."""
        if self.converted:
            from pentad.sources.emm1.converted import open_captions

            return open_captions(self.folder / "infos" / "text")
        return CsvCaptions(self.folder / "infos" / "text.csv").everything

    def labels(self) -> dict[int, str]:
        """Return code -> label."""
        return read_labels(self.folder)

    def native(self) -> dict[str, str]:
        """Return source -> modality, for sources that only one modality's infos have."""
        found: dict[str, set[str]] = {}
        for modality in MEDIA_MODALITIES:
            for name in self._sources(modality):
                found.setdefault(name, set()).add(modality.value)
        return {name: next(iter(kinds)) for name, kinds in found.items() if len(kinds) == 1}

    def caption_sources(self) -> pl.DataFrame | None:
        """Return ``encord_text_id, source_dataset``, or None where infos do not tell."""
        import polars as pl

        try:
            facts = self._csv.caption_facts() if not self.converted else self.items(Modality.TEXT)
            labels = facts.fact("source_dataset")
        except InputError:
            return None
        names = pl.Series(labels.names, dtype=pl.String)
        return pl.DataFrame(
            {"encord_text_id": facts.ids, "source_dataset": names.gather(labels.codes)}
        )

    def exchanged(self, frame: pl.DataFrame) -> float | None:
        """Return the share of triplets whose roles are exchanged; None if nothing tells."""
        return exchanged_share(frame, self.caption_sources(), self.native())

    def _sources(self, modality: Modality) -> tuple[str, ...]:
        try:
            return self.items(modality).fact("source_dataset").names
        except InputError:
            return ()


def finish(
    frame: pl.DataFrame, query: RatedQuery, tables: RatedTables, media: MediaFolders
) -> pl.DataFrame:
    """Vote, filter and add the columns that are asked for, in their order and under their names."""
    import polars as pl

    frame = vote(frame) if query.vote else frame
    if query.annotations is not None:
        frame = frame.filter(pl.col("annotation").is_in(sorted(wanted_codes(query.annotations))))
    if query.paths or query.only_present or query.names == README:
        frame = _with_paths(frame, tables, media, only_present=query.only_present)
    if query.captions:
        frame = _with_captions(frame, tables)
    if query.labels:
        label = pl.col("annotation").replace_strict(tables.labels(), return_dtype=pl.String)
        frame = frame.with_columns(label.alias("label"))
    return shaped(frame, query)


def shaped(frame: pl.DataFrame, query: RatedQuery) -> pl.DataFrame:
    """Return the columns that are asked for, under their names; say so where there are no rows."""
    import polars as pl

    if frame.is_empty():
        _log.warning("no triplets are left: the table has its columns and no rows")
    if query.names == README:
        frame = _pair_by_pair(frame, query.modalities or MEDIA_MODALITIES)
        frame = frame.rename({f"{s}_path": f"{s}_modality_file_path" for s in SIDES})
        frame = frame.with_columns(pl.col(pl.UInt32, pl.UInt8).cast(pl.Int64))
    return frame.select(query.columns)


def _pair_by_pair(frame: pl.DataFrame, modalities: Sequence[Modality]) -> pl.DataFrame:
    """Order rows as the data set's own example does: pair by pair, then as in the file."""
    import polars as pl

    places = {f"{a} {b}": n for n, (a, b) in enumerate(permutations(modalities, 2))}
    pair = pl.concat_str("paired_modality", "annotated_modality", separator=" ")
    place = pair.replace_strict(places, default=len(places), return_dtype=pl.UInt32)
    return frame.sort(place, maintain_order=True)


def _with_right_roles(frame: pl.DataFrame, tables: RatedTables, query: RatedQuery) -> pl.DataFrame:
    share = tables.exchanged(frame)
    if not are_exchanged(share):
        if query.fix_roles and len(frame):
            found = "cannot be told from the tables" if share is None else "are as they should be"
            _log.warning("%s: the roles %s; nothing is changed", tables.folder / TRIPLETS, found)
        return frame
    if query.fix_roles:
        return exchange(frame)
    _log.warning(
        "%s: paired and annotated stand under each other's names in %.0f %% of the rows that tell; "
        "rows are as stored, --fix-roles (fix_roles=True) puts them right",
        tables.folder / TRIPLETS, 100 * (share or 0.0),
    )  # fmt: skip
    return frame


def _with_captions(frame: pl.DataFrame, tables: RatedTables) -> pl.DataFrame:
    import pyarrow as pa

    captions = tables.captions().take(frame["encord_text_id"].to_numpy())
    series = _series("caption", captions.cast(pa.large_string()))
    if series.null_count():
        _log.warning(
            "%s [encord_text_id]: %d rows name an id that infos/text.csv does not have; "
            "their captions are empty", TRIPLETS, series.null_count(),
        )  # fmt: skip
    return frame.with_columns(series)


def _with_paths(
    frame: pl.DataFrame, tables: RatedTables, media: MediaFolders, *, only_present: bool
) -> pl.DataFrame:
    import polars as pl

    used = {m for side in SIDES for m in frame[f"{side}_modality"].unique()}
    items = {m: tables.items(Modality(m)) for m in sorted(used)}
    present = {m: table.present(media) for m, table in items.items()} if only_present else {}
    paths = {m: PathColumn.of(table, media) for m, table in items.items()}
    for side in SIDES:
        frame = _with_side(frame, side, paths, present)
        _tell_unknown(frame, side)
    if only_present:
        frame = frame.filter(pl.col("paired_there") & pl.col("annotated_there"))
    return frame.drop("paired_there", "annotated_there")


def _with_side(
    frame: pl.DataFrame, side: str, paths: Mapping[str, PathColumn], present: Mapping[str, Any]
) -> pl.DataFrame:
    import polars as pl

    numbered = frame.with_row_index("row")
    parts = [
        numbered.head(0).with_columns(_no_path(side), pl.lit(value=True).alias(f"{side}_there"))
    ]
    for modality, column in paths.items():
        part = numbered.filter(pl.col(f"{side}_modality") == modality)
        ids = part[f"encord_{side}_id"].to_numpy()
        made, _ = column.of_ids(ids)
        rows = column.items.lookup.rows(ids)
        there = (
            (rows >= 0) & present[modality][rows] if len(column.items) and present else rows >= 0
        )
        there_column = pl.Series(f"{side}_there", there, dtype=pl.Boolean)
        parts.append(part.with_columns(_series(f"{side}_path", made.cast("string")), there_column))
    return pl.concat(parts).sort("row").drop("row")


def _no_path(side: str) -> Any:
    import polars as pl

    return pl.lit(None, dtype=pl.String).alias(f"{side}_path")


def _series(name: str, array: Any) -> Any:
    import polars as pl

    series: Any = pl.from_arrow(array)
    return series.alias(name)


def _tell_unknown(frame: pl.DataFrame, side: str) -> None:
    import polars as pl

    unknown = frame.filter(pl.col(f"{side}_path").is_null())
    for modality, count in unknown[f"{side}_modality"].value_counts().sort("count").iter_rows():
        _log.warning(
            "%s [encord_%s_id]: %d rows name an id that infos/%s.csv does not have; "
            "their paths are empty", TRIPLETS, side, count, modality,
        )  # fmt: skip

"""Groups as a stream of blocks: ids as they are stored, captions and paths if asked for."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.sources.emm1.batches import GroupBatch
from pentad.sources.emm1.captions import CaptionCursor
from pentad.sources.emm1.csv_table import ID_LIMIT
from pentad.sources.emm1.items import Bools, ItemTable
from pentad.sources.emm1.lookup import ABSENT
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.paths import BLOCK_ROWS, PathColumn
from pentad.sources.emm1.shape import README, Column

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_log = logging.getLogger("pentad.sources.emm1")

Ids = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class IdBlock:
    """Some rows of one rank.

    Attributes:
        text: u32 (rows,).
        items: Modality -> u32 (rows,); `ID_LIMIT` where a group has none.
    """

    text: Ids
    items: dict[Modality, Ids]

    def take(self, keep: Bools) -> IdBlock:
        """Return the rows that are kept."""
        return IdBlock(self.text[keep], {m: ids[keep] for m, ids in self.items.items()})


class GroupTables(Protocol):
    """Where groups come from: CSV tables as published, or what `convert` made of them."""

    def blocks(self, rank: int, modalities: Sequence[Modality], rows: int) -> Iterator[IdBlock]:
        """Yield the ids of a rank in file order."""

    def items(self, modality: Modality) -> ItemTable:
        """Return the items of a modality."""

    def captions(self) -> CaptionCursor:
        """Start to read captions."""

    def caption_facts(self) -> ItemTable:
        """Return source and licence of captions, as items without files."""

    def group_modalities(self, ranks: Sequence[int], *, tell: bool = True) -> list[Modality]:
        """Return the modalities that the groups of all these ranks have."""


@dataclass(frozen=True)
class GroupQuery:
    """What is asked of the groups.

    Attributes:
        ranks: In the order they are wanted.
        columns: In the order they are wanted.
        names: Naming of columns; decides whether ids are i64 as `polars.read_csv` has them.
        filters: Modality -> which of its items may be in a row.
        only_present: Whether files must be there, where no filter can say so.
    """

    ranks: tuple[int, ...]
    columns: tuple[Column, ...]
    names: str
    filters: dict[Modality, Callable[[ItemTable], Bools]] = field(default_factory=dict)
    only_present: bool = False

    def only(self, names: Sequence[str] | None) -> GroupQuery:
        """Return the query with just these of its columns."""
        if names is None:
            return self
        return replace(self, columns=tuple(c for c in self.columns if c.name in names))

    @property
    def modalities(self) -> list[Modality]:
        """The modalities whose ids are needed."""
        used = {c.modality for c in self.columns if c.modality} | set(self.filters)
        return [m for m in Modality if m in used and m is not Modality.TEXT]


def schema_of(query: GroupQuery, repeated: Collection[Modality] = ()) -> pa.Schema:
    """Return the Arrow schema of the blocks.

    Args:
        query: What is asked.
        repeated: Modalities whose paths are dictionaries.
    """
    import pyarrow as pa

    whole = query.names == README
    number = pa.int64() if whole else pa.uint32()
    types: dict[str, Any] = {
        "text_id": number,
        "id": number,
        "rank": pa.int64() if whole else pa.uint16(),
        "caption": pa.string(),
        "path": pa.string(),
    }
    dictionary = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [(c.name, dictionary if c.modality in repeated and c.role == "path" else types[c.role])
         for c in query.columns]
    )  # fmt: skip


def path_columns(
    tables: GroupTables, query: GroupQuery, media: MediaFolders
) -> dict[Modality, PathColumn]:
    """Return what makes the paths that a query asks for."""
    wanted = [c.modality for c in query.columns if c.role == "path" and c.modality]
    return {m: PathColumn.of(tables.items(m), media) for m in wanted}


def stream_groups(
    tables: GroupTables,
    query: GroupQuery,
    media: MediaFolders,
    *,
    rows: int = BLOCK_ROWS,
) -> Iterator[pa.Table]:
    """Yield groups in blocks; ranks as asked for, rows in file order.

    Ids that no infos table has get a null path or caption; how many is told in the log.
    """
    paths = path_columns(tables, query, media)
    schema = schema_of(query, [m for m, column in paths.items() if column.repeats])
    allowed = {m: (_table(tables, m), keep) for m, keep in query.filters.items()}
    masks = {m: (table, keep(table)) for m, (table, keep) in allowed.items()}
    left = 0
    for rank in query.ranks:
        unknown: Counter[str] = Counter()
        with_captions = any(c.role == "caption" for c in query.columns)
        captions = tables.captions() if with_captions else None
        try:
            for whole in tables.blocks(rank, query.modalities, rows):
                block = _filtered(whole, masks)
                left += len(block.text)
                if len(block.text):
                    yield _arrow(block, rank, schema, query, paths, captions, unknown)
        except GeneratorExit:  # whoever reads has enough rows; what these lack is told all the same
            _tell(rank, unknown)
            raise
        _tell(rank, unknown)
    if not left:
        tell_empty()


def resolve_block(
    tables: GroupTables, batch: GroupBatch, media: MediaFolders, paths: dict[Modality, PathColumn]
) -> pl.DataFrame:
    """Return captions and paths of some groups.

    Args:
        tables: Where items and captions are.
        batch: The groups.
        media: Where files are.
        paths: What makes paths; filled here, to be handed in again.
    """
    import polars as pl

    columns: dict[str, Any] = {"encord_text_id": batch.text, "nn_index": batch.ranks}
    columns["caption"] = tables.captions().take(batch.text).cast("large_string")
    for modality, ids in batch.items.items():
        columns[f"encord_{modality}_id"] = _id_array(ids)
    for modality, ids in batch.items.items():
        if modality not in paths:
            paths[modality] = PathColumn.of(tables.items(modality), media)
        column = paths[modality]
        columns[f"{modality}_path"] = column.of_rows(column.items.lookup.rows(ids))
    return pl.DataFrame({name: pl.Series(name, values) for name, values in columns.items()})


def tell_empty() -> None:
    """Say that a query has no rows, which is no error."""
    _log.warning("no groups are left: the table has its columns and no rows")


def _table(tables: GroupTables, modality: Modality) -> ItemTable:
    return tables.caption_facts() if modality is Modality.TEXT else tables.items(modality)


def _filtered(block: IdBlock, masks: dict[Modality, tuple[ItemTable, Bools]]) -> IdBlock:
    for modality, (table, mask) in masks.items():
        ids = block.text if modality is Modality.TEXT else block.items[modality]
        rows = table.lookup.rows(ids)
        keep = (rows != ABSENT) & mask[rows] if len(mask) else np.zeros(len(ids), np.bool_)
        block = block if keep.all() else block.take(keep)
    return block


def _arrow(
    block: IdBlock,
    rank: int,
    schema: pa.Schema,
    query: GroupQuery,
    paths: dict[Modality, PathColumn],
    captions: CaptionCursor | None,
    unknown: Counter[str],
) -> pa.Table:
    import pyarrow as pa

    columns = []
    for column, field_ in zip(query.columns, schema, strict=True):
        if column.role == "rank":
            made = pa.array(np.full(len(block.text), rank), field_.type)
        elif column.role == "caption" and captions is not None:
            made = captions.take(block.text).cast(field_.type)
            unknown["caption"] += made.null_count
        elif column.role == "path":
            ids = block.items[_named(column)]
            made, missing = paths[_named(column)].of_ids(ids)
            unknown[f"encord_{column.modality}_id"] += missing
        else:
            ids = block.text if column.role == "text_id" else block.items[_named(column)]
            made = _id_array(ids).cast(field_.type)
        columns.append(made)
    return pa.Table.from_arrays(columns, schema=schema)


def _named(column: Column) -> Modality:
    if column.modality is None:
        raise ValueError(f"{column.name} has no modality")
    return column.modality


def _id_array(ids: Ids) -> pa.Array:
    import pyarrow as pa

    absent = ids == ID_LIMIT
    return pa.array(ids, pa.uint32(), mask=absent if absent.any() else None)


def _tell(rank: int, unknown: Counter[str]) -> None:
    for column, count in unknown.items():
        if not count:
            continue
        table = "text" if column == "caption" else column.removeprefix("encord_")[:-3]
        what = "captions" if column == "caption" else "paths"
        _log.warning(
            "nn_%d [%s]: %d groups name an id that infos/%s.csv does not have; their %s are empty",
            rank, "encord_text_id" if column == "caption" else column, count, table, what,
        )  # fmt: skip

"""What one table of the data set has: rows, ids, folders, pairs. Read in blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.emm1.csv_table import ID_LIMIT, header_of, stream_table
from pentad.sources.emm1.groups import GroupTables
from pentad.sources.emm1.id_counter import IdCounter
from pentad.sources.emm1.items import ItemTable
from pentad.sources.emm1.rated import RatedTables
from pentad.sources.emm1.roles import are_exchanged
from pentad.sources.emm1.triplets import TRIPLETS, existing_pairs, read_labels

Facts = dict[str, Any]
_FOLDER = "save_folder"
_OLD, _SHARED = ("phase_1_only", "phase_2_only"), "shared"
_ROWS = 1 << 18


def infos_facts(path: Path, modality: Modality) -> Facts:
    """Return rows, ids and save folders of an infos table, repeated rows and all."""
    own = f"encord_{modality}_id"
    there = header_of(path)
    kinds = {own: "id", **({_FOLDER: "label"} if _FOLDER in there else {})}
    ids, folders, rows = IdCounter(), Counter[str](), 0
    for batch in stream_table(path, kinds):
        rows += batch.num_rows
        ids.add(_numbers(batch.column(0)))
        if _FOLDER in kinds:
            counts = batch.column(1).value_counts().to_pylist()
            folders.update({c["values"]: c["counts"] for c in counts})
    return {"rows": rows, "ids": {own: ids.facts()}, "columns": there, **_folders(folders)}


def items_facts(table: ItemTable) -> Facts:
    """Return the same of items that were converted."""
    ids = IdCounter()
    ids.add(np.asarray(table.ids))
    codes, counts = np.unique(table.folders.codes, return_counts=True)
    named = {table.folders.names[c]: int(n) for c, n in zip(codes, counts, strict=True)}
    named = {} if table.modality is Modality.TEXT else named
    facts = {f"encord_{table.modality}_id": ids.facts()}
    return {"rows": len(table), "ids": facts, **_folders(Counter(named))}


def groups_facts(tables: GroupTables, rank: int, modalities: Iterable[Modality]) -> Facts:
    """Return rows and ids of the groups of a rank."""
    wanted = list(modalities)
    counters = {name: IdCounter() for name in ("text", *wanted)}
    rows = 0
    for block in tables.blocks(rank, wanted, _ROWS):
        rows += len(block.text)
        counters["text"].add(block.text)
        for modality in wanted:
            counters[modality].add(block.items[modality])
    ids = {f"encord_{name}_id": counter.facts() for name, counter in counters.items()}
    return {"rows": rows, "rank": rank, "ids": ids}


def group_modalities(path: Path) -> list[Modality]:
    """Return the modalities that a table of groups has."""
    there = header_of(path)
    return [m for m in MEDIA_MODALITIES if f"encord_{m}_id" in there]


def triplets_facts(tables: RatedTables) -> Facts:
    """Return rows, ids, pairs, annotations and whether the roles are exchanged."""
    frame = tables.triplets()
    text = IdCounter()
    text.add(frame["encord_text_id"].to_numpy())
    ids = {"encord_text_id": text.facts()}
    for modality in MEDIA_MODALITIES:
        counter = IdCounter()
        for side in ("paired", "annotated"):
            own = frame.filter(frame[f"{side}_modality"] == modality.value)
            counter.add(own[f"encord_{side}_id"].to_numpy())
        if (found := counter.facts())["count"]:
            ids[f"encord_{modality}_id"] = found
    pairs = [
        {"paired": a, "annotated": b, "rows": n} for (a, b), n in existing_pairs(frame).items()
    ]
    counts = Counter(frame["annotation"].to_list())
    share = tables.exchanged(frame)
    header = {} if tables.converted else {"columns": header_of(tables.folder / TRIPLETS)}
    return {
        "rows": frame.height,
        "ids": ids,
        "pairs": pairs,
        "annotations": {str(code): counts[code] for code in sorted(counts)},
        "repeated": frame.height - frame.unique().height,
        "roles": "unknown"
        if share is None
        else "exchanged"
        if are_exchanged(share)
        else "as documented",
        **header,
    }


def labels_facts(path: Path) -> Facts:
    """Return the labels of the annotations."""
    labels = {str(code): text for code, text in read_labels(path.parent).items()}
    rows = sum(batch.num_rows for batch in stream_table(path, {header_of(path)[0]: "text"}))
    return {"rows": rows, "ids": {}, "columns": header_of(path), "labels": labels}


def parquet_facts(paths: list[Path]) -> Facts:
    """Return rows and columns of Parquet files of a hub; they have no ids."""
    import polars as pl

    from pentad.sources.emm1.hub import scan_parquet

    frame = scan_parquet(paths)
    rows = frame.select(pl.len()).collect().item()
    return {"rows": rows, "ids": None, "columns": frame.collect_schema().names()}


def _numbers(column: Any) -> NDArray[np.uint32]:
    filled = column.fill_null(ID_LIMIT) if column.null_count else column
    numbers: NDArray[np.uint32] = filled.to_numpy()
    return numbers


def _folders(counts: Counter[str]) -> Facts:
    if not counts:
        return {}
    old = any(name in _OLD for name in counts)
    new = any(name not in (*_OLD, _SHARED) for name in counts)
    names = "mixed" if old and new else "old" if old else "new"
    return {"save_folders": dict(sorted(counts.items())), "save_folder_names": names}

"""Items and captions in id order, as flat files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.sources.emm1.captions import CsvCaptions
from pentad.sources.emm1.csv_table import header_of, stream_table
from pentad.sources.emm1.info_tables import infos_kinds, read_infos
from pentad.sources.emm1.items import FACTS, Labels, read_items
from pentad.sources.emm1.strings import write_strings
from pentad.sources.emm1.text_facts import read_text_facts
from pentad.store.records import Commit

if TYPE_CHECKING:
    import pyarrow as pa

_OWN = "encord_text_id"
_PART = 1 << 18


def convert_items(path: Path, modality: Modality, commit: Commit) -> dict[str, Any]:
    """Write ids, file names, folders, sources and licences of a modality's items."""
    import pyarrow as pa

    facts = [name for name in FACTS if name in header_of(path)]
    items = read_items(path, modality, facts)
    order = np.argsort(items.ids, kind="stable")
    _save(commit, "ids", items.ids[order])
    labels = {"save_folder": items.folders, **items.facts}
    for name, column in labels.items():
        _save(commit, name, column.codes[order])
    parts = (
        items.file_names.take(pa.array(order[start : start + _PART]))
        for start in range(0, len(order), _PART)
    )
    _write_strings(parts, commit)
    return {"rows": len(order), "labels": {name: list(c.names) for name, c in labels.items()}}


def convert_infos(path: Path, modality: Modality, commit: Commit) -> dict[str, Any]:
    """Write every column of an infos table as Parquet, in file order."""
    import pyarrow as pa
    from pyarrow import parquet

    target = commit.path(f"{modality}.parquet")
    kinds = infos_kinds(path, modality)
    frame = None
    schema = pa.schema([(n, _types(pa)[kind]) for n, kind in kinds.items()])
    rows = 0
    if _repeats(path, f"encord_{modality}_id"):
        frame = read_infos(path, modality)
        frame.write_parquet(target, compression="zstd", compression_level=1)
        return {"rows": frame.height}
    with parquet.ParquetWriter(target, schema, compression="zstd", store_schema=False) as writer:
        for batch in stream_table(path, kinds, block=1 << 24):
            table = pa.Table.from_batches([batch]).cast(schema)
            writer.write_table(table)
            rows += table.num_rows
    return {"rows": rows}


def convert_captions(path: Path, commit: Commit) -> dict[str, Any]:
    """Write ids, captions, sources and licences of captions in id order."""
    facts = read_text_facts(path)
    order = np.argsort(facts.ids, kind="stable")
    ids = facts.ids[order]
    _save(commit, "ids", ids)
    for name, column in facts.facts.items():
        _save(commit, name, column.codes[order])
    labels: dict[str, Labels] = facts.facts
    del facts, order
    _write_strings(_captions(path, ids), commit)
    return {"rows": len(ids), "labels": {name: list(c.names) for name, c in labels.items()}}


def _captions(path: Path, ids: NDArray[np.uint32]) -> Iterator[pa.Array]:
    cursor = CsvCaptions(path).cursor()
    for start in range(0, len(ids), _PART):
        yield cursor.take(ids[start : start + _PART])


def _repeats(path: Path, own: str) -> bool:
    numbers = [np.empty(0, np.uint32)]
    numbers += [batch.column(0).to_numpy() for batch in stream_table(path, {own: "id"})]
    ids = np.concatenate(numbers)
    return len(np.unique(ids)) < len(ids)


def _types(pa: Any) -> dict[str, Any]:
    return {"id": pa.uint32(), "number": pa.float64(), "text": pa.string(), "label": pa.string()}


def _write_strings(parts: Iterator[pa.Array], commit: Commit) -> None:
    write_strings(parts, commit.path("strings.offsets.npy"), commit.path("strings.bin"))


def _save(commit: Commit, name: str, array: NDArray[Any]) -> None:
    with commit.path(f"{name}.npy").open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)

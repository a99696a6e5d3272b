"""LanceDB: inverted lists of product codes, and graphs over eight bits, in a local table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.systems.base import CONSTRUCTION, LINKS, K, Setting, steps
from neighbors_parts.vectors import Data

_COLUMN = "vector"
_ROWS = 1 << 16
_BATCH = 256


@dataclass(frozen=True)
class Lance:
    """A table with an index.

    Attributes:
        kind: ``IVF_PQ`` or ``IVF_HNSW_SQ``.
    """

    kind: str = "IVF_PQ"
    package: str = "lancedb"

    def build(self, data: Data, folder: Path) -> dict[str, Any]:
        """Write the table, then the index."""
        import lancedb

        items = data.items32
        table = lancedb.connect(folder).create_table("items", _blocks(items), mode="overwrite")
        config, told = self._config(*items.shape)
        table.create_index(_COLUMN, config=config)
        return {"factory": told}

    def open(self, data: Data, folder: Path) -> LanceSearcher:
        """Open the table."""
        import lancedb

        return LanceSearcher(lancedb.connect(folder).open_table("items"), self.kind, data.queries32)

    def _config(self, items: int, dim: int) -> tuple[Any, str]:
        from lancedb.index import HnswSq, IvfPq

        if (
            self.kind == "IVF_PQ"
        ):  # one list a root of the items, four values a code, as many bits as Pentad's
            lists, codes = 2 ** round(np.log2(np.sqrt(items))), dim // 4
            told = f"IVF_PQ, {lists} lists, {codes} codes"
            return IvfPq(distance_type="dot", num_partitions=lists, num_sub_vectors=codes), told
        lists = max(1, items >> 20)
        options = {"num_partitions": lists, "m": LINKS, "ef_construction": CONSTRUCTION}
        told = f"IVF_HNSW_SQ, {lists} lists, m {LINKS}, ef_construction {CONSTRUCTION}"
        return HnswSq(distance_type="dot", **options), told


@dataclass
class LanceSearcher:
    """A table that was opened; queries go in by the batch, which is faster than alone."""

    table: Any
    kind: str
    queries: np.ndarray

    def settings(self) -> Sequence[Sequence[Setting]]:
        """Return numbers of lists, or lengths of the list of the best seen, for each refinement."""
        if self.kind == "IVF_PQ":
            return [[{"nprobes": n, "refine": r} for n in steps(8, 512, 2)] for r in (4, 16, 64)]
        return [[{"ef": e, "refine": r} for e in steps(32, 2048, 1.4)] for r in (None, 2)]

    def search(self, queries: slice, setting: Setting) -> np.ndarray:
        """Search batch by batch."""
        asked = self.queries[queries]
        found = [
            self._batch(asked[start : start + _BATCH], setting)
            for start in range(0, len(asked), _BATCH)
        ]
        return np.concatenate(found)

    def _batch(self, queries: np.ndarray, setting: Setting) -> np.ndarray:
        query = self.table.search(queries, vector_column_name=_COLUMN).limit(K)
        query = query.select(["row", "_distance"])
        for name, option in (("nprobes", query.nprobes), ("ef", query.ef)):
            if name in setting:
                option(setting[name])
        if setting["refine"] is not None:
            query.refine_factor(setting["refine"])
        table = query.to_arrow().sort_by([("query_index", "ascending"), ("_distance", "ascending")])
        places, rows = (table[name].to_numpy() for name in ("query_index", "row"))
        found = np.full((len(queries), K), -1, np.int64)
        starts = np.searchsorted(places, np.arange(len(queries)))
        found[places, np.arange(len(places)) - starts[places]] = rows
        return found


def _blocks(items: np.ndarray) -> Any:
    """Return the items as record batches, so that they are never all in memory."""
    import pyarrow as pa

    kind = pa.list_(pa.float32(), items.shape[1])
    schema = pa.schema([("row", pa.int32()), (_COLUMN, kind)])

    def batches() -> Any:
        for start in range(0, len(items), _ROWS):
            block = np.ascontiguousarray(items[start : start + _ROWS])
            rows = np.arange(start, start + len(block), dtype=np.int32)
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), type=kind)
            yield pa.record_batch([pa.array(rows), vectors], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())

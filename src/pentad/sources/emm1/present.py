"""What of E-MM1 is here, as ordinary items: files that are present, and captions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import Modality, as_modality
from pentad.sources.emm1.items import FACTS, Bools, ItemTable
from pentad.sources.emm1.media_paths import MediaFolders
from pentad.sources.emm1.report_items import open_split
from pentad.sources.emm1.report_rows import labels_or_none
from pentad.store.captions import clean_caption
from pentad.store.items import Items, item_schema

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1

_BLOCK = 1 << 18


def present_items(ds: Emm1, modality: str, *, split: str = "100m") -> Items:
    """Return the items of a split that can be used here; their ids are the published ones.

    So their embeddings fit the published groups and triplets without any translation. Every file is
    read once, for its fingerprint; empty captions are left out.

    Args:
        ds: The data set.
        modality: Any; of ``text`` all captions that the split lists.
        split: ``100m`` or ``1m``; ids belong to it.

    Raises:
        InputError: The table is missing or cannot be read.
    """
    import polars as pl

    kind, tables = as_modality(modality), open_split(ds, split)
    root = ds.media_root.resolve()
    if kind is Modality.TEXT:
        table = tables.caption_facts()
        frame = caption_rows(table, np.arange(len(table)), split_captions(ds, split))
        frame = frame.with_columns(native_modality=pl.lit(None, pl.String))
    else:
        table = tables.items(kind)
        frame = present_rows(table, table.present(ds.media), ds.media).sort("encord_id")
        paths = [root / file for file in frame["file"]]
        frame = frame.with_columns(
            pl.lit(None, pl.String).alias("concept"),
            pl.Series("fingerprint", [fingerprint_file(path) for path in paths], pl.String),
            pl.Series("bytes", [path.stat().st_size for path in paths], pl.UInt64),
        )
    source = f"emm1-{split}"
    frame = frame.rename({"encord_id": kind.id_column}).with_columns(
        pl.lit(source).alias("source"), pl.lit(value=False).alias("removed")
    )
    return Items(kind, frame.select(*item_schema(kind)), {source: root})


def split_captions(ds: Emm1, split: str) -> Any:
    """Return the captions of a split, as something with ``take(ids)``."""
    if split == "100m":
        return ds.tables.captions()
    from pentad.sources.emm1.rated import RatedTables

    return RatedTables(ds.places.of(split), converted=ds.places.converted).captions()


def present_rows(table: ItemTable, present: Bools, media: MediaFolders) -> pl.DataFrame:
    """Return ``encord_id, file, source_dataset, dataset_license`` of the present items of a table.

    Rows are in the order of the table; ``file`` is relative to the root of the media.
    """
    import polars as pl
    import pyarrow as pa

    rows = np.flatnonzero(present)
    root = media.root.rstrip("/") + "/"
    places = table.prefixes(media)
    folders = pl.Series([name.removeprefix(root) for name in places.names], dtype=pl.String)
    names = pl.Series(table.file_names.take(pa.array(rows)).to_pylist(), dtype=pl.String)
    ids = np.asarray(table.ids)[rows]
    files = folders.gather(places.codes[rows]) + names
    return pl.DataFrame({"encord_id": ids, "file": files, **_facts(table, rows)})


def caption_rows(facts: ItemTable, rows: NDArray[np.int64], captions: Any) -> pl.DataFrame:
    """Return ``encord_id, caption, source_dataset, dataset_license`` of rows, in order of the ids.

    Captions are cleaned as everywhere; those that are empty or unknown are left out.
    """
    import polars as pl

    rows = rows[np.argsort(np.asarray(facts.ids)[rows], kind="stable")]
    ids = np.asarray(facts.ids)[rows]
    texts: list[str] = []
    for start in range(0, len(ids), _BLOCK):
        found = captions.take(ids[start : start + _BLOCK]).to_pylist()
        texts += [clean_caption(text or "") for text in found]
    caption = pl.Series(texts, dtype=pl.String)
    frame = pl.DataFrame({"encord_id": ids, "caption": caption, **_facts(facts, rows)})
    return frame.filter(pl.col("caption") != "")


def _facts(table: ItemTable, rows: NDArray[np.int64]) -> dict[str, pl.Series]:
    """Return source and licence of rows; never null, since null means that others may tell."""
    import polars as pl

    found = {}
    for name in FACTS:
        labels = labels_or_none(table, name)
        found[name] = pl.Series(labels.names, dtype=pl.String).gather(labels.codes[rows])
    return found

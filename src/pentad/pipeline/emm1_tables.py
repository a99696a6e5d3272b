"""Published groups and triplets under the ids of a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.groups.groups import Groups
from pentad.pipeline.emm1_ids import Tables, Translation
from pentad.pipeline.emm1_parts import BLOCK_ROWS, Part, rank_modalities
from pentad.ratings.triplets import Triplets
from pentad.sources.emm1.csv_table import ID_LIMIT

if TYPE_CHECKING:
    import polars as pl

    from pentad.sources.emm1.dataset import Emm1
    from pentad.sources.emm1.groups import IdBlock

Counts = dict[str, int]


def groups_folder(root: Path, rank: int) -> Path:
    """Return where the groups of a rank lie in a workspace."""
    return root / "groups" / f"emm1-nn_{rank}"


def triplets_folder(root: Path) -> Path:
    """Return where the triplets lie in a workspace."""
    return root / "ratings" / "emm1-1m"


def save_groups(root: Path, ds: Emm1, rank: int, ids: Tables) -> Counts:
    """Write the groups of one rank, if any is left, and return what was kept and dropped.

    An item that is absent is null; rows without any item, and rows whose caption is unknown or
    empty, are dropped. Of several rows that become one caption, since their captions were the same
    text, the first stays.
    """
    import polars as pl

    modalities = [m for m in rank_modalities(ds, rank) if ("100m", m) in ids]
    known = {m: Translation.of(ids["100m", m]) for m in (Modality.TEXT, *modalities)}
    counts: Counter[str] = Counter(groups=0)
    parts = [_block(b, known, counts) for b in ds.tables.blocks(rank, modalities, BLOCK_ROWS)]
    if not counts["groups"]:
        return dict(counts)
    table = pl.concat(parts)
    kept = table.unique("text_id", keep="first", maintain_order=True)
    counts["repeated captions"] += table.height - kept.height
    counts["groups"] = kept.height
    frame = kept.select("text_id", pl.lit(rank).alias("rank"), *(m.id_column for m in modalities))
    published = {"split": "100m", "rank": rank, "counts": dict(counts)}
    groups = Groups.from_frame(frame, manifest={"published": published})
    groups.save(groups_folder(root, rank))
    return dict(counts)


def save_triplets(root: Path, part: Part, ids: Tables) -> Counts:
    """Write the triplets, if any is left, and return what was kept and dropped."""
    import polars as pl

    rows = part.triplets
    if rows is None:
        return {}
    columns = {
        "text_id": Translation.of(ids["1m", Modality.TEXT])(rows["encord_text_id"].to_numpy()),
        "paired_id": _items(rows, "paired", part, ids),
        "rated_id": _items(rows, "annotated", part, ids),
    }
    known = np.logical_and.reduce([column != ID_LIMIT for column in columns.values()])
    table = rows.with_columns(pl.Series(name, column) for name, column in columns.items())
    table = table.rename({"annotated_modality": "rated_modality"}).filter(pl.Series(known))
    counts = {"triplets": table.height, **part.dropped}
    counts["without a file"] += rows.height - table.height
    if table.height:
        published = {"split": "1m", "counts": counts}
        _triplets(table, published).save(triplets_folder(root))
    return counts


def _triplets(table: pl.DataFrame, published: Mapping[str, object]) -> Triplets:
    import polars as pl

    names = ["text_id", "paired_modality", "paired_id", "rated_modality", "rated_id"]
    # Codes count from 1 for the best; grades are greater for the better.
    grade = (3 - pl.col("annotation")).cast(pl.UInt8).alias("rating")
    return Triplets.from_frame(table.select(*names, grade), manifest={"published": published})


def _block(
    block: IdBlock, known: Mapping[Modality, Translation], counts: Counter[str]
) -> pl.DataFrame:
    import polars as pl

    texts = known[Modality.TEXT](block.text)
    items = {m: known[m](ids) for m, ids in block.items.items()}
    some = np.logical_or.reduce([column != ID_LIMIT for column in items.values()])
    keep = some & (texts != ID_LIMIT)
    counts["without any file"] += int((~some).sum())
    counts["without a caption"] += int((some & ~keep).sum())
    counts["groups"] += int(keep.sum())
    columns = {m.id_column: column[keep] for m, column in items.items()}
    for name, column in columns.items():
        counts[f"absent {name.removesuffix('_id')}"] += int((column == ID_LIMIT).sum())
    frame = pl.DataFrame({"text_id": texts[keep], **columns})
    return frame.with_columns(
        pl.when(pl.col(name) != ID_LIMIT).then(pl.col(name)).alias(name) for name in columns
    )


def _items(rows: pl.DataFrame, side: str, part: Part, ids: Tables) -> NDArray[np.uint32]:
    kinds, numbers = rows[f"{side}_modality"].to_numpy(), rows[f"encord_{side}_id"].to_numpy()
    found = np.full(rows.height, ID_LIMIT, dtype=np.uint32)
    for modality in part.files:
        chosen = np.flatnonzero(kinds == modality.value)
        found[chosen] = Translation.of(ids["1m", modality])(numbers[chosen])
    return found

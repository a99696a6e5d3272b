"""Embeddings of a workspace in the layouts of other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import UnknownName
from pentad.core.modality import Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.exchange import clip_json
from pentad.embeddings.exchange.write import FORMATS, write_embeddings
from pentad.embeddings.frames import FrameEmbeddings, aggregate, as_aggregation
from pentad.pipeline.stored import stored_embeddings, without_removed
from pentad.store.items import Catalog, Items
from pentad.store.workspace import Workspace

_FACTS = ("source", "source_dataset", "dataset_license", "concept", "native_modality")


@dataclass(frozen=True)
class ExportSummary:
    """What was written.

    Attributes:
        path: Where.
        format: In which layout.
        space: Of which space.
        modality: Of what.
        items: How many.
        dim: Length of a vector.
        removed: Embeddings of items that are no longer in the workspace, which are left out.
    """

    path: str
    format: str
    space: str
    modality: str
    items: int
    dim: int
    removed: int

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def export_embeddings(
    workspace: str | Path,
    path: str | Path,
    *,
    space: str,
    modality: str,
    format: str,
    aggregation: str | None = None,
    if_exists: str = "error",
    progress: Progress = SILENT,
) -> ExportSummary:
    """Write the embeddings of one space and modality for another program.

    Files and captions become names; tables also get source, licence, concept and, beside files, the
    first caption that was collected with them.

    Args:
        workspace: A workspace with embeddings.
        path: What `write_embeddings` writes.
        space: Which vectors; the fingerprint that ends the name may be left out.
        modality: Of what.
        format: In which layout.
        aggregation: Where items have several vectors, how one is made of them; None keeps them.
        if_exists: ``error``, or ``replace`` for an earlier export.
        progress: Where to report.

    Raises:
        UnknownName: There is no such space or format.
        InputError: Something is there already.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS)
    opened = Workspace.open(workspace)
    catalog, kind = opened.catalog(), as_modality(modality)
    way = None if aggregation is None else as_aggregation(aggregation)
    stored = stored_embeddings(opened, space, kind)
    if way is not None and isinstance(stored, FrameEmbeddings):
        stored = aggregate(stored, way)
    found, removed = without_removed(stored, catalog.items(kind))
    items = catalog.items(kind).take(found.ids)
    names = items.captions if kind is Modality.TEXT else items.frame["file"].to_list()
    columns = None if format == clip_json.FORMAT else _columns(catalog, items)
    write_embeddings(
        found, path, format=format, names=names, columns=columns, if_exists=if_exists,
        progress=progress,
    )  # fmt: skip
    return ExportSummary(str(path), format, found.space, kind.value, len(found), found.dim, removed)


def _columns(catalog: Catalog, items: Items) -> Mapping[str, Sequence[object]]:
    columns: dict[str, Sequence[object]] = {}
    if items.modality is not Modality.TEXT:
        columns["caption"] = _first_captions(catalog, items)
    for name in _FACTS:
        if name in items.frame.columns:
            columns[name] = items.frame[name].to_list()
    return columns


def _first_captions(catalog: Catalog, items: Items) -> Sequence[object]:
    import polars as pl

    texts = catalog.items(Modality.TEXT)
    pairs: NDArray[np.uint32] = catalog.pairs.of(items.modality)
    table = pl.DataFrame({"text_id": pairs[:, 0], "id": pairs[:, 1]})
    first = table.group_by("id").agg(pl.col("text_id").min())
    captions = texts.frame.select("text_id", "caption")
    named = first.join(captions, on="text_id", how="inner").select("id", "caption")
    wanted = pl.DataFrame({"id": items.ids})
    return wanted.join(named, on="id", how="left", maintain_order="left")["caption"].to_list()

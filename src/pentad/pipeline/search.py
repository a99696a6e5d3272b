"""`search_workspace`: by text or by an example file, under a saved model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.fingerprint import fingerprint_file
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.features import embed_features
from pentad.encoders.model import Model
from pentad.media.formats import modality_of
from pentad.pipeline.models import find_model
from pentad.pipeline.placed import open_placed
from pentad.pipeline.policies import considered
from pentad.serving.index import Hit, Index
from pentad.serving.labels import label_items
from pentad.store.items import Catalog, Items, item_schema
from pentad.store.workspace import Workspace


def search_workspace(
    workspace: str | Path,
    query: str,
    *,
    modality: str | None = None,
    k: int = 10,
    model: str | None = None,
) -> Sequence[Hit]:
    """Return the items nearest to a text or to a file, k of each modality searched.

    Args:
        workspace: Folder of the workspace.
        query: A text, or the path of a file.
        modality: Search this one only; default all.
        k: Hits of each modality.
        model: Name of a saved model; default the final one.

    Raises:
        StoreError: There is no workspace or no model.
        InputError: The query is empty, or its file cannot be used.
    """
    opened = Workspace.open(workspace)
    found = find_model(opened, model)
    kind = None if modality is None else as_modality(modality)
    index = open_index(opened, found, kind)
    vector, _ = encode_query(found, query)
    return index.search(vector, modality=kind, k=k)


def open_index(
    workspace: Workspace,
    model: Model,
    modality: Modality | None = None,
) -> Index:
    """Return an index over everything a workspace holds, or over one modality of it."""
    catalog = considered(workspace, workspace.catalog())
    embeddings = open_placed(workspace, catalog, model, modality)
    if not embeddings:
        what = "no items" if modality is None else f"no {modality.value} items"
        raise InputError(f"{workspace.root}: {what} to search")
    return Index(embeddings, labels={m: _labels(catalog, m) for m in embeddings})


def encode_query(model: Model, query: str) -> tuple[NDArray[np.float32], Modality]:
    """Return the vector of a text or a file, and what the query is.

    Raises:
        InputError: The query is empty, the file is of no known kind, or it cannot be decoded.
    """
    path = Path(query)
    if not query.strip():
        raise InputError("the query is empty; give a text, a file, or - to read stdin")
    if not _is_file(path):
        return model.encode([query], modality=Modality.TEXT)[0], Modality.TEXT
    modality = modality_of(path)
    if modality is None:
        raise InputError("is of no kind that can be searched with", file=path)
    features, failures = embed_features(_single(path, modality), model.frozen(modality), workers=1)
    if failures:
        raise InputError(f"{failures[0].reason.value}: {failures[0].detail}", file=path)
    return model.project(modality, features.vectors, features.scores)[0], modality


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a long text is no path
        return False


def _single(path: Path, modality: Modality) -> Items:
    import polars as pl

    row = {
        modality.id_column: 0,
        "file": path.name,
        "fingerprint": fingerprint_file(path),
        "bytes": path.stat().st_size,
        "source": "query",
        "removed": False,
    }
    schema = item_schema(modality)
    frame = pl.DataFrame({name: [row.get(name)] for name in schema}, schema=schema)
    return Items(modality, frame, {"query": path.parent})


def _labels(catalog: Catalog, modality: Modality):  # type: ignore[no-untyped-def]
    return label_items(catalog.items(modality), catalog.items(Modality.TEXT), catalog.pairs)

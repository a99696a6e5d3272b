"""Where a model puts every item of a workspace, stored so that a search need not find out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

import numpy as np

from pentad.core.modality import Modality
from pentad.embeddings.embed import load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.features import Features, load_features
from pentad.embeddings.shards import SHARD_ROWS, Shard, ShardFolder
from pentad.encoders.model import Model
from pentad.encoders.protocol import space_of
from pentad.pipeline.learned import project
from pentad.store.items import Catalog, Items
from pentad.store.workspace import Workspace


def store_placed(workspace: Workspace, catalog: Catalog, model: Model) -> None:
    """Write the vectors of all items under a model, in the layout of any other embeddings.

    Vectors of earlier versions of the model are removed.
    """
    space = space_of(model)
    for old in workspace.root.glob(f"embeddings/{model.name}-*"):
        if old.name != space:
            shutil.rmtree(old)
    for modality in model.modalities:
        features = _features(workspace, model, modality)
        folder = ShardFolder(workspace.root / "embeddings" / space / modality.value)
        for number in np.unique(features.ids // SHARD_ROWS).tolist():
            part = features.take(features.ids[features.ids // SHARD_ROWS == number])
            shard = _shard(part, catalog.items(modality), model)
            fields = {"space": space, "modality": modality.value, "encoder": model.fingerprint}
            folder.write(number, shard, fields)


def open_placed(
    workspace: Workspace,
    catalog: Catalog,
    model: Model,
    modality: Modality | None = None,
) -> dict[Modality, Embeddings]:
    """Return the vectors of all items, or of one modality: stored ones, else new ones."""
    space = space_of(model)
    wanted = [m for m in model.modalities if modality in (None, m) and len(catalog.items(m))]
    found: dict[Modality, Embeddings] = {}
    for each in wanted:
        if (workspace.root / "embeddings" / space / each.value).is_dir():
            found[each] = load_embeddings(workspace, space, each.value)
        else:
            features = _features(workspace, model, each)
            vectors = project(model, features)
            found[each] = Embeddings(vectors, features.ids, each, space)
    return _present(found, catalog)


def _present(found: Mapping[Modality, Embeddings], catalog: Catalog) -> dict[Modality, Embeddings]:
    """Leave out items that are no longer in the catalog."""
    result = {}
    for modality, embeddings in found.items():
        ids = catalog.items(modality).ids
        gone = len(np.setdiff1d(embeddings.ids, ids))
        result[modality] = embeddings.take(ids) if gone else embeddings
    return {m: e for m, e in result.items() if len(e)}


def _features(workspace: Workspace, model: Model, modality: Modality) -> Features:
    spaces = [entry.space for entry in model.encoders[modality]]
    return load_features(workspace, modality.value, spaces)


def _shard(features: Features, items: Items, model: Model) -> Shard:
    prints = dict(zip(items.ids.tolist(), items.fingerprints, strict=True))
    rows = [np.frombuffer(bytes.fromhex(prints[i]), np.uint8) for i in features.ids.tolist()]
    return Shard(
        features.ids.astype(np.uint32),
        np.stack(rows),
        project(model, features).astype(np.float16),
        None,
    )

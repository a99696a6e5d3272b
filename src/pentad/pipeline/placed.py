"""Where a model puts every item of a workspace, stored so that nobody need find out again."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.embeddings.embed import load_embeddings
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.features import Features, load_features, stream_features
from pentad.embeddings.shards import Shard, ShardFolder
from pentad.encoders.model import Model
from pentad.encoders.protocol import space_of
from pentad.pipeline.learned import project
from pentad.store.items import Catalog, Items
from pentad.store.workspace import Workspace


def store_placed(workspace: Workspace, catalog: Catalog, model: Model, root: Path) -> None:
    """Write the vectors of all items under a model, in the layout of any other embeddings.

    One shard after the other is read, so that memory does not grow with the items. Vectors of
    earlier versions of the model are removed.

    Args:
        workspace: Where the frozen vectors lie.
        catalog: All items.
        model: Its encoders are those of the frozen vectors.
        root: Folder to write ``<space>/<modality>`` into.
    """
    space = space_of(model)
    for old in root.glob(f"{model.name}-*"):
        if old.name != space:
            shutil.rmtree(old)
    for modality in model.modalities:
        folder = ShardFolder(root / space / modality.value)
        fields = {"space": space, "modality": modality.value, "encoder": model.fingerprint}
        written = set()
        items = catalog.items(modality)
        for number, part in stream_features(workspace, modality, _spaces(model, modality)):
            folder.write(number, _shard(present(part, items), items, model), fields)
            written.add(number)
        for stale in set(folder.numbers()) - written:
            folder.remove(stale)


def map_placed(root: Path, model: Model) -> dict[Modality, Embeddings]:
    """Return what `store_placed` wrote, mapped: only the rows that somebody asks for are read.

    The vectors are said to lie where the frozen ones do, which is what a data set names.
    """
    found = {}
    for modality in model.modalities:
        folder = root / space_of(model) / modality.value
        if ShardFolder(folder).numbers():
            location = f"embeddings/{_spaces(model, modality)[0]}/{modality}"
            found[modality] = replace(Embeddings.load(folder), location=location)
    return {m: e for m, e in found.items() if len(e)}


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
            features = load_features(workspace, each.value, _spaces(model, each))
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


def present(features: Features, items: Items) -> Features:
    """Return the features of these items, without those of others; no copy where all stay."""
    return features.take(items.ids) if len(np.setdiff1d(features.ids, items.ids)) else features


def _spaces(model: Model, modality: Modality) -> list[str]:
    return [entry.space for entry in model.encoders[modality]]


def _shard(features: Features, items: Items, model: Model) -> Shard:
    rows = np.searchsorted(items.ids, features.ids)
    prints = _prints([items.fingerprints[row] for row in rows.tolist()])
    vectors = project(model, features).astype(np.float16)
    return Shard(features.ids.astype(np.uint32), prints, vectors, None)


def _prints(fingerprints: Sequence[str]) -> NDArray[np.uint8]:
    """Return (items, 32): the bytes of SHA-256 sums."""
    return np.frombuffer(bytes.fromhex("".join(fingerprints)), np.uint8).reshape(-1, 32)

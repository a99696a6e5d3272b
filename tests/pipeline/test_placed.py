"""Where the bridge puts everything is stored, and searches read it from there."""

from __future__ import annotations

import shutil

import numpy as np

from pentad.embeddings.shards import ShardFolder
from pentad.embeddings.stacked import StackedRows
from pentad.neighbors.neighbors import Neighbors
from pentad.pipeline import steps
from pentad.pipeline.making import Making
from pentad.pipeline.models import find_model
from pentad.pipeline.options import NeighborOptions
from pentad.pipeline.placed import map_placed, store_placed
from pentad.pipeline.verbs import neighbors_step
from pentad.store.workspace import Workspace
from tests.pipeline.shared import ITEMS, K


def places(workspace):
    return map_placed(
        workspace / "cache" / "placed", find_model(Workspace.open(workspace), "bridge")
    )


def test_scores_are_those_of_the_stored_vectors(built):
    found, texts = places(built), places(built)["text"].vectors[:].astype(np.float64)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    assert set(found) == {"text", "image", "audio", "video", "points"}
    for modality, embeddings in found.items():
        if modality == "text":
            continue
        items = embeddings.vectors[:].astype(np.float64)
        items /= np.linalg.norm(items, axis=1, keepdims=True)
        near = Neighbors.load(built / "neighbors" / "default", modality)
        best = -np.sort(-(texts @ items.T), axis=1)[:, :K]
        np.testing.assert_allclose(near.scores, best, atol=1e-6)


def test_another_search_maps_what_is_stored_and_reads_nothing_else(pair, monkeypatch):
    def never(*_):
        raise AssertionError("frozen vectors were read as a whole")

    seen, find = [], Making.find

    def watched(self, embeddings, *rest, **options):
        seen.extend(embeddings.values())
        return find(self, embeddings, *rest, **options)

    monkeypatch.setattr(steps, "load_features", never)
    monkeypatch.setattr(Making, "find", watched)
    neighbors_step(pair, options=NeighborOptions(k=K + 1))
    assert len(seen) == 3
    assert all(isinstance(e.vectors, StackedRows) for e in seen)
    assert all(isinstance(e.vectors[: len(e)], np.memmap) for e in seen)


def test_deleted_places_are_made_again(pair):
    before = {m: e.vectors[:].copy() for m, e in places(pair).items()}
    shutil.rmtree(pair / "cache")
    neighbors_step(pair, options=NeighborOptions(k=K + 1))
    after = places(pair)
    assert set(before) == set(after)
    assert all((before[m] == after[m].vectors[:]).all() for m in before)


def test_a_shard_whose_items_are_gone_goes_too(pair, tmp_path):
    opened = Workspace.open(pair)
    model = find_model(opened, "bridge")
    store_placed(opened, opened.catalog(), model, tmp_path)
    folder = next(tmp_path.glob("*/image"))
    shard = ShardFolder(folder).read(0)
    ShardFolder(folder).write(7, shard, {"space": folder.parent.name, "modality": "image"})
    store_placed(opened, opened.catalog(), model, tmp_path)
    assert ShardFolder(folder).numbers() == [0]
    assert len(map_placed(tmp_path, model)["image"]) == ITEMS

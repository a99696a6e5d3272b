"""Making neighbors of everything, and of a part where not everything is possible."""

from __future__ import annotations

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors.update import update_neighbors
from pentad.pipeline.making import Making
from pentad.pipeline.options import Machine, NeighborOptions


class Own:
    """Native pairs: every caption is native to every item."""

    def __init__(self, captions, items):
        self._pairs = np.stack(np.meshgrid(captions, items), axis=-1).reshape(-1, 2)

    def of(self, modality):
        return self._pairs.astype(np.uint32)


def embeddings(captions=3, items=2):
    rng = np.random.default_rng(0)
    counts = {Modality.TEXT: captions, Modality.IMAGE: items}
    return {
        m: Embeddings.from_array(rng.normal(size=(n, 4)), modality=m, space="toy")
        for m, n in counts.items()
    }


def test_excluding_all_items_is_an_error_of_the_whole_and_not_of_a_part():
    making, pairs = Making(NeighborOptions(k=2, native="exclude")), Own(range(3), range(2))
    with pytest.raises(InputError, match="native to all 2 image items"):
        making.find(embeddings(), pairs)
    (found,) = making.find(embeddings(), pairs, whole=False)
    assert found.native.all()
    assert found.how["native"]["treatment"] == "keep"


def test_only_exact_search_runs_elsewhere():
    with pytest.raises(InputError, match="only exact search runs on other devices"):
        Making(NeighborOptions(backend="ivf"), machine=Machine(device="cuda"))


def test_the_search_to_compare_with_leaves_the_index_of_the_other(tmp_path):
    options = NeighborOptions(k=2, backend="ivf", recall=0.8, hubness="center")
    making = Making(options).keeping(tmp_path)
    for _ in range(2):
        (found,) = making.find(embeddings(60, 1500), Own((), ()), compare=True)
        written = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("index.faiss")}
    assert found.how["hubs_before"] != found.how["hubs"]
    assert len(written) == 2
    making.find(embeddings(60, 1500), Own((), ()), compare=True)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("index.faiss")} == written


def test_an_update_keeps_to_the_memory_of_the_machine(tmp_path, monkeypatch):
    given = []

    def watched(*sides, **options):
        given.append(options)
        return update_neighbors(*sides, **options)

    monkeypatch.setattr("pentad.pipeline.making.update_neighbors", watched)
    machine = Machine(memory=1 << 21, scratch=tmp_path)
    making, sides = Making(NeighborOptions(k=2), machine=machine), embeddings(5, 9)
    (before,) = making.find(sides, Own((), ()))
    making.find(sides, Own((), ()), previous={Modality.IMAGE: before})
    assert [(o["memory"], o["scratch"]) for o in given] == [(1 << 21, tmp_path / "image")]

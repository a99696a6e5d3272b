"""The grid on a Ray cluster of two nodes: byte for byte, with workers and a node lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pentad.core.engine import Engine, get_engine
from pentad.core.errors import InputError
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.grid import run
from pentad.neighbors.grid.product import multiply
from pentad.neighbors.grid.run import grid_search
from pentad.neighbors.metrics import METRICS, get_metric
from tests.ray_clusters import two_nodes

pytestmark = pytest.mark.slow

COSINE = get_metric("cosine")
SIZES = {"query_rows": 40, "item_rows": 300}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def engine(cluster) -> Engine:
    return get_engine("ray", address=cluster.address)


@pytest.fixture(scope="module")
def sides():
    """Queries and items, many of them equal, so that ties lie across all borders of shards."""
    rng = np.random.default_rng(5)
    few = rng.integers(-3, 4, (200, 24))
    corpus = few[rng.integers(0, len(few), 1000)] * rng.integers(1, 3, (1000, 1))
    return rng.integers(-3, 4, (300, 24)).astype(np.float16), corpus.astype(np.float16)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "ended"


def multiply_once(corpus, queries, *, marker: Path):
    """End the worker in the middle of the search, the first time it comes here."""
    if queries.start == 160 and corpus.shard.start == 600 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return multiply(corpus, queries)


class After:
    """Calls a function once, when so many queries are done."""

    def __init__(self, queries: int, function) -> None:
        self.left, self.function, self.called = queries, function, 0

    def advance(self, count: int = 1) -> None:
        self.left -= count
        if self.left <= 0 and not self.called:
            self.called += 1
            self.function()


def same(found, sides, metric=COSINE):
    rows, scores = ExactSearch(sides[1], metric).search(sides[0], 16)
    assert found[0].tobytes() == rows.tobytes()
    assert found[1].tobytes() == scores.tobytes()


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_two_nodes_find_the_same(engine, sides, metric):
    found = grid_search(*sides, 16, get_metric(metric), engine=engine, **SIZES)
    same(found, sides, get_metric(metric))


def test_mapped_vectors_are_mapped_by_the_workers(engine, sides, tmp_path):
    for name, side in zip(("queries", "items"), sides, strict=True):
        np.save(tmp_path / f"{name}.npy", side)
    mapped = [np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("queries", "items")]
    same(grid_search(*mapped, 16, COSINE, engine=engine, **SIZES), sides)


def test_one_worker_killed_in_the_middle(engine, sides, marker, monkeypatch):
    monkeypatch.setattr(run, "multiply", partial(multiply_once, marker=marker))
    same(grid_search(*sides, 16, COSINE, engine=engine, **SIZES), sides)
    assert marker.exists()


def test_what_is_finished_is_taken_by_another_engine(engine, sides, tmp_path, monkeypatch):
    grid_search(*sides, 16, COSINE, engine=engine, resume=tmp_path / "products", **SIZES)
    monkeypatch.setattr("pentad.neighbors.grid.product.ExactSearch", None)
    found = grid_search(
        *sides, 16, COSINE, engine=get_engine(), resume=tmp_path / "products", **SIZES
    )
    same(found, sides)


def test_an_error_is_that_of_one_piece(engine, sides):
    corpus = sides[1].copy()
    corpus[777] = np.inf
    with pytest.raises(InputError) as alone:
        ExactSearch(corpus, COSINE)
    with pytest.raises(InputError) as cut:
        grid_search(sides[0], corpus, 16, COSINE, engine=engine, **SIZES)
    assert type(cut.value) is InputError
    assert str(cut.value) == str(alone.value)


def test_a_node_lost_on_the_way(engine, cluster, sides):
    """Last, for the cluster is smaller afterwards."""
    node = next(node for node in cluster.list_all_nodes() if not node.head)
    lost = After(50, lambda: cluster.remove_node(node, allow_graceful=False))
    found = grid_search(*sides, 16, COSINE, engine=engine, query_rows=10, item_rows=300, task=lost)
    assert lost.called == 1
    same(found, sides)

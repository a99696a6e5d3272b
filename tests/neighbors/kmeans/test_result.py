"""What k-means found: on disk, and for other vectors."""

import json

import numpy as np
import pytest

from pentad.core.errors import InputError, StoreError
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.kmeans.lloyd import assign_to, kmeans
from pentad.neighbors.kmeans.result import KMeans
from pentad.neighbors.metrics import get_metric
from tests.neighbors.kmeans.conftest import clustered


@pytest.fixture(scope="module")
def found():
    return kmeans(clustered(600, 8), 12, iterations=5)


def test_it_comes_back_from_disk_as_it_was(found, tmp_path):
    found.save(tmp_path / "clusters")
    loaded = KMeans.load(tmp_path / "clusters")
    for name in ("centroids", "assignment", "scores"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(found, name))
    assert loaded.how == found.how
    assert (loaded.metric, loaded.objective, loaded.converged) == (
        found.metric,
        found.objective,
        found.converged,
    )
    assert json.loads(json.dumps(found.how)) == found.how


def test_what_is_missing_or_damaged_is_refused(found, tmp_path):
    with pytest.raises(StoreError, match="no complete k-means"):
        KMeans.load(tmp_path)
    found.save(tmp_path)
    with (tmp_path / "scores.npy").open("r+b") as file:
        file.seek(200)
        file.write(b"\xff\xff")
    with pytest.raises(StoreError, match="run k-means again"):
        KMeans.load(tmp_path)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_other_vectors_are_assigned_as_exact_search_finds_them(path, metric):
    found = kmeans(clustered(600, 24), 90, metric=metric, iterations=3)
    others = clustered(900, 24, seed=9)
    assignment, scores = found.assign(others)
    rows, exact = ExactSearch(found.centroids, get_metric(metric)).search(others, 1)
    np.testing.assert_array_equal(assignment, rows[:, 0])
    expected = exact[:, 0] if metric == "cosine" else exact[:, 0] ** 2
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_its_own_vectors_are_assigned_as_they_were(found):
    assignment, scores = found.assign(clustered(600, 8))
    np.testing.assert_array_equal(assignment, found.assignment)
    np.testing.assert_array_equal(scores, found.scores)


def test_vectors_of_another_width_are_refused(found):
    with pytest.raises(InputError, match="expected 8, got 9"):
        assign_to(clustered(10, 9), found.centroids, "cosine")

"""Starts: distinct points, and points that lie far apart."""

import numpy as np
import pytest

from pentad.neighbors.kmeans.lloyd import kmeans
from tests.neighbors.kmeans.conftest import clustered


@pytest.mark.parametrize("initial", ["random", "spread"])
@pytest.mark.parametrize("clusters", [1, 2, 7, 40, 63])
def test_centroids_are_different_points(initial, clusters):
    values = np.random.default_rng(0).standard_normal((63, 5)).astype(np.float32)
    vectors = np.repeat(values, 9, axis=0)
    start = kmeans(vectors, clusters, metric="euclidean", initial=initial, iterations=0).centroids
    assert len(np.unique(start, axis=0)) == clusters
    assert all((values == row).all(axis=1).any() for row in start)


def test_spread_starts_reach_small_clusters_that_random_ones_miss():
    rng = np.random.default_rng(1)
    centers = rng.standard_normal((40, 16)) * 4
    sizes = np.where(np.arange(40) < 2, 2000, 10)
    vectors = np.repeat(centers, sizes, axis=0) + rng.standard_normal((sizes.sum(), 16)) * 0.1
    found = {
        initial: np.mean(
            [
                kmeans(
                    vectors.astype(np.float32), 40, metric="euclidean", initial=initial, seed=seed
                ).objective[-1]
                for seed in range(3)
            ]
        )
        for initial in ("random", "spread")
    }
    assert found["spread"] < 0.5 * found["random"]


def test_cosine_starts_have_length_one():
    vectors = clustered(300, 9) * np.float16(3)
    start = kmeans(vectors, 20, initial="spread", iterations=0).centroids
    np.testing.assert_allclose(np.linalg.norm(start, axis=1), 1, rtol=1e-6)

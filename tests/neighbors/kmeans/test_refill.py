"""Empty clusters get the points that are furthest from their centroids."""

import numpy as np

from pentad.neighbors.kmeans.lloyd import kmeans
from pentad.neighbors.kmeans.refill import donors


def test_the_furthest_points_go_first_and_ties_by_row():
    far = np.array([1.0, 4.0, 2.0, 4.0, 0.0])
    own, sizes = np.zeros(5, np.int32), np.array([5, 0, 0, 0])
    assert donors(far, own, sizes, 1.0).tolist() == [1, 3, 2]


def test_no_cluster_is_emptied_and_no_point_leaves_its_own_place():
    far = np.array([9.0, 5.0, 3.0, 0.0])
    own, sizes = np.array([0, 1, 1, 2], np.int32), np.array([1, 2, 1, 0, 0])
    assert donors(far, own, sizes, 1.0).tolist() == [1]


def test_an_empty_cluster_takes_the_furthest_point(path):
    vectors = np.array([[0, 0], [1, 0], [0, 1], [9, 9]], np.float32)
    start = np.array([[0, 0], [50, 50]], np.float32)
    found = kmeans(vectors, 2, metric="euclidean", initial=start, iterations=5)
    assert found.assignment.tolist() == [0, 0, 0, 1]
    np.testing.assert_allclose(found.centroids, [[1 / 3, 1 / 3], [9, 9]], rtol=1e-6)
    assert found.how["refilled"] == 1


def test_many_empty_clusters_are_all_filled_and_lower_the_objective(path):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((2000, 10)).astype(np.float32)
    start = np.concatenate([vectors[:5], vectors[:1] + 100 + np.arange(95)[:, None]])
    found = kmeans(vectors, 100, metric="euclidean", initial=start, iterations=30)
    assert found.sizes.all()
    assert found.how["refilled"] >= 95
    assert (np.diff(found.objective) < 1e-6).all()


def test_zero_vectors_are_never_taken(path):
    vectors = np.concatenate([np.zeros((5, 2)), [[1, 0], [1, 0.1], [0.9, 0]]]).astype(np.float32)
    start = np.array([[1, 0], [-1, 0]], np.float32)
    found = kmeans(vectors, 2, initial=start, iterations=5)
    assert found.assignment.tolist() == [0] * 5 + [0, 1, 0]

"""K-means against Lloyd's iterations written down plainly, and against scikit-learn."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pentad.core.errors import InputError, UnknownName
from pentad.neighbors.int8.probe import has_fast_int8
from pentad.neighbors.kmeans import lloyd, search
from pentad.neighbors.kmeans.lloyd import kmeans
from tests.neighbors.kmeans.conftest import clustered
from tests.neighbors.kmeans.plain import lloyd as plain_lloyd
from tests.neighbors.kmeans.plain import nearest

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

METRICS = ["cosine", "euclidean"]


def start_of(vectors, clusters, metric, seed=1):
    different = np.sort(np.unique(vectors, axis=0, return_index=True)[1])
    rows = np.random.default_rng(seed).choice(different, clusters, replace=False)
    start = vectors[rows].astype(np.float64)
    if metric == "cosine":
        start /= np.linalg.norm(start, axis=1, keepdims=True)
    return start.astype(np.float32)


def check(vectors, start, metric, iterations=15, **options):
    """Compare everything with plain iterations from the same start."""
    found = kmeans(
        vectors, len(start), metric=metric, initial=start, iterations=iterations, **options
    )
    centroids, own, objective = plain_lloyd(vectors, start, metric, iterations)
    np.testing.assert_array_equal(found.assignment, own)
    np.testing.assert_allclose(found.centroids, centroids, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(found.objective, objective, rtol=1e-6, atol=1e-9)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_every_iteration_is_that_of_plain_lloyd(path, metric, dtype):
    vectors = clustered(1500, 40, dtype=dtype)
    for iterations in (0, 1, 4, 30):
        check(vectors, start_of(vectors, 90, metric), metric, iterations)


@pytest.mark.parametrize("metric", METRICS)
def test_lengths_of_many_sizes_and_a_mean_far_from_zero(path, metric):
    vectors = clustered(1500, 33, dtype=np.float32)
    lengths = np.random.default_rng(1).lognormal(0, 1, (len(vectors), 1))
    vectors = (vectors * lengths + 3.0).astype(np.float32)
    check(vectors, start_of(vectors, 70, metric), metric)


@pytest.mark.parametrize("clusters", [1, 2, 3, 4, 5, 64, 65])
@pytest.mark.parametrize("metric", METRICS)
def test_any_number_of_clusters(path, metric, clusters):
    vectors = clustered(400, 7)
    check(vectors, start_of(vectors, clusters, metric), metric)


@given(
    vectors=arrays(
        np.float32, st.tuples(st.integers(1, 50), st.just(3)), elements=st.integers(-3, 3)
    ),
    clusters=st.integers(1, 9),
    metric=st.sampled_from(METRICS),
    fast=st.booleans(),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_small_grids_end_with_the_nearest_centroid_of_every_point(
    vectors, clusters, metric, fast, monkeypatch
):
    monkeypatch.setattr(lloyd, "has_fast_int8", lambda: fast and has_fast_int8())
    directions = vectors
    if metric == "cosine":
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        directions = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        directions = directions[lengths[:, 0] > 0]
    if len(np.unique(directions, axis=0)) < clusters:
        return
    found = kmeans(vectors, clusters, metric=metric, iterations=30)
    own, scores = nearest(vectors, found.centroids, metric)
    np.testing.assert_array_equal(found.assignment, own)
    best = scores[np.arange(len(own)), own]
    np.testing.assert_allclose(
        found.scores, best if metric == "cosine" else best * best, rtol=1e-6, atol=1e-7
    )
    assert found.sizes.sum() == len(vectors)
    assert found.sizes.all() or not found.converged or len(np.unique(vectors, axis=0)) < 10


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("metric", METRICS)
def test_vectors_of_all_kinds_end_with_the_nearest_centroid(path, metric, seed):
    """Tight and loose clusters, offsets, whole numbers, lengths and scales of many sizes."""
    rng = np.random.default_rng(seed)
    count, dim, centers = rng.integers([200, 1, 1], [1500, 80, 50])
    vectors = rng.standard_normal((centers, dim))[rng.integers(0, centers, count)]
    vectors += 10.0 ** rng.uniform(-3, 0.5) * rng.standard_normal((count, dim))
    vectors += rng.uniform(-20, 20) * (seed % 2)
    if seed % 3 == 0:
        vectors = np.round(2 * vectors) + 0.25 * (rng.random((count, dim)) < 0.1)
    vectors *= rng.lognormal(0, 1.0 * (seed % 4 == 1), (count, 1)) * 10.0 ** rng.uniform(-6, 6)
    vectors = vectors.astype(np.float32)
    clusters = min(int(rng.integers(1, 200)), len(np.unique(vectors, axis=0)) // 4 + 1)
    found = kmeans(vectors, clusters, metric=metric, iterations=int(rng.integers(0, 12)), seed=seed)
    np.testing.assert_array_equal(found.assignment, nearest(vectors, found.centroids, metric)[0])


@pytest.mark.parametrize("metric", METRICS)
def test_points_of_which_many_are_equal(path, metric):
    rng = np.random.default_rng(3)
    vectors = rng.integers(-2, 3, (60, 12)).astype(np.float16)
    vectors = vectors[rng.integers(0, 60, 2000)]
    found = kmeans(vectors, 40, metric=metric, iterations=40, initial="random")
    np.testing.assert_array_equal(found.assignment, nearest(vectors, found.centroids, metric)[0])


@pytest.mark.parametrize("metric", METRICS)
def test_equal_centroids_leave_all_points_to_the_first_of_them(path, metric):
    vectors = clustered(500, 16)
    start = np.repeat(start_of(vectors, 1, metric), 8, axis=0)
    found = kmeans(vectors, 8, metric=metric, initial=start, iterations=0)
    assert (found.assignment == 0).all()
    assert kmeans(vectors, 8, metric=metric, initial=start, iterations=30).sizes.all()


@pytest.mark.slow
def test_it_comes_to_rest_where_scikit_learn_does(path):
    from sklearn.cluster import KMeans as Reference

    vectors = clustered(2000, 24, clusters=12, dtype=np.float32)
    start = start_of(vectors, 20, "euclidean")
    found = kmeans(vectors, 20, metric="euclidean", initial=start, iterations=200)
    model = Reference(20, init=start, n_init=1, max_iter=200, tol=0, algorithm="lloyd")
    labels = model.fit_predict(vectors)
    assert found.converged
    np.testing.assert_array_equal(found.assignment, labels)
    np.testing.assert_allclose(found.centroids, model.cluster_centers_, rtol=1e-4, atol=1e-5)
    assert found.scores.sum() == pytest.approx(model.inertia_, rel=1e-4)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("initial", ["random", "spread"])
def test_the_objective_gets_better_with_every_iteration(path, metric, initial):
    vectors = clustered(4000, 20)
    found = kmeans(vectors, 90, metric=metric, initial=initial, iterations=25)
    steps = np.diff(found.objective) * (1 if metric == "cosine" else -1)
    assert (steps > -1e-6 * abs(found.objective[0])).all()
    assert found.objective[-1] == pytest.approx(float(found.scores.mean()), rel=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_threads_and_memory_do_not_change_a_byte(path, metric, monkeypatch):
    import faiss

    vectors = clustered(5000, 48)
    before, results = faiss.omp_get_max_threads(), []
    try:
        for threads, memory, group in [(1, 1 << 29, 768), (2, 1, 768), (5, 1 << 22, 96)]:
            monkeypatch.setattr(search, "GROUP", group)
            faiss.omp_set_num_threads(threads)
            results.append(kmeans(vectors, 200, metric=metric, iterations=6, memory=memory))
    finally:
        faiss.omp_set_num_threads(before)
    for name in ("centroids", "assignment", "scores"):
        assert len({getattr(found, name).tobytes() for found in results}) == 1
    assert len({found.objective for found in results}) == 1


@pytest.mark.skipif(not has_fast_int8(), reason="this processor has no AVX-512 VNNI")
@pytest.mark.parametrize("initial", ["random", "spread"])
def test_both_paths_give_the_same_bytes(monkeypatch, initial):
    vectors, results = clustered(3000, 64), []
    for fast in (False, True):
        monkeypatch.setattr(lloyd, "has_fast_int8", lambda fast=fast: fast)
        results.append(kmeans(vectors, 120, initial=initial, iterations=8))
    assert [found.how["int8"] for found in results] == [False, True]
    for name in ("centroids", "assignment", "scores"):
        assert getattr(results[0], name).tobytes() == getattr(results[1], name).tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("dim", [2, 3, 512])
def test_too_many_hits_are_multiplied_in_float32(path, dim, monkeypatch):
    monkeypatch.setattr(search, "_ROOM", 1 << 20)
    monkeypatch.setattr(search, "_SHORT", 64)
    vectors = clustered(1500 if dim < 9 else 400, dim, seed=5) + np.float16(8)
    check(vectors, start_of(vectors, 130, "euclidean"), "euclidean", 4)


def test_few_points_are_looked_at_once_they_have_settled(path):
    vectors = clustered(6000, 32, clusters=60)
    found = kmeans(vectors, 60, initial="spread", iterations=50)
    assert found.converged
    passes = found.how["passes"]
    assert passes["compared"] < 0.7 * passes["points"] * 60


def test_the_seed_decides():
    vectors = clustered(800, 12)
    one, same, other = (kmeans(vectors, 20, seed=s, iterations=2) for s in (4, 4, 5))
    assert one.centroids.tobytes() == same.centroids.tobytes()
    assert one.centroids.tobytes() != other.centroids.tobytes()


def test_vectors_may_be_mapped_or_anything_that_gives_rows(tmp_path):
    vectors = clustered(1500, 16)
    np.save(tmp_path / "v.npy", vectors)

    class Rows:
        shape, dtype, ndim = vectors.shape, vectors.dtype, 2

        def __len__(self):
            return len(vectors)

        def __getitem__(self, which):
            assert isinstance(which, slice | np.ndarray)
            return vectors[which]

    whole = kmeans(vectors, 30, iterations=5)
    for other in (np.load(tmp_path / "v.npy", mmap_mode="r"), Rows(), np.asfortranarray(vectors)):
        found = kmeans(other, 30, iterations=5)
        assert found.centroids.tobytes() == whole.centroids.tobytes()
        assert found.assignment.tobytes() == whole.assignment.tobytes()


@pytest.mark.slow
def test_memory_is_bounded(tmp_path):
    vectors = np.lib.format.open_memmap(tmp_path / "v.npy", "w+", np.float16, (60_000, 64))
    for part in range(0, 60_000, 6000):
        vectors[part : part + 6000] = clustered(6000, 64, seed=part)
    kmeans(vectors, 20, iterations=3, memory=1 << 20)  # what is compiled takes memory, too
    tracemalloc.start()
    kmeans(vectors, 20, iterations=3, memory=1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 64 * 60_000  # what the vectors alone would take as float32


def test_training_on_a_sample_assigns_everything(path):
    vectors = clustered(5000, 16)
    found = kmeans(vectors, 25, sample=40, iterations=10)
    assert found.how["trained_on"] == 1000
    np.testing.assert_array_equal(found.assignment, nearest(vectors, found.centroids, "cosine")[0])
    everything = kmeans(vectors, 25, sample=4000, iterations=10)
    assert everything.how["trained_on"] == 5000


def test_zero_vectors_are_in_the_first_cluster_and_move_nothing(path):
    vectors = clustered(300, 8)
    mixed = np.concatenate([np.zeros((40, 8), np.float16), vectors])
    start = start_of(vectors, 10, "cosine")
    found = kmeans(mixed, 10, initial=start, iterations=5)
    alone = kmeans(vectors, 10, initial=start, iterations=5)
    assert (found.assignment[:40] == 0).all()
    assert (found.scores[:40] == 0).all()
    np.testing.assert_array_equal(found.centroids, alone.centroids)
    np.testing.assert_array_equal(found.assignment[40:], alone.assignment)


def test_a_cluster_whose_points_cancel_keeps_its_centroid(path):
    vectors = np.array([[1, 0], [-1, 0], [0, 1]], np.float32)
    start = np.array([[0.6, -0.8], [0, 1]], np.float32)
    found = kmeans(vectors, 2, initial=start, iterations=3)
    assert np.isfinite(found.centroids).all()
    np.testing.assert_array_equal(found.assignment, nearest(vectors, found.centroids, "cosine")[0])


def test_tolerance_stops_early():
    vectors = clustered(3000, 16)
    whole = kmeans(vectors, 50, iterations=60)
    early = kmeans(vectors, 50, iterations=60, tolerance=0.01)
    assert early.converged
    assert early.iterations < whole.iterations


def test_the_task_hears_of_every_point_of_every_pass():
    class Task:
        done = 0

        def advance(self, count=1):
            self.done += count

    task = Task()
    vectors = clustered(2000, 8)
    found = kmeans(vectors, 15, initial="random", iterations=4, task=task)
    assert task.done == 2000 * (found.iterations + 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clusters": 0}, "clusters must be at least 1"),
        ({"clusters": 51}, "at most 50 clusters"),
        ({"clusters": 5, "iterations": -1}, "iterations must not be negative"),
        ({"clusters": 5, "sample": 0}, "sample must be at least 1"),
        ({"clusters": 5, "tolerance": 1.5}, "tolerance must be from 0 to 1"),
        ({"clusters": 5, "initial": np.zeros((5, 9))}, r"expected \(5, 8\), got \(5, 9\)"),
        ({"clusters": 2, "initial": np.zeros((2, 8))}, "must not be zero"),
        ({"clusters": 2, "initial": np.full((2, 8), np.nan)}, "must be finite"),
        ({"clusters": 5, "metric": "dot"}, "metric of k-means"),
        ({"clusters": 5, "initial": "randon"}, "random"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(options, message):
    vectors = clustered(50, 8)
    with pytest.raises((InputError, UnknownName), match=message) as caught:
        kmeans(vectors, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_value_that_is_not_finite_is_refused_with_its_row(bad, dtype):
    vectors = clustered(5000, 4, dtype=dtype)
    vectors[4321, 2] = bad
    with pytest.raises(InputError, match="row 4321"):
        kmeans(vectors, 3)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.zeros(5, np.float32), "matrix"),
        (np.zeros((5, 3)), "float16 or float32"),
        (np.zeros((0, 3), np.float32), "no vectors"),
        ([[1.0, 2.0]], "must be an array"),
        (np.full((5, 3), 1e30, np.float32), "scale them"),
    ],
)
def test_vectors_that_cannot_be_clustered_are_refused(vectors, message):
    with pytest.raises(InputError, match=message):
        kmeans(vectors, 2, metric="euclidean")


@pytest.mark.parametrize("metric", METRICS)
def test_more_clusters_than_different_vectors_are_refused(metric):
    vectors = np.repeat(np.eye(6, dtype=np.float16), 20, axis=0)
    vectors = np.concatenate([vectors, -0.0 * vectors[:1], np.float16(2) * vectors[:3]])
    different = 6 if metric == "cosine" else 8
    assert kmeans(vectors, different, metric=metric).sizes.all()
    with pytest.raises(InputError, match=f"at most {different} clusters"):
        kmeans(vectors, different + 1, metric=metric)


def test_all_zero_vectors_are_one_euclidean_cluster_and_no_cosine_one():
    vectors = np.zeros((10, 3), np.float32)
    assert kmeans(vectors, 1, metric="euclidean").scores.tolist() == [0] * 10
    with pytest.raises(InputError, match="at most 0 clusters"):
        kmeans(vectors, 1)

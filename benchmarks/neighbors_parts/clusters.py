"""K-means: Pentad against faiss from the same centroids, in time, memory and objective.

    faiss      faiss.Kmeans, spherical, all points, on float32 rows made before the clock starts
    super      faiss.SuperKmeans likewise; it takes no centroids, so its start is another
    pentad     `kmeans` on the float16 rows as stored: preparing them is in its time
    spread     the same from the start that is spread out, which is in its time
    float32    Pentad without bytes, as on a processor that has no fast ones

All assign every point to the last centroids, which is in their time, and is where the objective,
the mean cosine, is taken from.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.clocks import Clock, Peak, medians
from neighbors_parts.processes import measured
from neighbors_parts.tables import show_table
from neighbors_parts.vectors import Data, made, unit

WAYS = ("faiss", "super", "pentad", "spread", "float32")


def run(arguments: Namespace) -> dict[str, Any]:
    """Measure all sizes and print their tables."""
    results = []
    data = made(arguments.dir / "vectors", arguments.points, arguments.dim, 1000)
    for clusters in arguments.clusters:
        _write_start(data, clusters)
        ways = _measure(data, clusters, arguments)
        results.append({"clusters": clusters, "ways": ways} | _compare(data, ways))
        _show(results[-1], arguments)
    sizes = {name: getattr(arguments, name) for name in ("points", "dim", "iterations", "threads")}
    return sizes | {"sizes": results}


def cluster_once(*, way: str, folder: str, iterations: int) -> dict[str, Any]:
    """Measure one way in this process; the assignment lies in the folder afterwards."""
    data = Data(Path(folder))
    start = np.load(data.folder / "start.npy")
    if way in ("pentad", "spread", "float32"):
        _prepare(way, data)
    with Peak() as peak, Clock() as clock:
        own, mean, how = _cluster(way, data, start, iterations)
    np.save(data.folder / f"{way}.npy", own)
    times = {"cpu": clock.cpu, "wall": clock.wall, "held": peak.held, "mapped": peak.mapped}
    return times | {"objective": mean, "how": how}


def _write_start(data: Data, clusters: int) -> None:
    items = data.items32
    rows = np.sort(np.random.default_rng(0).choice(len(items), clusters, replace=False))
    np.save(data.folder / "start.npy", unit(items[rows]))


def _prepare(way: str, data: Data) -> None:
    """Compile what is compiled once a machine; leave bytes out where that is asked for."""
    from pentad.neighbors.kmeans import lloyd

    if way == "float32":
        lloyd.has_fast_int8 = lambda: False
    lloyd.kmeans(np.array(data.items[:2000]), 50, iterations=3)


def _cluster(
    way: str, data: Data, start: np.ndarray, iterations: int
) -> tuple[np.ndarray, float, dict[str, Any]]:
    if way in ("faiss", "super"):
        return _by_faiss(way, data, start, iterations)
    from pentad.neighbors.kmeans.lloyd import kmeans

    initial = "spread" if way == "spread" else start
    found = kmeans(data.items, len(start), initial=initial, iterations=iterations)
    return found.assignment, float(found.scores.mean(dtype=np.float64)), dict(found.how)


def _by_faiss(
    way: str, data: Data, start: np.ndarray, iterations: int
) -> tuple[np.ndarray, float, dict[str, Any]]:
    import faiss

    items = data.items32
    options = {"niter": iterations, "spherical": True, "min_points_per_centroid": 1}
    options["max_points_per_centroid"] = len(items)
    dim = items.shape[1]
    if way == "super":
        model = faiss.SuperKmeans(dim, len(start), **options)
        model.train(items)
    else:
        model = faiss.Kmeans(dim, len(start), nredo=1, **options)
        model.train(items, init_centroids=start)
    metric = faiss.METRIC_INNER_PRODUCT
    products, rows = faiss.knn(items, model.centroids, 1, metric=metric)
    return rows[:, 0].astype(np.int32), float(products.mean(dtype=np.float64)), {}


def _measure(data: Data, clusters: int, arguments: Namespace) -> dict[str, Any]:
    """Run the ways in turn, and return medians."""
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in arguments.ways}
    options = {"folder": str(data.folder), "iterations": arguments.iterations}
    for _ in range(arguments.repeat):
        for way, found in runs.items():
            once = measured("clusters:cluster_once", threads=arguments.threads, way=way, **options)
            found.append(once)
            print(f"{clusters} {way}: {once['cpu']:.1f} CPU s, {once['wall']:.1f} s", flush=True)
    return {way: medians(found) | {"runs": found} for way, found in runs.items()}


def _compare(data: Data, ways: dict[str, Any]) -> dict[str, float]:
    """Return the share of points that are in the same cluster as faiss has them in."""
    if not {"faiss", "pentad"} <= ways.keys():
        return {}
    ours, theirs = (np.load(data.folder / f"{way}.npy") for way in ("pentad", "faiss"))
    return {"same_as_faiss": float((ours == theirs).mean())}


def _show(result: dict[str, Any], arguments: Namespace) -> None:
    base = result["ways"].get("faiss")
    rows = []
    for way, row in result["ways"].items():
        ratios = [None if base is None else base[kind] / row[kind] for kind in ("cpu", "wall")]
        rows.append([way, row["cpu"], row["wall"], row["held"], f"{row['objective']:.5f}", *ratios])
    title = (
        f"K-means: {arguments.points:,} points, {arguments.dim} values, "
        f"{result['clusters']:,} clusters, {arguments.iterations} iterations"
    )
    headers = ["way", "CPU s", "wall s", "extra MiB", "objective", "ratio CPU", "ratio wall"]
    show_table(title, headers, rows)
    if "same_as_faiss" in result:
        print(f"points in the same cluster as with faiss: {result['same_as_faiss']:.4f}")
    if "pentad" in result["ways"]:
        print(f"how: {result['ways']['pentad']['how']}")

"""Exact search: Pentad against `faiss.knn`, in time and memory.

    faiss      faiss.knn, inner product, on float32 rows that were made before the clock starts
    pentad     `ExactSearch` on the float16 rows as stored: preparing them is in its time
    float32    the same without bytes, as on a processor that has no fast ones

What Pentad found is compared with faiss as sets, and for some queries with a float64 search; faiss
rounds, so near ties may differ.
"""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.clocks import Clock, Peak, medians
from neighbors_parts.processes import measured, threads_here
from neighbors_parts.tables import show_table
from neighbors_parts.vectors import Data, made, unit

WAYS = ("faiss", "pentad", "float32")
K = 16
_CHECKED = 200
_BLOCK = 50_000


def run(arguments: Namespace) -> dict[str, Any]:
    """Measure all sizes and print their tables."""
    limits = measured("limits:find_limits", threads=arguments.threads, dims=arguments.dim)
    _show_limits(limits)
    results = []
    for items in arguments.items:
        for dim in arguments.dim:
            data = made(arguments.dir / "vectors", items, dim, arguments.queries)
            ways = _measure(data, arguments)
            result = {"items": items, "dim": dim, "queries": arguments.queries, "ways": ways}
            results.append(result | _compare(data))
            _show(results[-1], limits)
            if arguments.remove:
                data.remove()
    return {"limits": limits, "sizes": results}


def search_once(*, way: str, folder: str) -> dict[str, Any]:
    """Measure one way in this process; what it found lies in the folder afterwards."""
    data = Data(Path(folder))
    if way == "pentad":
        _compile(threads_here())
    with Peak() as peak, Clock() as clock:
        found, proof = _search(way, data)
    np.save(data.folder / f"{way}.npy", found)
    times = {"cpu": clock.cpu, "wall": clock.wall}
    return times | {"held": peak.held, "mapped": peak.mapped, "proof": proof}


def _compile(threads: int) -> None:
    """Compile what is compiled once a machine, and start the threads."""
    from pentad.neighbors.exact import ExactSearch
    from pentad.neighbors.metrics import get_metric

    rows = np.random.default_rng(0).normal(size=(100 * threads, 16)).astype(np.float16)
    ExactSearch(rows, get_metric("cosine"), int8=True).search(rows, 4)


def _search(way: str, data: Data) -> tuple[np.ndarray, dict[str, int]]:
    if way == "faiss":
        import faiss

        metric = faiss.METRIC_INNER_PRODUCT
        return faiss.knn(data.queries32, data.items32, K, metric=metric)[1], {}
    from pentad.neighbors.exact import ExactSearch
    from pentad.neighbors.metrics import get_metric

    engine = ExactSearch(data.items, get_metric("cosine"), int8=None if way == "pentad" else False)
    rows, _ = engine.search(data.queries, K)
    return rows, vars(engine.proof)


def _measure(data: Data, arguments: Namespace) -> dict[str, Any]:
    """Run the ways in turn, and return medians."""
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in arguments.ways}
    for _ in range(arguments.repeat):
        for way, found in runs.items():
            options = {"way": way, "folder": str(data.folder)}
            found.append(measured("exact:search_once", threads=arguments.threads, **options))
    return {way: medians(found) | {"runs": found} for way, found in runs.items()}


def _compare(data: Data) -> dict[str, float]:
    """Compare what was found with faiss, and some of it with a float64 search."""
    ours, theirs = (data.folder / f"{way}.npy" for way in ("pentad", "faiss"))
    if not ours.exists():
        return {}
    found = np.sort(np.load(ours), axis=1)
    right = np.sort(_by_float64(data), axis=1)
    checked = {"same_as_float64": float((right == found[: len(right)]).all(axis=1).mean())}
    if theirs.exists():
        same = (found == np.sort(np.load(theirs), axis=1)).all(axis=1)
        checked["same_as_faiss"] = float(same.mean())
    return checked


def _by_float64(data: Data) -> np.ndarray:
    """Return the best items of the first queries by float64 products, block by block."""
    queries, items = unit(data.queries[:_CHECKED].astype(np.float64)), data.items
    rows = np.empty((len(queries), 0), np.int64)
    scores = np.empty((len(queries), 0))
    for start in range(0, len(items), _BLOCK):
        products = queries @ unit(items[start : start + _BLOCK].astype(np.float64)).T
        places = np.broadcast_to(np.arange(start, start + products.shape[1]), products.shape)
        rows, scores = np.hstack([rows, places]), np.hstack([scores, products])
        best = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        rows, scores = (np.take_along_axis(array, best, axis=1) for array in (rows, scores))
    return rows


def _show_limits(limits: dict[str, dict[str, float]]) -> None:
    rows = [[name, rate["cpu"] / 1e9, rate["wall"] / 1e9] for name, rate in limits.items()]
    title = "Best rates of multiplication seen, billions of operations"
    show_table(title, ["kind", "a CPU second", "a second, all threads"], rows)


def _show(result: dict[str, Any], limits: dict[str, dict[str, float]]) -> None:
    queries, base = result["queries"], result["ways"].get("faiss")
    operations = 2.0 * queries * result["items"] * result["dim"]
    kinds = [name for name in limits if name != "float32"]
    rows = []
    for way, row in result["ways"].items():
        ratios = [None if base is None else base[kind] / row[kind] for kind in ("cpu", "wall")]
        shares = [f"{operations / limits[kind]['cpu'] / row['cpu']:.0%}" for kind in kinds]
        times = [row["cpu"], row["wall"], queries / row["wall"], row["held"]]
        rows.append([way, *times, *ratios, *shares])
    title = (
        f"Exact: {result['items']:,} items, {result['dim']} values, {queries:,} queries, k = {K}"
    )
    headers = ["way", "CPU s", "wall s", "queries/s", "extra MiB", "ratio CPU", "ratio wall"]
    show_table(title, [*headers, *(f"of {kind}" for kind in kinds)], rows)
    checks = [f"{result[name]:.4f} {name}" for name in result if name.startswith("same")]
    print(f"share of queries with the same set: {', '.join(checks) or 'not compared'}")
    if "pentad" in result["ways"]:
        print(f"how: {result['ways']['pentad']['proof']}")

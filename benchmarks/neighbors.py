"""Exact neighbors: Pentad against `faiss.knn`, in time and memory, in one run.

    python benchmarks/neighbors.py DIR [--items 200000 1000000] [--dim 512 1024] [--queries 10000]
                                       [--repeat 3] [--threads 2] [--json FILE]

DIR gets the vectors (6 bytes a value) and may be removed afterwards. Items are clusters with
40-dimensional neighborhoods on the sphere; queries point to some item by 0.4 and otherwise in
directions that no item uses, as captions do: the hard kind. Every measurement is a process of its
own; the ways take turns; medians are printed.

    faiss       faiss.knn, inner product, on float32 rows that were made before the clock starts
    pentad      `ExactSearch` on the float16 rows as stored: preparing them is in its time
    float32     the same without bytes, as on a processor that has no fast ones

Memory is the most that a process held beyond what it had when its clock started, mapped files
apart. Every result of Pentad is compared with that of faiss as sets of items, and for 200 queries
with a float64 search; faiss rounds, so near ties may differ. The share of the limit is the time
that the multiplications alone would take at the best rate of 8-bit tiles seen on this machine in
the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

K = 16
WAYS = ("faiss", "pentad", "float32")
CHECKED = 200


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make_vectors(items: int, queries: int, dim: int, folder: Path) -> None:
    """Write items and queries in float16, and both as float32 rows of length 1."""
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    centers = unit(rng.standard_normal((2000, dim), dtype=np.float32))
    bases = rng.standard_normal((50, 40, dim), dtype=np.float32) / np.sqrt(dim)
    shares = rng.dirichlet(np.full(2000, 0.5))
    stored = np.lib.format.open_memmap(folder / "items.npy", "w+", np.float16, (items, dim))
    rows = np.lib.format.open_memmap(folder / "items32.npy", "w+", np.float32, (items, dim))
    for start in range(0, items, 20_000):
        part = slice(start, min(start + 20_000, items))
        labels = rng.choice(2000, part.stop - start, p=shares)
        local = rng.standard_normal((len(labels), 40), dtype=np.float32) / np.sqrt(40)
        near = np.empty((len(labels), dim), np.float32)
        for base in range(50):
            own = labels % 50 == base
            near[own] = local[own] @ bases[base]
        noise = rng.standard_normal((len(labels), dim), dtype=np.float32) / np.sqrt(dim)
        stored[part] = unit(centers[labels] + near + 0.2 * noise)
        rows[part] = unit(stored[part].astype(np.float32))
    own = rng.standard_normal((queries, 64), dtype=np.float32)
    away = unit(own @ rng.standard_normal((64, dim), dtype=np.float32))
    offset = unit(rng.standard_normal((1, dim), dtype=np.float32))
    picked = rows[np.sort(rng.choice(items, queries))]
    asked = unit(0.4 * picked + 0.6 * offset + 0.6 * away).astype(np.float16)
    np.save(folder / "queries.npy", asked)
    np.save(folder / "queries32.npy", unit(asked.astype(np.float32)))
    stored.flush()
    rows.flush()
    (folder / "done").touch()


def search(way: str, folder: Path) -> tuple[np.ndarray, dict[str, int]]:
    import faiss

    if way == "faiss":
        items = np.load(folder / "items32.npy", mmap_mode="r")
        queries = np.load(folder / "queries32.npy")
        return faiss.knn(queries, items, K, metric=faiss.METRIC_INNER_PRODUCT)[1], {}
    from pentad.neighbors.exact import ExactSearch
    from pentad.neighbors.metrics import get_metric

    items = np.load(folder / "items.npy", mmap_mode="r")
    engine = ExactSearch(items, get_metric("cosine"), int8=way == "pentad")
    rows, _ = engine.search(np.load(folder / "queries.npy"), K)
    return rows, vars(engine.proof)


class Peak:
    """The most anonymous memory while a block runs, beyond what there was before."""

    def __enter__(self) -> Peak:
        self.before = self.most = self._now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def mib(self) -> float:
        """The most, in MiB."""
        return (self.most - self.before) / 1024

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self.most = max(self.most, self._now())

    @staticmethod
    def _now() -> int:
        text = Path("/proc/self/status").read_text(encoding="ascii")
        return int(text.split("RssAnon:")[1].split()[0])


def run_one(way: str, folder: Path, threads: int) -> None:
    """Measure one way in this process and print the figures."""
    import faiss

    faiss.omp_set_num_threads(threads)
    if way == "pentad":  # what is compiled once a machine is compiled before the clock starts
        from pentad.neighbors.exact import ExactSearch
        from pentad.neighbors.metrics import get_metric

        rows = np.random.default_rng(0).normal(size=(100, 16)).astype(np.float16)
        ExactSearch(rows, get_metric("cosine"), int8=True).search(rows, 4)
    with Peak() as peak:
        cpu, wall = time.process_time(), time.perf_counter()
        found, proof = search(way, folder)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    np.save(folder / f"{way}.npy", found)
    print(json.dumps({"cpu": cpu, "wall": wall, "mib": peak.mib, "proof": proof}))


def tile_rate() -> float:
    """Return how many multiplications and additions of bytes one thread does in a second."""
    from pentad.neighbors.int8.codes import aligned
    from pentad.neighbors.int8.scan import scan

    groups = 128
    queries, items = aligned((256, groups, 6, 4), np.int8), aligned((128, groups, 64, 4), np.uint8)
    starts, needed = np.zeros(128 * 64, np.int32), np.full(256 * 6, 1 << 29, np.int32)
    room = aligned((6 * 64,), np.int32), np.zeros(24, np.uint16), np.zeros((400, 3), np.int32)
    best = 0.0
    for _ in range(8):
        start = time.process_time()
        scan(queries, items, starts, needed, *room)
        spent = time.process_time() - start
        best = max(best, 2 * 256 * 6 * 128 * 64 * 4 * groups / spent)
    return best


def check(folder: Path) -> dict[str, float]:
    """Compare what the ways found, and some of it with a float64 search."""
    found = {
        way: np.load(folder / f"{way}.npy") for way in WAYS if (folder / f"{way}.npy").exists()
    }
    ours = np.sort(found["pentad"], axis=1)
    same = (ours == np.sort(found["faiss"], axis=1)).all(axis=1).mean()
    queries = np.load(folder / "queries.npy")[:CHECKED].astype(np.float64)
    items = np.load(folder / "items.npy", mmap_mode="r")
    scores = np.empty((len(queries), len(items)))
    for start in range(0, len(items), 50_000):
        part = items[start : start + 50_000].astype(np.float64)
        scores[:, start : start + len(part)] = unit(queries) @ unit(part).T
    right = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    exact = (np.sort(right, axis=1) == ours[: len(queries)]).all(axis=1).mean()
    return {"same_as_faiss": float(same), "same_as_float64": float(exact)}


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Run the ways in turn, and return medians."""
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in arguments.ways}
    for _ in range(arguments.repeat):
        for way, found in runs.items():
            command = [sys.executable, __file__, str(folder), "--only", way]
            command += ["--threads", str(arguments.threads)]
            environment = os.environ | {"OMP_NUM_THREADS": str(arguments.threads)}
            out = subprocess.run(command, check=True, capture_output=True, env=environment)
            found.append(json.loads(out.stdout))
    return {
        way: {
            name: statistics.median(run[name] for run in found) for name in ("cpu", "wall", "mib")
        }
        | {"proof": found[0]["proof"]}
        for way, found in runs.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dir", type=Path)
    parser.add_argument("--items", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--dim", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["faiss", "pentad"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        run_one(arguments.only, arguments.dir, arguments.threads)
        return
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, {platform.machine()}; load {load:.1f} at the start")
    rate, results = tile_rate(), []
    print(f"8-bit tiles: {rate / 1e9:.0f} billion operations a second and thread")
    for items in arguments.items:
        for dim in arguments.dim:
            folder = arguments.dir / f"{items}-{dim}-{arguments.queries}"
            make_vectors(items, arguments.queries, dim, folder)
            found = measure(folder, arguments)
            results.append({"items": items, "dim": dim, "rate": rate, **check(folder), **found})
            show(results[-1], arguments.queries)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


def show(result: dict[str, object], queries: int) -> None:
    base = result["faiss"]
    print(f"\n{result['items']:,} items, {result['dim']} values, {queries:,} queries, k = {K}")
    print("              CPU s  wall s  extra MiB  ratio CPU  ratio wall")
    for way in WAYS:
        if way in result:
            row = result[way]
            print(
                f"{way:10} {row['cpu']:8.1f} {row['wall']:7.1f} {row['mib']:10.0f} "
                f"{base['cpu'] / row['cpu']:10.2f} {base['wall'] / row['wall']:11.2f}"
            )
    limit = 2 * queries * result["items"] * result["dim"] / result["rate"]
    print(
        f"same sets as faiss: {result['same_as_faiss']:.4f}; as float64: "
        f"{result['same_as_float64']:.4f}; {limit / result['pentad']['cpu']:.0%} of the limit of "
        f"8-bit tiles; {result['pentad']['proof']}"
    )


if __name__ == "__main__":
    main()

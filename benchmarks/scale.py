"""What exact neighbors of millions of captions cost, from the rate of one product of the grid.

    python benchmarks/scale.py DIR [--dim 512 1024] [--queries 16384] [--threads 1 2] [--repeat 3]
                                   [--memory 512] [--json FILE]

DIR gets the vectors and may be removed afterwards. One product is a shard of queries searched in a
corpus shard of the default size for ``--memory`` MiB, both mapped from disk as a worker maps them:
clustered items, and queries that point where no item is (the hard kind). Every measurement is a
process of its own; medians are printed. CPU seconds count all threads.

The second table is an extrapolation: the rate of one thread, times the pairs there are, on machines
of 64 such cores that do nothing else and lose nothing to one another.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from neighbors_parts.vectors import Data, made

K = 16
CAPTIONS = (10_000_000, 100_000_000, 1_000_000_000)
ITEMS = 10_000_000
MACHINE = 64
MANY = 16


def clocked(function, *arguments):
    """Return what a function returned, its CPU seconds and its seconds."""
    cpu, wall = process_time(), perf_counter()
    found = function(*arguments)
    return found, process_time() - cpu, perf_counter() - wall


def measure(folder: Path, memory: int) -> dict[str, float]:
    """Make one product, and what belongs to it, in this process."""
    from pentad.core.fingerprint import fingerprint_array
    from pentad.neighbors.exact import ExactSearch
    from pentad.neighbors.grid.finished import product_path, read_product, write_product
    from pentad.neighbors.merge import merge_top_k
    from pentad.neighbors.metrics import get_metric

    data, metric = Data(folder), get_metric("cosine")
    items, queries = data.items, data.queries
    small = ExactSearch(items[:20_000], metric, memory=memory)
    small.search(queries[:4096], K)  # compiles, once for all that follows
    merge_top_k((np.zeros((1, 1), np.int64), np.zeros((1, 1))), (np.ones((1, 1), np.int64),
                np.zeros((1, 1))), 1)  # fmt: skip
    search, prepare, _ = clocked(lambda: ExactSearch(items, metric, memory=memory))
    found, cpu, wall = clocked(search.search, queries, K)
    other = found[0] + len(items), found[1]
    _, merge, _ = clocked(merge_top_k, found, other, K)
    _, prints, _ = clocked(fingerprint_array, queries)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = product_path(Path(place), "0" * 64)
        _, _, write = clocked(write_product, path, "0" * 64, found)
        _, _, read = clocked(read_product, path, "0" * 64, found[0].shape)
    pairs = len(items) * len(queries)
    return {
        "cpu_rate": pairs / cpu, "wall_rate": pairs / wall, "cpu": cpu, "wall": wall,
        "prepare": prepare, "merge": merge, "fingerprint": prints, "write": write, "read": read,
        "by_bytes": search.proof.int8 / len(queries),
        "rescored": search.proof.rescored / len(queries),
        "peak": _peak(),
    }  # fmt: skip


def _peak() -> float:
    """Return the most MiB this process has held, mapped files apart, as far as that is told."""
    status = Path("/proc/self/status")
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    now = float(lines["VmRSS"].split()[0]) - float(lines["RssAnon"].split()[0])
    return (float(lines["VmHWM"].split()[0]) - now) / 1024


def medians(data: Data, threads: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Measure in processes of their own and return the medians."""
    numbers = {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    command = [sys.executable, __file__, str(data.folder), "--one",
               "--memory", str(arguments.memory)]  # fmt: skip
    runs = []
    for _ in range(arguments.repeat):
        done = subprocess.run(command, env=os.environ | numbers, check=True, capture_output=True)
        runs.append(json.loads(done.stdout))
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def show_rates(found: list[dict[str, float]]) -> None:
    """Print what was measured."""
    print("\nOne product, measured\n")
    print("| values | items | queries | threads | CPU s | s | pairs per CPU s | pairs per s "
          "| rescored a query | MiB |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|")
    for one in found:
        print(f"| {one['dim']} | {one['items']:,} | {one['queries']:,} | {one['threads']} "
              f"| {one['cpu']:.1f} | {one['wall']:.1f} | {one['cpu_rate'] / 1e6:.0f} M "
              f"| {one['wall_rate'] / 1e6:.0f} M | {one['rescored']:.0f} "
              f"| {one['peak']:.0f} |")  # fmt: skip
    print("\nBeside the product, in seconds, and as a share of it\n")
    parts = ("prepare", "merge", "fingerprint", "write", "read")
    print("| values | threads | " + " | ".join(parts) + " |")
    print("|---|---|" + "---|" * len(parts))
    for one in found:
        cells = (f"{one[p]:.2f} ({100 * one[p] / one['cpu']:.1f} %)" for p in parts)
        print(f"| {one['dim']} | {one['threads']} | " + " | ".join(cells) + " |")


def show_costs(found: list[dict[str, float]]) -> None:
    """Print what follows for one modality."""
    print(
        f"\nExtrapolated: {ITEMS:,} items of one modality, k = {K}, from the rate of one thread\n"
    )
    print("| captions | values | CPU hours | hours on 1 machine | on 16 machines "
          "| vectors of captions | result |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for captions in CAPTIONS:
        for one in (o for o in found if o["threads"] == min(f["threads"] for f in found)):
            hours = captions * ITEMS / one["cpu_rate"] / 3600
            print(f"| {captions:,} | {one['dim']} | {hours:,.0f} | {hours / MACHINE:,.1f} "
                  f"| {hours / MACHINE / MANY:,.2f} | {captions * one['dim'] * 2 / 2**30:,.0f} GiB "
                  f"| {captions * K * 16 / 2**30:,.0f} GiB |")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=Path)
    parser.add_argument("--dim", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--queries", type=int, default=16_384)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--memory", type=int, default=512, help="MiB for the items of a shard")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.dir, arguments.memory << 20)))
        return
    from pentad.neighbors.grid.plan import make_plan

    print(f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    found = []
    for dim in arguments.dim:
        plan = make_plan(arguments.queries, ITEMS, dim, 2, memory=arguments.memory << 20)
        items = plan.items[0].stop
        data = made(arguments.dir, items, dim, arguments.queries)
        for threads in arguments.threads:
            one = medians(data, threads, arguments)
            sizes = {"dim": dim, "items": items, "queries": arguments.queries, "threads": threads}
            found.append({**sizes, **one, "shards": len(plan.items)})
    show_rates(found)
    show_costs(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

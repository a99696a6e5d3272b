"""Exact neighbors on a device: what it computes is checked, what it takes is measured.

    python benchmarks/neighbors_gpu.py DIR [--device cuda] [--items 1000000] [--queries 200000]
                                           [--dim 1024] [--k 16] [--repeat 3] [--check 500]
                                           [--memory MIB] [--json FILE]

DIR gets the vectors (see `neighbors_parts.vectors`), 6 bytes a value. Printed are the rates of the
parts of one tile (the product of bytes, group maxima, the product in float32); the median time of
whole searches, from the stored float16 rows to rows and scores; how many pairs were multiplied
again; whether the results of the first queries are, byte for byte, those of `ExactSearch` on the
processor; and what E-MM1, 6.7 million queries and 10 million items of 1,024 values, would take at
the rate of the search: extrapolated, not measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from neighbors_parts.vectors import Data, made

from pentad.neighbors.device.place import find_device, free_memory, full_precision
from pentad.neighbors.device.search import DeviceSearch
from pentad.neighbors.device.sizes import GROUP, Sizes
from pentad.neighbors.exact import ExactSearch
from pentad.neighbors.metrics import get_metric

EMM1 = 2 * 6.7e6 * 10e6 * 1024


def seconds(work: Callable[[], object], device: torch.device, repeat: int) -> float:
    """Return the median time of some work, once done before the clock starts."""
    work()
    times = []
    for _ in range(repeat):
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def measure_tile(device: torch.device, sizes: Sizes, dim: int, repeat: int) -> dict[str, float]:
    """Measure the parts of one tile alone."""
    generator = torch.Generator(device).manual_seed(0)
    shape = {"dtype": torch.int8, "device": device, "generator": generator}
    left = torch.randint(-127, 128, (sizes.tile, dim), **shape)
    right = torch.randint(-127, 128, (sizes.items, dim), **shape)
    work = 2 * sizes.tile * sizes.items * dim
    product = seconds(lambda: torch._int_mm(left, right.t()), device, repeat)
    groups = [torch._int_mm(left, right.t()).view(sizes.tile, -1, GROUP)]
    maxima = seconds(lambda: groups[0].amax(dim=2), device, repeat)
    groups.clear()
    wide = left.float(), right.float()
    with full_precision():
        plain = seconds(lambda: wide[0] @ wide[1].T, device, repeat)
    return {
        "tile": sizes.tile,
        "block": sizes.items,
        "bytes_tops": work / product / 1e12,
        "maxima_gb_s": 4 * sizes.tile * sizes.items / maxima / 1e9,
        "float32_tops": work / plain / 1e12,
    }


def measure_search(data: Data, arguments: argparse.Namespace) -> dict[str, object]:
    """Measure whole searches, and compare the first queries with the processor."""
    items, queries = data.items, np.array(data.queries)
    metric, times = get_metric("cosine"), []
    start = time.perf_counter()
    memory = None if arguments.memory is None else arguments.memory << 20
    search = DeviceSearch(items, metric, device=arguments.device, memory=memory)
    prepared = time.perf_counter() - start
    search.search(queries[:64], arguments.k)  # what a device loads first is not timed
    before = vars(search.proof).copy()
    for _ in range(arguments.repeat):
        start = time.perf_counter()
        found = search.search(queries, arguments.k)
        times.append(time.perf_counter() - start)
    proof = {
        name: (count - before[name]) / arguments.repeat
        for name, count in vars(search.proof).items()
        if name != "device"
    }
    some = ExactSearch(items, metric).search(queries[: arguments.check], arguments.k)
    same = [a.tobytes() == b[: len(a)].tobytes() for a, b in zip(some, found, strict=True)]
    taken = statistics.median(times)
    rate = 2 * items.size * len(queries) / taken
    return {
        "prepared_s": prepared,
        "search_s": taken,
        "times": times,
        "queries_s": len(queries) / taken,
        "tops": rate / 1e12,
        "rescored_per_query": proof["rescored"] / len(queries),
        "same_bytes_as_processor": all(same),
        "compared": min(arguments.check, len(queries)),
        "emm1_minutes_extrapolated": EMM1 / rate / 60,
        "proof": proof,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dir", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--k", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--check", type=int, default=500)
    parser.add_argument("--memory", type=int, help="MiB on the device; default: what is free")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    device = find_device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "the processor"
    print(f"{device}: {name}; PyTorch {torch.__version__}")
    data = made(arguments.dir / "vectors", arguments.items, arguments.dim, arguments.queries)
    memory = free_memory(device) if arguments.memory is None else arguments.memory << 20
    sizes = Sizes.of(memory, arguments.dim, arguments.k + 8)
    dim = -(-arguments.dim // 16) * 16
    results = measure_tile(device, sizes, dim, arguments.repeat)
    results |= measure_search(data, arguments)
    for key, value in results.items():
        print(f"{key:26} {value:,.2f}" if isinstance(value, float) else f"{key:26} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"device": name, **results}, indent=1))


if __name__ == "__main__":
    main()

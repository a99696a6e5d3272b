"""Neighbors brought up to date against a search of everything, in time, in one process.

    python benchmarks/neighbors_update.py DIR [--items 200000] [--queries 200000 20000] [--dim 512]
                                              [--changed 1000] [--repeat 3] [--threads 2]

DIR gets the vectors (see `neighbors_parts.vectors`) and may be removed afterwards. Of so many items
and captions, and as many more as change, everything is searched once. From that the changed items
are taken away (``items removed``), and come back (``items added``); likewise with captions. They
are drawn at random, and are on average found as often as others. What comes back must be equal to
the search of everything, byte by byte; of what is left after items are taken away, so must 1,000
queries that lost a neighbor and 1,000 that did not, each searched anew.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
from neighbors_parts.clocks import Clock
from neighbors_parts.vectors import made

from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.neighbors.find import find_neighbors
from pentad.neighbors.neighbors import Neighbors
from pentad.neighbors.update import update_neighbors

K = 16
CHECKED = 1_000


def embeddings(vectors: np.ndarray, modality: Modality) -> Embeddings:
    ids = np.arange(len(vectors), dtype=np.uint32)
    return Embeddings(vectors, ids, modality, "shared")


def without(whole: Embeddings, gone: np.ndarray) -> Embeddings:
    keep = ~np.isin(whole.ids, gone)
    return Embeddings(whole.vectors[keep], whole.ids[keep], whole.modality, whole.space)


def require_equal(found: Neighbors, expected: Neighbors) -> None:
    for name in ("query_ids", "ids", "scores"):
        if getattr(found, name).tobytes() != getattr(expected, name).tobytes():
            raise SystemExit(f"{name} are not those of a search of everything")


def require_right(
    found: Neighbors, before: Neighbors, queries: Embeddings, items: Embeddings
) -> None:
    """Compare some queries that lost a neighbor, and some that did not, with a search of them."""
    lost = (found.ids != before.ids).any(axis=1)
    chosen = np.concatenate([np.flatnonzero(lost == flag)[:CHECKED] for flag in (True, False)])
    some = queries.take(queries.ids[chosen])
    require_equal(found.take(some.ids), find_neighbors(some, items, K, backend="exact"))


def timed(function: Callable[[], Neighbors], repeat: int) -> tuple[Neighbors, float, float]:
    """Return a result and the medians of CPU and wall seconds."""
    clocks = []
    for _ in range(repeat):
        with Clock() as clock:
            found = function()
        clocks.append(clock)
    cpu, wall = (statistics.median(getattr(c, n) for c in clocks) for n in ("cpu", "wall"))
    return found, cpu, wall


def compare(queries: Embeddings, items: Embeddings, changed: int, repeat: int) -> None:
    print(f"\n{len(items):,} items, {len(queries):,} captions, {changed:,} changed, k = {K}")
    print("                     CPU s   wall s  CPU %  wall %  searched   entered")
    warm_up(queries, items)
    whole, cpu, wall = timed(lambda: fresh(queries, items), 1)
    print(f"{'everything':18} {cpu:7.2f} {wall:8.2f}")

    def show(name: str, before: Neighbors, *now: Embeddings) -> Neighbors:
        found, c, w = timed(lambda: update_neighbors(before, *now), repeat)
        update = found.how["update"]
        print(
            f"{name:18} {c:7.2f} {w:8.2f} {c / cpu:6.2%} {w / wall:7.2%} "
            f"{update['searched']:9,} {update.get('entered', 0):9,}"
        )
        return found

    rng = np.random.default_rng(1)
    show("nothing", whole, queries, items)
    fewer = without(items, rng.choice(items.ids, changed, replace=False))
    removed = show("items removed", whole, queries, fewer)
    require_right(removed, whole, queries, fewer)
    require_equal(show("items added", removed, queries, items), whole)
    less = without(queries, rng.choice(queries.ids, changed, replace=False))
    asked = show("captions removed", whole, less, items)
    require_equal(asked, whole.take(less.ids))
    require_equal(show("captions added", asked, queries, items), whole)


def fresh(queries: Embeddings, items: Embeddings) -> Neighbors:
    return find_neighbors(queries, items, K, backend="exact")


def warm_up(queries: Embeddings, items: Embeddings) -> None:
    """Compile what is compiled once a machine, and read the files."""
    some = embeddings(np.asarray(items.vectors[:17_000]), items.modality)
    before = fresh(queries, without(some, some.ids[16_800:]))
    update_neighbors(before, queries, some)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dir", type=Path)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--queries", type=int, nargs="+", default=[200_000, 20_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--changed", type=int, default=1_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(arguments.threads)
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} at the start")
    more = arguments.changed
    data = made(arguments.dir, arguments.items + more, arguments.dim, max(arguments.queries) + more)
    items = embeddings(data.items, Modality.IMAGE)
    vectors = np.load(data.folder / "queries.npy", mmap_mode="r")
    for count in arguments.queries:
        queries = embeddings(vectors[: count + more], Modality.TEXT)
        compare(queries, items, more, arguments.repeat)


if __name__ == "__main__":
    main()

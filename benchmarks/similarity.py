"""The grid of the sound-similarity paper at the size of FSD50K's evaluation part.

    python benchmarks/similarity.py DIR [--clips 10231] [--labels 200] [--dim 512] [--workers 2]
                                        [--plain 20]

DIR gets made vectors (seed 0): clips of 1 to 30 frames, labels as uneven as there (the most
frequent one in a third of the clips, 5 labels a clip), 6 families. Then 3 aggregations x 3 numbers
of components (100, 200, all) x 3 searches are prepared and judged: MAP@15, MAP@150 and MR1 of whole
rankings, by query, class and family, with intervals. Printed are the CPU seconds of each cell, wall
time and peak memory of all processes.

The other side is the way of the published program, written anew: a Python loop over all pairs, then
over the results, label by label. It judges ``--plain`` queries of one cell, which takes a share of
a cell that is known; the ratio is of CPU seconds for one whole cell, with that share scaled up.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import time
from pathlib import Path

import numpy as np
from embedding_parts.processes import TreeClock

from pentad.evaluation.similarity.named import NamedVectors
from pentad.pipeline.similarity.grid import Axes, Settings, run_grid
from pentad.pipeline.similarity.steps import Truth

FAMILIES = 6
CUTOFFS = (15, 150)


def make(folder: Path, clips: int, labels: int, dim: int) -> None:
    """Write frame vectors as a folder of FrameEmbeddings, labels and families."""
    from pentad.embeddings.frames import FrameEmbeddings

    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, labels + 1)
    own = np.stack(
        [rng.choice(labels, 5, replace=False, p=weights / weights.sum()) for _ in range(clips)]
    )
    centers = rng.normal(size=(labels, dim)).astype(np.float32)
    counts = rng.integers(1, 31, clips)
    means = centers[own].sum(axis=1) + 3 * rng.normal(size=(clips, dim)).astype(np.float32)
    frames = [
        mean + 2 * rng.normal(size=(count, dim)).astype(np.float32)
        for mean, count in zip(means, counts, strict=True)
    ]
    FrameEmbeddings.from_list(frames, modality="audio", space="made").save(folder / "frames")
    rows = [
        f'{clip},"{",".join(f"Label_{n:03}" for n in sorted(own[clip]))}"' for clip in range(clips)
    ]
    (folder / "labels.csv").write_text("fname,labels\n" + "\n".join(rows) + "\n")
    families = {
        f"Family_{f}": [f"Label_{n:03}" for n in range(labels) if n % FAMILIES == f]
        for f in range(FAMILIES)
    }
    (folder / "families.json").write_text(json.dumps(families))


def plain_seconds(vectors: NamedVectors, labels: Path, queries: int) -> float:
    """Return CPU seconds that one query takes: rank all clips, then AP@15, AP@150 and R1."""
    sets = {}
    for line in labels.read_text().splitlines()[1:]:
        name, own = line.split(",", 1)
        sets[name] = own.strip('"').split(",")
    items = dict(zip(vectors.names, vectors.vectors, strict=True))
    begun = time.process_time()
    for query in vectors.names[:queries]:
        others = [name for name in items if name != query]
        products = [float(np.dot(items[query], items[name])) for name in others]
        ranked = [others[place] for place in np.argsort(products)[::-1]]
        for label in [None, *sets[query]]:
            relevant = [
                label in sets[name] if label else bool(set(sets[query]) & set(sets[name]))
                for name in ranked
            ]
            for cutoff in CUTOFFS:
                hits = np.cumsum(relevant[:cutoff])
                np.sum(hits / np.arange(1, cutoff + 1) * relevant[:cutoff]) / cutoff
            next((place for place, found in enumerate(relevant) if found), None)
    return (time.process_time() - begun) / queries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dir", type=Path)
    parser.add_argument("--clips", type=int, default=10_231)
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plain", type=int, default=20)
    arguments = parser.parse_args()
    folder: Path = arguments.dir
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} at the start")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder, arguments.clips, arguments.labels, arguments.dim)
    settings = Settings(Truth(folder / "labels.csv", folder / "families.json"))
    begun = time.perf_counter()
    with TreeClock() as clock:
        results = run_grid(
            folder / "frames", folder / "grid", Axes(), settings, workers=arguments.workers
        )
    wall = time.perf_counter() - begun
    print(f"\n{arguments.clips:,} clips, {arguments.labels} labels, d = {arguments.dim}")
    print("aggregation  PCA   search      map@15  mr1   CPU s")
    for result in results:
        recipe, scores = result["recipe"], result["scores"]
        pca = "none" if recipe["pca"] < 0 else recipe["pca"]
        print(
            f"{recipe['aggregate']:11}  {pca!s:4}  {result['search']:9}  "
            f"{scores['map@15']['macro']:.4f}  {scores['mr1']['macro']:.2f}  "
            f"{result['cpu_seconds']:.1f}"
        )
    cell = statistics.median(result["cpu_seconds"] for result in results)
    print(
        f"\n{len(results)} cells: wall {wall:.0f} s, CPU {clock.cpu:.0f} s, "
        f"median cell {cell:.1f} s"
    )
    print(f"peak memory of all processes: {clock.peak:.0f} MiB")
    vectors = NamedVectors.load(next((folder / "grid" / "prepared").glob("Agg_mean-PCA_*")))
    one = plain_seconds(vectors, folder / "labels.csv", arguments.plain)
    whole = one * arguments.clips
    print(f"\nin plain loops: {one:.2f} s a query, {whole / 60:.0f} minutes a cell (scaled up)")
    print(f"ratio for one cell: {whole / cell:.0f}")


if __name__ == "__main__":
    main()

"""Retrieval on real files whose concepts were never seen: ours, ridge, class names alone, chance.

Five folds by concept, seeded: everything (bridge, neighbors, groups, heads, every weight) is
learned on four and judged on the fifth. Queries of all folds are pooled, intervals are over
concepts.

    python benchmarks/real_quality.py DIR WS -m onnx:TEXT -m onnx:IMAGE -m onnx:AUDIO [--json FILE]

DIR is in the neutral layout with concepts; WS is made, or used again when it is there.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pentad.evaluation.scores import Difference, QueryScores, Score
from pentad.evaluation.summary import difference, summarize
from pentad.pipeline.folds import judge_fold
from pentad.pipeline.frozen import HELD_OUT_FOLDS
from pentad.pipeline.learned import class_name_vectors
from pentad.pipeline.steps import choose_encoders, embed_all, load_frozen
from pentad.sources.read import read_source
from pentad.store.workspace import Workspace

SYSTEMS = ("ours", "bridge map", "ridge", "class names")


def main() -> None:
    """Run the five folds and print the tables."""
    arguments = _arguments()
    started, cpu = time.monotonic(), time.process_time()
    pooled = pool_folds(arguments)
    rows = {
        name: [s for q in queries for s in summarize(q, seed=arguments.seed)]
        for name, queries in pooled.items()
    }
    differences = {
        name: [
            d
            for a, b in zip(pooled["ours"], pooled[name], strict=True)
            for d in difference(a, b, seed=arguments.seed)
        ]
        for name in SYSTEMS[1:]
        if len(pooled[name]) == len(pooled["ours"])
    }
    print_table(rows, differences)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{platform.processor() or platform.machine()}, {time.monotonic() - started:.0f} s wall, "
        f"{time.process_time() - cpu:.0f} CPU s, {memory:.0f} MiB peak"
    )
    if arguments.json:
        Path(arguments.json).write_text(
            json.dumps({n: [vars(s) for s in r] for n, r in rows.items()}, indent=1), "utf-8"
        )


def pool_folds(arguments: argparse.Namespace) -> dict[str, list[QueryScores]]:
    """Return, by system, the per-query values of every direction over all folds."""
    workspace = Workspace.create(arguments.workspace)
    with workspace.writing():
        catalog = workspace.add(read_source(arguments.directory))
        plan = choose_encoders(workspace, catalog, arguments.model)
        embed_all(workspace, catalog, plan)
        frozen = load_frozen(workspace, catalog, plan)
    names = class_name_vectors(plan, frozen)
    found: dict[str, dict[str, list[QueryScores]]] = {name: {} for name in SYSTEMS}
    for fold in range(HELD_OUT_FOLDS):
        judged = judge_fold(plan, frozen, names, fold=fold, seed=arguments.seed, k=arguments.k)
        for name, evaluation in zip(SYSTEMS, judged, strict=True):
            for scores in evaluation.per_query:
                found[name].setdefault(scores.direction, []).append(scores)
    return {name: [_merged(parts) for parts in rows.values()] for name, rows in found.items()}


def _merged(parts: Sequence[QueryScores]) -> QueryScores:
    units, start = [], 0
    for part in parts:
        units.append(part.units + start)
        start += int(part.units.max()) + 1
    return replace(
        parts[0],
        values=np.hstack([p.values for p in parts]),
        chance=np.hstack([p.chance for p in parts]),
        queries=np.concatenate([p.queries for p in parts]),
        units=np.concatenate(units),
        relevant=np.concatenate([p.relevant for p in parts]),
        pool=round(float(np.mean([p.pool for p in parts]))),
        excluded=sum(p.excluded for p in parts),
    )


def print_table(
    rows: Mapping[str, Sequence[Score]], differences: Mapping[str, Sequence[Difference]]
) -> None:
    """Print one line a direction and metric, captions first; a loss to a baseline is marked."""
    header = ("from", "to", "metric", "ours", "95 %", *SYSTEMS[1:], "chance", "n", "pool")
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    by = {name: {(s.query, s.corpus, s.metric): s for s in found} for name, found in rows.items()}
    for score in sorted(rows["ours"], key=lambda s: "text" not in (s.query.value, s.corpus.value)):
        key = (score.query, score.corpus, score.metric)
        others = [by[name].get(key) for name in SYSTEMS[1:]]
        lower = any(o is not None and score.value < o.value for o in others[1:])
        cells = [
            score.query.value,
            score.corpus.value,
            score.metric,
            f"{score.value:.3f}{' (lower)' if lower else ''}",
            f"{score.low:.3f}-{score.high:.3f}",
            *("-" if other is None else f"{other.value:.3f}" for other in others),
            f"{score.chance:.3f}",
            str(score.n),
            str(score.pool),
        ]
        print(f"| {' | '.join(cells)} |")
    for name, found in differences.items():
        worse = [d for d in found if d.high < 0]
        better = [d for d in found if d.low > 0]
        print(
            f"\nours - {name}: higher beyond the interval in {len(better)} of {len(found)} rows, "
            f"lower beyond it in {len(worse)}"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("workspace")
    parser.add_argument("-m", "--model", action="append", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-k", type=int, default=16)
    parser.add_argument("--json")
    return parser.parse_args()


if __name__ == "__main__":
    main()

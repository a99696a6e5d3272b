"""Hubs: how many items are never found, and whether fewer of them cost precision.

A caption's own items do not count, neither as found nor as missed. Precision is the share of the
items found whose concept is one of the caption's, over captions of which another item has the
concept; intervals are 95 %, by a bootstrap over captions, and for the difference to no correction
over the same captions.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neighbors_parts.clocks import Clock
from neighbors_parts.concepts import Judged, make_synthetic
from neighbors_parts.processes import measured
from neighbors_parts.tables import show_table

K = 16
MODALITIES = ("image", "audio", "video", "points")
_RESAMPLES = 2000
_BLOCK = 1 << 22


def run(arguments: Namespace) -> dict[str, Any]:
    """Measure all sets and print their tables."""
    results: dict[str, Any] = {}
    captions, items, dim, concepts = arguments.hub_sizes
    folder = arguments.dir / "hubness"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"synthetic-{captions}-{items}-{dim}-{concepts}.npz"
    if not made.exists():
        make_synthetic(captions, items, dim, concepts).save(made)
    results["synthetic"] = _measure("synthetic", [made], arguments)
    if arguments.real is None or not arguments.real.is_dir() or not arguments.model:
        what = arguments.real or "given by --real" if arguments.model else "with encoders by -m"
        print(f"\nreal files: skipped, there is no folder {what}")
        return results
    files = _real_files(arguments, folder / "real")
    for kind in ("seen", "unseen"):
        for modality in MODALITIES:
            parts = [folder / "real" / f for f in files if f.startswith(f"{modality}-{kind}")]
            if parts:
                name = f"{modality}, concepts {kind}"
                results[name] = _measure(name, parts, arguments)
    return results


def _real_files(arguments: Namespace, folder: Path) -> list[str]:
    """Return the files of placed vectors, made once."""
    record = folder / "made.json"
    if not record.exists():
        print("real files: embedding and learning, once", flush=True)
        options = {"real": str(arguments.real), "models": arguments.model, "folds": arguments.folds}
        files = measured(
            "concepts:place_real", threads=arguments.threads, folder=str(folder), **options
        )
        record.write_text(json.dumps(files), encoding="utf-8")
    return json.loads(record.read_text(encoding="utf-8"))


def _measure(name: str, files: Sequence[Path], arguments: Namespace) -> dict[str, Any]:
    options = {"files": [str(path) for path in files]}
    found = measured("hubness:judge", threads=arguments.threads, **options)
    rows = []
    for method, row in found["methods"].items():
        hubs = [row[key] for key in ("never_retrieved", "skew", "gini", "max_to_mean")]
        precision = _told(row["precision"])
        change = "-" if method == "none" else _told(row["change"], sign="+")
        rows.append([method, *hubs, precision, change, row["wall"]])
    title = f"Hubs, {name}: {found['captions']:,} captions, {found['items']:,} items, k = {K}"
    title += f"; precision over {found['judged']:,} captions"
    headers = ["correction", "never found", "skew", "Gini", "max/mean", "precision", "change"]
    show_table(title, [*headers, "wall s"], rows)
    return found


def _told(values: Sequence[float], sign: str = "") -> str:
    value, low, high = values
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"


def judge(*, files: list[str]) -> dict[str, Any]:
    """Return figures for every method; several files are folds whose captions are pooled."""
    parts = [Judged.load(Path(path)) for path in files]
    found: dict[str, dict[str, Any]] = {}
    shares: dict[str, np.ndarray] = {}
    for label, method, size in _methods(parts[0]):
        with Clock() as clock:
            rows = [_retrieve(part, method, size) for part in parts]
        shares[label] = np.concatenate([_shares(p, r) for p, r in zip(parts, rows, strict=True)])
        figures = _hub_figures(np.concatenate(rows), len(parts[0].corpus))
        precision = _interval(shares[label])
        found[label] = figures | {"precision": precision, "wall": clock.wall}
        found[label]["change"] = _interval(shares[label] - shares["none"])
    sizes = {"captions": sum(len(p.asked) for p in parts), "judged": len(shares["none"])}
    return sizes | {"items": len(parts[0].corpus), "methods": found}


def _methods(part: Judged) -> list[tuple[str, str, int]]:
    from pentad.neighbors.hubness import fair_neighborhood

    fair = fair_neighborhood(K, len(part.queries), len(part.corpus))
    found = [("none", "none", 10), ("center", "center", 10)]
    for method in ("csls", "center+csls"):
        found += [(f"{method}, nearest {size}", method, size) for size in sorted({10, fair})]
    return found


def _retrieve(part: Judged, method: str, size: int) -> np.ndarray:
    """Return the k nearest rows of each caption that is asked, its own items left out."""
    from pentad.neighbors.exact import ExactSearch
    from pentad.neighbors.hubness import adjust
    from pentad.neighbors.metrics import get_metric

    adjusted = adjust(part.queries, part.corpus, method, size)
    most = int(np.bincount(part.own[:, 0], minlength=1).max())
    wanted = min(K + most, len(part.corpus))
    search = ExactSearch(adjusted.corpus, get_metric("dot"))
    rows = search.search(adjusted.queries[part.asked], wanted)[0]
    keys = part.own[:, 0] * len(part.corpus) + part.own[:, 1]
    others = ~np.isin(part.asked[:, None] * len(part.corpus) + rows, keys)
    first = np.argsort(~others, axis=1, kind="stable")[:, : min(K, wanted)]
    return np.take_along_axis(rows, first, axis=1)


def _shares(part: Judged, rows: np.ndarray) -> np.ndarray:
    """Return the precision of each caption that could have some."""
    total = 1 + int(max(part.concepts.max(), part.pairs[:, 1].max(initial=0)))
    known = np.unique(part.pairs[:, 0] * total + part.pairs[:, 1])
    there = np.bincount(part.concepts[part.concepts >= 0], minlength=total)
    possible = np.bincount(part.pairs[:, 0], there[part.pairs[:, 1]], len(part.queries))
    mine = part.concepts[part.own[:, 1]]
    match = np.isin(part.own[:, 0] * total + mine, known) & (mine >= 0)
    possible -= np.bincount(part.own[match, 0], minlength=len(part.queries))
    hits = np.zeros(rows.shape, bool)
    step = max(1, _BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        concepts = part.concepts[rows[block]]
        keys = part.asked[block, None] * total + concepts
        hits[block] = np.isin(keys, known) & (concepts >= 0)
    return hits.mean(axis=1)[possible[part.asked] > 0]


def _hub_figures(rows: np.ndarray, items: int) -> dict[str, Any]:
    from pentad.neighbors.hubs import hub_report

    report = hub_report(rows, np.arange(items)).to_json()
    return {name: report[name] for name in ("never_retrieved", "skew", "gini", "max_to_mean")}


def _interval(values: np.ndarray) -> list[float]:
    """Return mean, lower and upper end."""
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES)]
    return [float(values.mean()), *(float(end) for end in np.quantile(means, [0.025, 0.975]))]

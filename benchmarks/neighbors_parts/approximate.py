"""Approximate search: Pentad against other libraries, at equal measured recall.

The queries are unlike the items, and the true neighbors come from exact search. All indexes see the
same vectors, use the same number of threads and get the queries as each takes them fastest. Every
one is swept through its own search parameters on these very queries, and of what it reaches the
fastest setting with at least the recall asked for counts. Pentad is not swept: it is told a recall
and chooses for itself, on a sample.

Indexes are kept in DIR and not built again.
"""

from __future__ import annotations

import importlib.util
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from neighbors_parts.curve import fastest
from neighbors_parts.plot import draw
from neighbors_parts.processes import RunFailed, measured
from neighbors_parts.systems.registry import OURS, SYSTEMS
from neighbors_parts.tables import show_table
from neighbors_parts.vectors import Data, made


def run(arguments: Namespace) -> dict[str, Any]:
    """Build, sweep, print tables, draw; return everything."""
    items, dim = arguments.approximate_items, arguments.approximate_dim
    data = made(arguments.dir / "vectors", items, dim, arguments.queries)
    exact = measured("sweep:find_truth", threads=arguments.threads, folder=str(data.folder))
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for name in arguments.systems:
        try:
            found[name] = _one(name, data, arguments)
        except (ModuleNotFoundError, RunFailed) as reason:
            skipped[name] = str(reason)
            print(f"{name}: skipped: {reason}", flush=True)
    title = f"Approximate: {items:,} items, {dim} values, {arguments.queries:,} queries, k = 16"
    _show_built(title, found)
    best = {str(t): _show_best(t, found, exact) for t in arguments.recalls}
    _show_own(found)
    path = arguments.dir / f"recall-{items}-{dim}.svg"
    draw(found, exact["rate"], title, path)
    print(f"\ndrawn: {path} and {path.with_suffix('.png').name}")
    return {"exact": exact, "systems": found, "skipped": skipped, "best": best}


def _one(name: str, data: Data, arguments: Namespace) -> dict[str, Any]:
    package = SYSTEMS[name].package
    if importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"{package} is not installed; pip install -r benchmarks/requirements.txt"
        )
    index = arguments.dir / "indexes" / data.folder.name / name
    options = {"name": name, "folder": str(data.folder), "index": str(index)}
    built = _kept(index)
    if built is None:
        print(f"{name}: building", flush=True)
        built = measured("sweep:build", threads=arguments.threads, **options)
    print(f"{name}: searching", flush=True)
    options |= {"repeat": arguments.repeat, "targets": arguments.recalls}
    found = {"built": built} | measured("sweep:search", threads=arguments.threads, **options)
    (index / "searched.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    for recall in arguments.recalls:
        best = fastest(found["points"], recall)
        rate = "out of reach" if best is None else f"{best['rate']:,.0f} queries/s"
        print(f"{name}: recall {recall}: {rate}", flush=True)
    return found


def _kept(index: Path) -> dict[str, Any] | None:
    record = index / "built.json"
    return json.loads(record.read_text(encoding="utf-8")) if record.exists() else None


def _show_built(title: str, found: dict[str, Any]) -> None:
    rows = []
    for name, row in found.items():
        built = row["built"]
        times = [built["cpu"], built["wall"], built["held"]]
        memory = [built["bytes"] / 2**20, row["held"], row["mapped"]]
        rows.append([name, built["factory"], *times, *memory])
    headers = ["index", "made with", "build CPU s", "build wall s", "build MiB", "index MiB"]
    show_table(title, [*headers, "search MiB held", "search MiB mapped"], rows)


def _show_best(recall: float, found: dict[str, Any], exact: dict[str, float]) -> dict[str, Any]:
    """Print the fastest setting of each with this recall; return these."""
    points = {name: fastest(row["points"], recall) for name, row in found.items()}
    ours = [p for name, p in points.items() if p and name in OURS]
    best = max(ours, key=lambda p: p["rate"], default=None)
    rows = []
    for name, point in sorted(points.items(), key=lambda pair: -(pair[1] or {"rate": 0})["rate"]):
        if point is None:
            most = max(p["recall"] for p in [*found[name]["points"], *found[name]["rough"]])
            rows.append([name, f"at most {most:.3f}", *[None] * 4, "-"])
            continue
        rates = [point[kind] for kind in ("rate", "rate_cpu")]
        ratios = [best and best[kind] / point[kind] for kind in ("rate", "rate_cpu")]
        told = _brief(point["setting"])
        rows.append([name, f"{point['recall']:.4f}", *rates, *ratios, told])
    rows.append(["exact", "1.0000", exact["rate"], exact["rate_cpu"], None, None, "-"])
    headers = [
        "index",
        "recall",
        "queries/s",
        "queries/CPU s",
        "Pentad is x",
        "x by CPU",
        "setting",
    ]
    show_table(f"Fastest with recall@16 of at least {recall}", headers, rows)
    return points


def _brief(setting: dict[str, Any]) -> str:
    given = [name for name, value in setting.items() if value is not None and name != "own"]
    names = ["effort", "candidates"] if "wanted" in setting else given
    told = ", ".join(f"{name} {setting[name]}" for name in names)
    return f"{told} (stated {setting['wanted']})" if "wanted" in setting else told


def _show_own(found: dict[str, Any]) -> None:
    """Print what autofaiss makes of its time budget when left alone."""
    rows = [
        [name, f"{p['recall']:.4f}", p["rate"], p["rate_cpu"], _brief(p["setting"])]
        for name, row in found.items()
        for p in row["points"]
        if p["setting"].get("own")
    ]
    if rows:
        headers = ["index", "recall", "queries/s", "queries/CPU s", "setting"]
        show_table("As tuned by its own rule, a budget of 10 ms a query", headers, rows)

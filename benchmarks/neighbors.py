"""Neighbors, hubs and groups at size, measured in one run.

    python benchmarks/neighbors.py DIR [--only exact approximate hubness groups] [--quick]

exact        `ExactSearch` against `faiss.knn`; which share of the machine's limits is reached
approximate  `ApproximateSearch` against other libraries at equal recall (`benchmarks/
             requirements.txt`; what is not installed is skipped); table and picture
hubness      items that are never found, and precision, with each correction; on real files too
             with `--real FOLDER -m ENCODER -m ENCODER ...`, as for `pentad build`
groups       groups of very many captions with a limit for each item

DIR gets vectors, indexes and pictures, which are used again by the next run, and `neighbors.json`
with all figures. Every measurement is a process of its own with as many processors as threads;
ways take turns, and medians are printed. Memory is the most a process held beyond what it had when
its clock started. `--quick` runs everything at sizes that say nothing, to see that it runs.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path
from typing import Any

from neighbors_parts.exact import WAYS
from neighbors_parts.processes import RunFailed
from neighbors_parts.systems.registry import SYSTEMS, TRIALS

PARTS = ("exact", "approximate", "hubness", "groups")
USUAL = [name for name in SYSTEMS if name not in TRIALS]
QUICK = {
    "items": [20_000],
    "dim": [64],
    "queries": 1000,
    "repeat": 1,
    "approximate_items": 20_000,
    "approximate_dim": 64,
    "hub_sizes": [4000, 1500, 64, 50],
    "systems": [name for name in USUAL if name != "autofaiss-small"],  # it trains for minutes
    "folds": 1,
    "captions": 20_000,
    "group_items": 5000,
}


def main() -> None:
    """Run the parts and write their figures."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it started ends too
    arguments = _arguments()
    arguments.dir.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {"machine": _machine(arguments.threads)}
    print(", ".join(f"{name} {value}" for name, value in figures["machine"].items()), flush=True)
    out = arguments.json or arguments.dir / "neighbors.json"
    for part in arguments.only:
        print(f"\n# {part}", flush=True)
        started = time.perf_counter()
        try:
            figures[part] = importlib.import_module(f"neighbors_parts.{part}").run(arguments)
        except RunFailed as reason:
            raise SystemExit(f"{part} stopped: {reason}") from None
        figures[part]["seconds"] = time.perf_counter() - started
        print(f"\n{part}: {figures[part]['seconds']:,.0f} s")
        out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"all figures: {out}")


def _machine(threads: int) -> dict[str, Any]:
    """Return what the figures depend on."""
    versions = {name: importlib.import_module(name).__version__ for name in ("faiss", "numpy")}
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": model[0] if model else platform.machine(),
        "processors": os.cpu_count(),
        "threads": threads,
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **versions,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dir", type=Path, help="where vectors, indexes and pictures go")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="very small sizes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--remove", action="store_true", help="delete big inputs after their use")
    parser.add_argument("--json", type=Path, help="default DIR/neighbors.json")
    exact = parser.add_argument_group("exact")
    exact.add_argument("--items", type=int, nargs="+", default=[200_000, 1_000_000])
    exact.add_argument("--dim", type=int, nargs="+", default=[512, 1024])
    exact.add_argument("--ways", nargs="+", choices=WAYS, default=["faiss", "pentad"])
    near = parser.add_argument_group("approximate")
    near.add_argument("--approximate-items", type=int, default=1_000_000)
    near.add_argument("--approximate-dim", type=int, default=256)
    near.add_argument("--recalls", type=float, nargs="+", default=[0.95, 0.98])
    near.add_argument("--systems", nargs="+", choices=SYSTEMS, default=USUAL)
    hubs = parser.add_argument_group("hubness")
    sizes = ("CAPTIONS", "ITEMS", "DIM", "CONCEPTS")
    hubs.add_argument(
        "--hub-sizes", type=int, nargs=4, metavar=sizes, default=[60_000, 20_000, 256, 500]
    )
    hubs.add_argument("--real", type=Path, help="real files in the neutral layout, with concepts")
    hubs.add_argument("-m", "--model", action="append", default=[], help="encoders of real files")
    hubs.add_argument("--folds", type=int, default=5, help="folds of unseen concepts, at most 5")
    groups = parser.add_argument_group("groups")
    groups.add_argument("--captions", type=int, default=1_000_000)
    groups.add_argument("--group-items", type=int, default=250_000)
    groups.add_argument("--max-uses", type=int, default=100)
    if parser.parse_args().quick:
        parser.set_defaults(**QUICK)
    return parser.parse_args()


if __name__ == "__main__":
    main()

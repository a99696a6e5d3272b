"""K-means: Pentad against faiss, in time, memory and objective, in one run.

    python benchmarks/kmeans.py DIR [--points 200000] [--dim 512] [--clusters 2000 10000]
                                    [--iterations 20] [--repeat 3] [--threads 2] [--json FILE]

DIR gets the vectors (see `neighbors_parts.vectors`) and may be removed afterwards. The ways are
told in `neighbors_parts.clusters`. Every measurement is a process of its own with as many
processors as threads; ways take turns, and medians are printed. Memory is the most a process held
beyond what it had when its clock started, mapped files apart.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

from neighbors_parts.clusters import WAYS, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dir", type=Path)
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--clusters", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["faiss", "super", "pentad"])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, {platform.machine()}; load {load:.1f} at the start")
    results = run(arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

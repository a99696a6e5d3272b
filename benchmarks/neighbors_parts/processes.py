"""Measuring: every run is a process of its own that may use so many processors and no more."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
    "LANCE_CPU_THREADS",
)

# Threads that wait without turning in circles: then CPU seconds are work, even on a busy machine.
_SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "RUST_LOG": "error"}


class RunFailed(Exception):
    """A run ended with an error; the message is its last line."""


def measured(function: str, *, threads: int, **arguments: Any) -> Any:
    """Call ``module:function`` in a new process and return what it returned.

    Args:
        function: A module of this package and a function in it.
        threads: How many threads and processors the process gets.
        arguments: What JSON can say; so is what comes back.

    Raises:
        RunFailed: The process ended with an error.
    """
    numbers = dict.fromkeys(_THREADS, str(threads))
    environment = os.environ | numbers | _SETTINGS | {"PYTHONPATH": _path()}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        command = [sys.executable, "-m", "neighbors_parts.processes", function, str(threads)]
        done = subprocess.run(
            [*command, str(out)],
            input=json.dumps(arguments).encode(),
            capture_output=True,
            env=environment,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or [""]
            raise RunFailed(f"{function}: {lines[-1]} (exit status {done.returncode})")
        return json.loads(out.read_text(encoding="utf-8"))


def threads_here() -> int:
    """Return how many threads this process was given."""
    return int(os.environ["OMP_NUM_THREADS"])


def _path() -> str:
    return os.pathsep.join([str(_FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])])


def _main() -> None:
    name, threads, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import faiss

    faiss.omp_set_num_threads(threads)
    module, _, function = name.partition(":")
    found = getattr(importlib.import_module(f"neighbors_parts.{module}"), function)
    out.write_text(json.dumps(found(**json.load(sys.stdin))), encoding="utf-8")


if __name__ == "__main__":
    _main()

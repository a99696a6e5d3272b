"""How many cores this process may use."""

from __future__ import annotations

import os

VARIABLE = "PENTAD_THREADS"
"""Environment variable that says how many cores this process may use."""


def usable_cores() -> int:
    """Return how many cores this process may use."""
    said = os.environ.get(VARIABLE, "")
    if said.isdigit() and int(said):
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""How much memory a run has held at most."""

from __future__ import annotations

import resource
import sys


def peak_memory_mb() -> float:
    """Return the most MiB this process held, and what its largest finished child held on top."""
    unit = 1024.0 if sys.platform != "darwin" else 1024.0 * 1024.0
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round((own + child) / unit, 1)

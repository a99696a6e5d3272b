"""Whether this processor multiplies eight-bit numbers faster than floats."""

from __future__ import annotations

import platform
from functools import cache

NEEDED = ("avx512f", "avx512bw", "avx512vnni")

MOST_VALUES = 8192
"""Longer vectors could overflow the sums of bytes."""


@cache
def has_fast_int8() -> bool:
    """Return whether the instructions that `tile` is made of are there: asked, not assumed."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    return all(features.get(name, False) for name in NEEDED)

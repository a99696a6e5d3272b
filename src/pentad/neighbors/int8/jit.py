"""Compilation of functions over arrays, without the lock of the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

# Sums may be taken in any order, which vectors need; nothing is assumed about infinities and NaN.
_FREE_ORDER = {"reassoc", "contract", "nsz"}


def compiled(function: F) -> F:
    """Compile a function for this processor; what was compiled is kept on disk."""
    return cast("F", numba.njit(nogil=True, cache=True, error_model="numpy")(function))


def compiled_sums(function: F) -> F:
    """Compile as `compiled`, and let float sums be taken in any order."""
    made = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=_FREE_ORDER)
    return cast("F", made(function))

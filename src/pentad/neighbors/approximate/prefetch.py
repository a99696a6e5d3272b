"""Memory asked for before it is needed: candidates lie anywhere, and waiting is most of their cost.

A hint to the processor, in LLVM's terms; it changes no result and may point anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pentad.neighbors.int8.jit import compiled

AHEAD = 4
"""How many candidates before its turn a row is asked for."""

_LINE = 64
_READ, _KEEP, _DATA = 0, 3, 1
_NAME = "llvm.prefetch.p0"


def _fetch(_: Any, address: Any) -> Any:  # noqa: ARG001
    def generate(context: Any, builder: Any, _: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = builder.module.globals.get(_NAME) or ir.Function(builder.module, kind, _NAME)
        hints = [number(_READ), number(_KEEP), number(_DATA)]
        builder.call(function, [builder.inttoptr(args[0], byte), *hints])
        return context.get_dummy_value()

    return types.void(types.uintp), generate


fetch: Any = intrinsic(_fetch)


@compiled
def fetch_row(items: Any, row: int) -> None:
    """Ask for a row of an array, all of it."""
    if row >= 0:
        start = items.ctypes.data + row * items.strides[0]
        for offset in range(0, items.shape[1] * items.itemsize, _LINE):
            fetch(np.uintp(start + offset))

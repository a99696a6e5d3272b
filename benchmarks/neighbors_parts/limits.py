"""How fast this machine multiplies matrices at best: what a search cannot exceed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from neighbors_parts.clocks import Clock
from neighbors_parts.processes import threads_here

_REPEAT = 4
_SECONDS = 0.2  # clocks of threads that are at work lag by some thousandths
_SHAPES = ((1024, 4096), (2048, 2048), (4096, 4096))


def find_limits(*, dims: list[int]) -> dict[str, dict[str, float]]:
    """Return the best rates seen, in operations a CPU second and a second of the clock.

    A multiplication and an addition are two operations.

    Args:
        dims: Lengths of the vectors that are multiplied.
    """
    import torch

    torch.set_num_threads(threads_here())
    found = {
        "float32": _best(_torch_products(torch.float32, dims)),
        "bf16": _best(_torch_products(torch.bfloat16, dims)),
        "int8": _best(_int8_products(dims)),
    }
    tiles = _tile_products(threads_here())
    return found if tiles is None else found | {"int8 tiles": _best([tiles])}


Product = tuple[float, Callable[[], object]]


def _best(products: list[Product]) -> dict[str, float]:
    cpu = wall = 0.0
    for operations, multiply in products:
        multiply()
        with Clock() as clock:
            multiply()
        times = 1 + int(_SECONDS / clock.wall)
        for _ in range(_REPEAT):
            with Clock() as clock:
                for _ in range(times):
                    multiply()
            done = times * operations
            cpu, wall = max(cpu, done / clock.cpu), max(wall, done / clock.wall)
    return {"cpu": cpu, "wall": wall}


def _torch_products(dtype: object, dims: list[int]) -> list[Product]:
    import torch

    found: list[Product] = []
    for dim in dims:
        for queries, items in _SHAPES:
            left = torch.rand(queries, dim).to(dtype)
            right = torch.rand(items, dim).to(dtype)
            multiply = _call(torch.mm, left, right.T)
            found.append((2.0 * queries * items * dim, multiply))
    return found


def _int8_products(dims: list[int]) -> list[Product]:
    import torch

    found: list[Product] = []
    for dim in dims:
        for queries, items in _SHAPES:
            left = torch.randint(-127, 128, (queries, dim), dtype=torch.int8)
            right = torch.randint(-127, 128, (items, dim), dtype=torch.int8)
            multiply = _call(torch._int_mm, left, right.T)
            found.append((2.0 * queries * items * dim, multiply))
    return found


def _call(function: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: function(*arguments)


def _tile_products(threads: int) -> Product | None:
    """Return Pentad's own tiles without any item reached, or None where they cannot run."""
    from pentad.neighbors.int8.probe import has_fast_int8

    if not has_fast_int8():
        return None
    from pentad.neighbors.int8.codes import aligned
    from pentad.neighbors.int8.scan import scan

    groups = 128
    queries, items = aligned((256, groups, 6, 4), np.int8), aligned((128, groups, 64, 4), np.uint8)
    starts, needed = np.zeros(128 * 64, np.int32), np.full(256 * 6, 1 << 29, np.int32)

    def one(_: int) -> None:
        room = aligned((6 * 64,), np.int32), np.zeros(24, np.uint16), np.zeros((400, 3), np.int32)
        scan(queries, items, starts, needed, *room)

    def multiply() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, range(4 * threads)))

    return 4 * threads * 2.0 * 256 * 6 * 128 * 64 * 4 * groups, multiply

"""Blocks of stored vectors on their way to a device, one ahead of the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Fetch = Callable[[], "Tensor"]


def feed(vectors: NDArray[Any], step: int, device: torch.device) -> Iterator[tuple[int, Tensor]]:
    """Yield the first row and the stored vectors of each block, on the device.

    Reading and copying the next block happens while the caller works on one. On an accelerator the
    copy goes by two page-locked buffers and a stream of its own.

    Args:
        vectors: float16 or float32 (n, dim); may be memory-mapped.
        step: Rows of a block.
        device: Where to.
    """
    load = _Lanes(vectors, step, device).load if device.type == "cuda" else _Plain(vectors).load
    starts = range(0, len(vectors), step)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(load, slice(0, step))
        for start in starts:
            arrive = coming.result()
            if start + step < len(vectors):
                coming = pool.submit(load, slice(start + step, start + 2 * step))
            yield start, arrive()


class _Plain:
    """Blocks in the memory of the processor."""

    def __init__(self, vectors: NDArray[Any]) -> None:
        self._vectors = vectors

    def load(self, part: slice) -> Fetch:
        import torch

        block = torch.from_numpy(np.array(self._vectors[part], order="C"))
        return lambda: block


class _Lanes:
    """Blocks copied to an accelerator by two page-locked buffers in turn."""

    def __init__(self, vectors: NDArray[Any], step: int, device: torch.device) -> None:
        import torch

        self._vectors, self._device = vectors, device
        shape = (min(step, len(vectors)), vectors.shape[1])
        kind = torch.from_numpy(np.empty(0, vectors.dtype)).dtype
        self._buffers = [
            torch.empty(shape, dtype=kind, device="cpu", pin_memory=True) for _ in range(2)
        ]
        cuda: Any = torch.cuda
        self._copied = [cuda.Event() for _ in range(2)]
        self._stream = cuda.Stream(device)
        self._turn = 0

    def load(self, part: slice) -> Fetch:
        """Fill a buffer and start its copy; the result waits for it, on the caller's stream."""
        import torch

        buffer, copied = self._buffers[self._turn], self._copied[self._turn]
        self._turn = 1 - self._turn
        copied.synchronize()  # what this buffer held before has left it
        stored = self._vectors[part]
        room = buffer[: len(stored)]
        np.copyto(room.numpy(), stored)
        with torch.cuda.stream(self._stream):
            block = room.to(self._device, non_blocking=True)
            copied.record(self._stream)

        def arrive() -> Tensor:
            current = torch.cuda.current_stream(self._device)
            current.wait_event(copied)
            block.record_stream(current)  # its memory is not given away while it is searched
            return block

        return arrive

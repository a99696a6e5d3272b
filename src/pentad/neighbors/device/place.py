"""Which device is meant, how much memory it has, and whether it computes as a proof needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pentad.core.errors import InputError

if TYPE_CHECKING:
    import torch

_ON_PROCESSOR = 1 << 29
_SHARE = 0.8


def find_device(name: str) -> torch.device:
    """Return the device called ``name``: ``cpu``, ``cuda`` or ``cuda:<number>``.

    Raises:
        InputError: There is no such device here; the message says which there are.
    """
    import torch

    there = _devices()
    wanted = f"cuda:{torch.cuda.current_device()}" if name == "cuda" and len(there) > 1 else name
    if wanted in there:
        return torch.device(wanted)
    lacking = torch.version.cuda is None and getattr(torch.version, "hip", None) is None
    why = " (this PyTorch was built without CUDA)" if lacking and name.startswith("cuda") else ""
    raise InputError(
        f"neighbors cannot be searched on that device{why}", expected=" or ".join(there), seen=name
    )


def free_memory(device: torch.device) -> int:
    """Return how many bytes a search on the device may take."""
    import torch

    if device.type != "cuda":
        return _ON_PROCESSOR
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int((torch.cuda.mem_get_info(device)[0] + unused) * _SHARE)


def multiplies_bytes(device: torch.device, width: int) -> bool:
    """Return whether the device multiplies rows of ``width`` bytes, and exactly: it is tried.

    Some processors saturate sums of pairs of large bytes, so rows of the greatest are among them.
    """
    import torch

    ramp = torch.arange(64 * width, dtype=torch.int64, device="cpu").reshape(64, width)
    codes = ((ramp * 2654435761) % 255 - 127).to(torch.int8)
    codes[0], codes[1] = 127, -127
    expected = codes[:32].double() @ codes.double().T
    there = codes.to(device)
    try:
        found = torch._int_mm(there[:32].contiguous(), there.t())
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        return False
    return torch.equal(found.cpu().double(), expected)


@contextmanager
def full_precision() -> Iterator[None]:
    """Keep float32 products in float32, whatever shortcuts the program allows elsewhere."""
    import torch

    parts = (getattr(torch.backends, name) for name in ("cuda", "mkldnn"))
    matmuls = [part.matmul for part in parts if hasattr(part, "matmul")]
    newer = [matmul for matmul in matmuls if hasattr(matmul, "fp32_precision")]
    kept = [b.fp32_precision for b in newer]
    try:
        before = torch.get_float32_matmul_precision()
    except RuntimeError:  # it was set by its newer name alone
        before = "highest"
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        for backend, value in zip(newer, kept, strict=True):
            if backend.fp32_precision != value:
                backend.fp32_precision = value


def _devices() -> list[str]:
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return ["cpu", *(f"cuda:{number}" for number in range(count))]

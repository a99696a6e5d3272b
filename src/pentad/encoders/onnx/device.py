"""Where onnxruntime runs a model: on the CPU, or on a CUDA device if its package can."""

from __future__ import annotations

from typing import Any

from pentad.core.errors import InputError

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_WANTED = "cpu, cuda, cuda:1 (2, ...), or auto"

Provider = tuple[str, dict[str, Any]]


def providers_for(device: str) -> list[Provider]:
    """Return the execution providers of a device, the one that is meant first.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1``; ``auto`` for CUDA where onnxruntime has it.

    Raises:
        InputError: The device is none of these, or onnxruntime cannot use it.
    """
    import onnxruntime

    has_cuda = CUDA in onnxruntime.get_available_providers()
    name = ("cuda" if has_cuda else "cpu") if device == "auto" else device
    if name == "cpu":
        return [(CPU, {})]
    kind, colon, number = name.partition(":")
    if kind != "cuda" or (colon and not (number.isascii() and number.isdigit())):
        raise InputError("wrong device for an ONNX model", expected=_WANTED, seen=repr(device))
    if not has_cuda:
        raise InputError(
            f"device {device!r} cannot be used: this onnxruntime has no {CUDA}; "
            "install onnxruntime-gpu in its place",
            expected="cpu or auto",
        )
    return [(CUDA, {"device_id": int(number or 0)}), (CPU, {})]

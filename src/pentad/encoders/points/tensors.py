"""The numbers of a network in a safetensors file: names and shapes first, then what is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from pentad.core.errors import InputError

WEIGHTS = "model.safetensors"
_SHOWN = 3
Shape = tuple[int, ...]
T = TypeVar("T")


class TensorFile:
    """One ``model.safetensors``.

    Attributes:
        path: Where it is.
        shapes: Name -> shape of every tensor; nothing else has been read yet.
    """

    def __init__(self, folder: Path, *, way_out: str = "") -> None:
        self.path = folder / WEIGHTS
        if not self.path.is_file():
            raise InputError(
                f"there are no numbers of a network here{way_out}", file=folder, expected=WEIGHTS
            )
        self.shapes: Mapping[str, Shape] = self._opened(
            lambda file: {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        )

    def read(self, name: str) -> Tensor:
        """Return one tensor as float32.

        Raises:
            InputError: It holds no floats, or an infinite or missing number.
        """
        tensor: Tensor = self._opened(lambda file: file.get_tensor(name))
        if not tensor.is_floating_point():
            raise self._error("a tensor holds no floats", name, tensor.dtype)
        floats = tensor.to(torch.float32, copy=True)  # what the file is mapped to may change
        if not bool(torch.isfinite(floats).all()):
            raise self._error("a tensor holds infinite numbers or NaN", name)
        return floats

    def check(self, expected: Mapping[str, Shape], names: Mapping[str, str]) -> None:
        """Refuse other tensors than expected.

        Args:
            expected: Name -> shape of what there must be.
            names: Name -> how the file calls it, of what there is.

        Raises:
            InputError: Some are missing, there are others, or some have another shape.
        """
        missing = sorted(expected.keys() - names.keys())
        unknown = sorted(names[name] for name in names.keys() - expected.keys())
        wrong = [
            f"{names[name]} {list(self.shapes[names[name]])}, not {list(shape)}"
            for name, shape in sorted(expected.items())
            if name in names and self.shapes[names[name]] != shape
        ]
        parts = [("missing", missing), ("of an unknown name", unknown), ("of a wrong shape", wrong)]
        text = "; ".join(f"{len(found)} {what}: {_listed(found)}" for what, found in parts if found)
        if text:
            raise InputError(f"these are not the tensors of the network: {text}", file=self.path)

    def _opened(self, use: Callable[[Any], T]) -> T:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="pt") as file:
                return use(file)
        except (OSError, SafetensorError, ValueError) as error:
            why = " ".join(str(error).split())[:200]
            raise InputError(f"cannot be read ({why})", file=self.path) from None

    def _error(self, message: str, name: str, seen: object = None) -> InputError:
        return InputError(message, file=self.path, column=name, seen=seen)


def placed(module: torch.nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Make tensors the numbers of a module that has none yet, to run and not to train."""
    module.load_state_dict(dict(tensors), strict=True, assign=True)
    module.requires_grad_(False).eval()


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

"""Vision trunks of timm: what they see before their classifier.

Wightman 2019, "PyTorch Image Models".

The package needs a torchvision that fits the installed torch. Where Pentad's tests run there is
none, so they use a stand-in for the package (``tests/encoders/families/standins.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.network import Feed
from pentad.encoders.families.optional import imported
from pentad.encoders.families.transformed import Transformed
from pentad.encoders.families.vision import PICTURE_MODALITIES, PICTURE_TYPES, plain
from pentad.media.types import DecodeOptions

if TYPE_CHECKING:
    import torch

_WEIGHTS = "model.safetensors"


class Timm:
    """A `Network` of one image tower; videos are frames, points are views."""

    family = "timm"
    version = 1
    modalities = PICTURE_MODALITIES
    normalize = "l2"

    def __init__(self, folder: Path) -> None:
        package = library()
        if not (folder / _WEIGHTS).is_file():
            raise InputError("holds no weights to load", file=folder, expected=_WEIGHTS)
        model = package.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0)
        self._model: Any = model.float().eval().requires_grad_(False)
        self.module: torch.nn.Module = self._model
        config = package.data.resolve_model_data_config(self._model)
        self._pictures = Transformed(package.data.create_transform(**config, is_training=False))
        self.dim = self._tried_dim()
        self.preprocessing: Mapping[str, object] = {
            "timm": plain(config),
            **self._pictures.settings,
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return PICTURE_TYPES[modality]

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return self._pictures.decode_options(modality)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row for every picture."""
        return self._pictures.feeds(item)

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised."""
        vectors: torch.Tensor = self._model(batch["image"])
        return vectors

    def _tried_dim(self) -> int:
        """Return the length of a vector; some models have more features than they say."""
        import numpy as np
        import torch

        pixels = self._pictures.row(np.zeros((64, 64, 3), np.uint8))["image"]
        with torch.inference_mode():
            return int(self._model(torch.from_numpy(pixels[None])).shape[1])


def load_timm(folder: Path) -> Timm:
    """Return the vision trunk in a folder.

    Args:
        folder: As the hub holds it: ``config.json`` with an ``architecture``, safetensors.

    Raises:
        MissingExtra: timm is not installed, or cannot be imported.
        InputError: The folder holds no complete model.
    """
    return Timm(folder)


def library() -> Any:
    """Return the package.

    Raises:
        MissingExtra: It is not installed, or cannot be imported.
    """
    return imported("timm", package="timm", extra="timm")

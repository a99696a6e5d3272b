"""What CLIP and its kin share: a text tower and an image tower that end in one space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.modality import Modality
from pentad.encoders.families.folder import read_config
from pentad.encoders.families.hf_model import load_hf_model
from pentad.encoders.families.network import Feed
from pentad.encoders.families.tokens import Tokens, TokenSettings
from pentad.encoders.families.vision import PICTURE_MODALITIES, PICTURE_TYPES, Pictures
from pentad.media.types import DecodeOptions

if TYPE_CHECKING:
    import torch

_SIDE = 224


@dataclass(frozen=True)
class TowerSettings:
    """What one family does differently from another.

    Attributes:
        family: Its name.
        version: Of our preprocessing for it.
        model_class: The class in transformers.
        tokens: How captions are cut and padded.
        dim: Length of a vector.
        image_options: What the image processor is told with every picture.
    """

    family: str
    version: int
    model_class: str
    tokens: TokenSettings
    dim: int
    image_options: Mapping[str, Any]


class TwoTowers:
    """A `Network` of a text tower and an image tower; videos are frames, points are views."""

    modalities = (Modality.TEXT, *PICTURE_MODALITIES)
    normalize = "l2"

    def __init__(self, folder: Path, settings: TowerSettings) -> None:
        self.family = settings.family
        self.version = settings.version
        self.dim = settings.dim
        self.module = load_hf_model(folder, settings.model_class)
        self._settings = settings
        self._tokens = Tokens(folder, settings.tokens)
        self._pictures = Pictures(folder, side=image_side(read_config(folder)))
        self.preprocessing: Mapping[str, object] = {
            "tokens": vars(settings.tokens),
            "pictures": self._pictures.settings,
            "image_options": dict(settings.image_options),
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return str if modality is Modality.TEXT else PICTURE_TYPES[modality]

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return (
            DecodeOptions()
            if modality is Modality.TEXT
            else self._pictures.decode_options(modality)
        )

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row for a caption, and one for every picture."""
        if modality is Modality.TEXT:
            return [self._tokens.feed(item)]
        return self._pictures.feeds(item, **self._settings.image_options)

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), projected and not normalised."""
        model: Any = self.module
        tower = model.get_text_features if modality is Modality.TEXT else model.get_image_features
        return pooled(tower(**batch))


def pooled(output: Any) -> torch.Tensor:
    """Return the vectors of an answer of transformers, of version 4 or 5."""
    vectors: torch.Tensor = getattr(output, "pooler_output", output)
    return vectors


def image_side(config: Mapping[str, Any]) -> int:
    """Return the side of the pictures that an image tower sees, 224 where it does not say."""
    vision = config.get("vision_config")
    if not isinstance(vision, Mapping):
        return _SIDE
    side, patches, patch = (vision.get(k) for k in ("image_size", "num_patches", "patch_size"))
    if isinstance(patches, int) and isinstance(patch, int) and patches > 0:  # of any form
        side = isqrt(patches) * patch
    return side if isinstance(side, int) and side > 0 else _SIDE

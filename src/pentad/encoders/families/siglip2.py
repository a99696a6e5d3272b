"""SigLIP 2 for pictures of any form (NaFlex): text, pictures, frames and views in one space.

Tschannen et al. 2025, "SigLIP 2: Multilingual Vision-Language Encoders with Improved Semantic
Understanding, Localization, and Dense Features".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config, read_json
from pentad.encoders.families.siglip import sigmoid_tokens, sigmoid_width
from pentad.encoders.families.tokens import LOWER
from pentad.encoders.families.two_towers import TowerSettings, TwoTowers

_PATCHES = 256
_PLACES = ("preprocessor_config.json", "processor_config.json")


def load_siglip2(folder: Path) -> TwoTowers:
    """Return the SigLIP 2 model in a folder.

    A picture keeps its form: it is scaled so that it fills as many patches as there are places for,
    at most. That number is told with every picture, because a saved one is not always heeded.
    Captions are made lower case and padded to 64 tokens, as in training.

    Raises:
        InputError: The folder holds no complete SigLIP 2 model.
    """
    config = read_config(folder)
    return TwoTowers(
        folder,
        TowerSettings(
            family="siglip2",
            version=1,
            model_class="Siglip2Model",
            tokens=sigmoid_tokens(config, folder, spelling=LOWER),
            dim=sigmoid_width(config, folder),
            image_options={"max_num_patches": _most_patches(config, folder)},
        ),
    )


def _most_patches(config: Mapping[str, Any], folder: Path) -> int:
    """Return what was saved with the image processor, else what the image tower has places for."""
    for name in _PLACES:
        try:
            saved = read_json(folder / name)
        except InputError:
            continue
        inner = saved.get("image_processor", saved)
        if isinstance(inner, Mapping) and "max_num_patches" in inner:
            return positive(inner, folder, "max_num_patches")
    return positive(config, folder, "vision_config", "num_patches", default=_PATCHES)

"""CLIP: captions, pictures, frames and rendered views in one space.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision".
"""

from __future__ import annotations

from pathlib import Path

from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config
from pentad.encoders.families.tokens import TokenSettings
from pentad.encoders.families.two_towers import TowerSettings, TwoTowers


def load_clip(folder: Path) -> TwoTowers:
    """Return the CLIP model in a folder.

    The text tower attends to the left only and is read at the end of the caption, so padding to the
    right, by whatever length, changes nothing.

    Raises:
        InputError: The folder holds no complete CLIP model.
    """
    config = read_config(folder)
    most = positive(config, folder, "text_config", "max_position_embeddings", default=77)
    return TwoTowers(
        folder,
        TowerSettings(
            family="clip",
            version=1,
            model_class="CLIPModel",
            tokens=TokenSettings(most),
            dim=positive(config, folder, "projection_dim", default=512),
            image_options={},
        ),
    )

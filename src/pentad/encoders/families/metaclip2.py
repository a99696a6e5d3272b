"""MetaCLIP 2: captions of many languages, pictures, frames and rendered views in one space.

Chuang et al. 2025, "Meta CLIP 2: A Worldwide Scaling Recipe".
"""

from __future__ import annotations

from pathlib import Path

from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config
from pentad.encoders.families.tokens import TokenSettings
from pentad.encoders.families.two_towers import TowerSettings, TwoTowers


def load_metaclip2(folder: Path) -> TwoTowers:
    """Return the MetaCLIP 2 model in a folder.

    The text tower attends to the left only and is read at the first end of text, so padding to the
    right, by whatever length, changes nothing.

    Raises:
        InputError: The folder holds no complete MetaCLIP 2 model.
    """
    config = read_config(folder)
    most = positive(config, folder, "text_config", "max_position_embeddings", default=77)
    return TwoTowers(
        folder,
        TowerSettings(
            family="metaclip2",
            version=1,
            model_class="MetaClip2Model",
            tokens=TokenSettings(most),
            dim=positive(config, folder, "projection_dim", default=512),
            image_options={},
        ),
    )

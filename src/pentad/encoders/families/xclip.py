"""X-CLIP: captions and videos in one space; the network itself looks across frames.

Ni et al. 2022, "Expanding Language-Image Pretrained Models for General Video Recognition".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.modality import Modality
from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config
from pentad.encoders.families.hf_model import load_hf_model
from pentad.encoders.families.network import Feed
from pentad.encoders.families.tokens import Tokens, TokenSettings
from pentad.encoders.families.two_towers import pooled
from pentad.encoders.families.vision import Pictures
from pentad.media.types import DecodeOptions, Video

if TYPE_CHECKING:
    import torch


class XClip:
    """A `Network` of a text tower and a video tower. A video is one row.

    It sees as many frames as it was trained with, from the middles of as many equal parts of the
    video; a shorter video repeats some. When it classifies, the network also bends each caption
    towards the video at hand ("video-specific prompts"). Such a caption has another vector for
    every video, and can be in no index; here captions are encoded alone, without that step.
    """

    family = "xclip"
    version = 1
    modalities = (Modality.TEXT, Modality.VIDEO)
    normalize = "l2"

    def __init__(self, folder: Path) -> None:
        config = read_config(folder)
        self.dim = positive(config, folder, "projection_dim", default=512)
        self.module = load_hf_model(folder, "XCLIPModel")
        settings: Any = self.module.config
        most = positive(config, folder, "text_config", "max_position_embeddings", default=77)
        tokens = TokenSettings(most)
        self._tokens = Tokens(folder, tokens)
        self._frames: int = settings.vision_config.num_frames
        side: int = settings.vision_config.image_size
        self._pictures = Pictures(folder, side=side, frames=self._frames)
        self.preprocessing: Mapping[str, object] = {
            "tokens": vars(tokens),
            "pictures": self._pictures.settings,
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return str if modality is Modality.TEXT else Video

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return DecodeOptions(video_frames=None if modality is Modality.TEXT else self._frames)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row."""
        if modality is Modality.TEXT:
            return [self._tokens.feed(item)]
        rows = [self._pictures.row(pixels)["pixel_values"] for pixels in item.frames]
        # An image processor gives (3, height, width), one for videos (1, 3, height, width).
        pixels = np.stack([row.reshape(row.shape[-3:]) for row in rows])
        return [{"pixel_values": pixels}]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised."""
        model: Any = self.module
        tower = model.get_text_features if modality is Modality.TEXT else model.get_video_features
        return pooled(tower(**batch))


def load_xclip(folder: Path) -> XClip:
    """Return the X-CLIP model in a folder.

    Raises:
        InputError: The folder holds no complete X-CLIP model.
    """
    return XClip(folder)

"""VideoPrism: captions and videos in one space; the network itself looks across frames.

Zhao et al. 2024, "VideoPrism: A Foundational Visual Encoder for Video Understanding".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config, read_json
from pentad.encoders.families.hf_model import load_hf_model
from pentad.encoders.families.network import Feed
from pentad.encoders.families.tokens import SENTENCE, Tokens, TokenSettings
from pentad.encoders.families.two_towers import pooled
from pentad.media.types import DecodeOptions, Video

if TYPE_CHECKING:
    import torch

_SAVED = "video_preprocessor_config.json"
_BICUBIC = 3


@dataclass(frozen=True)
class FrameSettings:
    """How frames become numbers.

    Attributes:
        height: Of what the network sees; frames are stretched to it.
        width: Likewise.
        resample: Pillow's number of the way to scale.
        factor: What bytes are multiplied by.
        mean: Subtracted from each channel; None for nothing.
        std: What channels are then divided by.
    """

    height: int
    width: int
    resample: int = _BICUBIC
    factor: float = 1 / 255
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None


class VideoPrism:
    """A `Network` of a text tower and a video tower. A video is one row.

    Captions are made lower case, and end with a full stop, their only mark: the text tower was
    trained so, and the tokenizer that lies beside its weights does not do it.

    Its own processor cannot be made without torchvision, so that frames are scaled here with
    Pillow, by the numbers of ``video_preprocessor_config.json`` where that is there. Both scale by
    the same formula; pixels may differ by a rounding.
    """

    family = "videoprism"
    version = 1
    modalities = (Modality.TEXT, Modality.VIDEO)
    normalize = "l2"

    def __init__(self, folder: Path) -> None:
        config = read_config(folder)
        self.dim = positive(config, folder, "vision_config", "hidden_size", default=768)
        self.module = load_hf_model(folder, "VideoPrismClipModel")
        most = positive(config, folder, "text_config", "max_position_embeddings", default=64)
        tokens = TokenSettings(most, fixed=True, spelling=SENTENCE)
        self._tokens = Tokens(folder, tokens)
        self._frames = positive(config, folder, "vision_config", "num_frames", default=16)
        settings: Any = self.module.config
        self._pixels = _frame_settings(folder, settings.vision_config.image_size)
        self.preprocessing: Mapping[str, object] = {
            "tokens": vars(tokens),
            "pixels": vars(self._pixels),
            "video_frames": self._frames,
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
        return [{"pixel_values_videos": np.stack([scaled(f, self._pixels) for f in item.frames])}]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim); the model itself gives every row length 1."""
        model: Any = self.module
        tower = model.get_text_features if modality is Modality.TEXT else model.get_video_features
        vectors = pooled(tower(**batch))
        return vectors.reshape(len(vectors), -1)


def load_videoprism(folder: Path) -> VideoPrism:
    """Return the VideoPrism model in a folder; one with a text tower.

    Raises:
        InputError: The folder holds no complete VideoPrism model.
    """
    return VideoPrism(folder)


def scaled(pixels: NDArray[np.uint8], settings: FrameSettings) -> NDArray[np.float32]:
    """Return a frame (height, width, 3) as numbers (3, height, width)."""
    from PIL import Image as Pillow

    s = settings
    picture = Pillow.fromarray(np.ascontiguousarray(pixels))
    picture = picture.resize((s.width, s.height), Pillow.Resampling(s.resample))
    values = np.asarray(picture, dtype=np.float32) * np.float32(s.factor)
    if s.mean is not None and s.std is not None:
        values -= np.asarray(s.mean, dtype=np.float32)
        values /= np.asarray(s.std, dtype=np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1), dtype=np.float32)


def _frame_settings(folder: Path, side: int | list[int]) -> FrameSettings:
    height, width = (side, side) if isinstance(side, int) else side
    file = folder / _SAVED
    if not file.is_file():
        return FrameSettings(height, width)
    saved = read_json(file)
    if saved.get("do_center_crop") or not saved.get("do_resize", True):
        raise InputError("frames are cut, which is not known here", file=file)
    normalized = bool(saved.get("do_normalize", False))
    rescaled = bool(saved.get("do_rescale", True))
    return FrameSettings(
        height,
        width,
        resample=_resampling(saved.get("resample", _BICUBIC), file),
        factor=float(saved.get("rescale_factor", 1 / 255)) if rescaled else 1.0,
        mean=_channels(saved, file, "image_mean") if normalized else None,
        std=_channels(saved, file, "image_std") if normalized else None,
    )


def _resampling(value: object, file: Path) -> int:
    from PIL import Image as Pillow

    known = {int(way) for way in Pillow.Resampling}
    if not isinstance(value, int) or value not in known:
        raise InputError("wrong value", file=file, column="resample", expected=known, seen=value)
    return value


def _channels(saved: Mapping[str, Any], file: Path, key: str) -> tuple[float, ...]:
    values = saved.get(key)
    numbers = isinstance(values, list) and all(isinstance(v, (int, float)) for v in values)
    if not numbers or len(values or ()) != 3 or (key == "image_std" and 0 in (values or ())):
        wanted = "a number a channel, three in all"
        raise InputError("wrong value", file=file, column=key, expected=wanted, seen=values)
    return tuple(float(value) for value in values or ())

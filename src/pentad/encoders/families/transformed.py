"""Pictures as rows of pixels, by a function that a library hands out with its model."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.families.network import Feed
from pentad.encoders.families.vision import POINT_VIEWS, VIDEO_FRAMES, pictures_of
from pentad.media.types import DecodeOptions, Image, Video, Views

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Transformed:
    """A function from a Pillow picture to a tensor (3, side, side)."""

    def __init__(self, transform: Callable[[Any], Any]) -> None:
        self._transform = transform
        self._side = int(self.row(np.zeros((64, 64, 3), np.uint8))["image"].shape[-1])

    @property
    def settings(self) -> dict[str, object]:
        """What decides the pixels that the network sees."""
        return {
            "transform": _ADDRESS.sub("", repr(self._transform)),
            "video_frames": VIDEO_FRAMES,
            "point_views": POINT_VIEWS,
        }

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        if modality is Modality.POINTS:
            return DecodeOptions(views=POINT_VIEWS, view_size=self._side)
        return DecodeOptions(video_frames=VIDEO_FRAMES if modality is Modality.VIDEO else None)

    def feeds(self, item: Image | Video | Views) -> list[Feed]:
        """Return one row a picture."""
        return [self.row(pixels) for pixels in pictures_of(item)]

    def row(self, pixels: NDArray[np.uint8]) -> Feed:
        """Return what the network takes of one picture, uint8 (height, width, 3)."""
        from PIL import Image as Pillow

        picture = Pillow.fromarray(np.ascontiguousarray(pixels))
        return {"image": plain_row(self._transform(picture))}


def plain_row(tensor: Any) -> NDArray[Any]:
    """Return a tensor of a library as an array of its own."""
    array: NDArray[Any] = np.ascontiguousarray(tensor.detach().cpu().numpy())
    return array

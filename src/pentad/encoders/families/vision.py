"""Pictures as rows of pixels, by the image processor that lies beside a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.folder import require_processor
from pentad.encoders.families.network import Feed
from pentad.encoders.families.why import why
from pentad.media.types import DecodeOptions, Image, Video, Views

VIDEO_FRAMES = 8
POINT_VIEWS = 8

_ABOUT_OTHERS = frozenset({"image_processor_type", "processor_class", "feature_extractor_type"})

PICTURE_MODALITIES = (Modality.IMAGE, Modality.VIDEO, Modality.POINTS)
PICTURE_TYPES: Mapping[Modality, type] = {
    Modality.IMAGE: Image,
    Modality.VIDEO: Video,
    Modality.POINTS: Views,
}


class Pictures:
    """The image processor of a folder: pictures, frames of videos and views of points as rows."""

    def __init__(self, folder: Path, *, side: int, frames: int = VIDEO_FRAMES) -> None:
        self._processor = load_image_processor(folder)
        self._side = side
        self._frames = frames

    @property
    def settings(self) -> dict[str, object]:
        """What decides the pixels that the network sees."""
        values = {k: v for k, v in self._processor.to_dict().items() if k not in _ABOUT_OTHERS}
        return {
            "processor": {k: plain(v) for k, v in values.items() if not k.startswith("_")},
            "video_frames": self._frames,
            "point_views": POINT_VIEWS,
        }

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        if modality is Modality.POINTS:
            return DecodeOptions(views=POINT_VIEWS, view_size=self._side)
        return DecodeOptions(video_frames=self._frames if modality is Modality.VIDEO else None)

    def feeds(self, item: Image | Video | Views, **options: Any) -> list[Feed]:
        """Return one row a picture; ``options`` go to the processor."""
        return [self.row(pixels, **options) for pixels in pictures_of(item)]

    def row(self, pixels: NDArray[np.uint8], **options: Any) -> Feed:
        """Return what the network takes of one picture, uint8 (height, width, 3)."""
        from PIL import Image as Pillow

        made = self._processor(
            images=Pillow.fromarray(np.ascontiguousarray(pixels)), return_tensors="np", **options
        )
        return {name: np.ascontiguousarray(array[0]) for name, array in made.items()}


def pictures_of(item: Image | Video | Views) -> list[NDArray[np.uint8]]:
    """Return the pictures of an input, in time order."""
    if isinstance(item, Image):
        return [item.pixels]
    return list(item.frames if isinstance(item, Video) else item.images)


def load_image_processor(folder: Path) -> Any:
    """Return the image processor that lies in a folder, one that does without torchvision.

    Raises:
        InputError: There is none, it cannot be read, or it needs torchvision.
    """
    from transformers import AutoImageProcessor

    require_processor(folder)
    try:
        return AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
            folder, local_files_only=True, trust_remote_code=False, backend="pil"
        )
    except Exception as error:
        raise InputError(
            f"its image processor cannot be loaded ({why(error)})", file=folder
        ) from error


def plain(value: Any) -> Any:
    """Return a setting as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "__dict__"):  # sizes are objects of their own
        return plain({k: v for k, v in vars(value).items() if not k.startswith("_")})
    return str(value)

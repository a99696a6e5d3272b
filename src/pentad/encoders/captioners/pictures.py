"""What a model is shown of one item: one picture, or several in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pentad.core.errors import InputError
from pentad.media.types import Image, Media, Video, Views

if TYPE_CHECKING:
    from PIL.Image import Image as Picture


def plain_picture() -> Image:
    """Return a picture that no captioner can have anything against, to see whether it works."""
    return Image(np.full((224, 224, 3), 128, dtype=np.uint8))


def pictures_of(item: Media) -> list[Picture]:
    """Return the pictures of a decoded image, of a video's frames, or of rendered views.

    Raises:
        InputError: It is something else, or empty.
    """
    from PIL import Image as Pillow

    match item:
        case Image(pixels=pixels):
            arrays = [pixels]
        case Video(frames=frames) | Views(images=frames):
            arrays = list(frames)
        case _:
            raise InputError("nothing to look at", seen=type(item).__name__)
    if not arrays or any(array.size == 0 for array in arrays):
        raise InputError("an empty picture cannot be described")
    return [Pillow.fromarray(array) for array in arrays]

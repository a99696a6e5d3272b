"""The print of a video: the prints of a few frames, at fixed shares of its playing time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.curation.leakage.prints.picture import picture_print

FRAMES = 8

Bytes = NDArray[np.uint8]


def video_print(frames: Bytes) -> list[Bytes | None]:
    """Return the print of every frame, None for one of one color.

    Args:
        frames: uint8 (frames, height, width, 3), RGB, FRAMES of them where there are as many.
    """
    return [picture_print(frame) for frame in frames]

"""Videos as the mean look of their frames and the motion between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.builtin import VIDEO_DESCRIPTOR
from pentad.encoders.descriptors.base import Descriptor, Reader
from pentad.encoders.descriptors.image import picture_vector, sampled
from pentad.encoders.descriptors.motion import motion_vector
from pentad.encoders.descriptors.picture import SIDE, as_picture
from pentad.encoders.features import Blocks, unit
from pentad.media.types import DecodeOptions, Video

_FRAMES = 16
_LOOK_EVERY = 4


def load() -> Descriptor:
    """Return the encoder ``video-descriptor``."""
    options = DecodeOptions(image_side=SIDE, video_frames=_FRAMES)
    return Descriptor(VIDEO_DESCRIPTOR, {Modality.VIDEO: Reader(Video, options, describe_video)})


def describe_video(video: Video) -> NDArray[np.float32]:
    """Return the unit vector of one video, float32."""
    pictures = [as_picture(frame) for frame in video.frames[sampled(len(video.frames), _FRAMES)]]
    looks = [picture_vector(picture) for picture in pictures[_LOOK_EVERY // 2 :: _LOOK_EVERY]]
    blocks = Blocks()
    blocks.add(1.0, unit(np.mean(looks, axis=0)))
    blocks.add(1.0, motion_vector(pictures))
    return blocks.vector()

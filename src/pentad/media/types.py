"""What a decoded file is: one small frozen value per kind, validated before it gets here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Image:
    """One picture. Transparency has been laid on white, orientation applied.

    Attributes:
        pixels: uint8 (height, width, 3), RGB.
    """

    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Audio:
    """One mono sound (the mean of its channels).

    Attributes:
        samples: float32 (samples,), nominally within -1..1.
        rate: Samples per second.
    """

    samples: NDArray[np.float32]
    rate: int


@dataclass(frozen=True, eq=False)
class Video:
    """Frames of one video, in time order.

    Attributes:
        frames: uint8 (frames, height, width, 3), RGB.
        fps: Frames per second of the source; 0 where the container does not say.
        variable: Whether the frame rate varies, told from the times at which frames are shown.
        duration: Seconds that the video, or the part of it that was wanted, plays; 0 if unknown.
    """

    frames: NDArray[np.uint8]
    fps: float
    variable: bool = False
    duration: float = 0.0


@dataclass(frozen=True, eq=False)
class Points:
    """A point cloud, or a mesh when `faces` is there. y is up, units are the file's own.

    Attributes:
        xyz: float32 (points, 3).
        rgb: uint8 (points, 3), or None for a colourless cloud.
        faces: int32 (triangles, 3) of row numbers into `xyz`, or None.
    """

    xyz: NDArray[np.float32]
    rgb: NDArray[np.uint8] | None = None
    faces: NDArray[np.int32] | None = None


@dataclass(frozen=True, eq=False)
class Views:
    """Rendered views of one point cloud or mesh, for encoders that see pictures.

    Attributes:
        images: uint8 (views, height, width, 3), RGB.
    """

    images: NDArray[np.uint8]


Decoded = Image | Audio | Video | Points | Views
Media = str | Decoded
"""What an encoder takes: a caption, or a decoded file."""


@dataclass(frozen=True)
class DecodeOptions:
    """What the consumer needs of a file, so that a decoder sends no more than that.

    Attributes:
        image_side: Pictures and video frames may be reduced while decoding as long as the longest
            side stays at least twice this; None keeps every pixel.
        sample_rate: Sounds are resampled to this rate; None keeps the file's own.
        max_seconds: Sounds are cut after this many seconds; None keeps all.
        video_frames: This many frames, those shown at ``(i + 0.5) / video_frames`` of the playing
            time; at a constant rate frame ``int((i + 0.5) * n / video_frames)``. None keeps all. 0
            decodes none: only what a `Video` says of itself is wanted.
        points: A seeded sample of this many points; for a mesh, of its surface. None keeps the
            vertices.
        views: Points become `Views`: this many rendered pictures. None keeps the geometry.
        view_size: Side of a rendered view in pixels.
        reject_variable: Refuse a video whose frame rate varies.
    """

    image_side: int | None = None
    sample_rate: int | None = None
    max_seconds: float | None = None
    video_frames: int | None = None
    points: int | None = None
    views: int | None = None
    view_size: int = 224
    reject_variable: bool = False

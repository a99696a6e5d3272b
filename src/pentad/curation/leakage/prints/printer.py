"""An encoder whose rows are prints, so that files are decoded as they are for any encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.curation.leakage.prints import cloud, picture, sound, video
from pentad.media.types import Audio, DecodeOptions, Image, Media, Points, Video

REVISION = "1"
"""Stands for the code of all prints; a print of another revision cannot be compared."""
PRINTED, BLANK = 1, 2
"""The first value of a row: a print follows, or there was nothing to make one of."""
_WIDTHS = {
    Modality.IMAGE: picture.BYTES,
    Modality.AUDIO: sound.BYTES,
    Modality.VIDEO: picture.BYTES,
    Modality.POINTS: cloud.BYTES,
}
_OPTIONS = {
    Modality.IMAGE: DecodeOptions(image_side=picture.SIDE),
    Modality.AUDIO: DecodeOptions(sample_rate=sound.RATE, max_seconds=sound.SECONDS),
    Modality.VIDEO: DecodeOptions(image_side=picture.SIDE, video_frames=video.FRAMES),
    Modality.POINTS: DecodeOptions(points=cloud.POINTS),
}

Bytes = NDArray[np.uint8]


class Printer:
    """Makes the prints of one modality. Every row begins with PRINTED or BLANK."""

    name = "content-print"
    revision = REVISION

    def __init__(self, modality: Modality) -> None:
        self.modalities = (modality,)
        self.dim = 1 + _WIDTHS[modality]
        self.fingerprint = fingerprint_value([self.name, self.revision, modality.value])

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        return _OPTIONS[Modality(modality)]

    def encode(
        self, inputs: Sequence[Media], *, modality: str, batch_size: int | None = None
    ) -> NDArray[np.float32]:
        """Return the first row of every input, float32 (inputs, dim)."""
        return np.stack([rows[0] for rows in self.encode_frames(inputs, modality=modality)])

    def encode_frames(
        self,
        inputs: Sequence[Media],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool = False,
    ) -> list[NDArray[np.float32]]:
        """Return the print of every input: whole numbers up to 255, float32 (rows, dim)."""
        width = self.dim - 1
        return [_flagged(_rows(each), width).astype(np.float32) for each in inputs]


def _rows(media: Media) -> list[Bytes | None]:
    if isinstance(media, Image):
        return [picture.picture_print(media.pixels)]
    if isinstance(media, Video):
        return video.video_print(media.frames)
    if isinstance(media, Audio):
        found = sound.sound_print(media.samples)
        return [None] if found is None else list(found)
    if isinstance(media, Points):
        return [cloud.cloud_print(media.xyz, media.rgb)]
    raise TypeError(f"there are no prints of {type(media).__name__}")


def _flagged(rows: Sequence[Bytes | None], width: int) -> Bytes:
    out = np.zeros((max(1, len(rows)), 1 + width), np.uint8)
    out[:, 0] = BLANK
    for place, row in enumerate(rows):
        if row is not None:
            out[place, 0] = PRINTED
            out[place, 1:] = row
    return out

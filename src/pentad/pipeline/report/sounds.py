"""A sound short and small enough for a page, in a format that every browser plays."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from pentad.media.types import Audio

MP3, WAV = "audio/mpeg", "audio/wav"


def clip_of(sound: Audio) -> tuple[bytes, str]:
    """Return a sound as MP3, and its media type; as WAV where MP3 cannot be written.

    Ogg would do as well but is given a serial number at random, so no two pages would be equal.
    """
    import soundfile as sf

    samples = np.clip(np.nan_to_num(sound.samples), -1, 1)
    if "MP3" in sf.available_formats():
        return _written(samples, sound.rate, "MP3", "MPEG_LAYER_III"), MP3
    return _written(samples, sound.rate, "WAV", "PCM_16"), WAV


def _written(samples: NDArray[np.float32], rate: int, kind: str, subtype: str) -> bytes:
    import soundfile as sf

    target = io.BytesIO()
    sf.write(target, samples, rate, format=kind, subtype=subtype)
    return target.getvalue()

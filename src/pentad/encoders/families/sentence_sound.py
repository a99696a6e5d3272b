"""Sounds for a model of sentence-transformers, in windows as long as it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.encoders.families.sounds import windows
from pentad.media.types import Audio

_RATE = 16_000


class Sound:
    """The feature extractor of a model.

    Attributes:
        rate: Samples a second that it wants.
        most: Samples that it takes at once; None for any number.
        options: What it is told with every window.
    """

    def __init__(self, model: Any) -> None:
        processor = getattr(model, "processor", None)
        extractor = getattr(processor, "feature_extractor", processor)
        self.rate = int(getattr(extractor, "sampling_rate", _RATE))
        self.most = _most(extractor)
        self.options: dict[str, Any] = {}
        if getattr(extractor, "truncation", None) is not None and not _is_fused(model):
            # Only a fused model takes four views of a long sound; windows are never too long.
            self.options = {"processing_kwargs": {"audio": {"truncation": "rand_trunc"}}}

    def windows(self, sound: Audio) -> list[NDArray[np.float32]]:
        """Return a sound cut into windows, one after another."""
        return windows(sound.samples, self.most or max(1, len(sound.samples)))


def _most(extractor: Any) -> int | None:
    for name in ("nb_max_samples", "n_samples"):
        value = getattr(extractor, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return None


def _is_fused(model: Any) -> bool:
    config = getattr(model, "config", None)
    return bool(getattr(getattr(config, "audio_config", None), "enable_fusion", False))

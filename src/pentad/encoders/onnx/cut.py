"""Sounds made ready, and cut into patches of samples, by the numbers of an ONNX card."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from pentad.encoders.descriptors.spectra import resampled
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.pooling import Floats
from pentad.media.types import Audio


@dataclass(frozen=True)
class CutSettings:
    """What ``[preprocess]`` of an audio card says about samples."""

    sample_rate: int
    level: str
    peak_headroom: float
    patch_samples: int | None
    patch_hop_samples: int | None
    patch_start: str
    patch_end: str
    min_samples: int
    max_seconds: float | None

    @property
    def lead(self) -> int:
        """Zeros before the first sample."""
        return (self.patch_samples or 0) // 2 if self.patch_start == "center" else 0


def cut_settings(card: OnnxCard) -> CutSettings:
    """Return the settings of a card, checked.

    Raises:
        InputError: They do not fit together.
    """
    values = {k: v for k, v in card.preprocess.items() if k in CutSettings.__annotations__}
    s = CutSettings(**values)
    if s.level != "peak" and s.peak_headroom:
        raise card.error("goes with level = 'peak' only", "preprocess.peak_headroom")
    for key in ("patch_samples", "patch_hop_samples"):
        if (s.patch_samples or s.patch_hop_samples) and values[key] is None:
            raise card.error("required key is missing beside its fellow", f"preprocess.{key}")
    if s.patch_samples is None:
        for key, value in (("patch_start", "center"), ("patch_end", "past_end")):
            if values[key] == value:
                raise card.error(
                    f"the value {value!r} goes with patch_samples only", f"preprocess.{key}"
                )
    elif s.patch_end == "drop" and s.min_samples + s.lead < s.patch_samples:
        raise card.error(
            "wrong value",
            "preprocess.min_samples",
            expected=f"enough for one patch of {s.patch_samples} samples",
            seen=s.min_samples,
        )
    return s


def ready_samples(sound: Audio, s: CutSettings) -> Floats:
    """Return samples at the card's rate and level, cut at its longest, filled to its shortest."""
    samples = resampled(sound.samples, sound.rate, s.sample_rate)
    if s.max_seconds is not None:
        samples = samples[: int(s.max_seconds * s.sample_rate)]
    samples = np.pad(samples, (0, max(0, s.min_samples - len(samples))))
    return _at_peak(samples, s.peak_headroom) if s.level == "peak" else samples


def sample_patches(samples: Floats, s: CutSettings) -> Floats:
    """Return (patches, samples); all samples as one patch where the card says no length."""
    if s.patch_samples is None or s.patch_hop_samples is None:
        return samples[None]
    length, hop = s.patch_samples, s.patch_hop_samples
    reach = len(samples) + s.lead
    if s.patch_end == "past_end":
        count = count_past_end(len(samples), length, hop, s.lead)
    elif s.patch_end == "fill":
        count = 1 + max(0, ceil((reach - length) / hop))
    else:
        count = (reach - length) // hop + 1
    total = (count - 1) * hop + length
    whole = np.pad(samples, (s.lead, max(0, total - reach)))
    return np.lib.stride_tricks.sliding_window_view(whole, length)[::hop][:count]


def count_past_end(samples: int, length: int, hop: int, lead: int) -> int:
    """Return how many windows it takes until the middle of one lies at or behind the last sample.

    The first begins ``lead`` before the first sample; none begins behind the last one.
    """
    reaching = max(0, ceil((samples + lead - length // 2) / hop)) + 1
    return max(1, min(reaching, ceil((samples + lead) / hop)))


def _at_peak(samples: Floats, headroom: float) -> Floats:
    centered = samples - samples.mean()
    peak = float(np.abs(centered).max()) + headroom
    return np.asarray(centered / peak) if peak > 0 else centered

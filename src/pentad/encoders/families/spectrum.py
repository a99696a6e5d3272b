"""Log-mel spectra, to the bit as transformers computes them, all frames of a window at once.

The library takes frame after frame, which keeps other threads of Python from running; the few large
operations here do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Wide = NDArray[np.float64]

_RAISE = 0.97


@dataclass(frozen=True, eq=False)
class Spectrum:
    """How a sound becomes energies in bands.

    Attributes:
        window: (size,): what each frame is multiplied by.
        hop: Samples from one frame to the next.
        fft_size: Samples that are transformed; the rest of a frame is silence.
        filters: (bins, bands).
        floor: The least energy of a band.
        centered: Whether the sound is continued by its mirror image at both ends, so that the first
            frame has its first sample in the middle.
        speech: Whether each frame loses its mean, and high tones are raised, as for speech.
    """

    window: Wide
    hop: int
    fft_size: int
    filters: Wide
    floor: float
    centered: bool
    speech: bool = False

    def bands(self, samples: Samples) -> Wide:
        """Return (frames, bands) of samples (n,), at least one frame long."""
        size = len(self.window)
        if self.centered:
            samples = np.pad(samples, size // 2, mode="reflect")
        wide = samples.astype(np.float64)
        frames: Wide = np.lib.stride_tricks.sliding_window_view(wide, size)[:: self.hop]
        if self.speech:
            frames = _raised(frames)
        bins = np.fft.rfft(frames * self.window, n=self.fft_size, axis=1).astype(np.complex64)
        power = np.abs(bins, dtype=np.float64) ** 2.0
        mel: Wide = np.maximum(self.floor, (self.filters.T @ power.T).T)
        return mel


def _raised(frames: Wide) -> Wide:
    """Return frames without their mean, each sample less 0.97 of the one before."""
    level: Wide = frames - frames.mean(axis=1, keepdims=True)
    out = level.copy()
    out[:, 1:] -= _RAISE * level[:, :-1]
    out[:, 0] *= 1 - _RAISE
    return out


def filled_up(samples: Samples, size: int, how: str) -> Samples:
    """Return samples filled up to ``size``.

    Args:
        samples: (n,), at most ``size`` and at least one.
        size: Samples that there must be.
        how: ``repeatpad`` for as many whole repeats as fit and then silence, ``repeat`` for repeats
            until the end, anything else for silence.
    """
    if how == "repeat":
        return np.resize(samples, size)
    if how == "repeatpad":
        samples = np.tile(samples, size // len(samples))
    filled: Samples = np.pad(samples, (0, size - len(samples)))
    return filled


def decibels(bands: Wide) -> Samples:
    """Return energies as decibels, float32."""
    return np.asarray(10.0 * np.log10(bands), dtype=np.float32)


def clap_spectrum(extractor: Any, *, fused: bool) -> Spectrum:
    """Return the spectrum of a ``ClapFeatureExtractor``; fused checkpoints have other bands."""
    from transformers.audio_utils import window_function

    return Spectrum(
        window=np.asarray(window_function(extractor.fft_window_size, "hann"), dtype=np.float64),
        hop=extractor.hop_length,
        fft_size=extractor.fft_window_size,
        filters=extractor.mel_filters if fused else extractor.mel_filters_slaney,
        floor=1e-10,
        centered=True,
    )


def ast_spectrum(extractor: Any) -> Spectrum:
    """Return the spectrum of an ``ASTFeatureExtractor``, as it is without torchaudio."""
    import warnings

    from transformers.audio_utils import mel_filter_bank, window_function

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the published numbers leave a band empty
        filters = mel_filter_bank(
            num_frequency_bins=257,
            num_mel_filters=extractor.num_mel_bins,
            min_frequency=20,
            max_frequency=extractor.sampling_rate // 2,
            sampling_rate=extractor.sampling_rate,
            norm=None,
            mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )
    return Spectrum(
        window=np.asarray(window_function(400, "hann", periodic=False), dtype=np.float64),
        hop=160,
        fft_size=512,
        filters=filters,
        floor=1.192092955078125e-07,
        centered=False,
        speech=True,
    )

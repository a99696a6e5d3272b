"""Log-mel spectra and patches of them, by the numbers of an ONNX card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np

from pentad.encoders.descriptors.spectra import hamming, hann, magnitudes, mel_filters
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.cut import count_past_end
from pentad.encoders.onnx.pooling import Floats

_SLOPES = {"linear in mel": "mel", "linear in hz": "hertz"}
_HEIGHTS = {"height 1": False, "no area normalisation": False, "area 1": True}
_SAID = ("bin 0 is zero",)
_LOGS: dict[str, Callable[[Floats], Floats]] = {
    "ln": np.log,
    "log10": np.log10,
    "decibel": lambda values: 10.0 * np.log10(values),
    "none": lambda values: values,
}


@dataclass(frozen=True)
class MelSettings:
    """What ``[preprocess]`` of an audio card says about spectra."""

    sample_rate: int
    window: str
    window_samples: int
    hop_samples: int
    fft_size: int
    spectrum: str
    pad_frames: str
    mel_bands: int
    mel_formula: str
    mel_min_hz: float
    mel_max_hz: float
    mel_triangles: str
    log: str
    log_floor: float
    log_offset: float
    patch_frames: int
    patch_hop_frames: int | None
    patch_range: float | None


class LogMel:
    """Spectra of ready samples.

    Attributes:
        settings: What the card says.
        filters: (fft_size // 2 + 1, mel_bands).
    """

    def __init__(self, card: OnnxCard) -> None:
        values = {k: v for k, v in card.preprocess.items() if k in MelSettings.__annotations__}
        self.settings = s = MelSettings(**values)
        _check_settings(card, s)
        slopes, equal_area = _triangles(card, s.mel_triangles)
        self._window = _window(s)
        self.filters = mel_filters(
            s.sample_rate,
            s.fft_size,
            s.mel_bands,
            s.mel_min_hz,
            s.mel_max_hz,
            s.mel_formula,
            slopes,
            equal_area,
        )

    def frames(self, samples: int) -> int:
        """Return how many frames the spectrum of so many samples has."""
        s = self.settings
        if s.pad_frames == "zero_past_end":
            return count_past_end(samples, s.window_samples, s.hop_samples, self._lead)
        return max(0, (samples + 2 * self._lead - s.window_samples) // s.hop_samples + 1)

    def spectrum(self, samples: Floats) -> Floats:
        """Return the log-mel spectrum, (frames, bands)."""
        s = self.settings
        bins = magnitudes(self._padded(samples), self._window, s.hop_samples, s.fft_size)
        bins = bins**2 if s.spectrum == "power" else bins
        mel = bins @ self.filters
        mel = np.maximum(mel, s.log_floor) if s.log_floor else mel
        return np.asarray(_LOGS[s.log](mel + s.log_offset))

    def patches(self, samples: Floats, *, filled: bool) -> Floats:
        """Return (patches, time, bands) of one sound.

        Args:
            samples: The sound.
            filled: Whether zeros complete the last patch; else it is dropped.
        """
        s = self.settings
        samples = self._filled(samples) if filled else samples
        cuts = np.lib.stride_tricks.sliding_window_view(
            self.spectrum(samples), s.patch_frames, axis=0
        )
        return self.in_range(cuts[:: s.patch_hop_frames].transpose(0, 2, 1))

    def in_range(self, patches: Floats) -> Floats:
        """Return patches relative to their own largest value, none further below it than said."""
        if self.settings.patch_range is None:
            return patches
        relative = patches - patches.max(axis=(1, 2), keepdims=True)
        return np.asarray(np.maximum(relative, -self.settings.patch_range))

    @property
    def _lead(self) -> int:
        """How far the first window begins before the first sample."""
        s = self.settings
        if s.pad_frames == "none":
            return 0
        return (s.window_samples + (s.pad_frames == "zero_past_end")) // 2

    def _padded(self, samples: Floats) -> Floats:
        s, lead = self.settings, self._lead
        if s.pad_frames == "none":
            return samples
        if s.pad_frames == "reflect":
            return np.pad(samples, lead, mode="reflect")
        if s.pad_frames == "zero":
            return np.pad(samples, lead)
        total = (self.frames(len(samples)) - 1) * s.hop_samples + s.window_samples
        return np.pad(samples, (lead, max(0, total - lead - len(samples))))[:total]

    def _filled(self, samples: Floats) -> Floats:
        """Add zeros until the last patch, which reaches behind the last sample, is whole."""
        s, lead = self.settings, self._lead
        past = s.pad_frames == "zero_past_end"
        least = len(samples) if past else len(samples) + 2 * lead - s.window_samples
        frames = max(ceil(least / s.hop_samples) + 1, s.patch_frames)
        hop = s.patch_hop_frames or 1
        frames = s.patch_frames + ceil((frames - s.patch_frames) / hop) * hop
        total = (frames - 1) * s.hop_samples + (0 if past else s.window_samples - 2 * lead)
        return np.pad(samples, (0, total - len(samples)))


def _window(s: MelSettings) -> Floats:
    shape, ends = s.window.split("_")
    make: Callable[..., Floats] = hann if shape == "hann" else hamming
    return make(s.window_samples, periodic=ends == "periodic")


def _triangles(card: OnnxCard, text: str) -> tuple[str, bool]:
    """Clauses such as "linear in mel, height 1; bin 0 is zero", in any order."""
    clauses = [clause.strip() for clause in text.replace(";", ",").split(",") if clause.strip()]
    slopes = [_SLOPES[clause] for clause in clauses if clause in _SLOPES]
    heights = {_HEIGHTS[clause] for clause in clauses if clause in _HEIGHTS}
    known = {*_SLOPES, *_HEIGHTS, *_SAID}
    if len(slopes) != 1 or len(heights) != 1 or not set(clauses) <= known:
        wanted = "'linear in mel' or 'linear in hz', then 'height 1' or 'area 1'"
        raise card.error(
            "wrong value", "preprocess.mel_triangles", expected=wanted, seen=repr(text)
        )
    return slopes[0], heights.pop()


def _check_settings(card: OnnxCard, s: MelSettings) -> None:
    def wrong(key: str, expected: str, seen: object) -> Exception:
        return card.error("wrong value", f"preprocess.{key}", expected=expected, seen=seen)

    if s.window_samples > s.fft_size:
        raise wrong("window_samples", f"at most fft_size = {s.fft_size}", s.window_samples)
    if s.mel_max_hz > s.sample_rate / 2:
        raise wrong(
            "mel_max_hz", f"at most half of sample_rate, {s.sample_rate / 2:g}", s.mel_max_hz
        )
    if s.mel_min_hz >= s.mel_max_hz:
        raise wrong("mel_min_hz", f"less than mel_max_hz = {s.mel_max_hz:g}", s.mel_min_hz)
    if s.log != "none" and s.log_offset <= 0 and s.log_floor <= 0:
        raise wrong(
            "log_offset",
            "more than 0, or a log_floor, for silence has a logarithm too",
            s.log_offset,
        )

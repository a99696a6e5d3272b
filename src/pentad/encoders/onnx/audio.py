"""Sounds for an ONNX model: log-mel patches, by the numbers of the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.descriptors.spectra import hamming, hann, magnitudes, mel_filters, resampled
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.pooling import Floats, pooled_rows
from pentad.encoders.onnx.session import Feed, Session
from pentad.media.types import Audio, DecodeOptions

VERSION = 1
_PATCHES_A_RUN = 32
_SLOPES = {"linear in mel": "mel", "linear in hz": "hertz"}
_HEIGHTS = {"height 1": False, "no area normalisation": False, "area 1": True}
_SAID = ("bin 0 is zero",)


@dataclass(frozen=True)
class AudioSettings:
    """``[preprocess]`` of an audio card."""

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
    log_offset: float
    patch_frames: int
    patch_hop_frames: int
    patch_axes: str
    min_samples: int
    max_seconds: float | None


class AudioFront:
    """Turns sounds into feeds of patches."""

    modalities: tuple[Modality, ...] = (Modality.AUDIO,)
    version = VERSION
    stackable = False

    def __init__(self, card: OnnxCard, session: Session) -> None:
        values = {k: v for k, v in card.preprocess.items() if k in AudioSettings.__annotations__}
        self._settings = s = AudioSettings(**values)
        self._card = card
        self.row_pooling = _row_pooling(card)
        self._input = _only_input(card)
        _check_settings(card, s)
        self._shape = session.shape(self._input)
        self._window = _window(s)
        slopes, equal_area = _triangles(card, s.mel_triangles)
        self._filters = mel_filters(
            s.sample_rate,
            s.fft_size,
            s.mel_bands,
            s.mel_min_hz,
            s.mel_max_hz,
            s.mel_formula,
            slopes,
            equal_area,
        )

    def accepts(self, modality: Modality) -> type:
        """Return the type of one input."""
        return Audio

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return DecodeOptions(
            sample_rate=self._settings.sample_rate, max_seconds=self._settings.max_seconds
        )

    def feeds(self, item: Any) -> list[Feed]:
        """Return the patches of one sound, in runs of at most 32."""
        patches = self._patches(self.log_mel(self._samples(item)))
        most = 1 if self._shape[0] == 1 else _PATCHES_A_RUN
        return [{self._input: patches[i : i + most]} for i in range(0, len(patches), most)]

    def probes(self) -> list[Feed]:
        """Return a short silence to try the model with."""
        return self.feeds(Audio(np.zeros(1, dtype=np.float32), self._settings.sample_rate))[:1]

    def rows(self, output: NDArray[Any], feed: Feed) -> Floats:
        """Return (patches, dim) of one run."""
        rows = pooled_rows(output, "none")
        if rows is None:
            raise self._card.error("is not (patches, dim)", "output", seen=output.shape)
        return rows

    def facts(self, item: Any) -> dict[str, Any]:
        """Return what a golden file may say about the preprocessing of one sound."""
        samples = resampled(item.samples, item.rate, self._settings.sample_rate)
        mel = self.log_mel(self._samples(item))
        return {
            "samples": len(samples),
            "patches": len(self._patches(mel)),
            "log_mel_first4": [float(value) for value in mel[0, :4]],
        }

    def log_mel(self, samples: Floats) -> Floats:
        """Return the log-mel spectrum of ready samples, (frames, bands)."""
        s = self._settings
        if s.pad_frames != "none":
            half = s.window_samples // 2
            samples = np.pad(
                samples, half, mode="reflect" if s.pad_frames == "reflect" else "constant"
            )
        spectrum = magnitudes(samples, self._window, s.hop_samples, s.fft_size)
        spectrum = spectrum**2 if s.spectrum == "power" else spectrum
        mel = spectrum @ self._filters + s.log_offset
        return (
            mel if s.log == "none" else np.asarray(np.log(mel) if s.log == "ln" else np.log10(mel))
        )

    def _samples(self, item: Audio) -> Floats:
        """At the card's rate, cut at its longest, filled with zeros to its shortest."""
        s = self._settings
        samples = resampled(item.samples, item.rate, s.sample_rate)
        if s.max_seconds is not None:
            samples = samples[: int(s.max_seconds * s.sample_rate)]
        return np.pad(samples, (0, max(0, s.min_samples - len(samples))))

    def _patches(self, mel: Floats) -> NDArray[np.float32]:
        s = self._settings
        cuts = np.lib.stride_tricks.sliding_window_view(mel, s.patch_frames, axis=0)
        patches = cuts[:: s.patch_hop_frames]  # (patches, bands, time)
        patches = patches.transpose(0, 2, 1) if s.patch_axes == "time_mel" else patches
        patches = patches[:, None] if len(self._shape) == 4 else patches
        return np.ascontiguousarray(patches, dtype=np.float32)


def _window(s: AudioSettings) -> Floats:
    shape, ends = s.window.split("_")
    make: Callable[..., Floats] = hann if shape == "hann" else hamming
    return make(s.window_samples, periodic=ends == "periodic")


def _row_pooling(card: OnnxCard) -> str:
    if card.pooling not in ("mean", "max"):
        raise card.error(
            "wrong value", "pooling", expected="mean or max, over patches", seen=card.pooling
        )
    return card.pooling


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


def _only_input(card: OnnxCard) -> str:
    names: list[str] = card.values["inputs"]
    if len(names) != 1:
        raise card.error("an audio model takes one input", "inputs", seen=names)
    return names[0]


def _check_settings(card: OnnxCard, s: AudioSettings) -> None:
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
    if s.log != "none" and s.log_offset <= 0:
        raise wrong("log_offset", "more than 0, for silence has a logarithm too", s.log_offset)
    padded = s.min_samples + (2 * (s.window_samples // 2) if s.pad_frames != "none" else 0)
    frames = (padded - s.window_samples) // s.hop_samples + 1
    if frames < s.patch_frames:
        raise wrong(
            "min_samples", f"enough for one patch of {s.patch_frames} frames", s.min_samples
        )

"""Sounds for an ONNX model: log-mel patches, or samples, by the numbers of the card."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.descriptors.spectra import resampled
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.cut import cut_settings, ready_samples, sample_patches
from pentad.encoders.onnx.log_mel import LogMel
from pentad.encoders.onnx.pooling import Floats, pooled_rows
from pentad.encoders.onnx.session import Feed, Session
from pentad.media.types import Audio, DecodeOptions

VERSION = 1
_PATCHES_A_RUN = 32


class AudioFront:
    """Turns sounds into feeds of patches.

    Attributes:
        mel: What makes log-mel spectra; None for a model that takes samples.
        patch_axes: ``time_mel`` or ``mel_time``.
        shape: Of the model's input, numbers where it is fixed.
    """

    modalities: tuple[Modality, ...] = (Modality.AUDIO,)
    version = VERSION
    stackable = False

    def __init__(self, card: OnnxCard, session: Session) -> None:
        self._card = card
        self.row_pooling = _row_pooling(card)
        self._input = _only_input(card)
        self._cut = cut_settings(card)
        self._channel_last = card.preprocess["channel_axis"] == "last"
        self.patch_axes = str(card.preprocess.get("patch_axes", ""))
        self.mel = LogMel(card) if card.preprocess["input"] == "log_mel" else None
        self.shape = session.shape(self._input)
        if self.mel is not None:
            self._check_patches(self.mel)

    def accepts(self, modality: Modality) -> type:
        """Return the type of one input."""
        return Audio

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return DecodeOptions(sample_rate=self._cut.sample_rate, max_seconds=self._cut.max_seconds)

    def feeds(self, item: Any) -> list[Feed]:
        """Return the patches of one sound, in runs of at most 32."""
        patches = self._shaped(self._patches(ready_samples(item, self._cut)))
        if len(self.shape) == 1:  # the graph takes one row of samples, without a batch axis
            return [{self._input: patch} for patch in patches]
        most = 1 if self.shape[0] == 1 else _PATCHES_A_RUN
        return [{self._input: patches[i : i + most]} for i in range(0, len(patches), most)]

    def probes(self) -> list[Feed]:
        """Return a short silence to try the model with."""
        return self.feeds(Audio(np.zeros(1, dtype=np.float32), self._cut.sample_rate))[:1]

    def rows(self, output: NDArray[Any], feed: Feed) -> Floats:
        """Return (patches, dim) of one run."""
        rows = pooled_rows(output, "none")
        if rows is None:
            raise self._card.error("is not (patches, dim)", "output", seen=output.shape)
        return rows

    def facts(self, item: Any) -> dict[str, Any]:
        """Return what a golden file may say about the preprocessing of one sound."""
        samples = resampled(item.samples, item.rate, self._cut.sample_rate)
        patches = self._patches(ready_samples(item, self._cut))
        facts: dict[str, Any] = {"samples": len(samples), "patches": len(patches)}
        if self.mel is not None:
            facts["log_mel_first4"] = [float(value) for value in patches[0, 0, :4]]
        return facts

    def _patches(self, samples: Floats) -> Floats:
        """Return (patches, samples), or (patches, time, bands)."""
        if self.mel is None:
            return sample_patches(samples, self._cut)
        if self._cut.patch_samples is None:
            return self.mel.patches(samples, filled=self._cut.patch_end == "fill")
        cuts = sample_patches(samples, self._cut)
        return self.mel.in_range(np.stack([self.mel.spectrum(cut) for cut in cuts]))

    def _shaped(self, patches: Floats) -> NDArray[np.float32]:
        """Return patches as the model takes them, float32."""
        patches = patches.transpose(0, 2, 1) if self.patch_axes == "mel_time" else patches
        if len(self.shape) == patches.ndim + 1:
            patches = patches[..., None] if self._channel_last else patches[:, None]
        return np.ascontiguousarray(patches, dtype=np.float32)

    def _check_patches(self, mel: LogMel) -> None:
        """Check that patches are said in one way, and that the shortest sound has one."""
        s, cut = mel.settings, self._cut
        if (s.patch_hop_frames is None) == (cut.patch_samples is None):
            raise self._card.error(
                "either this, or patch_samples and patch_hop_samples",
                "preprocess.patch_hop_frames",
                seen=s.patch_hop_frames,
            )
        if cut.patch_samples is not None:
            frames = mel.frames(cut.patch_samples)
            if frames != s.patch_frames:
                raise self._card.error(
                    "is not how many frames a patch of samples has",
                    "preprocess.patch_frames",
                    expected=frames,
                    seen=s.patch_frames,
                )
        elif mel.frames(cut.min_samples) < s.patch_frames:
            raise self._card.error(
                "wrong value",
                "preprocess.min_samples",
                expected=f"enough for one patch of {s.patch_frames} frames",
                seen=cut.min_samples,
            )


def _row_pooling(card: OnnxCard) -> str:
    if card.pooling not in ("mean", "max"):
        raise card.error(
            "wrong value", "pooling", expected="mean or max, over patches", seen=card.pooling
        )
    return card.pooling


def _only_input(card: OnnxCard) -> str:
    names: list[str] = card.values["inputs"]
    if len(names) != 1:
        raise card.error("an audio model takes one input", "inputs", seen=names)
    return names[0]

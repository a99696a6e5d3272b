"""CLAP: captions and sounds in one space.

Wu et al. 2023, "Large-Scale Contrastive Language-Audio Pretraining with Feature Fusion and
Keyword-to-Caption Augmentation".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config
from pentad.encoders.families.hf_model import load_hf_model
from pentad.encoders.families.network import Feed
from pentad.encoders.families.sounds import extractor_settings, load_extractor, windows
from pentad.encoders.families.spectrum import Samples, clap_spectrum, decibels, filled_up
from pentad.encoders.families.tokens import Tokens, TokenSettings
from pentad.encoders.families.two_towers import pooled
from pentad.media.types import Audio, DecodeOptions

if TYPE_CHECKING:
    import torch

_POSITIONS = 514
_BEFORE_THE_FIRST = 2  # positions that RoBERTa keeps for padding


class Clap:
    """A `Network` of a text tower and an audio tower.

    A sound is cut into windows of the length that the audio tower takes (10 seconds), one after
    another; the last one is filled up as the checkpoint says, mostly by repeating it. No window is
    longer, so that nothing is cut at random. All of the sound counts, at most what the decoder lets
    through; the vector of a sound is the mean over windows, each of which weighs the same.

    A fused checkpoint looks closer at parts of sounds that are longer than a window. There are none
    here, and so that part of it rests; the library itself lets it look at one clip of every call,
    drawn by lot.
    """

    family = "clap"
    version = 1
    modalities = (Modality.TEXT, Modality.AUDIO)
    normalize = "l2"

    def __init__(self, folder: Path) -> None:
        config = read_config(folder)
        self.dim = positive(config, folder, "projection_dim", default=512)
        self.module = load_hf_model(folder, "ClapModel")
        settings: Any = self.module.config
        most = positive(
            config, folder, "text_config", "max_position_embeddings", default=_POSITIONS
        )
        tokens = TokenSettings(max(1, most - _BEFORE_THE_FIRST))
        self._tokens = Tokens(folder, tokens)
        names = ("sampling_rate", "hop_length", "fft_window_size", "nb_max_samples")
        self._extractor = load_extractor(folder, "ClapFeatureExtractor", positive=names)
        self._fused: bool = settings.audio_config.enable_fusion
        self._spectrum = clap_spectrum(self._extractor, fused=self._fused)
        _check_length(self._extractor, settings.audio_config, folder)
        self.preprocessing: Mapping[str, object] = {
            "tokens": vars(tokens),
            "extractor": extractor_settings(self._extractor)
            | {"truncation": "fusion" if self._fused else "rand_trunc"},
            "windows": "one after another",
            "is_longer": False,
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return str if modality is Modality.TEXT else Audio

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        text = modality is Modality.TEXT
        return DecodeOptions() if text else DecodeOptions(sample_rate=self._extractor.sampling_rate)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row for a caption, and one for every window of a sound."""
        if modality is Modality.TEXT:
            return [self._tokens.feed(item)]
        return [self._row(w) for w in windows(item.samples, self._extractor.nb_max_samples)]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), projected; the model itself gives every row length 1."""
        model: Any = self.module
        tower = model.get_text_features if modality is Modality.TEXT else model.get_audio_features
        return pooled(tower(**batch))

    def _row(self, samples: Samples) -> Feed:
        most = self._extractor.nb_max_samples
        mel = decibels(self._spectrum.bands(filled_up(samples, most, self._extractor.padding)))
        features = np.repeat(mel[None], 4, axis=0) if self._fused else mel[None]
        return {"input_features": features, "is_longer": np.zeros(1, dtype=np.bool_)}


def load_clap(folder: Path) -> Clap:
    """Return the CLAP model in a folder.

    Raises:
        InputError: The folder holds no complete CLAP model.
    """
    return Clap(folder)


def _check_length(extractor: Any, tower: Any, folder: Path) -> None:
    """Refuse windows that are longer than the audio tower is wide, or shorter than a spectrum."""
    frames = extractor.nb_max_samples // extractor.hop_length + 1
    most = tower.spec_size * (tower.spec_size // tower.num_mel_bins)
    if frames > most or extractor.nb_max_samples < extractor.fft_window_size:
        raise InputError(
            "the windows of its feature extractor do not fit its audio tower",
            file=folder,
            expected=f"at most {most} frames of {extractor.hop_length} samples",
            seen=frames,
        )

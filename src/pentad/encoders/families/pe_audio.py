"""PE-Audio, alone or out of PE-AV: captions and sounds in one space.

Vyas et al. 2025, "Pushing the Frontier of Audiovisual Perception with Large-Scale Multimodal
Correspondence Learning".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.folder import CONFIG, read_config
from pentad.encoders.families.hf_model import load_hf_model
from pentad.encoders.families.network import Feed
from pentad.encoders.families.sounds import (
    Samples,
    even_windows,
    extractor_settings,
    load_extractor,
)
from pentad.encoders.families.tokens import Tokens, TokenSettings
from pentad.media.types import Audio, DecodeOptions

if TYPE_CHECKING:
    import torch

LONGEST = 30
"""Seconds of a window."""

_MOST_TOKENS = 512
_AUDIO_AND_VIDEO = "pe_audio_video"


class PeAudio:
    """A `Network` of a text tower and an audio tower that hears the waveform itself.

    A sound of up to 30 seconds is one row; a longer one is cut into as few equal parts as will do,
    and its vector is their mean. All of the sound counts, at most what the decoder lets through.
    Rows are filled up to whole seconds with what the network is told to overlook, so that sounds of
    like length share a run.
    """

    family = "pe_audio"
    version = 1
    modalities = (Modality.TEXT, Modality.AUDIO)
    normalize = "l2"

    def __init__(self, folder: Path) -> None:
        settings = _settings(folder)
        self.dim: int = settings.text_config.hidden_size
        self.module = load_hf_model(folder, "PeAudioModel", config=settings)
        tokens = TokenSettings(min(_MOST_TOKENS, settings.text_config.max_position_embeddings))
        self._tokens = Tokens(folder, tokens)
        names = ("sampling_rate", "hop_length")
        self._extractor = load_extractor(folder, "PeAudioFeatureExtractor", positive=names)
        self._rate: int = self._extractor.sampling_rate
        hop: int = self._extractor.hop_length
        self._bucket = -(-self._rate // hop) * hop
        self.preprocessing: Mapping[str, object] = {
            "tokens": vars(tokens),
            "extractor": extractor_settings(self._extractor),
            "windows": f"equal ones of at most {LONGEST} s",
            "samples are a multiple of": self._bucket,
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return str if modality is Modality.TEXT else Audio

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return DecodeOptions(sample_rate=None if modality is Modality.TEXT else self._rate)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row for a caption, and one for every window of a sound."""
        if modality is Modality.TEXT:
            return [self._tokens.feed(item)]
        return [self._row(part) for part in even_windows(item.samples, LONGEST * self._rate)]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised."""
        import torch

        model: Any = self.module
        if modality is Modality.TEXT:
            # What `get_text_audio_embeds` is for; it does not ask for the states that it reads.
            states = model.text_model(**batch, output_hidden_states=True).hidden_states
            text: torch.Tensor = model.text_audio_head(states[-1][:, 0])
            return text
        waves, masks = batch["input_values"], batch["padding_mask"]
        if waves.device.type != "cpu":
            audio: torch.Tensor = model.get_audio_embeds(waves, masks)
            return audio
        # Row after row: a second of sound takes 12 MB in each of the first layers.
        rows = zip(torch.split(waves, 1), torch.split(masks, 1), strict=True)
        return torch.cat([model.get_audio_embeds(wave, mask) for wave, mask in rows])

    def _row(self, samples: Samples) -> Feed:
        length = -(-len(samples) // self._bucket) * self._bucket
        made = self._extractor(
            samples,
            padding="max_length",
            max_length=length,
            sampling_rate=self._rate,
            return_tensors="np",
        )
        return {
            "input_values": np.ascontiguousarray(made["input_values"][0], dtype=np.float32),
            "padding_mask": np.ascontiguousarray(made["padding_mask"][0], dtype=np.bool_),
        }


def load_pe_audio(folder: Path) -> PeAudio:
    """Return the PE-Audio model in a folder, or the half of a PE-AV model that hears.

    Raises:
        InputError: The folder holds no complete model.
    """
    return PeAudio(folder)


def _settings(folder: Path) -> Any:
    """Return the config of the half that hears."""
    from transformers import PeAudioConfig

    config = read_config(folder)
    whole = config.get("model_type") == _AUDIO_AND_VIDEO
    around = config.get("audio_video_config") if whole else config
    text, audio = config.get("text_config"), around and around.get("audio_config")
    if not isinstance(text, Mapping) or not isinstance(audio, Mapping):
        raise InputError(
            "lacks the settings of a tower",
            file=folder / CONFIG,
            expected="text_config, and audio_config in audio_video_config or at the top",
        )
    try:
        return PeAudioConfig(text_config=dict(text), audio_config=dict(audio))
    except Exception as error:
        why = " ".join(str(error).split())[:160]
        raise InputError(f"its settings cannot be read ({why})", file=folder / CONFIG) from error

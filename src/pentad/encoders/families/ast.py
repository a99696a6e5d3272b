"""AST: sounds, window by window, and the classes it was trained to hear.

Gong et al. 2021, "AST: Audio Spectrogram Transformer".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.modality import Modality
from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config
from pentad.encoders.families.hf_model import load_hf_model
from pentad.encoders.families.network import Feed
from pentad.encoders.families.sounds import Samples, extractor_settings, load_extractor, windows
from pentad.encoders.families.spectrum import ast_spectrum
from pentad.encoders.families.two_towers import pooled
from pentad.media.types import Audio, DecodeOptions

if TYPE_CHECKING:
    import torch

_FRAME, _HOP = 400, 160
_WITH_CLASSES = "ASTForAudioClassification"
_AUDIOSET = 527


class Ast:
    """A `Network` that hears 10.24 seconds at a time.

    A sound is cut into such windows, one after another; the last one is filled up with silence
    after its spectrum was taken, as in training. All of the sound counts, at most what the decoder
    lets through. Spectra are those of transformers without torchaudio, also where that is there.
    The vector of a window is what the classes are read from.

    Attributes:
        classes: Names of the classes; none where the folder holds the trunk alone.
    """

    family = "ast"
    version = 1
    modalities = (Modality.AUDIO,)
    normalize = "l2"

    def __init__(self, folder: Path) -> None:
        config = read_config(folder)
        whole = _WITH_CLASSES in (config.get("architectures") or ())
        self.dim = positive(config, folder, "hidden_size", default=768)
        self.module = load_hf_model(folder, _WITH_CLASSES if whole else "ASTModel")
        settings: Any = self.module.config
        names = ("sampling_rate", "max_length", "num_mel_bins")
        self._extractor = load_extractor(folder, "ASTFeatureExtractor", positive=names)
        self._spectrum = ast_spectrum(self._extractor)
        labels = settings.id2label
        self.classes = tuple(str(labels[n]) for n in sorted(labels)) if whole else ()
        several = settings.problem_type == "multi_label_classification"
        self._sigmoid = several or len(self.classes) == _AUDIOSET
        self.preprocessing: Mapping[str, object] = {
            "extractor": extractor_settings(self._extractor),
            "windows": "one after another",
        }

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return Audio

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""
        return DecodeOptions(sample_rate=self._extractor.sampling_rate)

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return one row for every window."""
        size = self._extractor.max_length * _HOP
        return [self._row(part) for part in windows(item.samples, size)]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised."""
        trunk: Any = getattr(self.module, "audio_spectrogram_transformer", self.module)
        return pooled(trunk(**batch))

    def class_scores(self, rows: torch.Tensor) -> torch.Tensor:
        """Return (rows, classes) of what `forward` gave.

        Sounds of AudioSet have many classes at once, so that each is scored alone, within 0..1;
        elsewhere the scores of a row add up to 1.
        """
        model: Any = self.module
        logits: torch.Tensor = model.classifier(rows)
        return logits.sigmoid() if self._sigmoid else logits.softmax(dim=-1)

    def _row(self, samples: Samples) -> Feed:
        e = self._extractor
        enough = np.pad(samples, (0, max(0, _FRAME - len(samples))))
        mel = np.log(self._spectrum.bands(enough)).astype(np.float32)[: e.max_length]
        mel = np.pad(mel, ((0, e.max_length - len(mel)), (0, 0)))
        return {"input_values": (mel - e.mean) / (e.std * 2) if e.do_normalize else mel}


def load_ast(folder: Path) -> Ast:
    """Return the AST model in a folder.

    Raises:
        InputError: The folder holds no complete AST model.
    """
    return Ast(folder)

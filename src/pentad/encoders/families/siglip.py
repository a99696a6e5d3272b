"""SigLIP, and the checkpoints of SigLIP 2 for pictures of one size, which are built the same.

Zhai et al. 2023, "Sigmoid Loss for Language Image Pre-Training"; Tschannen et al. 2025, "SigLIP 2:
Multilingual Vision-Language Encoders with Improved Semantic Understanding, Localization, and Dense
Features".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pentad.core.errors import InputError
from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config, read_json
from pentad.encoders.families.tokens import LOWER, WORDS, TokenSettings
from pentad.encoders.families.two_towers import TowerSettings, TwoTowers

_LENGTH = 64
_WIDTH = 768
_GEMMA_WORDS = 256_000


def load_siglip(folder: Path) -> TwoTowers:
    """Return the SigLIP model in a folder.

    Every caption is padded to 64 tokens and the network is not told which are padding: it was
    trained so, and reads the last token, padding or not. Captions are made lower case, and for the
    first SigLIP lose their punctuation: it was trained so too, and not every tokenizer that lies
    beside its weights does it.

    Raises:
        InputError: The folder holds no complete SigLIP model.
    """
    config = read_config(folder)
    return TwoTowers(
        folder,
        TowerSettings(
            family="siglip",
            version=1,
            model_class="SiglipModel",
            tokens=sigmoid_tokens(config, folder, spelling=_spelling(config, folder)),
            dim=sigmoid_width(config, folder),
            image_options={},
        ),
    )


def sigmoid_tokens(config: Mapping[str, Any], folder: Path, *, spelling: str) -> TokenSettings:
    """Return how captions are cut and padded, for a model trained with a sigmoid loss."""
    most = positive(config, folder, "text_config", "max_position_embeddings", default=_LENGTH)
    return TokenSettings(most, fixed=True, masked=False, spelling=spelling)


def sigmoid_width(config: Mapping[str, Any], folder: Path) -> int:
    """Return the length of a vector: what the text tower projects to, or its own width."""
    width = positive(config, folder, "text_config", "hidden_size", default=_WIDTH)
    return positive(config, folder, "text_config", "projection_size", default=width)


def _spelling(config: Mapping[str, Any], folder: Path) -> str:
    """The second SigLIP has Gemma's tokenizer, and keeps punctuation."""
    try:
        kind = str(read_json(folder / "tokenizer_config.json").get("tokenizer_class") or "")
    except InputError:
        kind = ""
    words = positive(config, folder, "text_config", "vocab_size", default=32_000)
    second = kind.startswith(("Gemma", "Siglip2")) or words >= _GEMMA_WORDS
    return LOWER if second else WORDS

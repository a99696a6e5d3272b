"""BERT and its kin: plain text encoders, one vector a caption.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
Understanding"; Warner et al. 2024, "Smarter, Better, Faster, Longer" (ModernBERT).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.families.config import positive
from pentad.encoders.families.folder import read_config
from pentad.encoders.families.hf_model import load_hf_model
from pentad.encoders.families.network import Feed
from pentad.encoders.families.tokens import Tokens, TokenSettings
from pentad.media.types import DecodeOptions

if TYPE_CHECKING:
    import torch

POOLINGS = ("mean", "cls", "pooler")


@dataclass(frozen=True)
class Kin:
    """What one architecture does differently from another.

    Attributes:
        model_class: The class in transformers.
        pooler: Whether it can have a trained layer on top of its first token.
        counts_from_padding: Whether positions are counted from the padding token's number on, so
            that fewer tokens fit than there are positions.
    """

    model_class: str
    pooler: bool = True
    counts_from_padding: bool = False


KIN: Mapping[str, Kin] = {
    "albert": Kin("AlbertModel"),
    "bert": Kin("BertModel"),
    "camembert": Kin("CamembertModel", counts_from_padding=True),
    "deberta-v2": Kin("DebertaV2Model", pooler=False),
    "distilbert": Kin("DistilBertModel", pooler=False),
    "electra": Kin("ElectraModel", pooler=False),
    "modernbert": Kin("ModernBertModel", pooler=False),
    "mpnet": Kin("MPNetModel", counts_from_padding=True),
    "roberta": Kin("RobertaModel", counts_from_padding=True),
    "xlm-roberta": Kin("XLMRobertaModel", counts_from_padding=True),
}
"""``model_type`` -> what is special about it."""


class Bert:
    """A `Network` of one text tower; a caption is one row."""

    family = "bert"
    version = 1
    modalities = (Modality.TEXT,)
    normalize = "l2"

    def __init__(self, folder: Path, kin: Kin, *, pooling: str) -> None:
        config = read_config(folder)
        options = {"add_pooling_layer": pooling == "pooler"} if kin.pooler else {}
        module: Any = load_hf_model(folder, kin.model_class, **options)
        self.module = module
        self.dim = int(module.config.hidden_size)
        settings = TokenSettings(_most_tokens(config, folder, kin))
        self._pooling = pooling
        self._tokens = Tokens(folder, settings)
        self.preprocessing: Mapping[str, object] = {"tokens": vars(settings), "pooling": pooling}

    def accepts(self, modality: Modality) -> type:
        """Return the type of one decoded input."""
        return str

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file: captions are no files."""
        return DecodeOptions()

    def feeds(self, item: Any, modality: Modality) -> list[Feed]:
        """Return the one row of a caption."""
        return [self._tokens.feed(item)]

    def forward(self, batch: Mapping[str, torch.Tensor], modality: Modality) -> torch.Tensor:
        """Return (rows, dim), not normalised."""
        output: Any = self.module(**batch)
        if self._pooling == "pooler":
            pooled: torch.Tensor = output.pooler_output
            return pooled
        states: torch.Tensor = output.last_hidden_state.float()
        if self._pooling == "cls":
            return states[:, 0]
        real = batch["attention_mask"][..., None].to(states.dtype)
        return (states * real).sum(dim=1) / real.sum(dim=1)


def load_bert(folder: Path, *, pooling: str = "mean") -> Bert:
    """Return the text encoder in a folder.

    Args:
        folder: As ``save_pretrained`` of transformers writes it.
        pooling: How one vector is made of a caption's tokens: ``mean`` of all that are no padding,
            ``cls`` for the first one, ``pooler`` for the trained layer on top of the first one.

    Raises:
        InputError: The folder holds no complete model of a kind in `KIN`, the pooling is unknown,
            or the model has no trained pooler.
    """
    kind = str(read_config(folder).get("model_type"))
    if kind not in KIN:
        raise InputError(
            "is no text encoder", file=folder, expected=", ".join(sorted(KIN)), seen=kind
        )
    kin = KIN[kind]
    if pooling not in POOLINGS:
        raise InputError("wrong pooling", expected=", ".join(POOLINGS), seen=repr(pooling))
    if pooling == "pooler" and not kin.pooler:
        raise InputError(f"a {kind} model has no pooler; take mean or cls", file=folder)
    return Bert(folder, kin, pooling=pooling)


def _most_tokens(config: Mapping[str, Any], folder: Path, kin: Kin) -> int:
    """Return how many tokens a caption may have: as many as there are positions for."""
    positions = positive(config, folder, "max_position_embeddings", default=512)
    if not kin.counts_from_padding:
        return positions
    padding = config.get("pad_token_id")
    return max(1, positions - 1 - (padding if isinstance(padding, int) else 1))

"""An encoder as the one module of a SentenceTransformer. Loaded only where that package is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sentence_transformers.sentence_transformer.modules import InputModule

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.adapters.inputs import encoded, told_apart
from pentad.encoders.protocol import Encoder


class EncoderModule(InputModule):
    """Takes inputs as they are and gives their vectors.

    The encoder stays where it is: moving the SentenceTransformer does not move it.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.encoder = encoder

    @property
    def modalities(self) -> list[Any]:
        """What the encoder takes, by name."""
        return [each.value for each in self.encoder.modalities]

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Tell the inputs apart, and put the prompt before captions."""
        told = [told_apart(self.encoder, item) for item in inputs]
        if prompt:
            told = [(kind, prompt + v if kind is Modality.TEXT else v) for kind, v in told]
        return {"told": told}

    def forward(self, features: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Encode the inputs of each modality together."""
        told: list[tuple[Modality, Any]] = features["told"]
        rows = np.zeros((len(told), self.encoder.dim), dtype=np.float32)
        for modality in dict.fromkeys(kind for kind, _ in told):
            where = [i for i, (kind, _) in enumerate(told) if kind is modality]
            rows[where] = encoded(self.encoder, [told[i][1] for i in where], modality)
        return {**features, "sentence_embedding": torch.from_numpy(rows)}

    def get_embedding_dimension(self) -> int:
        """Return the length of a vector."""
        return self.encoder.dim

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Refuse: the encoder is saved where it came from."""
        raise InputError(
            f"{self.encoder.name!r} is lent to sentence-transformers and is not saved by it; "
            "keep its name and call to_sentence_transformer again"
        )

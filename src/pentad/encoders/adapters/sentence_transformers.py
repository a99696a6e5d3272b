"""An encoder for programs that expect a ``SentenceTransformer``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pentad.encoders.families.sentence_folder import library
from pentad.encoders.protocol import Encoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def to_sentence_transformer(
    encoder: Encoder, *, prompts: Mapping[str, str] | None = None
) -> SentenceTransformer:
    """Return an encoder as a ``SentenceTransformer``, for its evaluators and all that calls one.

    Args:
        encoder: Any encoder. It stays on the device where it is; place it before.
        prompts: What stands before captions when ``encode(prompt_name=...)``, ``encode_query`` or
            ``encode_document`` ask for it, by name; none by default.

    Returns:
        An object with ``encode``, ``similarity`` (cosine) and the rest of that class. Its inputs
        are those of sentence-transformers (captions, pictures, ``{"array", "sampling_rate"}``) and
        those of Pentad. It cannot be saved, and gives no vectors of tokens.

    Raises:
        MissingExtra: sentence-transformers is not installed.
    """
    package = library()
    from pentad.encoders.adapters.module import EncoderModule

    model: SentenceTransformer = package.SentenceTransformer(
        modules=[EncoderModule(encoder)],
        device="cpu",
        prompts=dict(prompts) if prompts else None,
        similarity_fn_name="cosine",
    )
    model.model_card_data.model_name = encoder.name
    return model

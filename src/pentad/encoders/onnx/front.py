"""What one kind of preprocessing offers to the ONNX encoder, and which kind serves which card."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from pentad.core.modality import Modality
from pentad.encoders.onnx.audio import AudioFront
from pentad.encoders.onnx.card import OnnxCard
from pentad.encoders.onnx.image import ImageFront
from pentad.encoders.onnx.pooling import Floats
from pentad.encoders.onnx.session import Feed, Session
from pentad.encoders.onnx.text import TextFront
from pentad.media.types import DecodeOptions


class Front(Protocol):
    """From one input to runs of the model, and from a run's output to rows.

    Attributes:
        version: Version of our own preprocessing code; part of the fingerprint.
        modalities: What it can feed to the model.
        row_pooling: ``mean`` or ``max``: how the rows of one input become its vector.
        stackable: Whether feeds of one shape may share a run.
    """

    version: int
    modalities: tuple[Modality, ...]
    row_pooling: str
    stackable: bool

    def accepts(self, modality: Modality) -> type:
        """Return the type of one input."""

    def decode_options(self, modality: Modality) -> DecodeOptions:
        """Return what is needed of a decoded file."""

    def feeds(self, item: Any) -> list[Feed]:
        """Return the runs of one input."""

    def probes(self) -> list[Feed]:
        """Return runs of one row each, to try the model with."""

    def rows(self, output: NDArray[Any], feed: Feed) -> Floats:
        """Return (n, dim) of one run."""

    def facts(self, item: Any) -> dict[str, Any]:
        """Return what a golden file may say about the preprocessing of one input."""


def front_for(card: OnnxCard, session: Session) -> Front:
    """Return the preprocessing that a card asks for."""
    if card.modality is Modality.TEXT:
        return TextFront(card, session)
    if card.modality is Modality.IMAGE:
        return ImageFront(card, session)
    return AudioFront(card, session)

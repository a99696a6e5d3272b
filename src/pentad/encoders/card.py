"""What a user should know about an encoder before using it."""

from __future__ import annotations

from dataclasses import dataclass

from pentad.core.modality import Modality


@dataclass(frozen=True)
class EncoderCard:
    """The facts about one encoder, readable without loading it.

    Attributes:
        name: Name it is looked up by.
        revision: Version of the weights or of the descriptor.
        modalities: What it can encode; all of them share one space.
        dim: Length of a vector.
        licence: Licence of the weights, as their source states it.
        description: One or two sentences for people.
        source: Where the weights or the method come from.
        citation: Whom to cite; empty if nobody.
        classes: Number of named classes it also scores; 0 for none.
        semantic: True for learned vectors in which nearness means likeness of content; False for
            classical descriptors, which see only looks, sound, spelling or form.
        preprocessing: Fingerprint of all that decides what the model sees; empty where the
            revision stands for it.
    """

    name: str
    revision: str
    modalities: tuple[Modality, ...]
    dim: int
    licence: str
    description: str
    source: str
    citation: str = ""
    classes: int = 0
    semantic: bool = False
    preprocessing: str = ""

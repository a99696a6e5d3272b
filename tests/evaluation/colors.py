"""An encoder whose answers anybody can work out: words and pictures are colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from pentad.encoders.card import EncoderCard
from pentad.encoders.registry import _ENTRIES, _Entry
from tests.embeddings.toy import COLOURS, Toy


class Colors(Toy):
    """A text is the mean of the colours it names; a picture its mean colour. Nothing is zero."""

    def __init__(self, name: str = "colors") -> None:
        super().__init__(name)

    def vector(self, each) -> Sequence[float]:
        if not isinstance(each, str):
            return each.pixels.reshape(-1, 3).mean(axis=0) / 255 + 0.01
        words = each.lower().replace(",", " ").replace(".", " ").split()
        named = [COLOURS[word] for word in words if word in COLOURS]
        return np.mean(named, axis=0) / 255 + 0.01 if named else (0.2, 0.2, 0.2)


class PicturesOnly(Colors):
    """Knows no text."""

    def __init__(self) -> None:
        super().__init__("pictures")
        self.modalities = self.modalities[1:]


@contextmanager
def registered() -> Iterator[None]:
    """Make ``colors`` and ``pictures`` names of encoders."""
    with pytest.MonkeyPatch.context() as patch:
        for make in (Colors, PicturesOnly):
            made = make()
            card = EncoderCard(made.name, "1", made.modalities, 3, "MIT", "colors", "the tests")
            patch.setitem(_ENTRIES, made.name, _Entry(card, make))
        yield

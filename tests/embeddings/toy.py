"""Encoders whose vectors can be worked out by eye, and workspaces of flat colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from pentad.core.engine import Engine
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.embeddings.embed import EmbedSummary, embed_workspace
from pentad.embeddings.work import EmbedOptions
from pentad.encoders.protocol import Classified
from pentad.encoders.registry import get_encoder
from pentad.store.workspace import Workspace
from tests.store.helpers import listing

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "white": (255, 255, 255),
    "pink": (255, 0, 255),
}


class Toy:
    """A caption is (letters, vowels, words); a picture is its mean colour, 0 to 1."""

    row_independent = True

    def __init__(self, name: str = "toy") -> None:
        self.name = name
        self.revision = "1"
        self.modalities = (Modality.TEXT, Modality.IMAGE)
        self.dim = 3
        self.fingerprint = fingerprint_value(name)
        self.seen: list[int] = []

    def encode(self, inputs: Sequence, *, modality: str, batch_size: int | None = None):
        self.seen.append(len(inputs))
        rows = [self.vector(each) for each in inputs]
        return np.array(rows, np.float32).reshape(-1, self.dim)

    def vector(self, each) -> Sequence[float]:
        if isinstance(each, str):
            letters = [c for c in each.lower() if c.isalpha()]
            return len(letters), sum(c in "aeiou" for c in letters), len(each.split())
        return each.pixels.reshape(-1, 3).mean(axis=0) / 255


class Crowd(Toy):
    """Every vector also knows how many were encoded with it."""

    row_independent = False

    def __init__(self) -> None:
        super().__init__("crowd")
        self.dim = 4

    def encode(self, inputs: Sequence, *, modality: str, batch_size: int | None = None):
        self.seen.append(len(inputs))
        return np.array([[*self.vector(each), len(inputs)] for each in inputs], np.float32)


class Namer(Toy):
    """Scores two classes: how dark and how bright a picture is."""

    classes = ("dark", "bright")

    def __init__(self) -> None:
        super().__init__("namer")

    def encode_and_classify(self, inputs, *, modality: str, batch_size: int | None = None):
        vectors = self.encode(inputs, modality=modality)
        bright = vectors.mean(axis=1)
        return Classified(vectors, np.stack([1 - bright, bright], axis=1))


class Touchy(Toy):
    """Cannot stand the colour pink, and sees nothing in black."""

    def __init__(self, said: Exception) -> None:
        super().__init__("touchy")
        self._said = said

    def vector(self, each) -> Sequence[float]:
        found = super().vector(each)
        if not isinstance(each, str) and found[0] > 0.9 and found[1] < 0.1 < found[2]:
            raise self._said
        return found


def paint(path: Path, colour: str | tuple[int, int, int]) -> None:
    """Write a picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = (8, 8)
    Pillow.new("RGB", size, COLOURS.get(colour, colour)).save(path)  # type: ignore[arg-type]


def painted(root: Path, *names: str) -> Workspace:
    """Return a workspace with one picture a name, painted in the colour of that name."""
    workspace = Workspace.create(root / "ws")
    for name in names:
        if name in COLOURS:
            paint(root / "data" / f"{name}.png", name)
    refresh(workspace, root, *names)
    return workspace


def refresh(workspace: Workspace, root: Path, *names: str) -> None:
    """Register these pictures and no others."""
    with workspace.writing():
        workspace.add(listing(root / "data", *[("image", f"{n}.png", f"A {n}") for n in names]))


def brought_up_to_date(workspace: Workspace, engine: Engine | None) -> EmbedSummary:
    """Embed the pictures with a built-in encoder, here or by an engine."""
    with workspace.writing():
        return embed_workspace(
            workspace,
            workspace.catalog().items("image"),
            get_encoder("image-descriptor"),
            options=EmbedOptions(workers=1),
            engine=engine,
            spec="image-descriptor",
        )

"""What varies in the world: the three factors of a concept, and extras outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

KINDS = ("bell", "bird", "car", "drum", "frog", "guitar", "horn", "rattle")
SIZES = ("small", "medium", "large")
COUNTS = (1, 2, 3)

ONLY_IN = {
    "image": ("cactus", "mug"),
    "audio": ("rain", "siren"),
    "video": ("rocket", "snowman"),
    "points": ("chair", "lamp"),
}
"""Kinds that occur in one modality alone: nothing in the other modalities answers to them."""

COLORS = ("red", "orange", "yellow", "green", "blue", "purple")
MOTIONS = ("hop", "spin", "sway", "glide")

NUMBERS = {1: "one", 2: "two", 3: "three"}


@dataclass(frozen=True, order=True)
class Subject:
    """What an item shows or sounds like: how many toys of which kind and size.

    In sound, the size is the register (small toys sound high) and each toy is heard once.
    """

    kind: str
    size: str
    count: int

    @property
    def shared(self) -> bool:
        """Whether this kind occurs in every modality."""
        return self.kind in KINDS

    @property
    def concept(self) -> str:
        """The label of the concept, such as ``two small bells``; a lone kind is its own concept."""
        if not self.shared:
            return self.kind
        plural = "s" if self.count > 1 else ""
        return f"{NUMBERS[self.count]} {self.size} {self.kind}{plural}"


@dataclass(frozen=True)
class Extras:
    """What captions may mention although no concept depends on it."""

    color: str
    motion: str


def all_subjects() -> tuple[Subject, ...]:
    """Return every combination of the three factors, in a fixed order."""
    return tuple(Subject(*factors) for factors in product(KINDS, SIZES, COUNTS))

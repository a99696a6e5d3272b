"""`FitSettings`: everything that may be chosen about training projection heads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pentad.core.errors import InputError, UnknownName

Pairing = Literal["text", "all"]
Negatives = Literal["hard", "ignore"]
Device = Literal["cpu", "cuda", "auto"]


@dataclass(frozen=True)
class FitSettings:
    """How projection heads are trained.

    Attributes:
        hidden: Width of a head's hidden layer.
        epochs: How often all rows are gone through.
        batch: Rows a step: groups, or rated pairs.
        lr: Highest learning rate of AdamW.
        weight_decay: Of the matrices; biases and temperature have none.
        warmup: Share of the steps in which the learning rate rises; then it falls as a cosine.
        temperature: What similarities are divided by at first; learned.
        max_scale: Most that 1 / temperature may become.
        pairs: For groups: ``text`` compares each modality with the captions, ``all`` each with
            each. Ratings always compare the rated item with the caption and with the paired item.
        negatives: For ratings: ``hard`` holds what was rated BAD against the caption and the paired
            item, ``ignore`` passes it over.
        partial_weight: For ratings: what a PARTIAL pair weighs beside a GOOD one; 0 for nothing.
        max_rank: Groups beyond this rank are not used; None for all.
        chunk: Rows of the table of similarities that are held at once.
        block: Groups are shuffled in blocks of so many, so that reading vectors from a file moves
            forward rather than everywhere.
        threads: Of one step on a processor. Part of the result: other sums, other last digits.
        device: ``cpu``, ``cuda``, or ``auto`` for cuda where there is one.
    """

    hidden: int = 1024
    epochs: int = 2
    batch: int = 2048
    lr: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.05
    temperature: float = 0.07
    max_scale: float = 100.0
    pairs: Pairing = "text"
    negatives: Negatives = "hard"
    partial_weight: float = 0.5
    max_rank: int | None = None
    chunk: int = 2048
    block: int = 1024
    threads: int = 1
    device: Device = "cpu"

    def __post_init__(self) -> None:
        """Check every value against what it may be."""
        for name, (least, most) in _RANGES.items():
            _check(name, getattr(self, name), least, most)
        if self.max_rank is not None:
            _check("max_rank", self.max_rank, 1, math.inf)
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise UnknownName(f"setting of {name}", str(getattr(self, name)), known)


_CHOICES = {
    "pairs": ("text", "all"),
    "negatives": ("hard", "ignore"),
    "device": ("cpu", "cuda", "auto"),
}
# A whole number as the least value means that only whole numbers will do.
_RANGES: dict[str, tuple[float, float]] = {
    "hidden": (1, math.inf),
    "epochs": (0, math.inf),
    "batch": (2, math.inf),
    "lr": (0.0, 10.0),
    "weight_decay": (0.0, math.inf),
    "warmup": (0.0, 1.0),
    "temperature": (1e-3, 1e3),
    "max_scale": (1e-3, 1e4),
    "partial_weight": (0.0, 1.0),
    "chunk": (1, math.inf),
    "block": (1, math.inf),
    "threads": (1, 1024),
}


def _check(name: str, value: object, least: float, most: float) -> None:
    whole = isinstance(least, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        wanted = "a whole number" if whole else "a number"
        raise InputError("cannot be used", column=name, expected=wanted, seen=repr(value))
    if not math.isfinite(value) or not least <= value <= most:
        span = f"at least {least:g}" if math.isinf(most) else f"{least:g} to {most:g}"
        raise InputError("is out of range", column=name, expected=span, seen=value)

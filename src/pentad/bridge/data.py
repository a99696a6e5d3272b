"""What a bridge is learned from: natively captioned pairs, and the class names of classifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.seeds import generator


@dataclass(frozen=True, eq=False)
class NativePairs:
    """The captioned items of one modality, one row per (item, caption).

    Attributes:
        features: float (rows, dim), output of the frozen encoder.
        texts: float (rows, text dim), output of the text encoder for the caption.
        units: int64 (rows,), what a split never cuts in two.
        keys: int64 (rows,), equal where captions are equal under `caption_key`.
        encoder: Modalities with the same encoder share one ridge map.
        classifier: Whose classes `scores` are, or None.
        scores: float (rows, classes) activated class scores, or None.
        shared_at: Where the encoder embeds text too: the column of `texts` at which its block
            starts.
    """

    features: NDArray[Any]
    texts: NDArray[Any]
    units: NDArray[np.int64]
    keys: NDArray[np.int64]
    encoder: str
    classifier: str | None = None
    scores: NDArray[Any] | None = None
    shared_at: int | None = None

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.features)


@dataclass(frozen=True, eq=False)
class BridgeData:
    """Everything a bridge is learned from.

    Attributes:
        pairs: By modality; text is never a key.
        class_names: Classifier -> (classes, text dim), its class names as the text encoder sees
            them.
    """

    pairs: Mapping[Modality, NativePairs]
    class_names: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that there is something to learn from."""
        if not self.pairs or not any(len(p) for p in self.pairs.values()):
            raise InputError("a bridge is learned from captioned items, and there are none")


@dataclass(frozen=True)
class BridgeSettings:
    """What is fixed, and what inner folds choose from. Measurements stand in ``docs/decisions``.

    Attributes:
        threshold: Least similarity of a caption to a class name that counts.
        power: Class scores are raised to this.
        floor: Share of the overall spread that is added to the spread of each class.
        share: How much of an item's class space is mirrored into other classifiers' places.
        lambdas: Ridge strengths to choose from, one for each encoder; features have length 1.
        prior_weights: a to choose from.
        ridge_weights: b to choose from.
        class_weights: g to choose from.
        default: a, b, g and lambda where too little is there to choose.
        half: With so many pairs of an encoder the default b is half of what it says.
        folds: Inner folds.
        min_units: With fewer units nothing is chosen, and no mean is taken off.
        min_captions: Distinct captions a modality needs before its mean caption is projected out.
        tolerance: Weights within so many standard errors of the best are averaged.
        max_rows: Most rows of a modality that take part in choosing.
        center: Whether means are taken off at the end.
    """

    threshold: float = 0.2
    power: float = 0.5
    floor: float = 0.5
    share: float = 0.2
    lambdas: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
    prior_weights: tuple[float, ...] = (0.0, 0.5, 1.0)
    ridge_weights: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 2.0)
    class_weights: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5)
    default: tuple[float, float, float, float] = (0.5, 1.0, 1.0, 5.0)
    half: int = 100
    folds: int = 5
    min_units: int = 20
    min_captions: float = 40
    tolerance: float = 1.0
    max_rows: int = 3000
    center: bool = True


@dataclass(frozen=True)
class Choice:
    """The weights of one modality.

    Attributes:
        prior: a.
        ridge: b.
        classes: g.
        strength: lambda of the ridge map, the same for all modalities of an encoder.
    """

    prior: float
    ridge: float
    classes: float
    strength: float


def first_of_each(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first row of each distinct key, in key order."""
    return np.unique(keys, return_index=True)[1].astype(np.int64)


def sample_rows(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """Return all row numbers, or ``most`` of them drawn with the seed, ascending."""
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    return np.sort(generator(seed, "bridge-rows").permutation(rows)[:most]).astype(np.int64)

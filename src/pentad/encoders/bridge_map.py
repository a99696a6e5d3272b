"""The bridge as it is applied: captions and items of any modality into one space, by plain algebra.

    caption t         ->  unit(phi(t) - mean)       phi = unit([ f(t) ; s_1(t) ; ... ; s_V(t) ])
    item x, scores p  ->  unit(psi(x, p) - mean_m)  psi = unit([ a c(x) + b r(x) ; .. g z_v(p) .. ])

    f(t)   text vector, centred, without the directions in which the modalities' captions differ
           as a whole ("... turning around"), of unit length
    s_v(t) similarities of f(t) to the class names of classifier v above a threshold, unit length
    z_v(p) standardised powers of the class scores, unit length; in the place of another
           classifier's classes a small share of what its names resemble, so that items of
           different classifiers meet
    c(x)   unit(z(p) @ class-name vectors), or the item's own vector where its encoder embeds text
    r(x)   unit ridge map of x to f(t)
    mean   of phi over captions, of psi over the items of the modality: without it some items
           would be near every caption (hubs)

How the numbers are found is told in `pentad.bridge`. It is float64 inside, float32 outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality

Array = NDArray[np.float64]
_TINY = 1e-12


def unit(rows: NDArray[Any]) -> Array:
    """Return float64 rows of length 1; rows shorter than 1e-12 stay as good as zero."""
    values = np.asarray(rows, dtype=np.float64)
    lengths = np.sqrt(np.einsum("...j,...j->...", values, values))[..., None]
    result: Array = values / np.maximum(lengths, _TINY)
    return result


@dataclass(frozen=True, eq=False)
class TextFrame:
    """What turns raw text vectors into f(t) and s_v(t).

    Attributes:
        center: (text dim,) mean over modalities of their mean caption.
        basis: (directions, text dim) orthonormal rows that are projected out.
        anchors: Classifier -> (classes, text dim) unit class-name vectors, centred and projected.
        spaces: Classifiers whose s_v(t) is part of a vector; the other anchors only serve c(x).
        threshold: Similarities below this count as none in s_v(t).
        share: How much of an item's class space is mirrored into other classifiers' places.
        offset: (dim,) mean of phi, or None.
    """

    center: Array
    basis: Array
    anchors: Mapping[str, Array]
    spaces: tuple[str, ...]
    threshold: float
    share: float = 0.0
    offset: Array | None = None

    @property
    def dim(self) -> int:
        """Length of a vector of the bridge's space."""
        return len(self.center) + sum(len(self.anchors[s]) for s in self.spaces)

    def frame(self, texts: NDArray[Any]) -> Array:
        """Return f(t): (n, text dim) raw vectors to (n, text dim) unit rows."""
        centred = unit(texts) - self.center
        return unit(centred - (centred @ self.basis.T) @ self.basis)

    def class_space(self, framed: Array, classifier: str) -> Array:
        """Return s_v(t): (n, text dim) framed vectors to (n, classes) unit or zero rows."""
        similar = framed @ self.anchors[classifier].T
        return unit(np.maximum(similar - self.threshold, 0.0))

    def raw(self, texts: NDArray[Any]) -> Array:
        """Return phi(t): (n, text dim) raw vectors to (n, dim) unit rows."""
        framed = self.frame(texts)
        return unit(np.hstack([framed, *(self.class_space(framed, name) for name in self.spaces)]))

    def encode(self, texts: NDArray[Any]) -> NDArray[np.float32]:
        """Return float32 (n, dim), unit rows: captions in the bridge's space."""
        return _centred(self.raw(texts), self.offset)

    def mirrored(self, classes: Array, classifier: str, other: str) -> Array:
        """Return (n, other's classes): z of one classifier in the classes of another."""
        alike = self.anchors[classifier] @ self.anchors[other].T
        return unit(classes @ np.maximum(alike - self.threshold, 0.0))


@dataclass(frozen=True, eq=False)
class ClassScaling:
    """What turns class scores into z(p).

    Attributes:
        classifier: Whose classes they are.
        power: Scores are raised to this before anything else.
        mean: (classes,) of the powers over the training items.
        scale: (classes,) what the centred powers are divided by.
    """

    classifier: str
    power: float
    mean: Array
    scale: Array

    def encode(self, scores: NDArray[Any]) -> Array:
        """Return z(p): (n, classes) activated scores to (n, classes) unit rows."""
        powers = np.maximum(np.asarray(scores, dtype=np.float64), 0.0) ** self.power
        return unit((powers - self.mean) / self.scale)


@dataclass(frozen=True, eq=False)
class ItemMap:
    """What takes the items of one modality into the bridge's space.

    Attributes:
        mean: (dim,) of the unit feature vectors.
        ridge: (dim, text dim), or None.
        classes: How class scores are scaled, or None where the encoder names no classes.
        shared_at: Where the item's encoder embeds text too: the column of the text vectors at which
            its block starts. None elsewhere.
        prior_weight: a, of the class-name vector, or of the shared vector.
        ridge_weight: b.
        class_weight: g.
        offset: (frame.dim,) mean of psi, or None.
    """

    mean: Array
    ridge: Array | None
    classes: ClassScaling | None
    shared_at: int | None
    prior_weight: float
    ridge_weight: float
    class_weight: float
    offset: Array | None = None

    def centred(self, features: NDArray[Any]) -> Array:
        """Return (n, dim) unit rows: features of unit length, their mean removed."""
        return unit(unit(features) - self.mean)

    def raw(self, frame: TextFrame, features: NDArray[Any], scores: NDArray[Any] | None) -> Array:
        """Return psi(x, p) as (n, frame.dim) unit rows."""
        centred = self.centred(features)
        first = np.zeros((len(centred), len(frame.center)))
        spaces: list[Array] = [
            np.zeros((len(centred), len(frame.anchors[s]))) for s in frame.spaces
        ]
        if self.ridge is not None and self.ridge_weight > 0:
            first += self.ridge_weight * unit(centred @ self.ridge)
        if self.shared_at is not None:
            block = slice(self.shared_at, self.shared_at + centred.shape[1])
            first[:, block] += self.prior_weight * centred
        elif self.classes is not None:
            z = self.classes.encode(_required(scores))
            name = self.classes.classifier
            first += self.prior_weight * unit(z @ frame.anchors[name])
            spaces = [
                self.class_weight * (z if s == name else frame.share * frame.mirrored(z, name, s))
                for s in frame.spaces
            ]
        return unit(np.hstack([first, *spaces]))

    def encode(
        self, frame: TextFrame, features: NDArray[Any], scores: NDArray[Any] | None
    ) -> NDArray[np.float32]:
        """Return float32 (n, frame.dim), unit rows."""
        return _centred(self.raw(frame, features, scores), self.offset)


@dataclass(frozen=True, eq=False)
class BridgeMap:
    """The whole bridge: a frame for captions and one map a modality.

    Attributes:
        frame: For captions.
        items: For items.
        notes: What was chosen and how it was judged, for the record.
    """

    frame: TextFrame
    items: Mapping[Modality, ItemMap]
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dim(self) -> int:
        """Length of a vector of the bridge's space."""
        return self.frame.dim

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it can map."""
        return (Modality.TEXT, *(m for m in Modality if m in self.items))

    def encode(
        self, modality: str, features: NDArray[Any], scores: NDArray[Any] | None = None
    ) -> NDArray[np.float32]:
        """Map frozen vectors of one modality into the bridge's space.

        Args:
            modality: What the rows are.
            features: (n, dim) output of the frozen encoder.
            scores: (n, classes) activated class scores, where the modality's map uses classes.

        Returns:
            float32 (n, `dim`), unit rows.

        Raises:
            InputError: The bridge does not know the modality, or scores are missing.
        """
        if modality == Modality.TEXT:
            return self.frame.encode(features)
        if modality not in self.items:
            known = ", ".join(m.value for m in self.modalities)
            raise InputError(f"the bridge does not map {modality}", expected=known)
        return self.items[Modality(modality)].encode(self.frame, features, scores)


def _required(scores: NDArray[Any] | None) -> NDArray[Any]:
    if scores is None:
        raise InputError("class scores are needed beside the vectors; embed the items again")
    return scores


def _centred(rows: Array, offset: Array | None) -> NDArray[np.float32]:
    return (rows if offset is None else unit(rows - offset)).astype(np.float32)

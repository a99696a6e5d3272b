"""What a run starts from: frozen vectors, and the model it goes on from if there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.frozen_source import FrozenSource
from pentad.encoders.projection import ProjectionModel
from pentad.training.projection_features import FrozenVectors

DEFAULT_DIM, DEFAULT_NAME = 512, "projection"
Given = Mapping[Modality, Sequence[Embeddings]]


@dataclass(frozen=True, eq=False)
class Start:
    """What is known before the first step.

    Attributes:
        features: The frozen vectors of each modality.
        sources: Where those come from, as the model will remember it.
        anchors: Modalities without a head.
        dim: Length of a vector of the model.
        name: Of the model.
        init: The model that is gone on from.
    """

    features: Mapping[Modality, FrozenVectors]
    sources: Mapping[Modality, tuple[FrozenSource, ...]]
    anchors: frozenset[Modality]
    dim: int
    name: str
    init: ProjectionModel | None


def start_from(
    given: Given,
    init: ProjectionModel | None,
    anchor: str | Sequence[str],
    dim: int | None,
    name: str | None,
) -> Start:
    """Check that everything fits together.

    Raises:
        InputError: A width does not fit, or an anchor has no features or has a head already.
        SpaceMismatch: Features are of other spaces than ``init`` was trained on.
    """
    if init is not None:
        given = {m: _in_order_of(init, m, parts) for m, parts in given.items()}
    features = {m: FrozenVectors.of(m, given[m]) for m in Modality if m in given}
    anchors = _anchors(features, init, anchor)
    size = _dim(features, anchors, init, dim)
    for modality in anchors & features.keys():
        if features[modality].width != size:
            raise InputError(
                f"the anchor {modality.value} is not as wide as the model; set dim",
                expected=size,
                seen=features[modality].width,
            )
    sources = {m: found.sources for m, found in features.items()}
    if init is not None:
        sources |= init.sources
    return Start(features, sources, anchors, size, name or _name(init), init)


def _in_order_of(
    init: ProjectionModel, modality: Modality, parts: Sequence[Embeddings]
) -> Sequence[Embeddings]:
    """Return the parts in the order in which the model takes them."""
    if modality not in init.sources:
        return parts
    wanted = [(source.space, source.width) for source in init.sources[modality]]
    known = {(part.space, part.dim): part for part in parts}
    if sorted(known) != sorted(wanted) or len(known) != len(parts):
        seen = [(part.space, part.dim) for part in parts]
        raise SpaceMismatch(_listed(wanted), _listed(seen))
    return [known[key] for key in wanted]


def _listed(spaces: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{space} ({width})" for space, width in spaces)


def _anchors(
    features: Mapping[Modality, FrozenVectors],
    init: ProjectionModel | None,
    anchor: str | Sequence[str],
) -> frozenset[Modality]:
    asked = {as_modality(name) for name in ([anchor] if isinstance(anchor, str) else anchor)}
    before = frozenset() if init is None else frozenset(init.anchors)
    for modality in sorted(asked - before):
        if modality not in features:
            raise InputError(f"the anchor {modality.value} has no features")
        if init is not None and modality in init.heads:
            raise InputError(f"{modality.value} has a head already, so it cannot be an anchor")
    return before | asked


def _dim(
    features: Mapping[Modality, FrozenVectors],
    anchors: frozenset[Modality],
    init: ProjectionModel | None,
    dim: int | None,
) -> int:
    if init is not None:
        if dim not in (None, init.dim):
            raise InputError("dim is that of the model to go on from", expected=init.dim, seen=dim)
        return init.dim
    if dim is None:
        return min((features[m].width for m in anchors), default=DEFAULT_DIM)
    if isinstance(dim, bool) or not isinstance(dim, int) or dim < 1:
        raise InputError("dim must be a whole number from 1", seen=dim)
    return dim


def _name(init: ProjectionModel | None) -> str:
    return DEFAULT_NAME if init is None else init.name

"""`FrozenVectors`: what a head sees of one modality, read from embeddings a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.embeddings import Embeddings
from pentad.encoders.frozen_source import FrozenSource
from pentad.encoders.projection_head import unit_float32

Features = Mapping[str, Embeddings | Sequence[Embeddings]]
Positions = NDArray[np.signedinteger[Any]]
MISSING = -1
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class FrozenVectors:
    """The embeddings of one modality, never copied whole.

    Attributes:
        modality: What the items are.
        parts: One or more embeddings, possibly memory-mapped; their unit rows stand side by side.
        ids: (items,) ascending: the items that all parts have.
        rows: For each part, which of its rows the items are; None where these are all of its rows.
    """

    modality: Modality
    parts: tuple[Embeddings, ...]
    ids: NDArray[Any]
    rows: tuple[NDArray[np.int64] | None, ...]

    @classmethod
    def of(cls, modality: str, parts: Sequence[Embeddings]) -> FrozenVectors:
        """Line up the embeddings of one modality.

        Raises:
            InputError: There are none, they are of another modality, or two are of one space.
        """
        kind = as_modality(modality)
        if not parts:
            raise InputError(f"features of {kind.value} are empty", expected="embeddings")
        for part in parts:
            if not isinstance(part, Embeddings) or part.modality is not kind:
                seen = part.modality if isinstance(part, Embeddings) else type(part).__name__
                expected = f"Embeddings of {kind.value}"
                raise InputError(f"wrong features of {kind.value}", expected=expected, seen=seen)
        if len({part.space for part in parts}) < len(parts):
            raise InputError(f"two features of {kind.value} are of one space", seen=parts[0].space)
        ids: NDArray[Any] = parts[0].ids
        for part in parts[1:]:
            ids = np.intersect1d(ids, part.ids, assume_unique=True)
        rows = tuple(None if len(p) == len(ids) else np.searchsorted(p.ids, ids) for p in parts)
        return cls(kind, tuple(parts), ids, rows)

    @property
    def sources(self) -> tuple[FrozenSource, ...]:
        """The spaces of the parts."""
        return tuple(FrozenSource(part.space, part.dim) for part in self.parts)

    @property
    def width(self) -> int:
        """Length of all parts side by side."""
        return sum(part.dim for part in self.parts)

    def positions(self, ids: ArrayLike) -> Positions:
        """Return where in `ids` these ids are, `MISSING` where they are not."""
        wanted = np.asarray(ids)
        both = np.promote_types(wanted.dtype, self.ids.dtype)
        known = self.ids.astype(both, copy=False)
        narrow = len(self.ids) <= np.iinfo(np.int32).max
        found: NDArray[Any] = np.full(len(wanted), MISSING, np.int32 if narrow else np.int64)
        for start in range(0, len(wanted) if len(self.ids) else 0, _BLOCK):
            block = wanted[start : start + _BLOCK].astype(both, copy=False)
            place = np.minimum(np.searchsorted(known, block), len(known) - 1)
            found[start : start + _BLOCK] = np.where(known[place] == block, place, MISSING)
        return found

    def gather(self, positions: Positions) -> NDArray[np.float32]:
        """Return float32 (n, width): unit rows side by side; zeros where a part is zero.

        Raises:
            InputError: A vector is not finite.
        """
        parts = []
        for part, rows in zip(self.parts, self.rows, strict=True):
            taken = part.vectors[positions if rows is None else rows[positions]]
            with np.errstate(invalid="ignore"):  # what is not finite is refused below
                parts.append(unit_float32(taken))
        joined = np.hstack(parts)
        sums = joined.sum(axis=1)
        if not np.isfinite(sums).all():
            bad = self.ids[positions[int(np.flatnonzero(~np.isfinite(sums))[0])]]
            raise InputError(f"the vector of {self.modality.value} {bad} is not finite")
        joined[np.logical_or.reduce([~p.any(axis=1) for p in parts])] = 0.0
        return joined


def by_modality(features: Features) -> dict[Modality, list[Embeddings]]:
    """Return the embeddings of each modality, in the usual order.

    Raises:
        InputError: There are none.
        UnknownName: A key is no modality.
    """
    given = {
        as_modality(name): [value] if isinstance(value, Embeddings) else list(value)
        for name, value in features.items()
    }
    if not given:
        raise InputError("there is nothing to train on", expected="features={modality: Embeddings}")
    return {m: given[m] for m in Modality if m in given}

"""`Space`: the vectors of all modalities at length 1, with what is known about each row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, SpaceMismatch
from pentad.core.modality import Modality
from pentad.core.seeds import generator
from pentad.evaluation.units import Unit, unit_codes, units_of_items, units_of_keys

if TYPE_CHECKING:
    from pentad.evaluation.labelled import LabelledVectors

NONE = -1
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """One modality of a space.

    Attributes:
        modality: What the rows are.
        vectors: float32 (rows, dim) of length 1; a zero vector stays zero.
        ids: Integers (rows,).
        captions: Per row its caption keys, of text its own.
        concepts: Per row its concept or None; a caption has that of most of its items.
        units: int64 (rows,), what is resampled together; numbered alike in all parts of a space.
    """

    modality: Modality
    vectors: NDArray[np.float32]
    ids: NDArray[Any]
    captions: tuple[tuple[str, ...], ...]
    concepts: tuple[str | None, ...]
    units: Rows

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.vectors)

    @property
    def zeros(self) -> int:
        """How many vectors are zero: they point nowhere and have cosine 0 with everything."""
        return int((~self.vectors.any(axis=1)).sum())

    def sample(self, most: int, seed: int, use: str) -> Rows:
        """Return int64: at most ``most`` rows, drawn for one ``use`` of a seed, ascending."""
        if len(self) <= most:
            return np.arange(len(self))
        drawn = generator(seed, "sample", use, self.modality.value).permutation(len(self))
        return np.sort(drawn[:most]).astype(np.int64)


Space = Mapping[Modality, Part]


def as_space(embeddings: Mapping[Modality, LabelledVectors]) -> dict[Modality, Part]:
    """Return the modalities that have rows, in the usual order.

    Args:
        embeddings: Vectors by modality, all in one space; a value that is not finite was refused
            when they were made.

    Raises:
        InputError: There are no rows, a key is not the modality of its vectors, or their
            dimensions differ or are 0.
        SpaceMismatch: Two modalities name different spaces.
    """
    found = {m: embeddings[m] for m in Modality if m in embeddings and len(embeddings[m])}
    _check(found)
    media = [part for m, part in found.items() if m is not Modality.TEXT]
    captions = [keys for part in media for keys in part.captions]
    of_key = units_of_keys(captions, [c for part in media for c in part.concepts])
    units = {m: _units(part, of_key) for m, part in found.items()}
    codes = iter(unit_codes([unit for part in units.values() for unit in part]).tolist())
    return {
        m: Part(
            m,
            _unit_rows(part.vectors),
            part.ids,
            part.captions,
            _concepts(part, units[m]),
            np.array([next(codes) for _ in units[m]], dtype=np.int64),
        )
        for m, part in found.items()
    }


def concept_codes(space: Space) -> dict[Modality, Rows]:
    """Return int64 (rows,) by modality: equal numbers for equal concepts, `NONE` without one."""
    names = sorted({c for part in space.values() for c in part.concepts if c is not None})
    code = {name: number for number, name in enumerate(names)}
    return {m: _coded(part.concepts, code) for m, part in space.items()}


def _coded(concepts: Iterable[str | None], code: Mapping[str, int]) -> Rows:
    return np.array([NONE if c is None else code[c] for c in concepts], dtype=np.int64)


def _check(found: Mapping[Modality, LabelledVectors]) -> None:
    if not found:
        raise InputError("there are no vectors to diagnose")
    first, *others = found.values()
    for modality, part in found.items():
        if part.modality != modality:
            raise InputError(
                "vectors under the wrong modality", expected=modality, seen=part.modality
            )
        if part.vectors.shape[1] != first.vectors.shape[1] or not part.vectors.shape[1]:
            seen = {m.value: p.vectors.shape[1] for m, p in found.items()}
            raise InputError("vectors of one space have one length, at least 1", seen=seen)
    named = [part.space for part in (first, *others) if part.space is not None]
    for space in named:
        if space != named[0]:
            raise SpaceMismatch(named[0], space)


def _units(part: LabelledVectors, of_key: Mapping[str, Unit]) -> list[Unit]:
    if part.modality is Modality.TEXT:
        return [of_key.get(keys[0], ("caption", keys[0])) for keys in part.captions]
    units = units_of_items(part.captions, part.concepts, part.ids, of_key)
    # An item without labels is named by its id, which another modality has as well.
    return [(k, f"{part.modality} {name}" if k == "item" else name) for k, name in units]


def _concepts(part: LabelledVectors, units: Sequence[Unit]) -> tuple[str | None, ...]:
    if part.modality is not Modality.TEXT:
        return part.concepts
    return tuple(name if kind == "concept" else None for kind, name in units)


def _unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Return float32 rows of length 1."""
    wide = np.asarray(vectors, dtype=np.float64)
    # Dividing by the largest value first keeps squares in range.
    top = np.abs(wide).max(axis=1, keepdims=True)
    wide = wide / np.where(top > 0, top, 1.0)
    lengths = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    return (wide / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)

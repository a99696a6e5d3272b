"""`LabelledVectors`: vectors of one modality with the captions and concepts that judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.core.seeds import generator


@dataclass(frozen=True, eq=False)
class LabelledVectors:
    """Vectors of one modality, and what is known about each row.

    Make one with `of_captions` (text: one row a caption key) or `of_items` (everything else).
    Captions come as keys: the equality of captions is decided by whoever makes this value.

    Attributes:
        modality: What the rows are.
        vectors: float32 or float64 (rows, dim), finite, of any length.
        ids: Integers (rows,), no two equal.
        captions: Per row, the distinct keys of its captions; for text exactly one.
        concepts: Per row, its concept, or None.
        space: Name of the space, if known; two known ones must agree.
    """

    modality: Modality
    vectors: NDArray[Any]
    ids: NDArray[Any]
    captions: tuple[tuple[str, ...], ...]
    concepts: tuple[str | None, ...]
    space: str | None = None

    def __post_init__(self) -> None:
        """Check that every row has a finite vector, an id and labels."""
        if self.vectors.ndim != 2:
            raise InputError("vectors must be (rows, dim)", seen=self.vectors.shape)
        rows = len(self.vectors)
        for what in ("ids", "captions", "concepts"):
            if len(getattr(self, what)) != rows:
                seen = len(getattr(self, what))
                raise InputError(
                    f"{self.modality}: one entry a row", column=what, expected=rows, seen=seen
                )
        if len(np.unique(self.ids)) != rows:
            raise InputError(f"{self.modality}: an id occurs twice", column="ids")
        finite = np.isfinite(self.vectors).all(axis=1)
        if not finite.all():
            bad = self.ids[int(np.argmin(finite))]
            raise InputError(f"{self.modality}: the vector of id {bad} is not finite")

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.vectors)

    @classmethod
    def of_captions(
        cls,
        keys: Sequence[str],
        vectors: ArrayLike,
        *,
        ids: ArrayLike | None = None,
        space: str | None = None,
    ) -> LabelledVectors:
        """Return captions merged by key: of those that share one, the one with the lowest id stays.

        Args:
            keys: One key a row.
            vectors: Numbers (rows, dim).
            ids: Integers (rows,), default 0 .. rows - 1.
            space: Name of the space, if known.

        Raises:
            InputError: Lengths differ, an id occurs twice among what stays, a vector is not finite.
        """
        array, numbers = _vectors(vectors), _ids(ids, len(keys))
        if not len(array) == len(numbers) == len(keys):
            seen = (len(keys), len(array), len(numbers))
            raise InputError("text: keys, vectors and ids must be equally many", seen=seen)
        rows = first_rows(keys, numbers)
        captions = tuple((keys[row],) for row in rows)
        none = (None,) * len(rows)
        return cls(Modality.TEXT, array[rows], numbers[rows], captions, none, space)

    @classmethod
    def of_items(
        cls,
        modality: str,
        vectors: ArrayLike,
        *,
        captions: Sequence[Sequence[str]] | None = None,
        concepts: Sequence[str | None] | None = None,
        ids: ArrayLike | None = None,
        space: str | None = None,
    ) -> LabelledVectors:
        """Return items of a media modality with their labels.

        Args:
            modality: Any but text.
            vectors: Numbers (rows, dim).
            captions: Per row, the keys of its captions; repeated ones count once. Default none.
            concepts: Per row, its concept or None. Default None for every row.
            ids: Integers (rows,), default 0 .. rows - 1.
            space: Name of the space, if known.

        Raises:
            UnknownName: There is no such modality.
            InputError: The modality is text, lengths differ, an id occurs twice, or a vector is not
                finite.
        """
        kind = as_modality(modality)
        if kind is Modality.TEXT:
            raise InputError("text is made with LabelledVectors.of_captions")
        array = _vectors(vectors)
        labels = [()] * len(array) if captions is None else captions
        keys = tuple(tuple(dict.fromkeys(row)) for row in labels)
        known = (None,) * len(array) if concepts is None else tuple(concepts)
        return cls(kind, array, _ids(ids, len(array)), keys, known, space)


def first_rows(keys: Sequence[str], ids: NDArray[Any]) -> NDArray[np.int64]:
    """Return, in id order, the row of each distinct key that has the lowest id.

    Args:
        keys: One key a row.
        ids: Integers (rows,).
    """
    order = np.argsort(ids, kind="stable").tolist()
    first: dict[str, int] = {}
    for row in order:
        first.setdefault(keys[row], row)
    return np.array(list(first.values()), dtype=np.int64)


def shuffle_labels(items: LabelledVectors, seed: int) -> LabelledVectors:
    """Return the same vectors with the labels of other rows, by a permutation made from ``seed``.

    A row's captions and concept stay together, so units keep their sizes. Every caption then points
    at a random set of items, and whatever still scores above chance is a fault in the evaluation.
    """
    order = generator(seed, "shuffled-labels", items.modality.value).permutation(len(items))
    return replace(
        items,
        captions=tuple(items.captions[row] for row in order),
        concepts=tuple(items.concepts[row] for row in order),
    )


def _vectors(values: ArrayLike) -> NDArray[Any]:
    array: NDArray[Any] = np.asarray(values)
    return array if array.dtype == np.float64 else array.astype(np.float32)


def _ids(ids: ArrayLike | None, rows: int) -> NDArray[Any]:
    array: NDArray[Any] = np.arange(rows) if ids is None else np.asarray(ids)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise InputError("ids must be one row of integers", seen=(array.shape, array.dtype))
    return array

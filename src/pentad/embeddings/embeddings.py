"""`Embeddings`: the vectors of some items in one named space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pentad.core.errors import InputError, SpaceMismatch, StoreError
from pentad.core.fingerprint import fingerprint_array, fingerprint_value
from pentad.core.modality import Modality, as_modality
from pentad.embeddings.arrays import FLOATS, IDS, map_array, read_array
from pentad.embeddings.ids import Ids, ascends, narrow_ids
from pentad.store.records import committing, read_record

_RECORD = "embeddings.json"


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One vector per item, all in one space.

    Attributes:
        vectors: float16 or float32 (items, dim); may be memory-mapped.
        ids: u32 or u64 (items,), ascending, no two equal.
        modality: What the items are.
        space: Name of the space; vectors of two spaces cannot be compared.
        location: Folder the vectors lie in, relative to the workspace; empty when only in memory.
    """

    vectors: NDArray[Any]
    ids: Ids
    modality: Modality
    space: str
    location: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Check shapes and ids."""
        if self.vectors.ndim != 2:
            raise InputError(
                "vectors must be a matrix", expected="(items, dim)", seen=self.vectors.shape
            )
        if self.ids.shape != (len(self.vectors),):
            raise InputError("one id a vector", expected=(len(self.vectors),), seen=self.ids.shape)
        if not ascends(self.ids):
            raise InputError("ids must ascend without repeats")

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.ids)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    @property
    def fingerprint(self) -> str:
        """64 hex digits over space, ids and vectors."""
        parts = [self.space, fingerprint_array(self.ids), fingerprint_array(self.vectors)]
        return fingerprint_value(parts)

    @classmethod
    def from_array(
        cls,
        vectors: ArrayLike,
        *,
        modality: str,
        space: str,
        ids: ArrayLike | None = None,
    ) -> Embeddings:
        """Wrap an array of vectors, one row an item.

        Args:
            vectors: (items, dim) of finite numbers; float16 stays, everything else becomes float32.
            modality: What the items are.
            space: A name for the space the vectors live in.
            ids: Integers, no two equal; rows are brought into ascending order. Default 0..n-1.

        Raises:
            InputError: A wrong shape, a value that is not finite, a repeated or negative id.
        """
        array = np.asarray(vectors)
        if array.dtype != np.float16:
            with np.errstate(over="ignore"):  # what becomes infinite is refused below
                array = array.astype(np.float32)
        if array.ndim != 2:
            raise InputError("vectors must be a matrix", expected="(items, dim)", seen=array.shape)
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise InputError("vectors must be finite", row=row)
        numbers = np.arange(len(array)) if ids is None else np.asarray(ids)
        if numbers.shape != (len(array),):
            raise InputError("one id a vector", expected=(len(array),), seen=numbers.shape)
        order = np.argsort(numbers, kind="stable")
        return cls(array[order], narrow_ids(numbers)[order], as_modality(modality), space)

    def unit(self) -> NDArray[np.float32]:
        """Return the vectors as float32 rows of length 1; a zero row stays zero."""
        return unit_rows(self.vectors)

    def take(self, ids: ArrayLike) -> Embeddings:
        """Return the rows of ``ids`` that are present, in id order."""
        keep = np.zeros(len(self), dtype=np.bool_)
        rows, there = find_rows(self.ids, ids)
        keep[rows[there]] = True
        return Embeddings(
            self.vectors[keep], self.ids[keep], self.modality, self.space, self.location
        )

    def save(self, folder: str | Path) -> None:
        """Write vectors, ids and a record into ``folder``."""
        root = Path(folder)
        with committing(root / _RECORD) as commit:
            write_array(commit.path("vectors.npy"), self.vectors)
            write_array(commit.path("ids.npy"), self.ids)
            commit.finish(
                {
                    "modality": self.modality.value,
                    "space": self.space,
                    "rows": len(self),
                    "dim": self.dim,
                    "dtype": str(self.vectors.dtype),
                }
            )

    @classmethod
    def load(cls, folder: str | Path) -> Embeddings:
        """Read what `save` wrote, or a workspace's shards in ``embeddings/<space>/<modality>``.

        The vectors are memory-mapped; of shards only the rows that somebody asks for are read.

        Raises:
            StoreError: There is no finished record, or a file has another size than recorded.
        """
        root = Path(folder)
        record = read_record(root / _RECORD)
        if record is None and any(root.glob("[0-9]*.json")):
            from pentad.embeddings.shards import open_shards

            return open_shards(root)
        if record is None or not record.intact():
            raise StoreError(f"{root}: no complete embeddings here; write them again with save()")
        try:
            rows = record.fields["rows"]
            vectors = map_array(root / "vectors.npy", FLOATS, (rows, None))
            ids = read_array(root / "ids.npy", IDS, (rows,))
            return cls(vectors, ids, Modality(record.fields["modality"]), record.fields["space"])
        except (OSError, ValueError, KeyError, TypeError, InputError) as error:
            raise StoreError(f"{root}: damaged ({error}); write it again with save()") from None


def require_same_space(left: Embeddings, right: Embeddings) -> None:
    """Raise `SpaceMismatch`, naming both, when two spaces differ."""
    if left.space != right.space:
        raise SpaceMismatch(left.space, right.space)


def concatenate(parts: Sequence[Embeddings]) -> Embeddings:
    """Return the rows of all parts of one modality and one space, in id order."""
    for part in parts[1:]:
        require_same_space(parts[0], part)
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    vectors = np.concatenate([p.vectors for p in parts])
    ids = np.concatenate([p.ids for p in parts])
    order = np.argsort(ids, kind="stable")
    return Embeddings(vectors[order], ids[order], first.modality, first.space, first.location)


def find_rows(ids: NDArray[Any], wanted: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the row of each wanted id, and whether it is there; 0 where it is not.

    Args:
        ids: u32 or u64 (items,), ascending.
        wanted: Integers (n,), of any type; none is there that is negative.

    Raises:
        InputError: ``wanted`` are no integers, or no vector of them.
    """
    numbers = np.asarray(wanted)
    if numbers.ndim != 1:
        raise InputError("ids must be one-dimensional", seen=numbers.shape)
    if numbers.dtype.kind not in "iu" and len(numbers):
        raise InputError("ids must be integers", seen=numbers.dtype)
    # Beside u64, numbers that have a sign would be compared as floats, which have 53 bits.
    keys = np.where(numbers < 0, 0, numbers).astype(np.uint64)
    rows = np.searchsorted(ids, keys).astype(np.int64)
    there = (rows < len(ids)) & (numbers >= 0)
    there[there] = ids[rows[there]] == keys[there]
    return np.where(there, rows, 0), there


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Return float32 rows of length 1; a zero row stays zero."""
    rows = np.asarray(vectors, dtype=np.float32)
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)).astype(np.float32)
    norms[norms == 0] = 1.0
    result: NDArray[np.float32] = rows / norms[:, None]
    return result


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write one array as ``.npy`` in C order, without any object data."""
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)

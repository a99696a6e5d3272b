"""Shards of vectors on disk: shard n holds the ids from ``n * SHARD_ROWS`` up to the next shard's.

embeddings/<space>/encoder.json            which encoder, its classes
embeddings/<space>/<modality>/00000.npy    float16 (rows, dim)
                              00000.ids.npy, 00000.prints.npy, [00000.classes.npy],
                              [00000.offsets.npy] where an item has several rows
                              00000.json   the record, written last; lists what was refused
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, Reason, StoreError
from pentad.core.fingerprint import fingerprint_value
from pentad.core.modality import Modality
from pentad.embeddings.arrays import BYTES, HALF, I64, U32, map_array, read_array
from pentad.embeddings.embeddings import Embeddings, write_array
from pentad.embeddings.stacked import StackedRows
from pentad.store.records import Record, committing, read_record

SHARD_ROWS = 4096


@dataclass(frozen=True)
class Failure:
    """An item that has no vector.

    Attributes:
        id: The item.
        fingerprint: Its content when it was tried.
        reason: Typed reason.
        detail: One line for people.
    """

    id: int
    fingerprint: str
    reason: Reason
    detail: str


@dataclass(frozen=True, eq=False)
class Shard:
    """The rows of one shard in memory, in id order.

    Attributes:
        ids: u32 (rows,).
        prints: uint8 (rows, 32): SHA-256 of what each row was made from.
        vectors: float16 (rows, dim).
        scores: float16 (rows, classes), or None.
        failures: Items of this shard that were refused.
        offsets: int64 (items + 1,) where items have several rows each: item ``i`` has those from
            ``offsets[i]`` up to ``offsets[i + 1]``; None where each has one.
    """

    ids: NDArray[np.uint32]
    prints: NDArray[np.uint8]
    vectors: NDArray[np.float16]
    scores: NDArray[np.float16] | None
    failures: tuple[Failure, ...] = ()
    offsets: NDArray[np.int64] | None = None

    def rows_of(self, item: int) -> NDArray[np.float16]:
        """Return the vector of the item in place ``item``, or its rows where it has several."""
        if self.offsets is None:
            vector: NDArray[np.float16] = self.vectors[item]
            return vector
        return self.vectors[self.offsets[item] : self.offsets[item + 1]]


class ShardFolder:
    """The shards of one space and one modality."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """Return the numbers of all shards that have a record, ascending."""
        return sorted(int(p.stem) for p in self.folder.glob("*.json") if p.stem.isdigit())

    def record(self, number: int, *, hashed: bool = False) -> Record | None:
        """Return the record of a finished, complete shard; None where it has to be made.

        Args:
            number: Of the shard.
            hashed: Compare the files' contents too, not only their sizes.
        """
        record = read_record(self.folder / f"{number:05d}.json")
        if record is None or not record.intact() or (hashed and record.damaged()):
            return None
        return record

    def read(self, number: int, *, hashed: bool = False) -> Shard | None:
        """Return a shard, vectors memory-mapped; None where it has to be made."""
        record = self.record(number, hashed=hashed)
        if record is None:
            return None
        try:
            return self._load(number, record)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, number: int, shard: Shard, fields: Mapping[str, object]) -> None:
        """Write a shard and then its record."""
        name = f"{number:05d}"
        with committing(self.folder / f"{name}.json") as commit:
            write_array(commit.path(f"{name}.npy"), shard.vectors)
            write_array(commit.path(f"{name}.ids.npy"), shard.ids)
            write_array(commit.path(f"{name}.prints.npy"), shard.prints)
            if shard.scores is not None:
                write_array(commit.path(f"{name}.classes.npy"), shard.scores)
            if shard.offsets is not None:
                write_array(commit.path(f"{name}.offsets.npy"), shard.offsets)
            commit.finish(
                {
                    **fields,
                    "rows": len(shard.ids),
                    "dim": shard.vectors.shape[1],
                    "dtype": str(shard.vectors.dtype),
                    "inputs": inputs_fingerprint(shard),
                    "failed": [
                        [f.id, f.fingerprint, f.reason.value, f.detail] for f in shard.failures
                    ],
                }
            )

    def remove(self, number: int) -> None:
        """Delete a shard, its record first."""
        for path in [self.folder / f"{number:05d}.json", *self.folder.glob(f"{number:05d}.*")]:
            path.unlink(missing_ok=True)

    def shards(self) -> Iterator[Shard]:
        """Yield all shards in id order.

        Raises:
            StoreError: One of them is damaged.
        """
        for number in self.numbers():
            yield self.require(number)

    def require(self, number: int) -> Shard:
        """Return a shard, vectors memory-mapped.

        Raises:
            StoreError: It is damaged.
        """
        shard = self.read(number)
        if shard is None:
            raise StoreError(f"{self.folder}/{number:05d}.npy: damaged; run 'pentad embed' again")
        return shard

    def _load(self, number: int, record: Record) -> Shard:
        def path(what: str) -> Path:
            return self.folder / f"{number:05d}.{what}npy"

        def is_there(what: str) -> bool:
            return path(what).name in record.files

        rows, dim = record.fields["rows"], record.fields["dim"]
        offsets = read_array(path("offsets."), I64, (rows + 1,)) if is_there("offsets.") else None
        scores = map_array(path("classes."), HALF, (rows, None)) if is_there("classes.") else None
        ids = read_array(path("ids."), U32, (rows,))
        vectors = map_array(path(""), HALF, (rows if offsets is None else None, dim))
        _require_order(ids, offsets, len(vectors))
        failed = (Failure(int(i), f, Reason(r), d) for i, f, r, d in record.fields["failed"])
        prints = read_array(path("prints."), BYTES, (rows, 32))
        return Shard(ids, prints, vectors, scores, tuple(failed), offsets)


def _require_order(
    ids: NDArray[np.uint32], offsets: NDArray[np.int64] | None, vectors: int
) -> None:
    if (ids[1:] <= ids[:-1]).any():
        raise ValueError("ids do not ascend")
    if offsets is not None:
        ends = (int(offsets[0]), int(offsets[-1]))
        if ends != (0, vectors) or (offsets[1:] < offsets[:-1]).any():
            raise ValueError("offsets do not span the rows")


def open_shards(root: Path) -> Embeddings:
    """Return the vectors of one space and modality, mapped, of which nothing is read yet.

    Raises:
        StoreError: A shard is damaged, or of another space, modality, width or type than the rest.
    """
    folder = ShardFolder(root)
    if any(root.glob("*.offsets.npy")):
        raise InputError(
            "holds several rows an item; read it with FrameEmbeddings.load()", file=root
        )
    records = [folder.record(number) for number in folder.numbers()]
    kinds = {(r.fields.get("modality"), r.fields.get("space")) for r in records if r is not None}
    shards = list(folder.shards())
    if len(kinds) != 1:
        raise StoreError(f"{root}: shards of different spaces lie here; run 'pentad embed' again")
    modality, space = kinds.pop()
    try:
        rows = StackedRows([s.vectors for s in shards if len(s.ids)] or [shards[0].vectors])
    except InputError as error:
        raise StoreError(f"{root}: {error}; run 'pentad embed' again") from error
    location = "/".join(("embeddings", *root.resolve().parts[-2:]))
    # Whatever takes vectors takes rows by slices, flags and numbers, which these have.
    vectors = cast("NDArray[Any]", rows)
    ids = np.concatenate([s.ids for s in shards])
    return Embeddings(vectors, ids, Modality(str(modality)), str(space), location)


def inputs_fingerprint(shard: Shard) -> str:
    """Return 64 hex digits over the ids and contents a shard was made from."""
    made = list(zip(shard.ids.tolist(), map(bytes.hex, map(bytes, shard.prints)), strict=True))
    return fingerprint_value([made, [[f.id, f.fingerprint] for f in shard.failures]])

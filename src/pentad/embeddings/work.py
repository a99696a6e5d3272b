"""What a workspace's shards lack, and shards put together from what they had and what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pentad.core.failpoints import failpoint
from pentad.core.modality import Modality
from pentad.embeddings import shards as shard_module
from pentad.embeddings.fetch_ahead import Source
from pentad.embeddings.shards import Failure, Shard, ShardFolder
from pentad.embeddings.stream import Encoded, EncodingRun
from pentad.encoders.protocol import Classifier, Encoder, is_row_independent, space_of
from pentad.store.atomic import json_bytes, write_json
from pentad.store.items import Items
from pentad.store.workspace import Workspace

FRAMES = ".frames"
"""What the name of a space ends with where its rows are frames."""


@dataclass(frozen=True)
class EmbedOptions:
    """How embedding is done. None of it changes what a vector means.

    Attributes:
        workers: Decoder processes; None for one a processor.
        batch_size: Rows of a run of the encoder; None as it prefers.
        retry_failed: Try refused items again though nothing about them has changed.
        frames: Store the rows of every item (windows, frames, views) instead of one vector.
    """

    workers: int | None = None
    batch_size: int | None = None
    retry_failed: bool = False
    frames: bool = False


DEFAULTS = EmbedOptions()


def encoding_run(encoder: Encoder, modality: str, options: EmbedOptions) -> EncodingRun:
    """Return decoders and an encoder, working as the options say.

    Raises:
        InputError: The encoder does not know the modality, or has no rows to give.
    """
    return EncodingRun(
        encoder,
        modality,
        workers=options.workers,
        batch_size=options.batch_size,
        frames=options.frames,
    )


@dataclass(frozen=True, eq=False)
class Work:
    """One shard that has to be made or made anew.

    Attributes:
        number: Of the shard.
        part: Its items.
        old: What is there already and whole, or None.
        todo: Which items have to be encoded, bool (items,).
    """

    number: int
    part: Items
    old: Shard | None
    todo: NDArray[np.bool_]

    @property
    def kept(self) -> int:
        """How many items are as they were."""
        return len(self.part) - int(self.todo.sum())

    def sources(self) -> Sequence[Source]:
        """Return captions or paths of the items that have to be encoded."""
        items = self.part
        if self.kept:
            items = Items(items.modality, items.frame.filter(self.todo), items.roots)
        return items.captions if items.modality is Modality.TEXT else items.paths()


class WorkspaceShards:
    """The shards of one encoder and one modality in a workspace, and the items they should hold.

    Attributes:
        space: Where the vectors are.
        modality: What the items are.
        dim: Length of a vector.
        options: How embedding is done.
        encoded: Items that got their vectors so far.
    """

    def __init__(
        self, workspace: Workspace, items: Items, encoder: Encoder, options: EmbedOptions
    ) -> None:
        self.space = space_of(encoder) + (FRAMES if options.frames else "")
        self.modality = items.modality
        self.dim = encoder.dim
        self.options = options
        self.encoded = 0
        self._items = items
        self._encoder = encoder
        self._home = workspace.root / "embeddings" / self.space
        self._folder = ShardFolder(self._home / items.modality.value)
        self._failures: dict[int, tuple[Failure, ...]] = {}

    def prepare(self) -> None:
        """Describe the encoder, and delete shards of which every item is gone."""
        self._describe_encoder()
        for stale in sorted(set(self._folder.numbers()) - set(self._numbers)):
            self._folder.remove(stale)
            failpoint("embed.removed")

    def works(self, told: Callable[[int], None]) -> Iterator[Work]:
        """Yield the shards that need work; ``told`` hears of the items of all others."""
        for number in self._numbers:
            work = self.work(number, hashed=True)
            failpoint("embed.planned")
            if work.old is None or work.todo.any() or _surplus(work.part, work.old):
                yield work
            else:
                self._failures[number] = work.old.failures
                told(len(work.part))

    def work(self, number: int, *, hashed: bool = False) -> Work:
        """Return what one shard lacks; ``hashed`` compares the contents of its files too."""
        part = self._part(number)
        old = self._folder.read(number, hashed=hashed)
        return Work(number, part, old, self._to_encode(part, old))

    def write(self, work: Work, shard: Shard) -> None:
        """Write a shard and then its record."""
        failpoint("embed.assembled")
        self._folder.write(work.number, shard, self._fields)
        failed = {failure.id for failure in shard.failures}
        self.encoded += sum(i not in failed for i in work.part.ids[work.todo].tolist())
        self._failures[work.number] = shard.failures

    def lacking(self) -> int:
        """Return about how many items have to be encoded, from the records alone."""
        records = (self._folder.record(number) for number in self._numbers)
        rows = sum(r.fields["rows"] + len(r.fields["failed"]) for r in records if r is not None)
        return len(self._items) - int(rows)

    def failures(self) -> list[Failure]:
        """Return what was refused, by id."""
        return [failure for number in sorted(self._failures) for failure in self._failures[number]]

    @cached_property
    def _numbers(self) -> list[int]:
        numbers: list[int] = np.unique(self._items.ids // shard_module.SHARD_ROWS).tolist()
        return numbers

    @property
    def _fields(self) -> dict[str, object]:
        return {
            "space": self.space,
            "modality": self._items.modality.value,
            "encoder": self._encoder.fingerprint,
        }

    def _part(self, number: int) -> Items:
        rows = shard_module.SHARD_ROWS
        low, high = np.searchsorted(self._items.ids, [number * rows, (number + 1) * rows]).tolist()
        items = self._items
        return Items(items.modality, items.frame.slice(low, high - low), items.roots)

    def _to_encode(self, part: Items, old: Shard | None) -> NDArray[np.bool_]:
        if old is None:
            return np.ones(len(part), dtype=bool)
        known = {int(i): bytes(p).hex() for i, p in zip(old.ids, old.prints, strict=True)}
        known |= {f.id: f.fingerprint for f in old.failures}
        pairs = zip(part.ids.tolist(), part.fingerprints, strict=True)
        changed = np.array([known.get(i) != print_ for i, print_ in pairs], dtype=bool)
        if (changed.any() or _surplus(part, old)) and not is_row_independent(self._encoder):
            changed[:] = True
        if self.options.retry_failed:
            changed |= np.isin(part.ids, [failure.id for failure in old.failures])
        return changed

    def _describe_encoder(self) -> None:
        path = self._home / "encoder.json"
        encoder = self._encoder
        classes = list(encoder.classes) if isinstance(encoder, Classifier) else []
        card = {
            "name": encoder.name,
            "revision": encoder.revision,
            "dim": encoder.dim,
            "fingerprint": encoder.fingerprint,
            "classes": classes,
            "modalities": [m.value for m in encoder.modalities],
        }
        if not path.exists() or path.read_bytes() != json_bytes(card):
            write_json(path, card)


def assembled(work: Work, fresh: Sequence[Encoded], dim: int, *, frames: bool = False) -> Shard:
    """Put kept and fresh rows together in id order.

    Args:
        work: The shard to be.
        fresh: What became of the items that had to be encoded, in id order.
        dim: Length of a vector.
        frames: Whether every item has several rows.
    """
    ids = work.part.ids.tolist()
    results = dict(zip(np.flatnonzero(work.todo).tolist(), fresh, strict=True))
    old = _Old(work.old)
    made: list[tuple[int, str, Encoded]] = []
    failed: list[Failure] = []
    for row, (number, print_) in enumerate(zip(ids, work.part.fingerprints, strict=True)):
        result = results[row] if row in results else old.result(number)
        if result is None:
            failed.append(old.failures[number])
        elif result.error is not None:
            failed.append(Failure(number, print_, result.error.reason, result.error.detail))
        else:
            made.append((number, print_, result))
    return _joined(made, tuple(failed), dim, frames)


class _Old:
    """What a shard held before, by id."""

    def __init__(self, shard: Shard | None) -> None:
        self._shard = shard
        self._rows = {} if shard is None else {int(i): row for row, i in enumerate(shard.ids)}
        self.failures = {} if shard is None else {f.id: f for f in shard.failures}

    def result(self, number: int) -> Encoded | None:
        """Return the vector and scores of an item; None where it was refused."""
        if self._shard is None or number not in self._rows:
            return None
        row = self._rows[number]
        scores = self._shard.scores
        return Encoded(self._shard.rows_of(row), None if scores is None else scores[row])


def _joined(
    made: Sequence[tuple[int, str, Encoded]], failed: tuple[Failure, ...], dim: int, frames: bool
) -> Shard:
    vectors = [np.asarray(r.vector, dtype=np.float16) for _, _, r in made]
    scores = [r.scores.astype(np.float16) for _, _, r in made if r.scores is not None]
    prints = b"".join(bytes.fromhex(print_) for _, print_, _ in made)
    offsets = None
    if frames:
        offsets = np.array([0, *np.cumsum([len(rows) for rows in vectors])], np.int64)
    empty = np.empty((0, dim), np.float16)
    rows = np.concatenate([empty, *vectors]) if frames else np.array(vectors or empty, np.float16)
    return Shard(
        np.array([number for number, _, _ in made], np.uint32),
        np.frombuffer(prints, np.uint8).reshape(-1, 32),
        rows,
        np.stack(scores) if scores else None,
        failed,
        offsets,
    )


def _surplus(part: Items, old: Shard) -> bool:
    known = {*old.ids.tolist(), *(f.id for f in old.failures)}
    return bool(known - set(part.ids.tolist()))

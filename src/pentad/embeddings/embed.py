"""`embed`: items in, `Embeddings` out. `embed_workspace`: into shards, and no row twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress, Task
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.encode import Encoded, EncodingRun
from pentad.embeddings.shards import SHARD_ROWS, Failure, Shard, ShardFolder
from pentad.encoders.protocol import Classifier, Encoder, is_row_independent, space_of
from pentad.store.atomic import json_bytes, write_json
from pentad.store.items import Items
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace


@dataclass(frozen=True)
class EmbedSummary:
    """What one run over one modality did.

    Attributes:
        space: Where the vectors are.
        encoded: Items that got their vectors now.
        kept: Items whose vectors were there already.
        rejected: Every item that has no vector, with the reason.
    """

    space: str
    encoded: int
    kept: int
    rejected: list[Rejection] = field(default_factory=list)


def embed(
    items: Items,
    encoder: Encoder,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Embeddings:
    """Return the vectors of items, in memory.

    Args:
        items: Items of a modality that the encoder knows.
        encoder: Any object with the members of `pentad.encoders.protocol.Encoder`.
        workers: Decoder processes; default one a processor.
        progress: Where to report; refused items are told through ``progress.notice``.

    Returns:
        float16 (items that could be encoded, dim) in the encoder's space.

    Raises:
        InputError: The encoder does not know the modality, or no item could be encoded.
    """
    shard = encode_shard(items, encoder, workers=workers, progress=progress)
    for failure in shard.failures:
        progress.notice(f"{_name(items, failure.id)}: {failure.reason.value}: {failure.detail}")
    if not len(shard.ids):
        raise InputError(f"none of {len(items)} {items.modality.value} items could be encoded")
    return Embeddings(shard.vectors, shard.ids, items.modality, space_of(encoder))


def embed_workspace(
    workspace: Workspace,
    items: Items,
    encoder: Encoder,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> EmbedSummary:
    """Bring the shards of one modality up to date; the caller holds the writer lock.

    A shard whose record matches its items is left alone. In any other, only new and changed items
    are encoded where the encoder's rows do not depend on their batch, else the whole shard.
    """
    space = space_of(encoder)
    _describe_encoder(workspace, encoder)
    folder = ShardFolder(workspace.root / "embeddings" / space / items.modality.value)
    numbers = np.unique(items.ids // SHARD_ROWS).tolist()
    for stale in sorted(set(folder.numbers()) - set(numbers)):
        folder.remove(stale)
    failures: list[Failure] = []
    tried: set[int] = set()
    fields = {"space": space, "modality": items.modality.value, "encoder": encoder.fingerprint}
    with (
        progress.task(f"embed {items.modality.value} with {encoder.name}", len(items)) as task,
        EncodingRun(encoder, items.modality, workers=workers) as run,
    ):
        for number in numbers:
            part = items.take(items.ids[items.ids // SHARD_ROWS == number])
            old = folder.read(number, hashed=True)
            todo = _to_encode(part, old, encoder)
            if old is None or todo.any() or _surplus(part, old):
                shard = _update(part, old, todo, run, task)
                folder.write(number, shard, fields)
                tried.update(part.ids[todo].tolist())
                old = shard
            task.advance(int(len(part) - todo.sum()))
            failures += old.failures
    rejected = [_rejection(items, failure) for failure in failures]
    encoded = len(tried) - sum(failure.id in tried for failure in failures)
    return EmbedSummary(space, encoded, len(items) - encoded - len(rejected), rejected)


def load_embeddings(workspace: Workspace, space: str, modality: str) -> Embeddings:
    """Read all vectors of one space and modality.

    Raises:
        StoreError: A shard is damaged.
        InputError: Nothing has been embedded there.
    """
    shards = _shards(workspace, space, modality)
    vectors = [s.vectors for s in shards]
    return _joined(shards, vectors, modality, space)


def load_class_scores(workspace: Workspace, space: str, modality: str) -> Embeddings | None:
    """Read the class scores stored beside the vectors; None where the encoder names no classes."""
    shards = _shards(workspace, space, modality)
    scores = [s.scores for s in shards if s.scores is not None]
    return _joined(shards, scores, modality, f"{space}.classes") if scores else None


def _joined(
    shards: Sequence[Shard], arrays: Sequence[NDArray[np.float16]], modality: str, space: str
) -> Embeddings:
    array = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    ids = np.concatenate([s.ids for s in shards])
    location = f"embeddings/{space.removesuffix('.classes')}/{modality}"
    return Embeddings(array, ids, Modality(modality), space, location)


def _shards(workspace: Workspace, space: str, modality: str) -> list[Shard]:
    folder = ShardFolder(workspace.root / "embeddings" / space / str(modality))
    shards = list(folder.shards())
    if not shards:
        raise InputError(f"no {modality} embeddings in space {space!r}; run 'pentad embed' first")
    return shards


def _to_encode(part: Items, old: Shard | None, encoder: Encoder) -> NDArray[np.bool_]:
    if old is None:
        return np.ones(len(part), dtype=bool)
    known = {int(i): bytes(p).hex() for i, p in zip(old.ids, old.prints, strict=True)}
    known |= {f.id: f.fingerprint for f in old.failures}
    pairs = zip(part.ids.tolist(), part.fingerprints, strict=True)
    changed = np.array([known.get(i) != print_ for i, print_ in pairs], dtype=bool)
    if not is_row_independent(encoder) and (changed.any() or _surplus(part, old)):
        changed[:] = True
    return changed


def _surplus(part: Items, old: Shard) -> bool:
    known = {*old.ids.tolist(), *(f.id for f in old.failures)}
    return bool(known - set(part.ids.tolist()))


def encode_shard(
    items: Items,
    encoder: Encoder,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Shard:
    """Encode items in memory, class scores and refusals included."""
    every = np.ones(len(items), dtype=bool)
    with (
        progress.task(f"embed {items.modality.value} with {encoder.name}", len(items)) as task,
        EncodingRun(encoder, items.modality, workers=workers) as run,
    ):
        return _update(items, None, every, run, task)


def _update(
    part: Items, old: Shard | None, todo: NDArray[np.bool_], run: EncodingRun, task: Task
) -> Shard:
    sources = part.captions if part.modality is Modality.TEXT else part.paths()
    fresh = run.encode([sources[row] for row in np.flatnonzero(todo)])
    rows: dict[int, Encoded] = {}
    for row, result in zip(np.flatnonzero(todo).tolist(), fresh, strict=True):
        rows[int(part.ids[row])] = result
        task.advance()
    return _assemble(part, old, rows, run.dim)


def _assemble(part: Items, old: Shard | None, fresh: dict[int, Encoded], dim: int) -> Shard:
    """Put kept and fresh rows together in id order."""
    kept = {} if old is None else {int(i): row for row, i in enumerate(old.ids)}
    failures = {} if old is None else {f.id: f for f in old.failures}
    ids, prints, vectors, scores, failed = [], [], [], [], []
    for number, print_ in zip(part.ids.tolist(), part.fingerprints, strict=True):
        result = fresh.get(number)
        if result is None and old is not None and number in kept:
            result = Encoded(
                old.vectors[kept[number]],
                None if old.scores is None else old.scores[kept[number]],
            )
        if result is None or result.vector is None:
            failed.append(_failure(number, print_, result, failures))
            continue
        ids.append(number)
        prints.append(np.frombuffer(bytes.fromhex(print_), np.uint8))
        vectors.append(result.vector.astype(np.float16))
        if result.scores is not None:
            scores.append(result.scores.astype(np.float16))
    return Shard(
        np.array(ids, np.uint32),
        _stack(prints, np.uint8, 32),
        _stack(vectors, np.float16, dim),
        _stack(scores, np.float16, 0) if scores else None,
        tuple(failed),
    )


def _failure(
    number: int, print_: str, result: Encoded | None, failures: dict[int, Failure]
) -> Failure:
    if result is None or result.error is None:
        return failures[number]
    return Failure(number, print_, result.error.reason, result.error.detail)


def _stack(rows: Sequence[NDArray[np.generic]], dtype: type[np.generic], width: int) -> NDArray:  # type: ignore[type-arg]
    return np.stack(rows).astype(dtype) if rows else np.empty((0, width), dtype)


def _describe_encoder(workspace: Workspace, encoder: Encoder) -> None:
    path = workspace.root / "embeddings" / space_of(encoder) / "encoder.json"
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


def _rejection(items: Items, failure: Failure) -> Rejection:
    row = int(np.searchsorted(items.ids, failure.id))
    source = str(items.frame["source"][row])
    stage = "encode" if failure.reason.value == "encoder-failed" else "decode"
    path = _name(items, failure.id)
    return Rejection(source, path, items.modality.value, stage, failure.reason, failure.detail)


def _name(items: Items, number: int) -> str:
    row = int(np.searchsorted(items.ids, number))
    column = "caption" if items.modality is Modality.TEXT else "file"
    return str(items.frame[column][row])


def all_rejections(summaries: Iterable[EmbedSummary]) -> list[Rejection]:
    """Return the rejections of several runs."""
    return [rejection for summary in summaries for rejection in summary.rejected]

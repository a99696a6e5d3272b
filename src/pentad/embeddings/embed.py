"""`embed`: items in, `Embeddings` out. `embed_workspace`: into shards, and no row twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pentad.core.engine import Engine
from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress, Task
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.fetch_ahead import Source
from pentad.embeddings.frames import FrameEmbeddings
from pentad.embeddings.shards import Failure, Shard, ShardFolder
from pentad.embeddings.spread import engine_of, recipe_of, update_spread
from pentad.embeddings.stream import Encoded, EncodingRun
from pentad.embeddings.work import (
    DEFAULTS,
    FRAMES,
    EmbedOptions,
    Work,
    WorkspaceShards,
    assembled,
    encoding_run,
)
from pentad.encoders.protocol import Encoder, KeepsPreparations, space_of
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
    shard = _some_encoded(items, encoder, EmbedOptions(workers), progress)
    return Embeddings(shard.vectors, shard.ids, items.modality, space_of(encoder))


def embed_frames(
    items: Items,
    encoder: Encoder,
    *,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> FrameEmbeddings:
    """Return the rows of items, in memory: windows of sounds, frames of videos, views of points.

    Args:
        items: Items of a modality that the encoder knows.
        encoder: One that has ``encode_frames``.
        workers: Decoder processes; default one a processor.
        progress: Where to report; refused items are told through ``progress.notice``.

    Returns:
        float16 rows as the encoder gives them, not normalised; `aggregate` makes vectors of them.

    Raises:
        InputError: The encoder does not know the modality or gives one vector an item, or no item
            could be encoded.
    """
    shard = _some_encoded(items, encoder, EmbedOptions(workers, frames=True), progress)
    offsets = np.zeros(1, np.int64) if shard.offsets is None else shard.offsets
    space = space_of(encoder) + FRAMES
    return FrameEmbeddings(shard.vectors, offsets, shard.ids, items.modality, space)


def _some_encoded(
    items: Items, encoder: Encoder, options: EmbedOptions, progress: Progress
) -> Shard:
    shard = encode_shard(items, encoder, options=options, progress=progress)
    for failure in shard.failures:
        progress.notice(f"{_name(items, failure.id)}: {failure.reason.value}: {failure.detail}")
    if not len(shard.ids):
        raise InputError(f"none of {len(items)} {items.modality.value} items could be encoded")
    return shard


def embed_workspace(
    workspace: Workspace,
    items: Items,
    encoder: Encoder,
    *,
    options: EmbedOptions = DEFAULTS,
    engine: Engine | None = None,
    spec: str | None = None,
    progress: Progress = SILENT,
) -> EmbedSummary:
    """Bring the shards of one modality up to date; the caller holds the writer lock.

    A shard whose record matches its items is left alone. In any other, only new and changed items
    are encoded where the encoder's rows do not depend on their batch, else the whole shard.

    Args:
        workspace: Where the shards are.
        items: What is embedded.
        encoder: What encodes.
        options: How it is done.
        engine: Whose workers encode; None for this machine. The bytes are the same.
        spec: What `get_encoder` finds the encoder by, for the workers of an engine.
        progress: Where to report.

    Raises:
        InputError: The encoder does not know the modality, or a worker has another encoder.
        StoreError: The disk is full or cannot be written.
    """
    shards = WorkspaceShards(workspace, items, encoder, options)
    shards.prepare()
    if isinstance(encoder, KeepsPreparations):
        encoder.cache_in(workspace.root / "cache")
    name = f"embed {items.modality.value} with {encoder.name}"
    workers = engine or engine_of(encoder, shards)
    with progress.task(name, len(items)) as task:
        if workers is None:
            _update_here(shards, encoder, task)
        else:
            update_spread(shards, recipe_of(encoder, shards, spec), workers, task)
    rejected = [_rejection(items, failure) for failure in shards.failures()]
    return EmbedSummary(
        shards.space, shards.encoded, len(items) - shards.encoded - len(rejected), rejected
    )


def _update_here(shards: WorkspaceShards, encoder: Encoder, task: Task) -> None:
    with (
        encoding_run(encoder, shards.modality, shards.options) as run,
        ThreadPoolExecutor(1, "pentad-write") as writer,
    ):
        _update_all(shards, run, writer, task)


def _update_all(
    shards: WorkspaceShards, run: EncodingRun, writer: ThreadPoolExecutor, task: Task
) -> None:
    """Encode what every shard lacks; shards are written while the next ones are encoded."""
    works: deque[Work] = deque()

    def sources() -> Iterator[Sequence[Source]]:
        for work in shards.works(told=task.advance):
            works.append(work)
            yield work.sources()

    fresh: list[Encoded] = []
    writing: Future[None] | None = None
    for portion in run.stream(sources()):
        fresh += portion.results
        task.advance(len(portion.results))
        if not portion.last:
            continue
        work = works.popleft()
        task.advance(work.kept)
        if writing is not None:
            writing.result()
        made = assembled(work, fresh, run.dim, frames=shards.options.frames)
        writing = writer.submit(shards.write, work, made)
        fresh = []
    if writing is not None:
        writing.result()


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


def encode_shard(
    items: Items,
    encoder: Encoder,
    *,
    options: EmbedOptions = DEFAULTS,
    progress: Progress = SILENT,
) -> Shard:
    """Encode items in memory, class scores and refusals included."""
    work = Work(0, items, None, np.ones(len(items), dtype=bool))
    fresh = []
    with (
        progress.task(f"embed {items.modality.value} with {encoder.name}", len(items)) as task,
        encoding_run(encoder, items.modality, options) as run,
    ):
        for result in run.encode(work.sources()):
            fresh.append(result)
            task.advance()
        return assembled(work, fresh, run.dim, frames=options.frames)


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

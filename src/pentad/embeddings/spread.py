"""Shards encoded by the workers of an engine: each holds the encoder, and shards stream past them.

The process that asks writes every shard as its vectors come in, so one that dies loses no more than
what was under way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

from pentad.core.engine import Engine, LocalEngine
from pentad.core.errors import InputError
from pentad.core.grid import Grid
from pentad.core.modality import Modality
from pentad.core.progress import Task
from pentad.embeddings.fetch_ahead import Source
from pentad.embeddings.shards import SHARD_ROWS
from pentad.embeddings.stream import Encoded, EncodingRun
from pentad.embeddings.work import WorkspaceShards, assembled
from pentad.encoders.protocol import Encoder, Placeable, PrefersProcesses
from pentad.encoders.registry import get_encoder
from pentad.encoders.specs import absolute_spec
from pentad.encoders.threads import VARIABLE, usable_cores

_ON_CPU = "cpu"
_WORTH_PROCESSES = 2 * SHARD_ROWS


@dataclass(frozen=True)
class Recipe:
    """All that a worker needs to encode; it travels to other processes and machines.

    Attributes:
        encoder: The name it is loaded by, or the object itself where it has none.
        fingerprint: What the loaded one must have.
        modality: What the inputs are.
        batch_size: Rows of a run; None as the encoder prefers.
        frames: Whether rows are wanted instead of vectors.
        device: Where it runs.
        dtype: Its type of number.
    """

    encoder: str | Encoder
    fingerprint: str
    modality: Modality
    batch_size: int | None
    frames: bool
    device: str
    dtype: str

    @property
    def accelerators(self) -> int:
        """How many GPUs a worker needs."""
        return int(self.device.partition(":")[0] != _ON_CPU)


def recipe_of(encoder: Encoder, shards: WorkspaceShards, spec: str | None) -> Recipe:
    """Return how a worker gets an encoder like this one; by ``spec`` where it has one."""
    place = getattr(encoder, "placement", None)
    options = shards.options
    return Recipe(
        encoder if spec is None else absolute_spec(spec, Path.cwd()),
        encoder.fingerprint,
        shards.modality,
        options.batch_size,
        options.frames,
        # A cluster hands out whole devices; which one it is, each worker finds by itself.
        _ON_CPU if place is None else place.device.partition(":")[0],
        "float32" if place is None else place.dtype,
    )


def engine_of(encoder: Encoder, shards: WorkspaceShards) -> Engine | None:
    """Return processes of this machine for an encoder that uses one core; None for this process.

    Starting processes takes seconds, which must be worth it.
    """
    workers = shards.options.workers or usable_cores()
    alone = not isinstance(encoder, PrefersProcesses) or not encoder.in_processes
    if alone or workers == 1 or shards.lacking() < _WORTH_PROCESSES:
        return None
    return LocalEngine(workers)


def update_spread(shards: WorkspaceShards, recipe: Recipe, engine: Engine, task: Task) -> None:
    """Encode on the engine's workers what the shards lack, and write it here.

    Raises:
        InputError: A worker has another encoder under that name.
    """
    numbers = [work.number for work in shards.works(told=task.advance)]
    tasks = _Tasks(shards, numbers)
    grid = Grid(_prepare, [recipe], _encode, tasks, _never, recipe.accelerators, wave=1)
    for number, results in zip(numbers, engine.gather(grid), strict=True):
        work = shards.work(number)
        made = assembled(work, results, shards.dim, frames=recipe.frames)
        shards.write(work, made)
        task.advance(len(work.part))


class _Tasks(Sequence[Sequence[Source]]):
    """Captions or paths of the shards, made when they are sent and not kept."""

    def __init__(self, shards: WorkspaceShards, numbers: Sequence[int]) -> None:
        self._shards = shards
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Sequence[Source]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Sequence[Source]]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(len(self)))]
        return self._shards.work(self._numbers[place]).sources()

    def __iter__(self) -> Iterator[Sequence[Source]]:
        return (self[number] for number in range(len(self)))


_held: dict[Recipe, EncodingRun] = {}


def _prepare(recipe: Recipe) -> EncodingRun:
    """Return the run of this worker, made by the first task that asks for it."""
    # An encoder that traveled is a new object with every task; its fingerprint is in the recipe.
    key = replace(recipe, encoder="")
    if key not in _held:
        while _held:
            _held.popitem()[1].close()
        _held[key] = _loaded(recipe)
    return _held[key]


def _loaded(recipe: Recipe) -> EncodingRun:
    """Load the encoder in a worker that has one processor, or one GPU, to itself."""
    if not recipe.accelerators:
        os.environ[VARIABLE] = "1"
    encoder = recipe.encoder
    if isinstance(encoder, str):
        encoder = get_encoder(encoder)
    if encoder.fingerprint != recipe.fingerprint:
        raise InputError(
            "a worker loaded another encoder under that name; give all machines one version",
            expected=recipe.fingerprint[:8],
            seen=encoder.fingerprint[:8],
        )
    if isinstance(encoder, Placeable):
        encoder.place(recipe.device, recipe.dtype)
    workers = (os.cpu_count() or 1) if recipe.accelerators else 1
    return EncodingRun(
        encoder,
        recipe.modality,
        workers=workers,
        batch_size=recipe.batch_size,
        frames=recipe.frames,
    )


def _encode(run: EncodingRun, inputs: Sequence[Source]) -> list[Encoded]:
    return list(run.encode(inputs))


def _never(left: list[Encoded], _: list[Encoded]) -> list[Encoded]:
    """There is one encoder, so nothing is ever merged."""
    return left

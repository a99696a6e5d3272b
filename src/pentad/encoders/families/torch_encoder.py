"""A network of any family as an `Encoder`.

Row i depends on input i alone. On a CPU each run takes one core and runs go side by side; where
``batch_size`` is given every run has exactly so many rows, so that a row has the same bits in any
company. What leads to more than one row (frames, windows, views) is averaged before normalisation.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError, PentadError
from pentad.core.modality import Modality
from pentad.encoders.accept import accepted
from pentad.encoders.card import EncoderCard
from pentad.encoders.families.batches import Run, halved, planned, stacked
from pentad.encoders.families.device import (
    ONE_THREAD_EACH,
    Placement,
    free_cached,
    out_of_memory,
    placement,
    run_alone,
)
from pentad.encoders.families.network import Feed, Network
from pentad.encoders.families.trial import rows_keep_their_bits
from pentad.encoders.inputs import check_batch_size, check_modality
from pentad.encoders.threads import usable_cores
from pentad.encoders.vectors import normalized_rows
from pentad.media.types import DecodeOptions, Media

if TYPE_CHECKING:
    import torch

_ROWS_ON_CPU, _ROWS_ON_DEVICE = 8, 64
_log = logging.getLogger(__name__)

Floats = NDArray[np.float32]
T = TypeVar("T")
R = TypeVar("R")


class TorchEncoder:
    """A loaded network and its card as an `Encoder`.

    Attributes:
        card: The facts for people.
        fingerprint: 64 hex digits over weights, preprocessing and our code; the device and the type
            of number are no part of it, for vectors of all of them can be compared.
        placement: Where it runs now.
    """

    def __init__(self, network: Network, card: EncoderCard, *, fingerprint: str) -> None:
        self.network = network
        self.card = card
        self.name = card.name
        self.revision = card.revision
        self.modalities = network.modalities
        self.dim = network.dim
        self.fingerprint = fingerprint
        self.placement = Placement()
        self._most: int | None = None  # rows of a run, once a larger one did not fit
        self._running = threading.Lock()

    def decode_options(self, modality: str) -> DecodeOptions:
        """Return the options to decode files of ``modality`` with."""
        return self.network.decode_options(check_modality(self.name, self.modalities, modality))

    def place(self, device: str | None = None, dtype: str | None = None) -> TorchEncoder:
        """Move the network, and choose its type of number; what is None stays as it is.

        Args:
            device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto``.
            dtype: ``float32``; ``bfloat16`` or ``float16`` for mixed precision.

        Raises:
            InputError: torch cannot use the device, or the type is another.
        """
        wanted = placement(device, dtype, self.placement)
        if wanted != self.placement:
            self.network.module.to(wanted.device)
            self.placement, self._most = wanted, None
            self.__dict__.pop("row_independent", None)
        return self

    def cache_in(self, folder: Path) -> None:
        """Keep the patches of clouds in a folder, if the network makes any."""
        if hasattr(self.network, "patch_cache"):
            from pentad.encoders.points.patch_cache import PatchCache

            self.network.patch_cache = PatchCache(folder / "patches")

    @property
    def rows_a_run(self) -> int:
        """How many rows share a run unless somebody says how many."""
        return self._most or (_ROWS_ON_CPU if self.placement.on_cpu else _ROWS_ON_DEVICE)

    @property
    def calls_at_once(self) -> int:
        """How many calls may overlap, so that rows are prepared while others are computed."""
        return 2

    @cached_property
    def row_independent(self) -> bool:
        """Whether a row has the same bits at any place of a run and in any company; tried once."""
        return rows_keep_their_bits(self)

    def encode(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> Floats:
        """Return float32 (len(inputs), dim).

        Args:
            inputs: Captions; or decoded media, paths, bytes, pictures of Pillow, arrays, tensors:
                see `pentad.encoders.accept.accepted`.
            modality: What they are.
            batch_size: Rows of every run; None for as many as suit the device and the inputs. Where
                a run does not fit in memory, it is halved until it does.
            normalize: Unit vectors or not; None as the card says.
            device: Moves the network first; see `place`.
            dtype: Likewise.

        Raises:
            InputError: An input cannot be taken, or an argument is wrong.
            DecodeError: An input that is a file or bytes cannot be decoded.
        """
        kind, media = self._taken(inputs, modality, batch_size, device, dtype)
        parts = self._parts(media, kind, batch_size)
        vectors = np.zeros((len(parts), self.dim), dtype=np.float32)
        for row, part in enumerate(parts):
            vectors[row] = part[0] if len(part) == 1 else part.mean(axis=0, dtype=np.float64)
        unit = self.network.normalize == "l2" if normalize is None else normalize
        return normalized_rows(vectors) if unit else vectors

    def encode_frames(
        self,
        inputs: Sequence[Any],
        *,
        modality: str,
        batch_size: int | None = None,
        normalize: bool = False,
        device: str | None = None,
        dtype: str | None = None,
    ) -> list[Floats]:
        """Return float32 (rows, dim) of each input: its frames, windows or views, in time order.

        Arguments and errors are those of `encode`, but that rows stay as they are by default.
        """
        kind, media = self._taken(inputs, modality, batch_size, device, dtype)
        parts = self._parts(media, kind, batch_size)
        return [normalized_rows(part) for part in parts] if normalize else parts

    def _taken(
        self,
        inputs: Sequence[Any],
        modality: str,
        batch_size: int | None,
        device: str | None,
        dtype: str | None,
    ) -> tuple[Modality, list[Media]]:
        kind = check_modality(self.name, self.modalities, modality)
        check_batch_size(batch_size)
        self.place(device, dtype)
        options = self.network.decode_options(kind)
        return kind, accepted(self.name, inputs, kind, self.network.accepts(kind), options)

    def _parts(self, media: Sequence[Media], kind: Modality, size: int | None) -> list[Floats]:
        """Return the rows of every input."""

        def fed(item: Media) -> list[Feed]:
            return self.network.feeds(item, kind)

        with ONE_THREAD_EACH:
            feeds = self._spread(fed, media)
            rows = self._rows([feed for each in feeds for feed in each], kind, size)
        ends = np.cumsum([len(each) for each in feeds]).tolist()
        return [rows[end - len(each) : end] for end, each in zip(ends, feeds, strict=True)]

    def _rows(self, feeds: Sequence[Feed], kind: Modality, size: int | None) -> Floats:
        """Return what the network makes of every row, (rows, dim)."""
        out = np.zeros((len(feeds), self.dim), dtype=np.float32)
        runs = list(planned(feeds, size or self.rows_a_run, filled=size is not None))

        def run(one: Run) -> None:
            out[list(one.rows)] = self._run(feeds, one, kind)

        if self.placement.on_cpu:
            self._spread(run, runs)
        else:
            with self._running:
                for one in runs:
                    run(one)
        return out

    def _spread(self, function: Callable[[T], R], tasks: Sequence[T]) -> list[R]:
        """Return the results in order; calls that overlap share the threads and leave none idle."""
        return list(self._threads.map(function, tasks))

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(usable_cores(), "pentad-network", initializer=run_alone)

    def _run(self, rows: Sequence[Feed], run: Run, kind: Modality) -> Floats:
        try:
            return self._forward(stacked(rows, run), kind)[: len(run.rows)]
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            if run.filled == 1:
                raise self._too_large(kind) from error
        free_cached(self.placement.device)
        smaller = max(1, run.filled // 2)
        if self._most is None or smaller < self._most:
            self._most = smaller
            _log.warning("%s: out of memory; runs have %d rows from now on", self.name, smaller)
        return np.concatenate([self._run(rows, half, kind) for half in halved(run, smaller)])

    def _forward(self, feed: Feed, kind: Modality) -> Floats:
        import torch

        device = self.placement.device
        batch = {name: torch.from_numpy(array).to(device) for name, array in feed.items()}
        with self.placement.running():
            result = self.network.forward(batch, kind)
            return _as_floats(result)

    def _too_large(self, kind: Modality) -> PentadError:
        where = "the machine" if self.placement.on_cpu else self.placement.device
        return PentadError(
            f"{where} has too little memory for one {kind.value} row of {self.name!r}; "
            "use a smaller model, another device, or dtype bfloat16"
        )


def _as_floats(result: torch.Tensor) -> Floats:
    import torch

    array: Floats = result.detach().to("cpu", torch.float32).numpy()
    if array.ndim != 2:
        raise InputError(
            "a network returned a wrong shape", expected="(rows, dim)", seen=array.shape
        )
    return array

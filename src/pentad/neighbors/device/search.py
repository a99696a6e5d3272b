"""`DeviceSearch`: the results of `ExactSearch`, with the products made on a device."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.device.codes import padded_dim
from pentad.neighbors.device.corpus import Corpus
from pentad.neighbors.device.job import Job
from pentad.neighbors.device.pairs import Found, Indices, scores_of
from pentad.neighbors.device.place import (
    find_device,
    free_memory,
    full_precision,
    multiplies_bytes,
)
from pentad.neighbors.device.sides import ItemSide, QuerySide
from pentad.neighbors.device.sizes import Sizes
from pentad.neighbors.device.tiles import Counts, learn_sample, search_block
from pentad.neighbors.exact import ExactSearch, Proof
from pentad.neighbors.metrics import Floats, Metric
from pentad.neighbors.stored import is_sane

if TYPE_CHECKING:
    from pentad.core.progress import Task

_SLACKS = (8, 248, 4088)
_MOST_SAMPLE = 1 << 14

_log = logging.getLogger(__name__)


@dataclass
class DeviceProof(Proof):
    """How searches on a device came to their results, in queries.

    Attributes:
        device: The device.
        left: Vectors did not suit the device, so the processor searched; counted in the ways of
            the processor, too.
        again: Of those redone, the ones that the longest list of the device did not prove either,
            so that the processor looked at all items.
        dense: Pairs that the device multiplied in float32 because bytes told too little.
    """

    device: str = ""
    left: int = 0
    again: int = 0
    dense: int = 0


class DeviceSearch:
    """A corpus made ready to be searched exactly on a device, any number of times.

    Attributes:
        proof: How its searches came to their results.
    """

    def __init__(
        self, vectors: NDArray[Any], metric: Metric, *, device: str, memory: int | None = None
    ) -> None:
        """Prepare a corpus.

        Args:
            vectors: float16 or float32 (items, dim); may be memory-mapped. Only runs of rows and
                rows of given numbers are read, by several threads.
            metric: How pairs are scored.
            device: ``cpu``, ``cuda`` or ``cuda:<number>``.
            memory: Bytes that blocks may take on the device; default four fifths of what is free
                there, and 512 MiB of the memory of the processor.

        Raises:
            InputError: There is no such device, or a value is not finite.
        """
        self._device = find_device(device)
        self._memory = memory
        self._corpus = Corpus(vectors, metric)
        self.proof = DeviceProof(device=str(self._device))

    def search(
        self, queries: NDArray[Any], k: int, task: Task | None = None
    ) -> tuple[Indices, Floats]:
        """Return the k best corpus rows of each query and their float64 scores.

        Args:
            queries: float16 or float32 (q, dim); may be memory-mapped.
            k: At least 1, at most the number of items.
            task: Told now and then how many queries are done.

        Returns:
            Rows and scores, both (q, k): score descending, then row ascending.

        Raises:
            InputError: A value is not finite, or the device has too little memory.
        """
        job = Job(queries, k, task)
        suits = is_sane(job.squares) & self._corpus.suits
        self._leave(job, np.flatnonzero(~suits))
        unproven = self._attempt(job, np.flatnonzero(suits), _SLACKS[0])
        self.proof.redone += len(unproven)
        for slack in _SLACKS[1:]:
            unproven = self._attempt(job, unproven, slack)
        self.proof.again += len(unproven)
        if len(unproven):
            job.take(unproven, self._processor.search(queries[unproven], k))
        return job.rows, job.scores

    @cached_property
    def _by_bytes(self) -> bool:
        return multiplies_bytes(self._device, padded_dim(self._corpus.vectors.shape[1]))

    @cached_property
    def _processor(self) -> ExactSearch:
        return ExactSearch(self._corpus.vectors, self._corpus.metric)

    def _leave(self, job: Job, chosen: Indices) -> None:
        """Leave queries to the processor."""
        if len(chosen) == 0:
            return
        _log.warning(
            "%d of %d queries do not suit the device %s: the processor searches for them",
            len(chosen), len(job.queries), self._device,
        )  # fmt: skip
        proof = self._processor.proof = Proof()
        job.take(chosen, self._processor.search(job.queries[chosen], job.k))
        job.finish(len(chosen))
        self.proof.left += len(chosen)
        self.proof.int8 += proof.int8
        self.proof.float32 += proof.float32
        self.proof.redone += proof.redone
        self.proof.rescored += proof.rescored

    def _attempt(self, job: Job, chosen: Indices, slack: int) -> Indices:
        """Search on the device with lists of k and some more; return what that does not prove.

        While the device searches one block, the processor orders what was found for the last.
        """
        if len(chosen) == 0:
            return chosen
        room, start = job.k + slack, 0
        sizes = Sizes.of(self._budget(), self._corpus.width, room)
        ordering: list[Future[Indices]] = []
        with ThreadPoolExecutor(1) as pool, full_precision():
            while start < len(chosen):
                part = chosen[start : start + sizes.queries]
                found = self._tried(job, part, room, sizes)
                if found is None:
                    sizes = sizes.halved(self._corpus.width, room)
                    continue
                start += len(part)
                if ordering:
                    ordering[-1].result()  # no more than one block waits
                ordering.append(pool.submit(self._order, job, part, found))
        return np.concatenate([done.result() for done in ordering])

    def _budget(self) -> int:
        return free_memory(self._device) if self._memory is None else self._memory

    def _tried(self, job: Job, part: Indices, room: int, sizes: Sizes) -> Found | None:
        """Return what the device finds, or None if its memory was too little."""
        import torch

        try:
            return self._found(job, part, room, sizes)
        except torch.OutOfMemoryError:
            pass  # what the error holds on to is let go before anything is asked for again
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _found(self, job: Job, part: Indices, room: int, sizes: Sizes) -> Found:
        """Go through all items for some queries."""
        corpus, device, counts = self._corpus, self._device, Counts()
        squares, dim, n = job.squares[part], corpus.vectors.shape[1], len(corpus.vectors)
        bounds = corpus.bounds(squares)
        sample = corpus.sample(job.k, min(_MOST_SAMPLE, sizes.items), device)
        rows = corpus.query_rows(job.queries, part, squares, device)
        queries = QuerySide.of(rows, dim, sample[:, :dim].mean(dim=0).double(), bounds, room)
        learn_sample(queries, sample, job.k, sizes)
        for start, block in corpus.blocks(sizes.items, device):
            items = ItemSide.of(block, start, queries.means)
            search_block(queries, items, job.k, sizes, self._by_bytes, counts)
            job.reach(len(part) * (start + len(block)) // n)
        self._count(room == job.k + _SLACKS[0], len(part), counts)
        job.finish(len(part))
        lists = queries.lists
        return Found(lists.products.cpu().numpy(), lists.rows.cpu().numpy(), bounds)

    def _count(self, first: bool, queries: int, counts: Counts) -> None:
        self.proof.rescored += counts.rescored
        self.proof.dense += counts.dense
        if first and self._by_bytes:
            self.proof.int8 += queries
        elif first:
            self.proof.float32 += queries

    def _order(self, job: Job, part: Indices, found: Found) -> Indices:
        """Put what was found for some queries into its place; return the unproven ones."""
        corpus = self._corpus
        query, place = found.near(job.k)
        pairs = part[query], found.rows[query, place]
        scores = np.full(found.rows.shape, -np.inf)
        scores[query, place] = scores_of(
            corpus.metric, job.queries, corpus.vectors, (job.squares, corpus.squares), pairs
        )
        rows, best = found.ordered(scores, job.k)
        job.take(part, (rows, best))
        needed = corpus.metric.product(best[:, -1], job.squares[part])
        return part[~found.proves(needed)]

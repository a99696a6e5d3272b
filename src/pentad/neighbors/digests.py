"""Digests of stored rows, by which rows that changed are told from those that did not.

Each stored row has a digest of 64 bits, of its type and its bytes. Every 8 bytes of a row are
scrambled by a function of their place that has an inverse; the results are added up. So a row of
which only one run of 8 bytes changed (four values of float16) has another digest for certain, and
one that changed in more places keeps its digest with a chance of 2^-64: one missed row in 10^19
that changed. A digest is no defence against somebody who looks for two rows that share one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pentad.neighbors.int8.jit import compiled

_SEED = 20_240_229
_BLOCK = 1 << 22
_ONE, _TWO, _THREE = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F

Words = NDArray[np.uint64]


def row_digests(vectors: NDArray[Any]) -> Words:
    """Return a digest of the stored bytes of each row, u64 (n,).

    Takes a few MiB a thread; the vectors are read block by block.

    Args:
        vectors: (n, dim) of any type of numbers; may be memory-mapped.
    """
    import faiss

    size = int(vectors.shape[1]) * vectors.dtype.itemsize
    places = _places(-(-size // 8))
    kind = np.frombuffer(f"{vectors.dtype.str} {size}".encode().ljust(24), np.uint64)
    start = _digests(kind[None], _places(3), np.uint64(0))[0]
    step = max(1, _BLOCK // max(1, size))

    def block(first: int) -> Words:
        return _digests(_words(vectors[first : first + step]), places, start)

    with ThreadPoolExecutor(faiss.omp_get_max_threads()) as pool:
        parts = list(pool.map(block, range(0, len(vectors), step)))
    return np.concatenate([np.empty(0, np.uint64), *parts])


def _places(count: int) -> Words:
    """Return a number for each place of a row: that of a place is the same in all rows."""
    words = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_ONE) + np.uint64(_SEED)
    words ^= words >> np.uint64(31)
    words *= np.uint64(_TWO)
    words ^= words >> np.uint64(30)
    return words


def _words(rows: NDArray[Any]) -> Words:
    """Return the bytes of rows as numbers of 8 bytes, zeros at the end of each row as needed."""
    size = rows.shape[1] * rows.dtype.itemsize
    if size % 8 == 0 and size:
        words = np.ascontiguousarray(rows).view(np.uint64)
    else:
        padded = np.zeros((len(rows), -(-size // 8) * 8), np.uint8)
        padded[:, :size] = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), size)
        words = padded.view(np.uint64)
    words = np.require(words, requirements=["C", "A", "E"]).view()
    words.flags.writeable = False  # so that one compiled function serves mapped rows and others
    return words


@compiled
def _digests(words: Words, places: Words, start: np.uint64) -> Words:
    """Return the digest of each row of ``words`` (n, places)."""
    found = np.empty(len(words), np.uint64)
    for i in range(len(words)):
        total = start
        for j in range(len(places)):
            word = words[i, j] ^ places[j]
            word = (word ^ (word >> np.uint64(32))) * np.uint64(_TWO)
            word = (word ^ (word >> np.uint64(32))) * np.uint64(_THREE)
            total += word ^ (word >> np.uint64(32))
        total = (total ^ (total >> np.uint64(32))) * np.uint64(_TWO)
        found[i] = total ^ (total >> np.uint64(29))
    return found

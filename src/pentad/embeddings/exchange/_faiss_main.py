"""The process that reads one faiss index: a damaged file may take it down, and nothing else.

Started by `faiss_process` as ``python -P -m pentad.embeddings.exchange._faiss_main``. It writes
float32 vectors to one file, int64 ids to another, and a line of JSON about them to a third.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

_PR_SET_PDEATHSIG = 1
_BLOCK_BYTES = 1 << 24
_MAX_DIM = 1 << 20
_EXACT_GROWTH = 4
_SPARE = 1 << 30

Reader = Callable[[int, int], NDArray[np.float32]]


class Unusable(Exception):
    """An index that is not damaged and still cannot be taken."""


def main(arguments: list[str]) -> None:
    """Read an index.

    Args:
        arguments: The file, three descriptors (vectors, ids, result), the parent's process id, and
            whether approximate vectors will do.
    """
    path = arguments[0]
    vectors, ids, result, parent = map(int, arguments[1:5])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _die_with(parent)
    _limit(os.path.getsize(path))  # noqa: PTH202
    try:
        answer = _read(path, vectors, ids, approximate=arguments[5] == "1")
    except Unusable as error:
        answer = {"error": str(error)}
    except (RuntimeError, MemoryError, OSError, ValueError, AttributeError) as error:
        text = " ".join(str(error).split())[-160:]
        answer = {"error": f"no usable faiss index ({text or type(error).__name__})"}
    with os.fdopen(result, "w", encoding="utf-8") as file:
        json.dump(answer, file)


def _read(path: str, vectors: int, ids: int, *, approximate: bool) -> dict[str, object]:
    size = os.path.getsize(path)  # noqa: PTH202
    for limit, value in (("vector_byte", size + 1), ("loop", size + 1)):
        setter = getattr(faiss, f"set_deserialization_{limit}_limit", None)
        if setter is not None:
            setter(value)
    # Not mapped: faiss does not see then that the end is cut off. Lists that lie on disk are looked
    # for beside the index, whatever folder it names.
    index = faiss.read_index(path, faiss.IO_FLAG_ONDISK_SAME_DIR)
    exact = is_exact(index)
    kind = type(index).__name__
    rows, dim = int(index.ntotal), int(index.d)
    if not 0 < dim <= _MAX_DIM or rows < 0 or (exact and rows * dim > _EXACT_GROWTH * size):
        raise Unusable(f"no usable faiss index ({rows} vectors of {dim} values)")
    if not exact and not approximate:
        raise Unusable(
            f"{kind} does not give its vectors back as they were; 'approximate' takes what it gives"
        )
    if isinstance(index, faiss.IndexIVFFastScan):  # which ends the process when it is asked
        raise Unusable(f"{kind} does not give its vectors back")
    own, get = reader(index)
    _write(vectors, get, rows, dim)
    if own is not None:
        with os.fdopen(ids, "wb") as file:
            file.write(np.ascontiguousarray(own, dtype=np.int64).tobytes())
    return {"kind": kind, "rows": rows, "dim": dim, "exact": exact, "has_ids": own is not None}


def is_exact(index: Any) -> bool:
    """Return whether an index gives back the very values that it was given or stores as floats."""
    for name, inner in (
        ("IndexIDMap", "index"),
        ("IndexHNSW", "storage"),
        ("IndexNSG", "storage"),
        ("IndexRefine", "refine_index"),
    ):
        if isinstance(index, getattr(faiss, name)):
            return is_exact(faiss.downcast_index(getattr(index, inner)))
    if isinstance(index, faiss.IndexIVFScalarQuantizer):
        return not index.by_residual and _keeps_floats(index.sq)
    if isinstance(index, faiss.IndexScalarQuantizer):
        return _keeps_floats(index.sq)
    return isinstance(index, faiss.IndexFlat | faiss.IndexIVFFlat)


def _keeps_floats(quantizer: Any) -> bool:
    names = ("QT_fp16", "QT_bf16", "QT_8bit_direct", "QT_8bit_direct_signed")
    known = [getattr(faiss.ScalarQuantizer, name, None) for name in names]
    return quantizer.qtype in known


def reader(index: Any) -> tuple[NDArray[np.int64] | None, Reader]:
    """Return the index's own ids, None where they count from 0, and how its rows are read."""
    if isinstance(index, faiss.IndexIDMap):
        labels = faiss.vector_to_array(index.id_map)
        inner, get = reader(faiss.downcast_index(index.index))
        if inner is not None or len(labels) != index.ntotal:
            raise Unusable("no usable faiss index (its id map does not fit)")
        return labels, get
    if isinstance(index, faiss.IndexRefine):
        return reader(faiss.downcast_index(index.refine_index))
    if isinstance(index, faiss.IndexIVF):
        return _inverted(index)
    if isinstance(index, faiss.IndexPreTransform):
        own, _ = reader(faiss.downcast_index(index.index))
        if own is not None:
            raise Unusable("an index that transforms vectors and has ids of its own")
    return None, index.reconstruct_n


def _inverted(index: Any) -> tuple[NDArray[np.int64] | None, Reader]:
    lists = index.invlists
    found = [
        faiss.rev_swig_ptr(lists.get_ids(number), lists.list_size(number)).copy()
        for number in range(index.nlist)
        if lists.list_size(number)
    ]
    ids = np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
    if len(ids) != index.ntotal or (len(ids) > 1 and not (ids[1:] > ids[:-1]).all()):
        raise Unusable("no usable faiss index (an id is missing or there twice)")
    index.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined]

    def get(start: int, count: int) -> NDArray[np.float32]:
        return index.reconstruct_batch(ids[start : start + count])  # type: ignore[no-any-return]

    counts_from_zero = not len(ids) or (ids[0] == 0 and ids[-1] == len(ids) - 1)
    return (None if counts_from_zero else ids), get


def _write(descriptor: int, get: Reader, rows: int, dim: int) -> None:
    step = max(1, _BLOCK_BYTES // (4 * dim))
    with os.fdopen(descriptor, "wb") as file:
        for start in range(0, rows, step):
            block = get(start, min(step, rows - start))
            file.write(np.ascontiguousarray(block, dtype=np.float32).tobytes())


def _die_with(parent: int) -> None:
    """Ask for a SIGKILL when the parent goes (Linux only)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        raise SystemExit


def _limit(size: int) -> None:
    """Allow memory in proportion to the file, and no core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            at_rest = int(file.read().split()[0]) * resource.getpagesize()
        limit = at_rest + 4 * size + _SPARE
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Which points form the patches of a cloud, kept on disk: a folder that is safe to delete.

What is kept is the numbers of the points and not the patches: 67 KB for 512 patches of 64 points,
exact, where the patches themselves have 786 KB as float32, and 393 KB as float16, which is not.
A file is named after all that decides its content, so several encoders, processes and runs share
it, and ends with a digest of what it holds: damaged files are as good as none.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pentad.core.errors import InputError
from pentad.encoders.points.grouping import Grouping

_DIGEST = 32
_SHORT, _LONG = np.dtype("<u2"), np.dtype("<u4")
_KEPT_SHARE = 0.9
_LEFT_BEHIND_S = 3600.0
_log = logging.getLogger(__name__)


class PatchCache:
    """Tables of patches by the content of their clouds. Threads and processes may share a folder.

    Attributes:
        folder: Where the files lie, in folders by the first two digits of their names.
        limit_bytes: Once all files together have more, those that were not used for longest go.
    """

    def __init__(self, folder: str | Path, limit_bytes: int = 4 << 30) -> None:
        if limit_bytes < 1:
            raise InputError("limit_bytes must be at least 1", seen=limit_bytes)
        self.folder = Path(folder)
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._used: int | None = None  # bytes in the folder, as far as this process knows
        self._broken = False

    def table(self, xyz: NDArray[np.float32], grouping: Grouping) -> NDArray[np.int64]:
        """Return what ``grouping.table(xyz)`` does, from the folder if it is there.

        A folder that cannot be written is told once, as a warning; nothing depends on it.
        """
        shape = (grouping.groups, 1 + grouping.size)
        key = grouping.key(xyz)
        path = self.folder / key[:2] / f"{key}.npy"
        found = _read(path, shape, len(xyz))
        if found is None:
            found = grouping.table(xyz)
            self._keep(path, _encoded(found, len(xyz)))
        return found

    def _keep(self, path: Path, data: bytes) -> None:
        if self._broken or len(data) > self.limit_bytes:
            return
        try:
            _write(path, data)
            with self._lock:
                if self._used is None:
                    self._used = sum(size for _, size, _ in _entries(self.folder))
                else:
                    self._used += len(data)
                if self._used > self.limit_bytes:
                    self._used = _shrunk(self.folder, int(self.limit_bytes * _KEPT_SHARE))
        except OSError as error:
            self._broken = True
            _log.warning("%s: patches are not cached (%s)", self.folder, error.strerror)


def _read(path: Path, shape: tuple[int, int], points: int) -> NDArray[np.int64] | None:
    """Return the table of a whole and undamaged file, and note that it was used."""
    kind = _kind(points)
    head = _head(shape, kind)
    size = len(head) + shape[0] * shape[1] * kind.itemsize + _DIGEST
    try:
        with path.open("rb") as file:
            data = file.read(size + 1)
        os.utime(path)
    except OSError:
        return None
    body = data[len(head) : -_DIGEST]
    if len(data) != size or not data.startswith(head) or data[-_DIGEST:] != _digest(body):
        return None
    table = np.frombuffer(body, kind).reshape(shape).astype(np.int64)
    return table if int(table.max()) < points else None


def _encoded(table: NDArray[np.int64], points: int) -> bytes:
    kind = _kind(points)
    body = table.astype(kind).tobytes()
    return _head((len(table), table.shape[1]), kind) + body + _digest(body)


def _kind(points: int) -> np.dtype[np.unsignedinteger]:
    return _SHORT if points <= 1 << 16 else _LONG


def _head(shape: tuple[int, int], kind: np.dtype[np.unsignedinteger]) -> bytes:
    """Return how a .npy file begins that holds the table and the digest as one flat array."""
    count = shape[0] * shape[1] + _DIGEST // kind.itemsize
    about = {"descr": kind.str, "fortran_order": False, "shape": (count,)}
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, about)
    return out.getvalue()


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _write(path: Path, data: bytes) -> None:
    """Write a file that appears whole; not made durable, for a damaged one does no harm."""
    coming = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.next")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        coming.write_bytes(data)
        coming.replace(path)
    except OSError:
        with suppress(OSError):
            coming.unlink()
        raise


def _entries(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield time of last use, size and path of every file; those of killed writers are removed."""
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        with suppress(OSError):  # another process may just have removed it
            about = path.stat()
            if path.suffix == ".npy":
                yield about.st_mtime, about.st_size, path
            elif path.suffix == ".next" and about.st_mtime < time.time() - _LEFT_BEHIND_S:
                path.unlink()


def _shrunk(folder: Path, most: int) -> int:
    """Remove what was used longest ago until at most so many bytes are left; return how many."""
    entries = sorted(_entries(folder))
    used = sum(size for _, size, _ in entries)
    for _, size, path in entries:
        if used <= most:
            break
        with suppress(OSError):
            path.unlink()
        used -= size
    return used

"""Fetched objects on this machine's disk: whole or not at all, the ones used last.

Each is kept under a key of its address and of what its store says of the content, so a changed
object is another one. Several processes may share the folder. It is safe to delete while nothing
runs.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pentad.core.errors import StoreError
from pentad.core.fingerprint import fingerprint_value
from pentad.store.atomic import discard, fsync_file, next_path, store_error
from pentad.store.remote.files import Version

VARIABLE = "PENTAD_OBJECTS_GB"
KEPT_GB = 32.0
"""How much is kept, where ``PENTAD_OBJECTS_GB`` of the environment does not say otherwise."""

IN_USE = 120.0
"""Seconds after its last use in which an object is not removed."""

_RUN = f"run:{os.getpid()}:{time.time_ns()}"


def objects_folder(cache: Path | None) -> Path:
    """Return where objects are kept: the folder given, else one of the user's."""
    if cache is not None:
        return cache
    home = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(home) if home else Path.home() / ".cache") / "pentad" / "objects"


def find_kept(folder: Path, address: str, version: Version) -> Path | None:
    """Return a kept object, which counts as used now; None where it is not there whole."""
    path = _place(folder, address, version)
    try:
        if path.stat().st_size != version.size:
            return None
        os.utime(path)
    except OSError:
        return None
    return path


def keep(folder: Path, address: str, version: Version, fill: Callable[[Path], None]) -> Path:
    """Return a kept object, which ``fill`` writes to a path unless another process just did.

    Raises:
        StoreError: The disk is full or cannot be written.
    """
    path = _place(folder, address, version)
    with _alone(folder, path.parent.name[:2]):
        if find_kept(folder, address, version) is None:
            check_room(folder, version.size)
            make_room(folder, version.size)
            _written(path, fill)
    return path


def _written(path: Path, fill: Callable[[Path], None]) -> None:
    """Let a file appear whole; what ``fill`` raises is of the store and stays as it is."""
    coming = next_path(path)
    try:
        with writing(coming):
            coming.parent.mkdir(parents=True, exist_ok=True)
        fill(coming)
        with writing(path):
            fsync_file(coming)
            coming.replace(path)
    except BaseException:
        discard(coming)
        raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise `StoreError` for what this machine's disk refuses."""
    try:
        yield
    except OSError as error:
        raise store_error(path, error) from error


def check_room(folder: Path, size: int) -> None:
    """Raise `StoreError` unless the disk has room for so many bytes more."""
    at = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(at).free
    if size > free:
        raise StoreError(
            f"{folder}: {size:,} bytes have to be fetched and the disk has {free:,} left; free "
            "space, then run again"
        )


def make_room(folder: Path, size: int) -> None:
    """Remove what was used longest ago, until ``size`` more bytes stay within the limit."""
    found = sorted(_kept(folder))
    total = size + sum(each[1] for each in found)
    now = time.time()
    for used, bytes_, path in found:
        if total <= _limit() or now - used < IN_USE:
            return
        discard(path)
        with suppress(OSError):
            path.parent.rmdir()
        total -= bytes_


def _kept(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield last use, size and path of everything kept; what a killed process left included."""
    for path in folder.glob("[0-9a-f][0-9a-f]*/*"):
        with suppress(OSError):
            info = path.stat()
            yield info.st_mtime, info.st_size, path


def _place(folder: Path, address: str, version: Version) -> Path:
    tag = version.tag or _RUN  # without a mark nobody knows whether another run's is the same
    key = fingerprint_value([address, tag, version.size])[:32]
    name = address.rpartition("/")[2].encode()[-200:].decode(errors="ignore")
    return folder / key / (name.lstrip(".") or "object")


def _limit() -> float:
    try:
        return float(os.environ.get(VARIABLE) or KEPT_GB) * 1e9
    except ValueError:
        return KEPT_GB * 1e9


@contextmanager
def _alone(folder: Path, shard: str) -> Iterator[None]:
    """Hold a lock, so that what several processes want is fetched once; none where none is."""
    with writing(folder):
        (folder / "locks").mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "locks" / shard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

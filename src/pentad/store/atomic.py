"""Files that appear whole or not at all: write beside, fsync, rename, fsync the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pentad.core.errors import StoreError
from pentad.core.fingerprint import canonical_json

NEXT_SUFFIX = ".next"


def next_path(path: Path) -> Path:
    """Return where the coming version of ``path`` is written: a hidden sibling."""
    return path.with_name(f".{path.name}{NEXT_SUFFIX}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to; on success it takes the place of ``path``, on error it is removed.

    Raises:
        StoreError: The disk is full or cannot be written; ``path`` is as it was.
    """
    coming = next_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield coming
        fsync_file(coming)
        coming.replace(path)
        fsync_folder(path.parent)
    except BaseException as error:
        discard(coming)
        failure = write_failure(error)
        if failure is None:
            raise
        raise store_error(path, failure) from error


def write_failure(error: BaseException) -> OSError | None:
    """Return what the operating system refused, or None if ``error`` is something else.

    polars tells a full disk as a `ComputeError` whose text ends with what the system said.
    """
    if isinstance(error, OSError):
        return error
    if type(error).__module__.startswith("polars") and "io error" in str(error).lower():
        return OSError(" ".join(str(error).rpartition("error: ")[2].split()))
    return None


def discard(path: Path) -> None:
    """Remove a file if that is possible, while another error is on its way."""
    with suppress(OSError):
        path.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically."""
    with replacing(path) as coming:
        coming.write_bytes(data)


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as canonical JSON with a final newline, atomically."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: object) -> bytes:
    """Return what `write_json` writes."""
    return (canonical_json(value) + "\n").encode()


def fsync_file(path: Path) -> None:
    """Make the content of ``path`` durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_folder(folder: Path) -> None:
    """Make renames within ``folder`` durable."""
    fsync_file(folder)


def store_error(path: Path, error: OSError) -> StoreError:
    """Return ``error`` as a one-line `StoreError` that names the file."""
    return StoreError(
        f"{path}: cannot be written ({error.strerror or error}); "
        "free space or check rights, then run again"
    )

"""One writer at a time. The lock is `flock`, so a killed process leaves none behind."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pentad.core.errors import StoreError
from pentad.store.atomic import store_error


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Hold the exclusive lock on ``path`` for the time of the block.

    Raises:
        StoreError: Another process holds it, which the message names by its process id; or the
            folder does not take a lock.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise store_error(path, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise StoreError(
                f"{path.parent}: another process (pid {holder}) is writing here; "
                "wait for it, then run again"
            ) from None
        except OSError as error:
            raise store_error(path, error) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)

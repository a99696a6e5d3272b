"""Folders that results go to, checked before hours of work go into what is to lie there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pentad.core.errors import InputError, StoreError
from pentad.store.atomic import store_error
from pentad.store.lock import writer_lock

_LOCK = ".lock"


def output_folder(path: str | Path) -> Path:
    """Return a folder that is there or can be made; nothing is made yet.

    Raises:
        InputError: It, or what it is to lie in, is a file.
        StoreError: It, or what it is to lie in, may not be written to.
    """
    where = Path(path)
    for each in (where, *where.absolute().parents):
        if each.is_dir():
            if not os.access(each, os.W_OK | os.X_OK):
                raise StoreError(f"{each}: may not be written to; choose another folder")
            break
        if os.path.lexists(each):
            raise InputError("this is a file; name a folder", file=each)
    return where


@contextmanager
def held_folder(path: str | Path) -> Iterator[Path]:
    """Yield a folder, made if need be, that no other process writes to meanwhile.

    If nothing was written to it, a new folder is removed again.

    Raises:
        StoreError: It cannot be made, or another process holds it.
    """
    where = Path(path)
    new = not where.exists()
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise store_error(where, error) from error
    try:
        with writer_lock(where / _LOCK):
            yield where
    finally:
        if new and [each.name for each in where.iterdir()] == [_LOCK]:
            with suppress(OSError):
                (where / _LOCK).unlink()
                where.rmdir()

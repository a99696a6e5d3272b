"""Where exports are written: a file or a folder that appears whole, and replaces only its like."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from pentad.core.errors import InputError, UnknownName
from pentad.store.atomic import NEXT_SUFFIX, replacing
from pentad.store.records import Commit, committing, is_pending, read_record, recover

RECORD = ".pentad-export.json"
"""Hidden, so that no program that reads a layout takes it for a part of that layout."""


class IfExists(StrEnum):
    """What to do where something is already."""

    ERROR = "error"
    REPLACE = "replace"


def as_if_exists(value: str) -> IfExists:
    """Return what ``value`` names.

    Raises:
        UnknownName: It names nothing.
    """
    try:
        return IfExists(value)
    except ValueError:
        raise UnknownName("if_exists", value, [c.value for c in IfExists]) from None


@contextmanager
def writing_file(path: Path, if_exists: IfExists) -> Iterator[Path]:
    """Yield where to write one file; it takes its place when the block is through.

    Raises:
        InputError: Something is there that may not be replaced.
    """
    if path.is_dir():
        raise InputError("a folder, where a file is to be written", file=path)
    if path.exists() and if_exists is IfExists.ERROR:
        raise InputError("exists; name another file, or say if_exists replace", file=path)
    with replacing(path) as coming:
        yield coming


@contextmanager
def writing_folder(root: Path, if_exists: IfExists) -> Iterator[Commit]:
    """Yield a commit for the files of a folder; all of them appear, or none.

    Raises:
        InputError: The folder holds something that may not be replaced.
    """
    _make_room(root, if_exists)
    was_there = root.exists()
    try:
        with committing(root / RECORD) as commit:
            yield commit
    finally:
        _drop_empty_folders(root, itself=not was_there)


def _make_room(root: Path, if_exists: IfExists) -> None:
    if root.exists() and not root.is_dir():
        raise InputError("a file, where a folder is to be written", file=root)
    if is_pending(root / RECORD):
        recover(root)
    if read_record(root / RECORD) is not None:
        if if_exists is IfExists.ERROR:
            raise InputError("exists; name another folder, or say if_exists replace", file=root)
    elif any(not name.endswith(NEXT_SUFFIX) for name in _files(root)):
        raise InputError("not empty, and no export; name a new folder", file=root)
    _drop_leftovers(root)


def _files(root: Path) -> Iterator[str]:
    for _, _, names in os.walk(root):
        yield from names


def _drop_leftovers(root: Path) -> None:
    """Remove files of a write that was killed before it counted."""
    for path in root.rglob(f".*{NEXT_SUFFIX}"):
        path.unlink(missing_ok=True)


def _drop_empty_folders(root: Path, *, itself: bool) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        if itself or Path(folder) != root:
            with suppress(OSError):
                Path(folder).rmdir()

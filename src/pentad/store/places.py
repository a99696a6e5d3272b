"""Where the bytes of an item lie: a file, a part of a larger file, or memory.

The path of an item may be virtual:

    root/shard-000.tar/0001.jpg           a member of a tar
    root/train-00000.parquet/17/image     row 17 (from 0), column ``image``; also of ``.arrow``
    root/clip.mp4#t=14,24                 seconds 14 to 24; also after a member or a cell

What exists under its literal name is that file: a folder may be called ``x.tar``, and a file
``a.mp4#t=1,2``.
"""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.core.errors import DecodeError, Reason
from pentad.store.segments import segment_of

if TYPE_CHECKING:
    from pentad.store.remote.files import RemoteFile

CONTAINERS = (".tar", ".parquet", ".arrow")
"""Endings of files whose parts have paths of their own."""

_INSIDE = re.compile(r"\.(?:tar|parquet|arrow)(?=/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """Bytes within a larger file of this machine, such as a member of a tar.

    Attributes:
        file: The larger file.
        offset: Where the bytes begin in it.
        size: How many there are.
        name: What they are called, for messages and for formats told by an extension.
    """

    file: Path
    offset: int
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bytes that are in memory already: a cell of a table, an object from elsewhere.

    Attributes:
        data: The bytes.
        name: What they are called, for messages and for formats told by an extension.
    """

    data: bytes
    name: str


Place = Path | Member | Loaded


@dataclass(frozen=True, slots=True)
class Located:
    """Bytes, and the part of their playing time that is wanted.

    Attributes:
        place: Where the bytes are.
        start: Seconds at which the wanted part begins; None for the beginning.
        end: Seconds at which it ends; None for the end.
    """

    place: Place
    start: float | None = None
    end: float | None = None


def locate(path: str | Path | RemoteFile) -> Located:
    """Return where the bytes of an item lie, given its path, which may be virtual.

    A file is not opened; of a tar the headers are read, once for the tars used last; of a table the
    cell is read, and what was read with it is kept for its neighbors. What lies on a store is
    fetched.

    Raises:
        FileNotFoundError: There is no such file, member, row or column. `place_error` makes it a
            `DecodeError` of reason ``missing-file``.
        OSError: It is there and cannot be read, or is damaged (``unreadable``).
    """
    if not isinstance(path, (str, Path)):
        return path.located()
    text = os.fspath(path)
    try:
        return Located(_place(text))
    except FileNotFoundError:
        segment = segment_of(text)
        if segment.file == text:
            raise
    return Located(_place(segment.file), segment.start, segment.end)


def place_error(error: OSError) -> DecodeError:
    """Return what `locate` raised as the refusal of one item."""
    reason = Reason.UNREADABLE
    if isinstance(error, FileNotFoundError):
        reason = Reason.MISSING_FILE
    elif error.errno == errno.EFBIG:
        reason = Reason.TOO_LARGE
    return DecodeError(reason, error.strerror or str(error))


def container_of(path: str | Path | RemoteFile) -> tuple[str, str] | None:
    """Return the tar or table that a path leads into, and what it names in there; None for none.

    On a store nothing is asked: whatever is called like one counts.
    """
    if not isinstance(path, (str, Path)):
        return path.container()
    text = os.fspath(path)
    for match in _INSIDE.finditer(text):
        if os.path.isfile(text[: match.end()]):  # noqa: PTH113  called for every item
            return text[: match.end()], text[match.end() + 1 :]
    return None


def _place(text: str) -> Place:
    if os.path.exists(text):  # noqa: PTH110  called for every item
        return Path(text)
    found = container_of(text)
    if found is None:
        raise _nothing(text)
    container, inner = found
    if container.lower().endswith(".tar"):
        return _member(container, inner)
    return _cell(container, inner)


def _member(tar: str, inner: str) -> Member:
    from pentad.store.tars import no_member, tar_index

    index = tar_index(tar)
    if inner not in index.members:
        raise no_member(tar, inner, index)
    return Member(Path(tar), *index.members[inner], inner)


def _cell(table: str, inner: str) -> Loaded:
    from pentad.store.cells import read_cell

    row, _, column = inner.partition("/")
    if not (row.isascii() and row.isdigit() and len(row) < 19 and column):
        text = f"{inner!r} is not the row and column of a table, such as 17/image"
        raise FileNotFoundError(errno.ENOENT, text, table)
    return read_cell(Path(table), int(row), column)


def _nothing(text: str) -> OSError:
    """Return why there is no file under a name."""
    try:
        os.stat(text)  # noqa: PTH116
    except NotADirectoryError:
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), text)
    except OSError as error:
        return error
    except ValueError as error:
        return OSError(errno.EINVAL, str(error), text)
    return FileNotFoundError(errno.ENOENT, "came and went", text)

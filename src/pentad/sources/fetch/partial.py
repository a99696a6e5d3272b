"""A download on its way: a hidden file beside the target, and a note of what it is a part of."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pentad.core.errors import PentadError, StoreError
from pentad.sources.fetch.errors import FetchError, FetchReason
from pentad.store.atomic import discard, fsync_file, fsync_folder, store_error

_LONGEST_NAME = 200
_OF_THE_NAME = frozenset(
    {
        errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.ENAMETOOLONG,
        errno.ELOOP, errno.EINVAL, errno.EILSEQ,
    }
)  # fmt: skip


def target_error(target: Path, error: OSError) -> PentadError:
    """Return what it means that a file cannot be put in its place.

    A table may give two items names that cannot both be had, such as ``a`` and ``a/b``; that is no
    reason to stop. A disk that is full is.
    """
    if error.errno in _OF_THE_NAME:
        return FetchError(FetchReason.BAD_TARGET, f"{target}: {error.strerror}")
    return store_error(target, error)


def hidden_beside(target: Path, suffix: str) -> Path:
    """Return a hidden name beside ``target`` that no other target has.

    Examples:
        >>> hidden_beside(Path("a/b.jpg"), "part").as_posix()
        'a/.b.jpg.part'
    """
    name = target.name
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        name = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return target.with_name(f".{name}.{suffix}")


class Partial:
    """What has arrived of one file.

    Args:
        target: The file it will become.
        what: What it is a part of: the content's hash where that is known, else the address.

    Attributes:
        path: The hidden file.
        target: The file it will become.
    """

    def __init__(self, target: Path, what: str) -> None:
        self.path = hidden_beside(target, "part")
        self._note = hidden_beside(target, "part.json")
        self.target = target
        self._what = what

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others away from the hidden file; two that write to it would mix their bytes.

        Raises:
            StoreError: Somebody else is at it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if not self._locked(descriptor):
                raise StoreError(f"{self.target}: another process is fetching this file")
            yield
        finally:
            os.close(descriptor)

    def _locked(self, descriptor: int) -> bool:
        """Lock the hidden file, unless it is locked or has gone since it was opened."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except (BlockingIOError, FileNotFoundError):
            return False

    def arrived(self) -> tuple[int, str | None]:
        """Return how many bytes can be built upon, and what tells their version from others."""
        note = self._read_note()
        try:
            size = self.path.stat().st_size
        except OSError:
            size = 0
        if size == 0 or note.get("what") != self._what:
            return 0, None
        version = note.get("version")
        return size, version if isinstance(version, str) else None

    def _read_note(self) -> dict[str, Any]:
        try:
            note = json.loads(self._note.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return note if isinstance(note, dict) else {}

    def begin(self, version: str | None) -> None:
        """Start from nothing; the note is there before the first byte is."""
        self.path.write_bytes(b"")
        self._note.write_text(json.dumps({"what": self._what, "version": version}))

    def drop(self) -> None:
        """Remove what has arrived."""
        discard(self.path)
        discard(self._note)

    def finish(self) -> None:
        """Make the file durable and put it in the target's place."""
        fsync_file(self.path)
        discard(self._note)  # nobody would look for it once the target is there
        self.path.replace(self.target)
        fsync_folder(self.target.parent)

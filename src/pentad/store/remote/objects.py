"""What is asked of a store, whichever library speaks to it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Protocol

from pentad.core.errors import MissingExtra
from pentad.store.remote.addresses import bucket_and_key, protocol_of
from pentad.store.remote.files import Version

EXTRA = "remote"


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a listing.

    Attributes:
        key: Its whole name within the bucket.
        version: Which content it has.
    """

    key: str
    version: Version


class Objects(Protocol):
    """The objects of one bucket.

    Every method raises `FileNotFoundError` for what is not there, `PermissionError` for what may
    not be read, and `Trouble` for anything else. None of them tries twice.
    """

    def listed(self, prefix: str) -> Iterator[Listed]:
        """Yield all objects below a folder, many in one request; an empty prefix means all."""

    def head(self, key: str) -> Version:
        """Return what the store says of one object."""

    def open(self, key: str) -> tuple[Version, Iterator[bytes]]:
        """Return what the store says of one object, and its bytes in blocks, not read yet."""


class Trouble(OSError):
    """A request went wrong for another reason than that the object is missing or closed.

    Attributes:
        again: Whether it may go well later.
    """

    def __init__(self, detail: str, *, again: bool = True) -> None:
        self.again = again
        super().__init__(errno.EIO, detail)


def no_object(address: str) -> FileNotFoundError:
    """Return the error for an object that is not there."""
    return FileNotFoundError(errno.ENOENT, "there is no such object", address)


def no_access(address: str, code: str = "") -> PermissionError:
    """Return the error for an object that may not be read."""
    detail = f"the store does not let it be read ({code or 'denied'})"
    return PermissionError(errno.EACCES, detail, address)


def objects_of(address: str) -> tuple[Objects, str]:
    """Return the bucket of an address and the name of the object or folder in it.

    Raises:
        MissingExtra: Nothing that is installed speaks to such a store.
        Trouble: The store's library cannot be set up.
    """
    bucket, key = bucket_and_key(address)
    return _bucket(protocol_of(address), bucket), key


@lru_cache(maxsize=32)
def _bucket(protocol: str, bucket: str) -> Objects:
    """Return a bucket: through the store's own fsspec library if that is there, else obstore.

    One that was installed beside the extra is there because it can do more, such as read profiles.
    """
    try:
        fsspec = import_module("fsspec")
    except ImportError:
        raise MissingExtra("fsspec", EXTRA) from None
    try:
        kind = fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError):
        pass
    else:
        from pentad.store.remote.with_fsspec import FsspecObjects

        return FsspecObjects(kind, protocol, bucket)
    try:
        import_module("obstore")
    except ImportError:
        raise MissingExtra(f"obstore (for {protocol}://)", EXTRA) from None
    from pentad.store.remote.with_obstore import ObstoreObjects

    return ObstoreObjects(protocol, bucket)

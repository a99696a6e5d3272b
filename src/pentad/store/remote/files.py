"""Folders and files of a store as items have them: ``folder / file``, as with a `Path`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pentad.store.segments import segment_of

if TYPE_CHECKING:
    from pentad.store.places import Located

_CONTAINER = re.compile(r"\.(?:tar|parquet|arrow)(?=/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Version:
    """Which content of an object is meant, as far as its store says.

    Attributes:
        size: In bytes.
        tag: The store's own mark of the content, such as ``etag:5d41402a``; empty where it has
            none.
    """

    size: int
    tag: str


@dataclass(frozen=True)
class RemoteFolder:
    """A folder of a store, which files of items are relative to.

    Attributes:
        address: Such as ``s3://bucket/folder``; never with a password.
        cache: Where fetched objects are kept; None for the user's own cache folder.
        versions: File -> what the store said of it when it was listed; empty if it was not.
    """

    address: str
    cache: Path | None = field(default=None, compare=False)
    versions: Mapping[str, Version] = field(default_factory=dict, compare=False, repr=False)

    def __truediv__(self, file: str) -> RemoteFile:
        """Return a file below this folder; its path may be virtual, as `locate` takes it."""
        version = self.versions.get(object_of(file)) if self.versions else None
        return RemoteFile(self.address, file, self.cache, version)

    def __str__(self) -> str:
        return self.address


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a store, a part of one, or a member of a tar or a cell of a table there.

    Attributes:
        folder: The address that it is relative to.
        file: Its path below, which may be virtual; see `pentad.store.places`.
        cache: Where fetched objects are kept; None for the user's own cache folder.
        version: What the store said of the object, where it was listed.
    """

    folder: str
    file: str
    cache: Path | None = field(default=None, compare=False)
    version: Version | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.file.rpartition("/")[2]

    @property
    def object(self) -> RemoteFile:
        """The object that holds it: the file itself, or the tar or table."""
        return RemoteFile(self.folder, object_of(self.file), self.cache, self.version)

    def container(self) -> tuple[str, str] | None:
        """Return the address of the tar or table it lies in, and its name in there, if it does."""
        found = _CONTAINER.search(self.file)
        if found is None:
            return None
        return f"{self.folder}/{self.file[: found.end()]}", self.file[found.end() + 1 :]

    def located(self) -> Located:
        """Return where its bytes are, fetched; see `pentad.store.places.locate`."""
        from pentad.store.remote.locating import locate_remote

        return locate_remote(self)

    def __str__(self) -> str:
        return f"{self.folder}/{self.file}"


Root = Path | RemoteFolder
"""Where the files of a source lie."""

FilePath = Path | RemoteFile
"""Where the file of an item lies."""


def same_root(left: Root, right: Root) -> bool:
    """Return whether two roots are one folder."""
    if isinstance(left, RemoteFolder) or isinstance(right, RemoteFolder):
        return left == right
    return left.resolve() == right.resolve()


def object_of(file: str) -> str:
    """Return the object that holds what a path names.

    Examples:
        >>> object_of("a/x.tar/0001.jpg"), object_of("a.mp4#t=1,2"), object_of("a.mp4")
        ('a/x.tar', 'a.mp4', 'a.mp4')
    """
    found = _CONTAINER.search(file)
    return segment_of(file).file if found is None else file[: found.end()]

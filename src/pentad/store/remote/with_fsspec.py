"""Buckets through any file system of fsspec: ``s3fs``, ``gcsfs``, ``adlfs``, ``memory``.

Keys and endpoints are those that the file system finds by itself, in the environment, its own
profiles or fsspec's configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pentad.core.errors import PentadError
from pentad.store.remote.files import Version
from pentad.store.remote.objects import Listed, Trouble, no_access, no_object

_BLOCK = 8 << 20
_TAGS = ("ETag", "etag", "e_tag", "content_md5", "md5Hash")
_NUMBERS = ("generation", "VersionId", "version_id")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")


class FsspecObjects:
    """The objects of one bucket.

    Args:
        kind: A class of fsspec's file systems.
        protocol: What addresses begin with.
        bucket: Its name.
    """

    def __init__(self, kind: Any, protocol: str, bucket: str) -> None:
        self._bucket = f"{protocol}://{bucket}"
        with self._told():
            self._files = kind(use_listings_cache=False, skip_instance_cache=True)

    def listed(self, prefix: str) -> Iterator[Listed]:
        """Yield all objects below a folder."""
        with self._told(prefix):
            folder = self._name(f"{prefix}/" if prefix else "").rstrip("/")
            above = len(self._name("").rstrip("/")) + 1
            found = self._files.find(folder, detail=True)
            for name, entry in found.items():
                if name.rstrip("/") != folder and entry.get("type", "file") == "file":
                    yield Listed(name[above:], _version(entry))

    def head(self, key: str) -> Version:
        """Return what the store says of one object."""
        with self._told(key):
            entry = self._files.info(self._name(key))
        if entry.get("type", "file") != "file":
            raise no_object(f"{self._bucket}/{key}")
        return _version(entry)

    def open(self, key: str) -> tuple[Version, Iterator[bytes]]:
        """Return what the store says of one object, and its bytes in blocks."""
        version = self.head(key)
        return version, self._blocks(key, version.size)

    def _blocks(self, key: str, size: int) -> Iterator[bytes]:
        with self._told(key):
            if size <= _BLOCK:
                yield self._files.cat_file(self._name(key))
                return
            with self._files.open(self._name(key), "rb", block_size=_BLOCK) as file:
                while block := file.read(_BLOCK):
                    yield block

    def _name(self, key: str) -> str:
        return str(self._files._strip_protocol(f"{self._bucket}/{key}"))

    @contextmanager
    def _told(self, key: str = "") -> Iterator[None]:
        """Raise what the file system says in the words of this package."""
        address = f"{self._bucket}/{key}" if key else self._bucket
        try:
            yield
        except (FileNotFoundError, IsADirectoryError):
            raise no_object(address) from None
        except PermissionError as error:
            raise no_access(address, _line(error)) from None
        except (Trouble, PentadError):
            raise
        except Exception as error:  # every file system has errors of its own, and its own tries
            raise Trouble(_line(error), again=False) from None


def _version(entry: Mapping[str, Any]) -> Version:
    size = int(entry.get("size") or 0)
    for name in _TAGS:
        if entry.get(name):
            return Version(size, f"etag:{str(entry[name]).strip(chr(34))}")
    for name in _NUMBERS:
        if entry.get(name):
            return Version(size, f"version:{entry[name]}")
    for name in _TIMES:
        if entry.get(name):
            return Version(size, f"mtime:{_seconds(entry[name])}")
    return Version(size, "")


def _seconds(time: object) -> str:
    return str(time.timestamp()) if isinstance(time, datetime) else str(time)


def _line(error: Exception) -> str:
    detail = (str(error).splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {detail}" if detail else type(error).__name__

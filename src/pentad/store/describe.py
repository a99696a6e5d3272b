"""SHA-256 and size of what an item's path names, be it a file or a part of one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Self

from pentad.core.fingerprint import fingerprint_bytes, fingerprint_file
from pentad.store.places import Loaded, Member, Place, container_of, locate
from pentad.store.remote.files import FilePath, RemoteFile, Root
from pentad.store.segments import Segment, segment_fingerprint

Describe = Callable[[FilePath], tuple[str, int]]
"""Gives the SHA-256 and the size in bytes of what a path names."""

_BLOCK = 1 << 20
_WHOLE = Segment("")


def describe_file(path: FilePath) -> tuple[str, int]:
    """Return the SHA-256 and the size of what a path names, read now.

    Raises:
        OSError: It is not there or cannot be read; see `pentad.store.places.locate`.
    """
    with Describer() as describe:
        return describe(path)


class Describer:
    """A `Describe` that keeps the tar open which it read last; use it in a ``with`` statement.

    Paths of one tar that come in its own order are read in one pass. A file of which several
    segments are asked for is read once.
    """

    def __init__(self) -> None:
        self._tar = ""
        self._file = -1
        self._whole: dict[Place, tuple[str, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the tar that was read last."""
        if self._file >= 0:
            os.close(self._file)
        self._tar, self._file = "", -1

    def __call__(self, path: FilePath) -> tuple[str, int]:
        """Return the SHA-256 and the size of what a path names; a segment has its own SHA-256.

        An object of a store is not read where the store has a mark of its content.
        """
        if isinstance(path, RemoteFile):
            from pentad.store.remote.locating import inside
            from pentad.store.remote.prints import describe_remote

            if inside(path) is None:
                return describe_remote(path)
        located = locate(path)
        segment = Segment("", located.start, located.end)
        if segment == _WHOLE:
            return self._read(located.place)
        if isinstance(located.place, Loaded):
            content, size = self._read(located.place)
        else:
            if located.place not in self._whole:
                self._whole[located.place] = self._read(located.place)
            content, size = self._whole[located.place]
        return segment_fingerprint(content, segment), size

    def _read(self, place: Place) -> tuple[str, int]:
        if isinstance(place, Loaded):
            return fingerprint_bytes(place.data), len(place.data)
        if isinstance(place, Member):
            return self._member(place), place.size
        return fingerprint_file(place), place.stat().st_size

    def _member(self, member: Member) -> str:
        if self._tar != str(member.file):
            self.close()
            self._file = os.open(member.file, os.O_RDONLY | os.O_CLOEXEC)
            self._tar = str(member.file)
        digest, at, left = hashlib.sha256(), member.offset, member.size
        while left:
            block = os.pread(self._file, min(_BLOCK, left), at)
            if not block:
                raise OSError(f"{member.name!r} is cut short: the tar has changed")
            digest.update(block)
            at, left = at + len(block), left - len(block)
        return digest.hexdigest()


def reading_order(root: Root, files: Sequence[str]) -> list[int]:
    """Return the places of ``files`` such that what lies in one container is read in one go.

    A listing names all files of one modality and then those of the next. Members of a tar stand
    sample by sample, so files are ordered by container, then by where the sample came first.
    """
    keys: dict[tuple[str, str], tuple[int, int]] = {}
    containers: dict[str, int] = {}
    known: dict[str, str] = {}
    ranks = []
    for place, file in enumerate(files):
        container = _container(root, file, known)
        if not container:
            ranks.append((containers.setdefault("", 0), place, place))
            continue
        inside = PurePosixPath(file[len(container) + 1 :])
        stem = f"{inside.parent}/{inside.name.partition('.')[0]}"
        rank = keys.setdefault(
            (container, stem), (containers.setdefault(container, len(containers) + 1), place)
        )
        ranks.append((*rank, place))
    return sorted(range(len(files)), key=ranks.__getitem__)


def _container(root: Root, file: str, known: dict[str, str]) -> str:
    """Return the container of a file, relative to the root; most follow one of the same."""
    last = known.get("", "")
    if last and file.startswith(f"{last}/"):
        return last
    found = container_of(root / file)
    container = "" if found is None else found[0][len(str(root)) + 1 :]
    known[""] = container or last
    return container

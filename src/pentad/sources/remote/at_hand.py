"""A source wherever it lies, as one of this machine while it is listed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.progress import SILENT, Progress
from pentad.sources.layouts import Layout
from pentad.sources.remote.mirror import Mirror
from pentad.sources.remote.tree import Tree, list_one, list_tree
from pentad.sources.rows import TABLE_SUFFIXES
from pentad.sources.webdataset import find_shards
from pentad.store.listing import Listing
from pentad.store.remote.addresses import bucket_and_key, checked_address, is_address
from pentad.store.remote.files import RemoteFolder
from pentad.store.remote.kept import objects_folder, writing
from pentad.store.tars import PACKED_SUFFIXES

_YOUNG = 60.0
_WITH_TARS = (Layout.WEBDATASET, Layout.TABLE, Layout.NEUTRAL, Layout.CLIP_RETRIEVAL)


@dataclass
class AtHand:
    """A source, and where its media lie, as paths of this machine.

    Attributes:
        source: What to read.
        media_root: Where its files lie, for layouts that list files elsewhere.
    """

    source: str | Path
    media_root: str | Path | None
    _progress: Progress
    _mirrors: list[Mirror] = field(default_factory=list)

    def fetch_tars(self, layout: Layout, path: Path) -> None:
        """Fetch the tars that a lister of this layout looks into; none where all is local.

        Args:
            layout: Of the source.
            path: What is read of it.
        """
        if layout not in _WITH_TARS:
            return
        for mirror in self._mirrors:
            names = None
            if layout is Layout.WEBDATASET and not path.is_dir():
                root, shards = find_shards(path)
                names = [(root / each).relative_to(mirror.path).as_posix() for each in shards]
            mirror.fetch_tars(names, self._progress)

    def listing(self, listing: Listing) -> Listing:
        """Return a listing of what is at hand as one of where it really lies."""
        for mirror in self._mirrors:
            listing = mirror.listing(listing)
        return listing

    def original(self, error: InputError) -> InputError:
        """Return an error that names what the user named."""
        if not self._mirrors:
            return error
        text = str(error)
        for mirror in self._mirrors:
            text = text.replace(str(mirror.path), str(mirror.root)) + mirror.first_fault()
        return InputError(text)

    def add(self, mirror: Mirror) -> None:
        """Take a mirror in."""
        self._mirrors.append(mirror)


@contextmanager
def at_hand(
    source: str | Path,
    media_root: str | Path | None = None,
    *,
    cache: Path | None = None,
    progress: Progress = SILENT,
) -> Iterator[AtHand]:
    """Yield a source as one of this machine; what is here already stays as it is.

    Args:
        source: A path, or an address such as ``s3://bucket/folder``.
        media_root: Likewise, or None.
        cache: Where fetched objects are kept; None for the user's own cache folder.
        progress: Where to report.

    Raises:
        InputError: An address is none, or what it names is not there or cannot be listed.
        MissingExtra: Nothing that is installed speaks to such a store.
        StoreError: The disk has no room.
    """
    with ExitStack() as stack:
        found = AtHand(source, media_root, progress)
        if is_address(source):
            found.source = _mirrored(stack, found, str(source), cache, progress)
        if is_address(media_root):
            found.media_root = _mirrored(stack, found, str(media_root), cache, progress)
        try:
            yield found
        except InputError as error:
            raise found.original(error) from None


def _mirrored(
    stack: ExitStack, found: AtHand, text: str, cache: Path | None, progress: Progress
) -> Path:
    """Return a path that stands for an address until the stack is closed."""
    address = checked_address(text)
    folder, only = _split(address)
    tree = _tree(address, folder, only)
    if only is not None and any(file.startswith(f"{only}/") for file in tree.files):
        folder, only, tree = address, None, list_tree(address)  # a folder called like a file
    path = stack.enter_context(_scratch(objects_folder(cache))) / folder.rpartition("/")[2]
    with writing(path):
        path.mkdir()
    mirror = Mirror(RemoteFolder(folder, cache), tree, path, only)
    found.add(mirror)
    mirror.fill(progress)
    return path if only is None else path / only


def _split(address: str) -> tuple[str, str | None]:
    """Return a folder, and the table, tar or pattern in it that is meant; None for all of it."""
    bucket, _ = bucket_and_key(address)
    if "{" in bucket:
        raise InputError("a pattern cannot stand for buckets; name one", file=address)
    if "{" in address:
        head = address[: address.index("{")].rpartition("/")[0]
        return head, address[len(head) + 1 :]
    above, _, last = address.rpartition("/")
    is_file = last.lower().endswith((*TABLE_SUFFIXES, ".tar", *PACKED_SUFFIXES))
    return (above, last) if is_file and last != bucket else (address, None)


def _tree(address: str, folder: str, only: str | None) -> Tree:
    if only is not None and "{" not in only and not only.lower().endswith(TABLE_SUFFIXES):
        tree = list_one(address)  # a tar needs no files beside it
    else:
        tree = list_tree(folder)
    if not tree.files and not tree.refused:
        raise InputError("there is no such folder or object, or it is empty", file=address)
    return tree


@contextmanager
def _scratch(objects: Path) -> Iterator[Path]:
    """Yield an empty folder on the disk of the kept objects, gone afterwards.

    One that a killed process left is removed by the next: its lock is free.
    """
    home = objects / "mirrors"
    with writing(home):
        home.mkdir(parents=True, exist_ok=True)
        _remove_left(home)
        path = Path(tempfile.mkdtemp(dir=home))
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path.resolve()
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _remove_left(home: Path) -> None:
    for path in sorted(home.iterdir()):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime < _YOUNG:
                continue  # its lock may not be taken yet
            lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)

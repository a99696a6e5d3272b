"""A folder of this machine with the names of one on a store: listers see no difference.

Tables and captions are fetched into it. Media are empty files, since listing reads none; tars and
tables of media are whole, and kept for when their contents are wanted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from pentad.core.ahead import ahead
from pentad.core.errors import Reason
from pentad.core.progress import Progress
from pentad.sources.refusal import Refused, visible
from pentad.sources.remote.tree import Tree
from pentad.sources.walk import is_document
from pentad.store.atomic import store_error
from pentad.store.listing import Listing
from pentad.store.places import place_error
from pentad.store.rejections import Rejection
from pentad.store.remote.asking import opened
from pentad.store.remote.files import RemoteFolder, Version
from pentad.store.remote.kept import check_room, objects_folder
from pentad.store.remote.locating import check_size, kept_object, write_blocks

TEXT_BYTES = 64 << 20
"""Bytes of the largest text file of captions."""
TABLE_BYTES = 16 << 30
"""Bytes of the largest table of text."""

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
_WHOLE = (".parquet", ".arrow")
_JSON = re.compile(
    r"(?:.*/)?(?:dataset_dict|dataset_info|state)\.json"
    r"|annotations/captions_\w+\.json|FSD50K\.metadata/\w+\.json"
)
_Outcome = tuple[str, Refused | None]


class Mirror:
    """The folder, filled as far as listers need it.

    Args:
        root: What it stands for.
        tree: What lies there.
        path: An empty folder of this machine.
        only: The one table or tar that is read; None for a folder.
    """

    def __init__(self, root: RemoteFolder, tree: Tree, path: Path, only: str | None) -> None:
        self.root = root
        self.path = path
        self._files = tree.files
        self._only = only
        self._refused = list(tree.refused)
        self._made: set[str] = set()

    def fill(self, progress: Progress) -> None:
        """Make all names, and fetch what listers read, tars excepted.

        Raises:
            InputError: The store does not answer.
            StoreError: The disk has no room.
        """
        with progress.task(f"list {self.root}", len(self._files)) as task:
            for file in list(self._files):
                if not self._stand_in(file):
                    del self._files[file]
                task.advance()
        self._fetch([file for file in self._files if self._is_read(file)], progress)

    def fetch_tars(self, names: Sequence[str] | None, progress: Progress) -> None:
        """Fetch tars, all or those of these names, relative to the mirror."""
        wanted = None if names is None else set(names)
        tars = [f for f in self._files if f.lower().endswith(".tar")]
        self._fetch([f for f in tars if wanted is None or f in wanted], progress)

    def listing(self, listing: Listing) -> Listing:
        """Return a listing of the mirror as one of what it stands for."""
        root = listing.root
        if not isinstance(root, Path) or not root.is_relative_to(self.path):
            return listing
        below = root.relative_to(self.path).as_posix()
        prefix = "" if below == "." else f"{below}/"
        versions = {
            file[len(prefix) :]: version
            for file, version in self._files.items()
            if file.startswith(prefix)
        }
        address = f"{self.root}/{below}" if prefix else str(self.root)
        folder = RemoteFolder(address, self.root.cache, versions)
        refused = [self._rejection(listing, *each) for each in self._refused]
        return Listing(listing.name, folder, listing.rows, (*listing.rejections, *refused))

    def first_fault(self) -> str:
        """Return what was refused first, for a source of which nothing is left."""
        return "".join(f"; {visible(p)}: {r.detail}" for p, r in self._refused[:1])

    def _rejection(self, listing: Listing, path: str, refused: Refused) -> Rejection:
        where = (listing.name, visible(path), "", "source")
        return Rejection(*where, refused.reason, visible(refused.detail))

    def _stand_in(self, file: str) -> bool:
        """Make an empty file; return whether there can be one of that name."""
        folder = file.rpartition("/")[0]
        try:
            if folder not in self._made:
                (self.path / folder).mkdir(parents=True, exist_ok=True)
                self._made.add(folder)
            os.close(os.open(self.path / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            fault = Refused(Reason.CONFLICT, "another object is called as its folder is")
            self._refused.append((file, fault))
            return False
        except OSError as error:
            raise store_error(self.path / file, error) from None
        return True

    def _is_read(self, file: str) -> bool:
        if self._only is not None:
            return file == self._only and not file.lower().endswith(".tar")
        lower = file.lower()
        if lower.endswith(".txt"):
            return not is_document(file)
        return lower.endswith((*_TABLES, *_WHOLE)) or _JSON.fullmatch(file) is not None

    def _fetch(self, files: Sequence[str], progress: Progress) -> None:
        if not files:
            return
        check_room(objects_folder(self.root.cache), sum(self._files[f].size for f in files))
        with progress.task(f"fetch captions and tables of {self.root}", len(files)) as task:
            for file, refused in ahead(self._fetched, files, waits=_always, size=_nothing):
                task.advance()
                if refused is not None:
                    (self.path / file).unlink(missing_ok=True)
                    self._refused.append((file, refused))

    def _fetched(self, file: str) -> _Outcome:
        """Put the content of an object into the mirror; return why that cannot be done, if so."""
        try:
            _check_listed(self._files[file], file)
            if file.lower().endswith((*_WHOLE, ".tar")):
                _link(kept_object(self.root / file), self.path / file)
            else:
                opened(str(self.root / file), self._writer(file))
        except OSError as error:
            why = place_error(error)
            return file, Refused(why.reason, why.detail)
        return file, None

    def _writer(self, file: str) -> Callable[[Version, Iterator[bytes]], None]:
        def write(version: Version, blocks: Iterator[bytes]) -> None:
            _check_listed(version, file)
            write_blocks(self.path / file, version, blocks)

        return write


def _check_listed(version: Version, file: str) -> None:
    suffix = PurePosixPath(file).suffix.lower()
    if suffix not in (*_WHOLE, ".tar"):
        check_size(version.size, TEXT_BYTES if suffix == ".txt" else TABLE_BYTES, file)


def _link(kept: Path, path: Path) -> None:
    """Let a kept object appear in the mirror, where it stays though it is removed elsewhere."""
    path.unlink(missing_ok=True)
    with suppress(OSError):
        path.hardlink_to(kept)
        return
    import shutil

    shutil.copyfile(kept, path)


def _always(_: str) -> bool:
    return True


def _nothing(_: _Outcome) -> int:
    return 0

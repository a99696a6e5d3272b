"""Finds the file that a table names, and keeps every path within the root of its source."""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pentad.core.errors import Reason
from pentad.sources.refusal import Refused, unreadable, visible
from pentad.store.places import container_of
from pentad.store.segments import Segment, segment_name, segment_of
from pentad.store.tars import no_member, tar_index

_SEPARATORS = re.compile(r"[\\/]")
_ABSOLUTE = re.compile(r"[\\/]|[A-Za-z]:[\\/]")


class Locator:
    """Looks for files below some folders of one source.

    Args:
        root: Folder that the found paths are relative to; nothing outside it is ever returned.
        folders: Where names are looked up, the first that has the file wins; relative to `root`.
    """

    def __init__(self, root: Path, folders: Sequence[str] = ("",)) -> None:
        self.root = root
        self._root = root.resolve()
        self._prefix = f"{self._root}/"
        self._folders = folders
        self._inside = lru_cache(maxsize=4096)(self._is_inside)
        self._names = lru_cache(maxsize=256)(_folded_names)

    def find(self, name: str, *, timed: bool = False) -> str:
        """Return the path of the named file, relative to the root, as it is spelled on disk.

        Surrounding blanks, backslashes and the two Unicode spellings of accents are tried in turn
        where the name as given does not exist. Upper and lower case stay different. Then a name may
        lead into a tar or a table, or end in a segment such as ``#t=14,24``.

        Args:
            name: As a table has it.
            timed: Whether it may be that of a segment.

        Raises:
            Refused: The name is empty, leads outside, or names no regular file.
        """
        check_name(name)
        for path in self._paths(name):
            mode = self._mode(path)
            if mode is not None:
                self.check(path, mode)
                return path
        within = (self._within(path) for path in self._paths(name))
        found = next((path for path in within if path is not None), None)
        segment = segment_of(name.strip())
        if found is None and segment.file != name.strip():
            return self._segment(segment, timed=timed)
        if found is None:
            raise Refused(Reason.MISSING_FILE, f"{name!r} is not there{self._hint(name)}")
        return found

    def _paths(self, name: str) -> Iterator[str]:
        for spelling in _spellings(name):
            for folder in self._folders:
                yield os.path.normpath(f"{folder}/{spelling}" if folder else spelling)

    def _within(self, path: str) -> str | None:
        """Return the path of a member of a tar, or of what may be a cell; None if it is neither."""
        parts = container_of(self._prefix + path)
        if parts is None:
            return None
        container = parts[0][len(self._prefix) :]
        self.check(container)
        if not container.lower().endswith(".tar"):
            return path
        try:
            index = tar_index(parts[0])
        except OSError as error:
            raise unreadable(error) from None
        if parts[1] not in index.members:
            raise Refused(Reason.MISSING_FILE, str(no_member(container, parts[1], index).strerror))
        return path

    def _segment(self, segment: Segment, *, timed: bool) -> str:
        if not timed:
            raise Refused(Reason.BAD_ROW, "'#t=' is for sounds and videos, which have a time")
        return segment_name(self.find(segment.file), segment.start, segment.end)

    def check(self, path: str, mode: int | None = None) -> None:
        """Raise `Refused` unless ``path``, relative to the root, is a regular file within it.

        Args:
            path: The file.
            mode: What `os.lstat` said of it, where that is known.
        """
        full = self._prefix + path
        try:
            mode = os.lstat(full).st_mode if mode is None else mode
            linked = stat.S_ISLNK(mode)
            if not self._inside(full if linked else full.rpartition("/")[0]):
                raise Refused(Reason.OUTSIDE_ROOT, f"{path!r} leads outside its source")
            mode = Path(full).stat().st_mode if linked else mode
        except FileNotFoundError:
            raise Refused(Reason.MISSING_FILE, f"{path!r} is a link that leads nowhere") from None
        except OSError as error:
            raise unreadable(error) from None
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise Refused(Reason.UNREADABLE, f"{path!r} is {kind}")

    def _mode(self, path: str) -> int | None:
        try:
            return os.lstat(self._prefix + path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise unreadable(error) from None

    def _is_inside(self, path: str) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(self._root)

    def _hint(self, name: str) -> str:
        for folder in self._folders:
            path = PurePosixPath(folder, name.strip())
            if found := self._names(self._root / path.parent).get(path.name.casefold()):
                return f"; there is {found!r}, and upper and lower case differ"
        return ""


def check_name(name: str) -> None:
    """Raise `Refused` for a name that is empty or leads out of the folder it is relative to."""
    if not name.strip():
        raise Refused(Reason.BAD_ROW, "the file name is empty")
    if _ABSOLUTE.match(name.strip()):
        raise Refused(
            Reason.OUTSIDE_ROOT, f"{name!r} is an absolute path; name files relative to the table"
        )
    if ".." in _SEPARATORS.split(name.strip()):
        raise Refused(Reason.OUTSIDE_ROOT, f"{name!r} leads upwards; '..' is not allowed")


def _spellings(name: str) -> Iterator[str]:
    yield name
    bare = name.strip()
    others = (bare, unicodedata.normalize("NFC", bare), unicodedata.normalize("NFD", bare))
    yield from dict.fromkeys(o for o in others if o != name)
    if "\\" in name:
        yield from dict.fromkeys(o.replace("\\", "/") for o in others)


def _folded_names(folder: Path) -> dict[str, str]:
    try:
        return {path.name.casefold(): visible(path.name) for path in folder.iterdir()}
    except OSError:
        return {}

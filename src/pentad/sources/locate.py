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

_SEPARATORS = re.compile(r"[\\/]")
_ABSOLUTE = re.compile(r"[\\/]|[A-Za-z]:[\\/]")


class Locator:
    """Looks for files below some folders of one source.

    Args:
        root: Folder that the found paths are relative to; nothing outside it is ever returned.
        folders: Where names are looked up, the first that has the file wins; relative to `root`.
    """

    def __init__(self, root: Path, folders: Sequence[str] = ("",)) -> None:
        self._root = root.resolve()
        self._prefix = f"{self._root}/"
        self._folders = folders
        self._inside = lru_cache(maxsize=4096)(self._is_inside)
        self._names = lru_cache(maxsize=256)(_folded_names)

    def find(self, name: str) -> str:
        """Return the path of the named file, relative to the root, as it is spelled on disk.

        Surrounding blanks, backslashes and the two Unicode spellings of accents are tried in turn
        where the name as given does not exist. Upper and lower case stay different.

        Raises:
            Refused: The name is empty, leads outside, or names no regular file.
        """
        check_name(name)
        for spelling in _spellings(name):
            for folder in self._folders:
                path = os.path.normpath(f"{folder}/{spelling}" if folder else spelling)
                mode = self._mode(path)
                if mode is not None:
                    self.check(path, mode)
                    return path
        raise Refused(Reason.MISSING_FILE, f"{name!r} is not there{self._hint(name)}")

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

"""The visible files of a folder, nested ones included, in path order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pentad.core.errors import Reason
from pentad.sources.refusal import Refused, unreadable

_DOCUMENT = re.compile(
    r"(authors|changelog|copying|credits|licen[cs]e|manifest|notice|readme|requirements)[^.]*"
    r"(\.(txt|rst))?"
    r"|.*\.(bib|bin|cfg|csv|db|html|ini|jsonl?|log|md5?|mtl|ndjson|parquet|pdf|py|rst|sha256|sh"
    r"|toml|tsv|xml|ya?ml)",
    re.DOTALL,
)

_WORKSPACE = "pentad.toml"


def walk(root: Path) -> list[tuple[str, Refused | None]]:
    """Return every visible file below ``root``, relative to it, sorted, with why it is refused.

    Linked folders are not entered: one that leads outside is refused, any other is passed over
    because its files are listed where they lie. Workspaces are passed over too.
    """
    inside = root.resolve()
    return sorted(_files(root, inside), key=lambda found: found[0])


def is_document(path: str) -> bool:
    """Return whether a file says something about a data set and is none of its media."""
    return _DOCUMENT.fullmatch(PurePosixPath(path.lower()).name) is not None


def _files(root: Path, inside: Path) -> Iterator[tuple[str, Refused | None]]:
    errors: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=errors.append):
        here = Path(folder)
        folders[:] = [name for name in folders if _visible(name) and not _is_workspace(here / name)]
        for name in folders:
            if not Path(os.path.realpath(here / name)).is_relative_to(inside):
                refused = Refused(Reason.OUTSIDE_ROOT, "the linked folder lies outside its source")
                yield (here / name).relative_to(root).as_posix(), refused
        for name in filter(_visible, files):
            path = (here / name).relative_to(root).as_posix()
            yield path, _unnameable(path)
    for error in errors:
        yield Path(str(error.filename)).relative_to(root).as_posix(), unreadable(error)


def _visible(name: str) -> bool:
    return not name.startswith(".") and name != "__MACOSX"


def _is_workspace(folder: Path) -> bool:
    """Return whether a folder is one of Pentad's own, whose arrays are nobody's point clouds."""
    return (folder / _WORKSPACE).is_file()


def _unnameable(path: str) -> Refused | None:
    try:
        path.encode()
    except UnicodeEncodeError:
        return Refused(Reason.WRONG_ENCODING, "the file name is not UTF-8; rename the file")
    return None

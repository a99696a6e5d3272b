"""Tells which of the three layouts a path is."""

from __future__ import annotations

import os
from collections import Counter
from enum import StrEnum
from pathlib import Path, PurePosixPath

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.media.formats import modality_of
from pentad.sources.neutral import is_neutral, neutral_tables
from pentad.sources.rows import TABLE_SUFFIXES
from pentad.sources.walk import walk

ACCEPTED = (
    "a folder with <modality>/captions.csv, a folder of media files with captions in .txt files of "
    f"the same name, or a table ({', '.join(TABLE_SUFFIXES)})"
)
_TABLE_STEMS = ("captions", "metadata")


class Layout(StrEnum):
    """The ways in which a source may lie on disk."""

    NEUTRAL = "neutral"
    FOLDER = "folder"
    TABLE = "table"


def detect_layout(path: Path, modality: Modality | None = None) -> tuple[Layout, Path]:
    """Return the layout of a source, and the folder or table to read.

    Args:
        path: What the user named.
        modality: The one asked for; with ``text`` a folder of ``.txt`` files is a source too.

    Raises:
        InputError: It is not there, cannot be read, or is none of the three.
    """
    try:
        if path.is_dir():
            return _layout_of_folder(path, modality)
        if not os.path.lexists(path):
            raise InputError("there is no such file or folder", file=path)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=path) from None
    if path.is_file() and path.suffix.lower() in TABLE_SUFFIXES:
        return Layout.TABLE, path
    raise InputError("not a source", file=path, expected=ACCEPTED)


def _layout_of_folder(path: Path, modality: Modality | None) -> tuple[Layout, Path]:
    if is_neutral(path):
        return Layout.NEUTRAL, path
    for stem in _TABLE_STEMS:
        for suffix in TABLE_SUFFIXES:
            if (path / f"{stem}{suffix}").is_file():
                return Layout.TABLE, path / f"{stem}{suffix}"
    if misnamed := neutral_tables(path):
        folder, tables = next(iter(misnamed.items()))
        raise InputError(
            f"{folder}/{tables[0].name} stands in a folder that is not named after a modality; "
            f"name the folder {', '.join(Modality)}, or read that table alone",
            file=path,
        )
    files = [name for name, _ in walk(path)]
    wanted = ".txt" if modality is Modality.TEXT else None
    if any(_is_media(name, wanted) for name in files):
        return Layout.FOLDER, path
    raise InputError("not a source", file=path, expected=ACCEPTED, seen=_found(files))


def _is_media(name: str, wanted: str | None) -> bool:
    if wanted is not None:
        return name.lower().endswith(wanted)
    return modality_of(name) is not None


def _found(files: list[str]) -> str:
    counts = Counter(PurePosixPath(name).suffix.lower() or "no extension" for name in files)
    if not counts:
        return "an empty folder"
    kinds = [f"{count} x {suffix}" for suffix, count in counts.most_common(5)]
    return f"{len(files)} file{'s' * (len(files) != 1)} ({', '.join(kinds)})"

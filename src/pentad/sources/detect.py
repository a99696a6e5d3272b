"""Tells which layout a path is."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.media.formats import modality_of
from pentad.sources.clip_retrieval import metadata_tables
from pentad.sources.coco import coco_tables
from pentad.sources.columns import FILE_COLUMNS
from pentad.sources.esc50 import is_esc50
from pentad.sources.fsd50k import is_fsd50k
from pentad.sources.huggingface import is_hf_file, is_hf_folder
from pentad.sources.layouts import Layout
from pentad.sources.neutral import is_neutral, neutral_tables
from pentad.sources.rows import TABLE_SUFFIXES, table_columns
from pentad.sources.walk import walk
from pentad.sources.webdataset import is_packed, is_pattern
from pentad.store.tars import PACKED_SUFFIXES

ACCEPTED = (
    "a folder with <modality>/captions.csv, a folder of media files with captions in .txt files of "
    f"the same name, a table ({', '.join(TABLE_SUFFIXES)}), tars, or what else "
    "'pentad list sources' names"
)
_TABLE_STEMS = ("captions", "metadata")
_PUBLISHED: Mapping[Layout, Callable[[Path], object]] = {
    Layout.ESC50: is_esc50,
    Layout.FSD50K: is_fsd50k,
    Layout.COCO: coco_tables,
    Layout.CLIP_RETRIEVAL: metadata_tables,
}


def detect_layout(path: Path, modality: Modality | None = None) -> tuple[Layout, Path]:
    """Return the layout of a source, and the folder or table to read.

    Args:
        path: What the user named.
        modality: The one asked for; with ``text`` a folder of ``.txt`` files is a source too.

    Raises:
        InputError: It is not there, cannot be read, or is none that is known.
    """
    try:
        if path.is_dir():
            return _layout_of_folder(path, modality)
        if is_pattern(path):
            return Layout.WEBDATASET, path
        if not os.path.lexists(path):
            raise InputError("there is no such file or folder", file=path)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=path) from None
    if path.is_file():
        if path.suffix.lower() == ".tar" or is_packed(path):
            return Layout.WEBDATASET, path
        if path.suffix.lower() in TABLE_SUFFIXES:
            return _layout_of_table(path, modality), path
    raise InputError("not a source", file=path, expected=ACCEPTED)


def forced_layout(path: Path, layout: Layout) -> tuple[Layout, Path]:
    """Return a layout that was asked for, and the folder or table to read.

    Raises:
        InputError: The path cannot be of that layout.
    """
    if layout is Layout.WEBDATASET and is_pattern(path):
        return layout, path
    if not os.path.lexists(path):
        raise InputError("there is no such file or folder", file=path)
    is_table = path.suffix.lower() in TABLE_SUFFIXES and path.is_file()
    if layout in (Layout.TABLE, Layout.URLS):
        table = path if is_table else _table_in(path)
        if table is None:
            wanted = f"a table ({', '.join(TABLE_SUFFIXES)})"
            raise InputError(f"not of the format {layout.value!r}", file=path, expected=wanted)
        return layout, table
    files = {Layout.WEBDATASET: path.is_file(), Layout.HUGGINGFACE: is_table}
    if not path.is_dir() and not files.get(layout, False):
        raise InputError(f"not of the format {layout.value!r}", file=path, expected="a folder")
    return layout, path


def _layout_of_table(path: Path, modality: Modality | None) -> Layout:
    """Return what a table is: one of files beside it, of addresses, or one that holds its media."""
    columns = table_columns(path)
    if modality is Modality.TEXT or any(name in columns for name in FILE_COLUMNS):
        return Layout.TABLE
    if path.suffix.lower() == ".parquet" and is_hf_file(path):
        return Layout.HUGGINGFACE
    return Layout.URLS if "url" in columns else Layout.TABLE


def _layout_of_folder(path: Path, modality: Modality | None) -> tuple[Layout, Path]:
    if is_neutral(path):
        return Layout.NEUTRAL, path
    for layout, is_one in _PUBLISHED.items():
        if is_one(path):
            return layout, path
    if (table := _table_in(path)) is not None:
        return _layout_of_table(table, modality), table
    if is_hf_folder(path):
        return Layout.HUGGINGFACE, path
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
    if any(name.lower().endswith((".tar", *PACKED_SUFFIXES)) for name in files):
        return Layout.WEBDATASET, path
    raise InputError("not a source", file=path, expected=ACCEPTED, seen=_found(files))


def _table_in(folder: Path) -> Path | None:
    """Return the table that lies on top of a folder under one of the usual names, if any."""
    names = [f"{stem}{suffix}" for stem in _TABLE_STEMS for suffix in TABLE_SUFFIXES]
    return next((folder / name for name in names if (folder / name).is_file()), None)


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

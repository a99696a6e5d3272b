"""Data sets as Hugging Face's ``datasets`` keeps them, in three forms.

Parquet shards with the media in them (``datasets``' documentation, "Parquet")::

    DIR/data/train-00000-of-00003.parquet     image or audio: struct {bytes, path}; caption ...
    DIR/default/train/0000.parquet            any folder below DIR, or one file alone

A folder of pictures or sounds with a table (``imagefolder``, ``audiofolder``)::

    DIR/train/metadata.csv                    file_name, caption; .jsonl and .parquet too
    DIR/train/0001.jpg

What ``save_to_disk`` wrote::

    DIR/dataset_dict.json                     or DIR itself is one split
    DIR/train/state.json  dataset_info.json  data-00000-of-00001.arrow

Caption columns are ``caption``, ``text`` and ``sentence``, in the plural too, with a number or
without; a cell may hold a list. The concept is in ``concept``, else in the one column of class
labels. Splits are not kept apart. Columns that hold lists of pictures are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.collect import Collector
from pentad.sources.hf_columns import is_hf_schema
from pentad.sources.hf_tables import collect_hf_table, opened
from pentad.sources.locate import Locator
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.rows import TABLE_SUFFIXES, table_columns
from pentad.sources.table import collect_table
from pentad.sources.walk import walk
from pentad.store.listing import Listing

_DEPTHS = ("*", "*/*", "*/*/*")
_TABLES = tuple(f"metadata{suffix}" for suffix in TABLE_SUFFIXES)


def is_hf_folder(folder: Path) -> bool:
    """Return whether a folder is unmistakably a data set of one of the three forms."""
    if _is_saved(folder) or any("file_name" in table_columns(t) for t in _metadata_tables(folder)):
        return True
    return any(is_hf_file(path) for path in _first(folder))


def is_hf_file(path: Path) -> bool:
    """Return whether a Parquet file holds media, as ``datasets`` writes them."""
    try:
        with opened(path) as table:
            return is_hf_schema(table.schema)
    except (OSError, Refused):
        return False


def list_huggingface(path: Path, *, modality: Modality | None, name: str) -> Listing:
    """Return the rows of a data set in a folder, or of one Parquet file of it.

    Args:
        path: The folder or file.
        modality: Take only media of this modality. With ``text`` the captions alone.
        name: Name of the source.

    Raises:
        InputError: It holds none of the three forms.
    """
    root = path if path.is_dir() else path.parent
    collector = Collector(name, root)
    files = list(_saved(path)) if path.is_dir() and _is_saved(path) else _parquet(path)
    tables = [] if files else list(_metadata_tables(path))
    if not files and not tables:
        raise InputError(
            "no Parquet files, no metadata.csv beside files and nothing of save_to_disk in it",
            file=path,
        )
    for table in tables:
        collect_table(collector, table, modality)
    locator = Locator(root) if path.is_dir() else None
    for file in files:
        try:
            if locator is not None:
                locator.check(file)
            collect_hf_table(collector, file, modality)
        except OSError as error:
            collector.refuse(file, unreadable(error), modality=modality)
        except Refused as refused:
            collector.refuse(file, refused, modality=modality)
    return collector.listing()


def _parquet(path: Path) -> list[str]:
    """Return the Parquet files that hold rows, relative to the root."""
    if path.is_file():
        return [path.name]
    names = [name for name, refused in walk(path) if refused is None]
    found = [name for name in names if name.lower().endswith(".parquet")]
    return [name for name in found if Path(name).name not in _TABLES]


def _first(folder: Path) -> Iterator[Path]:
    """Yield the first Parquet file of each depth; ``datasets`` goes no deeper."""
    for depth in _DEPTHS:
        found = sorted(folder.glob(f"{depth}.parquet"))
        yield from found[:1]


def _metadata_tables(folder: Path) -> Iterator[Path]:
    """Yield the tables of the folders within, as splits have them."""
    if not folder.is_dir():
        return
    for depth in _DEPTHS[:2]:
        for below in sorted(p for p in folder.glob(depth) if p.is_dir()):
            if not below.name.startswith("."):
                table = next((below / name for name in _TABLES if (below / name).is_file()), None)
                if table is not None:
                    yield table


def _is_saved(folder: Path) -> bool:
    if (folder / "dataset_dict.json").is_file():
        return True
    return (folder / "state.json").is_file() and (folder / "dataset_info.json").is_file()


def _saved(folder: Path) -> Iterator[str]:
    """Yield the Arrow files of what was saved, relative to the folder."""
    splits = [""]
    if (folder / "dataset_dict.json").is_file():
        listed = _json(folder / "dataset_dict.json").get("splits")
        splits = [f"{split}/" for split in listed] if isinstance(listed, list) else []
        if not splits or not all(_is_name(split[:-1]) for split in splits):
            raise InputError("names no splits", file=folder / "dataset_dict.json")
    for split in splits:
        files = _json(folder / f"{split}state.json").get("_data_files")
        listed = files if isinstance(files, list) else [None]
        names = [f.get("filename") if isinstance(f, dict) else None for f in listed]
        if not all(_is_name(name) for name in names):
            raise InputError("names no files", file=folder / f"{split}state.json")
        yield from (f"{split}{name}" for name in names)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and bool(name) and "/" not in name and name not in (".", "..")


def _json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot be read ({error})", file=path) from None
    if not isinstance(value, dict):
        raise InputError("not a JSON object", file=path)
    return value

"""`read_embeddings`: vectors that another program wrote."""

from __future__ import annotations

import glob
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import as_modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.exchange import (
    atlas,
    clip_json,
    clip_retrieval,
    faiss_index,
    huggingface,
    parquet_files,
)
from pentad.embeddings.exchange.imported import BadRows, Imported, Wanted


@dataclass(frozen=True)
class _Format:
    """A layout: how it is read, and which options mean something to it."""

    read: Callable[[Path, Wanted], Imported]
    options: frozenset[str]


FORMATS = {
    clip_retrieval.FORMAT: _Format(clip_retrieval.read, frozenset({"key"})),
    clip_json.FORMAT: _Format(clip_json.read, frozenset()),
    huggingface.FORMAT: _Format(huggingface.read, frozenset({"column", "key"})),
    faiss_index.FORMAT: _Format(faiss_index.read, frozenset({"key", "ids", "approximate"})),
    atlas.FORMAT: _Format(atlas.read, frozenset({"column", "key"})),
}


def read_embeddings(
    path: str | Path,
    *,
    modality: str,
    space: str,
    format: str | None = None,
    column: str | None = None,
    key: str | None = None,
    ids: str | Path | None = None,
    approximate: bool = False,
    bad_rows: str = "error",
    progress: Progress = SILENT,
) -> Imported:
    """Return the embeddings of a file or folder; vectors are mapped, not held in memory.

    Args:
        path: A clip-retrieval folder, a folder of JSON files with a clip each, Parquet (a file, a
            folder, or a pattern), or a faiss index.
        modality: What the items are.
        space: A name for the space the vectors live in.
        format: ``clip-retrieval``, ``json``, ``huggingface``, ``faiss`` or ``atlas``; default by
            what is there.
        column: Parquet: the column of vectors; default the only one.
        key: The column that says what a row is: integers become ids, strings names. Default ids
            from ``<modality>_id`` and names from columns such as ``image_path`` or ``caption``.
        ids: faiss: ``.npy`` or Parquet with an id or name for each row; default the one beside it.
        approximate: faiss: whether vectors will do that the index gives back changed.
        bad_rows: ``error`` stops at the first row without a usable vector, ``reject`` lists such
            rows. Unusable JSON files are listed in any case.
        progress: Where to report.

    Raises:
        InputError: There is nothing to read, it is damaged, or its parts do not fit together.
        UnknownName: A format, a modality or a column is not known.
    """
    root = _there(Path(path))
    wanted = Wanted(
        as_modality(modality), space, column, key, None if ids is None else Path(ids),
        approximate, _bad_rows(bad_rows), progress,
    )  # fmt: skip
    name = detect_format(root) if format is None else format
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS)
    _require_meaningful(name, wanted)
    try:
        return FORMATS[name].read(root, wanted)
    except OSError as error:
        file = error.filename or root
        raise InputError(f"cannot be read ({error.strerror or error})", file=file) from None


def _there(path: Path) -> Path:
    """Return a path that leads somewhere, or is a pattern of Parquet files."""
    if not path.exists() and not (glob.has_magic(str(path)) and path.suffix == ".parquet"):
        raise InputError("there is no such file or folder", file=path)
    return path


def detect_format(path: Path) -> str:
    """Return the layout of what lies at ``path``.

    Raises:
        InputError: It is of none of them, or could be of several.
    """
    if path.is_dir():
        return _of_folder(path)
    if path.suffix == ".parquet":
        is_atlas = path.exists() and atlas.looks_like(path)
        return atlas.FORMAT if is_atlas else huggingface.FORMAT
    if faiss_index.looks_like(path):
        return faiss_index.FORMAT
    raise InputError(
        f"its name does not tell the format; name one of {', '.join(FORMATS)}", file=path
    )


def _of_folder(path: Path) -> str:
    if (path / "embeddings.json").is_file():
        raise InputError("saved by Pentad itself; Embeddings.load reads it", file=path)
    found = {
        clip_retrieval.FORMAT: clip_retrieval.looks_like(path),
        faiss_index.FORMAT: faiss_index.looks_like(path),
    }
    if not any(found.values()):
        found = {
            huggingface.FORMAT: parquet_files.has_parquet(path),
            clip_json.FORMAT: clip_json.looks_like(path),
        }
    names = [name for name, there in found.items() if there]
    if not names:
        expected = ", ".join(FORMATS)
        raise InputError("no embeddings in a format that is known", file=path, expected=expected)
    if len(names) > 1:
        raise InputError(f"could be {' or '.join(names)}; name the format", file=path)
    return names[0]


def _bad_rows(value: str) -> BadRows:
    try:
        return BadRows(value)
    except ValueError:
        raise UnknownName("bad_rows", value, [b.value for b in BadRows]) from None


def _require_meaningful(name: str, wanted: Wanted) -> None:
    given = {
        "column": wanted.column,
        "key": wanted.key,
        "ids": wanted.ids,
        "approximate": wanted.approximate,
    }
    for option, value in given.items():
        if value and option not in FORMATS[name].options:
            raise InputError(f"{option!r} means nothing in the format {name!r}; leave it out")

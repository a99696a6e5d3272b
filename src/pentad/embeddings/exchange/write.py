"""`write_embeddings`: vectors in the layouts of other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from numpy.typing import ArrayLike

from pentad.core.errors import InputError, UnknownName
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.exchange import (
    atlas,
    clip_json,
    clip_retrieval,
    faiss_index,
    huggingface,
)
from pentad.embeddings.exchange.output import as_if_exists
from pentad.embeddings.exchange.parquet_write import make_table
from pentad.embeddings.frames import FrameEmbeddings

FORMATS = (
    clip_retrieval.FORMAT,
    clip_json.FORMAT,
    huggingface.FORMAT,
    faiss_index.FORMAT,
    atlas.FORMAT,
)
_WRITERS = {
    clip_retrieval.FORMAT: clip_retrieval.write,
    huggingface.FORMAT: huggingface.write,
    faiss_index.FORMAT: faiss_index.write,
}


def write_embeddings(
    embeddings: Embeddings | FrameEmbeddings,
    path: str | Path,
    *,
    format: str,
    names: Sequence[str] | None = None,
    columns: Mapping[str, Sequence[object]] | None = None,
    column: str | None = None,
    projection: ArrayLike | None = None,
    neighbors: tuple[ArrayLike, ArrayLike] | None = None,
    if_exists: str = "error",
    progress: Progress = SILENT,
) -> None:
    """Write embeddings; they appear whole or not at all.

    Args:
        embeddings: Vectors and ids; several vectors an item only with ``json``.
        path: A folder, or for ``huggingface`` and ``atlas`` a ``.parquet`` file.
        format: ``clip-retrieval``, ``json``, ``huggingface``, ``faiss`` or ``atlas``.
        names: One name a row: a path, for text the caption.
        columns: Further columns of tables, one value a row.
        column: What the column of vectors is called; default ``embedding``.
        projection: atlas: (rows, 2), a map of the items.
        neighbors: atlas: row numbers (rows, k) from 0, and their distances.
        if_exists: ``error``, or ``replace`` for an earlier export.
        progress: Where to report.

    Raises:
        InputError: Something is there already, or what is given does not fit together.
        UnknownName: There is no such format.
        StoreError: The disk is full or cannot be written.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS)
    target, policy = Path(path), as_if_exists(if_exists)
    _check(embeddings, format, names)
    _check_options(format, columns or column, projection is not None or neighbors is not None)
    with progress.task(f"write {target.name}", len(embeddings)) as task:
        if format == clip_json.FORMAT:
            clip_json.write(embeddings, target, names, task, policy)
            return
        if isinstance(embeddings, FrameEmbeddings):
            raise InputError(
                f"the format {format!r} has one vector an item; aggregate() makes one of frames"
            )
        table = replace(make_table(embeddings, names, columns, column), task=task)
        if format == atlas.FORMAT:
            atlas.write(atlas.with_extras(table, projection, neighbors), target, policy)
        else:
            _WRITERS[format](embeddings, target, table, policy)


def _check_options(form: str, columns: object, extras: bool) -> None:
    if extras and form != atlas.FORMAT:
        raise InputError("a projection and neighbors belong to the format 'atlas'; leave them out")
    if columns and form == clip_json.FORMAT:
        raise InputError("the format 'json' has no columns; leave them out")


def _check(
    embeddings: Embeddings | FrameEmbeddings, form: str, names: Sequence[str] | None
) -> None:
    if not len(embeddings):
        raise InputError(f"there is nothing to write as {form!r}: no item")
    if names is not None and len(names) != len(embeddings):
        raise InputError("one name an item", expected=len(embeddings), seen=len(names))

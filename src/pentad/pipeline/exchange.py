"""Embeddings of other programs into a workspace: each vector to the item that it is of."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pentad.core.errors import InputError, Reason, StoreError
from pentad.core.modality import Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embeddings import Embeddings, find_rows
from pentad.embeddings.exchange.imported import STAGE, Imported
from pentad.embeddings.exchange.read import read_embeddings
from pentad.embeddings.frames import aggregate, as_aggregation
from pentad.pipeline.attached import NONE, attach_rows, check_space
from pentad.pipeline.matching import Matches, match_names
from pentad.store.items import Items
from pentad.store.rejections import Rejection
from pentad.store.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImportOptions:
    """How embeddings are read; see `read_embeddings`.

    Attributes:
        format: Which layout; None for what is there.
        column: Parquet: the column of vectors.
        key: The column that says what a row is: integers are ids of this workspace's items.
        ids: faiss: the file of ids.
        approximate: faiss: whether changed vectors will do.
        bad_rows: ``error`` or ``reject``.
        aggregate: ``mean``, ``median``, ``max`` or ``none``, where items have several vectors.
    """

    format: str | None = None
    column: str | None = None
    key: str | None = None
    ids: Path | None = None
    approximate: bool = False
    bad_rows: str = "error"
    aggregate: str | None = None


@dataclass(frozen=True)
class ImportSummary:
    """What became of the vectors.

    Attributes:
        space: Where they are.
        modality: What they are of.
        format: The layout they came in.
        exact: Whether they are the vectors that were once made, not ones that an index gave back.
        attached: Items that have their vector now.
        repeated: Vectors of items that had an earlier one in the same import.
        unknown: Vectors of no item here.
        ambiguous: Vectors that could be of several items.
        rejected: Rows that have no usable vector.
        without: Items that got no vector.
    """

    space: str
    modality: str
    format: str
    exact: bool
    attached: int
    repeated: int
    unknown: int
    ambiguous: int
    rejected: int
    without: int

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def import_embeddings(
    workspace: str | Path,
    path: str | Path,
    *,
    modality: str,
    space: str,
    options: ImportOptions | None = None,
    progress: Progress = SILENT,
) -> ImportSummary:
    """Read embeddings and store those that are of items of a workspace, as float16.

    Vectors that are stored already in this space stay, unless there is a new one for their item.

    Args:
        workspace: A workspace with items.
        path: What `read_embeddings` reads.
        modality: What the vectors are of.
        space: Under which name they are stored; that of an encoder's space joins what it made.
        options: How they are read.
        progress: Where to report.

    Raises:
        InputError: They cannot be read, or none is of an item here.
        StoreError: Another process is writing to the workspace.
    """
    chosen = options or ImportOptions()
    check_space(space)
    if chosen.aggregate is not None:
        as_aggregation(chosen.aggregate)
    opened = Workspace.open(workspace)
    if not len(opened.catalog().items(as_modality(modality))):
        raise StoreError(f"{workspace}: no {modality} items yet; run 'pentad add'")
    imported = read_embeddings(
        path, modality=modality, space=space, format=chosen.format, column=chosen.column,
        key=chosen.key, ids=chosen.ids, approximate=chosen.approximate, bad_rows=chosen.bad_rows,
        progress=progress,
    )  # fmt: skip
    return attach_imported(opened, imported, aggregation=chosen.aggregate)


def attach_imported(
    workspace: Workspace, imported: Imported, *, aggregation: str | None = None
) -> ImportSummary:
    """Store imported embeddings of items of a workspace: by their names, else by their ids.

    Raises:
        InputError: Nothing says which item a vector is of, none is of an item here, or items have
            several vectors and no aggregation is named.
        StoreError: Another process is writing to the workspace.
    """
    vectors = _single(imported, aggregation)
    with workspace.writing():
        items = workspace.catalog().items(vectors.modality)
        matches = _match(items, imported)
        attached = int((matches.rows != NONE).sum())
        if not attached:
            raise _nothing_matches(items, imported)
        fields = {"imported": dict(imported.origin)}
        attach_rows(workspace, items, vectors, matches.rows, revision="imported", fields=fields)
        refused = [*imported.rejections, *_ambiguous(imported, matches)]
        mine = [replace(rejection, source=vectors.space) for rejection in refused]
        named = {"source": vectors.space, "modality": vectors.modality.value}
        workspace.reject(mine, stage=STAGE, **named)
    _tell(imported, matches)
    return ImportSummary(
        vectors.space,
        vectors.modality.value,
        str(imported.origin.get("format", "")),
        bool(imported.origin.get("exact", True)),
        attached,
        matches.repeated,
        len(matches.unknown),
        len(matches.ambiguous),
        len(imported.rejections),
        len(items) - attached,
    )


def _single(imported: Imported, aggregation: str | None) -> Embeddings:
    if isinstance(imported.embeddings, Embeddings):
        return imported.embeddings
    if aggregation is None:
        raise InputError(
            "items have several vectors; say how one is made of them: mean, median or max "
            "(--aggregate)"
        )
    return aggregate(imported.embeddings, aggregation)


def _match(items: Items, imported: Imported) -> Matches:
    if imported.names is not None:
        return match_names(items, imported.names)
    if not imported.has_ids:
        raise InputError("nothing says which item a vector is of; name a column of names or ids")
    ids = imported.embeddings.ids
    found, there = find_rows(items.ids, ids)
    rows = np.full(len(items), NONE, dtype=np.int64)
    rows[found[there]] = np.flatnonzero(there)
    return Matches(rows, 0, tuple(np.flatnonzero(~there).tolist()), ())


def _nothing_matches(items: Items, imported: Imported) -> InputError:
    column = "caption" if items.modality is Modality.TEXT else "file"
    if imported.names is None:
        seen, item = str(imported.embeddings.ids[0]), f"id {items.ids[0]}"
    else:
        seen, item = repr(imported.names[0]), f"{column} {items.frame[column][0]!r}"
    return InputError(
        f"none of the {len(imported)} vectors is of an item here: the first is of {seen}, "
        f"the first item has the {item}; another column may say it (--key)"
    )


def _ambiguous(imported: Imported, matches: Matches) -> list[Rejection]:
    modality = imported.embeddings.modality.value
    names = imported.names or []
    detail = "could mean several items, or several vectors could be of one item"
    return [
        Rejection(STAGE, names[place], modality, STAGE, Reason.CONFLICT, detail)
        for place in matches.ambiguous
    ]


def _tell(imported: Imported, matches: Matches) -> None:
    if not imported.origin.get("exact", True):
        kind = imported.origin.get("index")
        _log.warning("the vectors are approximate: %s keeps no better ones", kind)
    names = imported.names
    if matches.unknown and names is not None:
        first = names[matches.unknown[0]]
        _log.warning("%d vectors are of no item, the first of %r", len(matches.unknown), first)

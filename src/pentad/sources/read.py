"""The ways in: any source as a listing, a table or a folder as the items of one modality."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.core.progress import SILENT, Progress
from pentad.sources.clip_retrieval import list_clip_retrieval
from pentad.sources.coco import list_coco
from pentad.sources.detect import detect_layout, forced_layout
from pentad.sources.esc50 import list_esc50
from pentad.sources.folder import list_folder
from pentad.sources.fsd50k import list_fsd50k
from pentad.sources.huggingface import list_huggingface
from pentad.sources.layouts import Layout, as_layout
from pentad.sources.neutral import list_neutral
from pentad.sources.remote.at_hand import at_hand
from pentad.sources.table import list_table
from pentad.sources.webdataset import find_shards, is_pattern, list_webdataset
from pentad.store.items import Items, empty_catalog
from pentad.store.listing import Listing
from pentad.store.registry import register
from pentad.store.rejections import Rejection

_LISTERS = {
    Layout.NEUTRAL: list_neutral,
    Layout.FOLDER: list_folder,
    Layout.TABLE: list_table,
    Layout.WEBDATASET: list_webdataset,
    Layout.HUGGINGFACE: list_huggingface,
    Layout.ESC50: list_esc50,
    Layout.FSD50K: list_fsd50k,
}
_LISTERS_OF_MEDIA_ELSEWHERE = {
    Layout.COCO: list_coco,
    Layout.CLIP_RETRIEVAL: list_clip_retrieval,
}
_SHOWN = 5
_log = logging.getLogger(__name__)


def read_source(
    path: str | Path,
    *,
    modality: str | None = None,
    name: str | None = None,
    format: str | None = None,
    media_root: str | Path | None = None,
    cache: Path | None = None,
    progress: Progress = SILENT,
) -> Listing:
    """List the files and captions of a source; nothing is decoded.

    Args:
        path: A folder in the neutral layout, a plain folder of media files, a table, or another
            layout of `pentad.sources.layouts.Layout`; of this machine or at an address such as
            ``s3://bucket/folder``.
        modality: Read this one only; needed where neither folders, columns nor extensions tell it.
        name: Name of the source in a workspace; by default that of the folder or table.
        format: The layout, where it is not to be told from what is there.
        media_root: Where the files lie, for layouts that list files elsewhere.
        cache: Where objects of a store are kept that listing needs; None for the user's own folder.
        progress: Where to report what takes long, which is only a store.

    Returns:
        Its rows, and everything that was refused with line, column and reason.

    Raises:
        InputError: The path is of no known layout, or nothing in it can be used.
        UnknownName: ``modality`` is not a modality, or ``format`` no layout.
        MissingExtra: It is at an address, and nothing that is installed speaks to such a store.
    """
    with at_hand(path, media_root, cache=cache, progress=progress) as hand:
        found = find_source(hand.source, modality, name, format)
        hand.fetch_tars(found.layout, found.path)
        return hand.listing(read_found(found, hand.media_root))


@dataclass(frozen=True)
class Found:
    """A source, before it is read.

    Attributes:
        layout: What it is.
        path: Folder, table or pattern, resolved.
        given: The path as the user wrote it, for messages.
        modality: The one that is asked for.
        name: Name of the source.
    """

    layout: Layout
    path: Path
    given: Path
    modality: Modality | None
    name: str


def find_source(
    path: str | Path, modality: str | None, name: str | None, format: str | None
) -> Found:
    """Return what a source is; the arguments are those of `read_source`.

    Raises:
        InputError: It is of no known layout, or not of the one asked for.
        UnknownName: ``modality`` is not a modality, or ``format`` no layout.
    """
    kind = None if modality is None else as_modality(modality)
    given = Path(path)
    layout, found = find_layout(given, kind, format)
    return Found(layout, found, given, kind, name or _default_name(given, layout))


def read_found(found: Found, media_root: str | Path | None = None) -> Listing:
    """List the files and captions of a source that `find_source` gave.

    Raises:
        InputError: Nothing in it can be used.
    """
    if found.layout is Layout.URLS:
        raise InputError(
            "its files lie at addresses; 'pentad add WORKSPACE TABLE' fetches them, and "
            "--format table reads the table as it is",
            file=found.given,
        )
    listing = _listed(found, media_root)
    check_usable(found, listing)
    return listing


def check_usable(found: Found, listing: Listing) -> None:
    """Raise `InputError`, with the reasons, for a source of which nothing is left."""
    if listing.rows.is_empty():
        raise _nothing_usable(found.given, found.modality, listing.rejections)


def find_layout(path: Path, modality: Modality | None, format: str | None) -> tuple[Layout, Path]:
    """Return the layout of a source, asked for or told from what is there, and its resolved path.

    Raises:
        InputError: It is of no known layout, or not of the one asked for.
        UnknownName: ``format`` is no layout.
    """
    if format is None:
        layout, found = detect_layout(path, modality)
    else:
        layout, found = forced_layout(path, as_layout(format))
    keeps_name = found.is_file() or is_pattern(found)
    found = found.parent.resolve() / found.name if keeps_name else found.resolve()
    _check_utf8(found)
    return layout, found


def _listed(found: Found, media_root: str | Path | None) -> Listing:
    layout, path = found.layout, found.path
    if layout in _LISTERS_OF_MEDIA_ELSEWHERE:
        root = None if media_root is None else Path(media_root).resolve()
        if root is not None and not root.is_dir():
            raise InputError("there is no such folder of media", file=root)
        lister = _LISTERS_OF_MEDIA_ELSEWHERE[layout]
        return lister(path, modality=found.modality, name=found.name, media_root=root)
    if media_root is not None:
        raise InputError(
            f"files of the format {layout.value!r} lie beside what lists them; leave out the media "
            "root",
            file=path,
        )
    return _LISTERS[layout](path, modality=found.modality, name=found.name)


def read_table(path: str | Path, *, modality: str) -> Items:
    """Read the items of one modality from a CSV, JSON Lines or Parquet table.

    Args:
        path: The table, here or at an address such as ``s3://bucket/captions.csv``; files are named
            relative to its folder.
        modality: What the rows are. With ``text`` only the captions are read.

    Raises:
        InputError: Nothing in it can be used.
        UnknownName: ``modality`` is not a modality.
    """
    return _read_items(path, modality)


def read_folder(path: str | Path, *, modality: str) -> Items:
    """Read the items of one modality from a folder of media files, nested as it may be.

    Args:
        path: The folder, here or at an address such as ``s3://bucket/folder``.
        modality: Which files to take. With ``text`` every line of every ``.txt`` file is a caption.

    Raises:
        InputError: Nothing in it can be used.
        UnknownName: ``modality`` is not a modality.
    """
    return _read_items(path, modality)


def _read_items(path: str | Path, modality: str) -> Items:
    listing = read_source(path, modality=modality)
    catalog = register(empty_catalog(), listing)
    items = catalog.items(modality)
    if len(items) == 0:
        raise _nothing_usable(path, as_modality(modality), catalog.rejections)
    _tell(catalog.rejections)
    return items


def _default_name(path: Path, layout: Layout) -> str:
    if layout is Layout.WEBDATASET and is_pattern(path):
        return find_shards(path)[0].resolve().name or "source"
    resolved = path.resolve()
    return (resolved.name if path.is_dir() else resolved.stem) or "source"


def _check_utf8(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputError(f"the path {str(path)!r} is not UTF-8; rename the folder") from None


def _nothing_usable(
    path: str | Path, modality: Modality | None, rejections: Sequence[Rejection]
) -> InputError:
    if not rejections:
        return InputError(f"there is no {modality or 'item'} in it", file=path)
    first = rejections[0]
    if len(rejections) == 1:
        where = f"{first.path}: " if first.path != Path(path).name else ""
        return InputError(
            f"{where}{first.reason.value}: {first.detail}",
            file=path,
            row=first.row,
            column=first.column,
        )
    reasons = Counter(rejection.reason.value for rejection in rejections)
    counts = ", ".join(f"{count} x {reason}" for reason, count in reasons.most_common())
    return InputError(f"nothing in it can be used ({counts}); the first is {first}", file=path)


def _tell(rejections: Sequence[Rejection]) -> None:
    for rejection in rejections[:_SHOWN]:
        _log.warning("refused %s", rejection)
    if len(rejections) > _SHOWN:
        _log.warning("refused %d more", len(rejections) - _SHOWN)

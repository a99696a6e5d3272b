"""The ways in: any source as a listing, a table or a folder as the items of one modality."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pentad.core.errors import InputError
from pentad.core.modality import Modality, as_modality
from pentad.sources.detect import Layout, detect_layout
from pentad.sources.folder import list_folder
from pentad.sources.neutral import list_neutral
from pentad.sources.table import list_table
from pentad.store.items import Items, empty_catalog
from pentad.store.listing import Listing
from pentad.store.registry import register
from pentad.store.rejections import Rejection

_LISTERS = {Layout.NEUTRAL: list_neutral, Layout.FOLDER: list_folder, Layout.TABLE: list_table}
_SHOWN = 5
_log = logging.getLogger(__name__)


def read_source(
    path: str | Path, *, modality: str | None = None, name: str | None = None
) -> Listing:
    """List the files and captions of a source; nothing is decoded.

    Args:
        path: A folder in the neutral layout, a plain folder of media files, or a table.
        modality: Read this one only; needed where neither folders, columns nor extensions tell it.
        name: Name of the source in a workspace; by default that of the folder or table.

    Returns:
        Its rows, and everything that was refused with line, column and reason.

    Raises:
        InputError: The path is none of the three layouts, or nothing in it can be used.
        UnknownName: ``modality`` is not a modality.
    """
    kind = None if modality is None else as_modality(modality)
    given = Path(path)
    layout, found = detect_layout(given, kind)
    found = found.parent.resolve() / found.name if layout is Layout.TABLE else found.resolve()
    _check_utf8(found)
    listing = _LISTERS[layout](found, modality=kind, name=name or _default_name(given, layout))
    if listing.rows.is_empty():
        raise _nothing_usable(given, kind, listing.rejections)
    return listing


def read_table(path: str | Path, *, modality: str) -> Items:
    """Read the items of one modality from a CSV, JSON Lines or Parquet table.

    Args:
        path: The table; files are named relative to its folder.
        modality: What the rows are. With ``text`` only the captions are read.

    Raises:
        InputError: Nothing in it can be used.
        UnknownName: ``modality`` is not a modality.
    """
    return _read_items(path, modality)


def read_folder(path: str | Path, *, modality: str) -> Items:
    """Read the items of one modality from a folder of media files, nested as it may be.

    Args:
        path: The folder.
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
        raise _nothing_usable(Path(path), as_modality(modality), catalog.rejections)
    _tell(catalog.rejections)
    return items


def _default_name(path: Path, layout: Layout) -> str:
    resolved = path.resolve()
    is_file = layout is Layout.TABLE and not path.is_dir()
    return (resolved.stem if is_file else resolved.name) or "source"


def _check_utf8(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputError(f"the path {str(path)!r} is not UTF-8; rename the folder") from None


def _nothing_usable(
    path: Path, modality: Modality | None, rejections: Sequence[Rejection]
) -> InputError:
    if not rejections:
        return InputError(f"there is no {modality or 'item'} in it", file=path)
    first = rejections[0]
    if len(rejections) == 1:
        where = f"{first.path}: " if first.path != path.name else ""
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

"""ESC-50: environmental sounds in fifty categories, as its repository lays them out.

    DIR/meta/esc50.csv      filename, fold, target, category, esc10, src_file, take
    DIR/audio/1-100032-A-0.wav

The category is the concept, as it is spelled there (``chirping_birds``). There are no captions: a
category is none, and prompts made of it belong to an evaluation. The folds are not kept, since
items have no column for them; they stand in the names of the files, whose first number they are.

Licences, from the data set's README and LICENSE: CC BY-NC 3.0; the clips of the subset ESC-10
(column ``esc10``) CC BY 3.0.
"""

from __future__ import annotations

from pathlib import Path

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.sources.collect import Collector, Entry
from pentad.sources.locate import Locator
from pentad.sources.published import only, published_rows
from pentad.sources.refusal import Refused
from pentad.store.listing import Listing

TABLE = "meta/esc50.csv"
LICENSE = "CC BY-NC 3.0"
ESC10_LICENSE = "CC BY 3.0"
_COLUMNS = ("filename", "category", "esc10")
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def is_esc50(folder: Path) -> bool:
    """Return whether a folder is laid out as ESC-50 is."""
    return (folder / TABLE).is_file()


def list_esc50(root: Path, *, modality: Modality | None, name: str) -> Listing:
    """Return the clips of ESC-50, in the order of its table.

    Args:
        root: The folder.
        modality: None or ``audio``.
        name: Name of the source.

    Raises:
        InputError: Its table is not there, or another modality is asked for.
    """
    only(modality, Modality.AUDIO, "ESC-50", root)
    if not is_esc50(root):
        raise InputError(f"no {TABLE} in it", file=root)
    collector = Collector(name, root)
    locator = Locator(root, ("audio",))
    for line, cells in published_rows(collector, TABLE, _COLUMNS, Modality.AUDIO):
        try:
            collector.add(_entry(cells, locator, line))
        except Refused as refused:
            collector.refuse(TABLE, refused, modality=Modality.AUDIO, line=line)
    return collector.listing()


def _entry(cells: dict[str, str], locator: Locator, line: int) -> Entry:
    try:
        file = locator.find(cells["filename"])
    except Refused as refused:
        refused.column = "filename"
        raise
    small = _TRUTH.get(cells["esc10"].lower())
    if small is None:
        detail = f"{cells['esc10']!r} is neither True nor False, so the licence is not known"
        raise Refused(Reason.BAD_ROW, detail, column="esc10")
    if not cells["category"]:
        raise Refused(Reason.BAD_ROW, "the category is empty", column="category")
    facts = (cells["category"], "ESC-50", ESC10_LICENSE if small else LICENSE)
    return Entry(Modality.AUDIO, file, None, facts, f"line {line}")

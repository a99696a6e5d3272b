"""Which columns a table of groups or triplets has: Pentad's own, or the data set's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pentad.core.errors import UnknownName
from pentad.core.modality import Modality

OWN, README = "pentad", "readme"
NAMES = (OWN, README)
ITEM_ORDER = (Modality.VIDEO, Modality.AUDIO, Modality.IMAGE, Modality.POINTS)
"""The order of the columns in ``data_groups.csv``."""


@dataclass(frozen=True)
class Column:
    """One column of the output.

    Attributes:
        name: As it is called.
        role: ``text_id``, ``rank``, ``caption``, ``id`` or ``path``.
        modality: Of an ``id`` or ``path``.
    """

    name: str
    role: str
    modality: Modality | None = None


def group_columns(
    modalities: Sequence[Modality],
    *,
    captions: bool,
    paths: bool,
    names: str,
    there: Sequence[Modality] = ITEM_ORDER,
) -> list[Column]:
    """Return the columns of a table of groups.

    Args:
        modalities: Of the items, in the order asked for.
        captions: Whether captions are wanted.
        paths: Whether paths are wanted.
        names: ``pentad``, or ``readme`` for the names, order and ids of the data set's own example.
        there: The modalities that the tables have.

    Raises:
        UnknownName: There are no such names.
    """
    if names not in NAMES:
        raise UnknownName("naming of columns", names, NAMES)
    text, rank = Column("encord_text_id", "text_id"), Column("nn_index", "rank")
    caption = [Column("caption", "caption")] if captions else []
    if names == README:
        ids = [Column(f"encord_{m}_id", "id", m) for m in ITEM_ORDER if m in there]
        files = [Column(f"{m}_file_path", "path", m) for m in modalities]
        return [text, *ids, rank, *files, *caption]
    ids = [Column(f"encord_{m}_id", "id", m) for m in modalities]
    files = [Column(f"{m}_path", "path", m) for m in modalities] if paths else []
    return [text, rank, *caption, *ids, *files]


def group_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a query of groups, those that are not given at their defaults."""
    defaults = {
        "modalities": None,
        "captions": True,
        "paths": False,
        "licenses": None,
        "sources": None,
        "only_present": False,
        "names": OWN,
    }
    unknown = set(options) - set(defaults)
    if unknown:
        raise TypeError(f"unexpected option {sorted(unknown)[0]!r}")
    return defaults | options

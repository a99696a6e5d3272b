"""Which column of a table means what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pentad.core.errors import Reason
from pentad.core.modality import Modality
from pentad.sources.refusal import Refused

FILE_COLUMNS = ("file_name", "file", "path", "filename")
CAPTION_COLUMNS = ("caption", "text")
FACT_COLUMNS = ("concept", "source_dataset", "dataset_license")
TIME_COLUMNS = ("start_time", "end_time")
"""Seconds. ``start`` and ``end`` are not read: they are as often frames, or places in a text."""
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "file": FILE_COLUMNS,
    "caption": CAPTION_COLUMNS,
    "modality": ("modality",),
    "id": ("id",),
    "concept": ("concept",),
    "source_dataset": ("source_dataset",),
    "dataset_license": ("dataset_license", "license", "licence"),
    **{name: (name,) for name in TIME_COLUMNS},
    "url": ("url",),
    "sha256": ("sha256",),
}
KNOWN_COLUMNS = frozenset(name for names in _ALIASES.values() for name in names)


@lru_cache(maxsize=256)
def pick_columns(columns: tuple[str, ...]) -> Mapping[str, int]:
    """Return what each known column means -> its place; of two names for one thing the first."""
    return {
        role: columns.index(found)
        for role, names in _ALIASES.items()
        if (found := next((n for n in names if n in columns), None)) is not None
    }


def require_columns(columns: tuple[str, ...], modality: Modality | None) -> None:
    """Check that a table has what every row needs.

    Raises:
        Refused: The caption column is missing, or the file column of what is not text.
    """
    roles = pick_columns(columns)
    if "caption" not in roles:
        raise missing_column("caption", columns)
    if "file" not in roles and modality is not Modality.TEXT and "modality" not in roles:
        raise missing_column("file", columns)


def missing_column(role: str, columns: tuple[str, ...]) -> Refused:
    """Return the refusal of a table or row that lacks a column, naming those it has."""
    wanted = " or ".join(_ALIASES[role])
    seen = ", ".join(repr(c) for c in columns[:12]) or "none"
    hint = "; for captions without files say modality 'text'" if role == "file" else ""
    detail = f"column {wanted} is missing; the columns are {seen}{hint}"
    return Refused(Reason.MISSING_COLUMN, detail, column=_ALIASES[role][0])

"""What is asked of a reader, what it gives, and where it notes rows that it has to leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np

from pentad.core.errors import InputError, Reason
from pentad.core.modality import Modality
from pentad.core.progress import SILENT, Progress
from pentad.embeddings.embeddings import Embeddings
from pentad.embeddings.frames import FrameEmbeddings
from pentad.store.rejections import Rejection

STAGE = "import"


class BadRows(StrEnum):
    """What to do with a row that has no usable vector."""

    ERROR = "error"
    REJECT = "reject"


@dataclass(frozen=True, eq=False)
class Imported:
    """Embeddings that another program wrote.

    Attributes:
        embeddings: One vector an item, or several. Ids are those of the layout; where it has none,
            the number of the row from 0, and rows that were left out leave gaps.
        names: One name a row of the embeddings (a path, a caption, a key); None where the layout
            has none. Empty where a single row has none.
        rejections: What was left out, and why.
        has_ids: Whether the ids were in the layout.
        origin: The format, whether vectors are ``exact``, and what else is worth remembering.
    """

    embeddings: Embeddings | FrameEmbeddings
    names: list[str] | None = None
    rejections: tuple[Rejection, ...] = ()
    has_ids: bool = False
    origin: Mapping[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self.embeddings)


@dataclass(frozen=True)
class Wanted:
    """What a reader is asked for; see `read_embeddings`. ``dtype`` is kept by JSON clips alone."""

    modality: Modality
    space: str
    column: str | None = None
    key: str | None = None
    ids: Path | None = None
    approximate: bool = False
    bad_rows: BadRows = BadRows.ERROR
    progress: Progress = SILENT
    dtype: type[np.float32 | np.float64] = np.float32


class Faults:
    """Rows without a usable vector: the first is an error, or all of them are listed."""

    def __init__(self, root: Path, wanted: Wanted, *, tolerate: bool | None = None) -> None:
        self._root, self._modality = root, wanted.modality
        self._tolerate = wanted.bad_rows is BadRows.REJECT if tolerate is None else tolerate
        self._found: list[Rejection] = []

    def add(
        self, file: Path, reason: Reason, detail: str, row: int | None = None, column: str = ""
    ) -> None:
        """Note one row, counted from 1, or one file.

        Raises:
            InputError: Such rows are not to be left out.
        """
        if not self._tolerate:
            hint = f"{detail}; bad rows 'reject' goes on without it"
            raise InputError(hint, file=file, row=row, column=column or None)
        inside = file != self._root and file.is_relative_to(self._root)
        path = file.relative_to(self._root).as_posix() if inside else file.name
        where = (self._root.name, path, self._modality.value, STAGE)
        self._found.append(Rejection(*where, reason, detail, row, column or None))

    @property
    def found(self) -> tuple[Rejection, ...]:
        """All that were noted, in the order they were met."""
        return tuple(self._found)

    def nothing_left(self, path: Path) -> InputError:
        """Return the error for a layout without a single usable row."""
        if not self._found:
            return InputError("there is no vector in it", file=path)
        count = len(self._found)
        return InputError(
            f"none of its {count} vectors can be used; the first is {self._found[0]}", file=path
        )

"""Gathers the rows of one source into a listing, and refuses what repeats or contradicts them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pentad.core.errors import Reason
from pentad.core.modality import MODALITIES, Modality
from pentad.sources.columns import FACT_COLUMNS
from pentad.sources.refusal import Refused, visible
from pentad.store.captions import clean_caption
from pentad.store.listing import Listing, listing_frame
from pentad.store.rejections import Rejection

CAPTION_LIMIT = 10_000

Facts = tuple[str | None, str | None, str | None]
"""Concept, source data set and licence of a file."""
NO_FACTS: Facts = (None, None, None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that is whole in itself.

    Attributes:
        modality: What the file is; text where there is none.
        file: The file, relative to the root of the source; empty for a caption alone.
        caption: Its checked caption, or None.
        facts: What is said of the file.
        where: Line and table, for messages about later rows.
        id: The row's own id, where the table has such a column.
    """

    modality: Modality
    file: str
    caption: str | None
    facts: Facts = NO_FACTS
    where: str = ""
    id: str | None = None


class Collector:
    """Builds the listing of one source, row by row."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.root = root
        self._rows: list[Entry] = []
        self._rejections: list[Rejection] = []
        self._captions: dict[tuple[str, str, str | None], Entry] = {}
        self._facts: dict[tuple[str, str], list[tuple[str, str] | None]] = {}
        self._ids: dict[tuple[str, str], Entry] = {}

    def add(self, entry: Entry) -> None:
        """Take one row.

        Raises:
            Refused: It repeats an earlier row, or says something else of the same file.
        """
        self._check_id(entry)
        facts = self._checked_facts(entry)
        earlier = self._captions.get((entry.modality, entry.file, entry.caption))
        if earlier is not None:
            raise Refused(Reason.DUPLICATE, f"says the same as {earlier.where}")
        self._rows.append(entry)
        self._captions[entry.modality, entry.file, entry.caption] = entry
        if entry.file:
            self._facts[entry.modality, entry.file] = facts
        if entry.id is not None:
            self._ids.setdefault((entry.modality, entry.id), entry)

    def refuse(
        self,
        path: str,
        refused: Refused,
        *,
        modality: Modality | None = None,
        line: int | None = None,
    ) -> None:
        """List one row or file as refused; ``path`` is relative to the root of the source."""
        self._rejections.append(
            Rejection(
                self.name,
                visible(path),
                "" if modality is None else modality.value,
                "source",
                refused.reason,
                visible(refused.detail),
                refused.line if line is None else line,
                refused.column,
            )
        )

    def mark(self) -> tuple[int, int]:
        """Return how many rows and rejections there are, for `merge_missing_column`."""
        return len(self._rows), len(self._rejections)

    def merge_missing_column(self, mark: tuple[int, int]) -> None:
        """Where every row since ``mark`` lacked one and the same column, keep one rejection."""
        rows, refused = mark
        since = self._rejections[refused:]
        same = {(rejection.reason, rejection.column) for rejection in since}
        missing = len(same) == 1 and since[0].reason is Reason.MISSING_COLUMN
        if missing and len(self._rows) == rows:
            del self._rejections[refused + 1 :]

    def listing(self) -> Listing:
        """Return what was taken, by modality in the usual order and then as it came."""
        rank = {modality: place for place, modality in enumerate(MODALITIES)}
        rows = sorted(self._rows, key=lambda entry: rank[entry.modality])
        frame = listing_frame(
            [
                {
                    "modality": entry.modality.value,
                    "file": entry.file,
                    "caption": entry.caption,
                    **dict(zip(FACT_COLUMNS, entry.facts, strict=True)),
                }
                for entry in rows
            ]
        )
        return Listing(self.name, self.root, frame, tuple(self._rejections))

    def _check_id(self, entry: Entry) -> None:
        if entry.id is None:
            return
        earlier = self._ids.get((entry.modality, entry.id))
        if earlier is not None and (earlier.file != entry.file or not entry.file):
            detail = f"id {entry.id!r} is also that of {earlier.where}"
            raise Refused(Reason.DUPLICATE, detail, column="id")

    def _checked_facts(self, entry: Entry) -> list[tuple[str, str] | None]:
        """Return what is known of the file with this row added: value and where it stands."""
        known = self._facts.get((entry.modality, entry.file), [None, None, None])
        merged = []
        for column, old, value in zip(FACT_COLUMNS, known, entry.facts, strict=True):
            if old is not None and value is not None and old[0] != value:
                detail = f"{value!r} here and {old[0]!r} in {old[1]} for the same file"
                raise Refused(Reason.CONFLICT, detail, column=column)
            merged.append(old or (None if value is None else (value, entry.where)))
        return merged


def checked_caption(text: str | None, column: str | None = None) -> str:
    """Return a caption as it is stored.

    Raises:
        Refused: Nothing in it can be seen, or it is longer than `CAPTION_LIMIT`.
    """
    caption = clean_caption(text or "")
    if not any(char.isprintable() and not char.isspace() for char in caption):
        raise Refused(Reason.EMPTY_CAPTION, "the caption is empty", column=column)
    if len(caption) > CAPTION_LIMIT:
        detail = f"the caption has {len(caption):,} characters; the limit is {CAPTION_LIMIT:,}"
        raise Refused(Reason.TOO_LARGE, detail, column=column)
    return caption

"""Tables of addresses, row by row: what is to be fetched, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from pentad.core.errors import Reason
from pentad.core.fingerprint import fingerprint_bytes
from pentad.core.modality import Modality
from pentad.media.formats import EXTENSIONS, modality_of
from pentad.sources.collect import Collector, Facts, checked_caption
from pentad.sources.columns import missing_column
from pentad.sources.refusal import Refused, unreadable
from pentad.sources.row_cells import Cells
from pentad.sources.rows import Row, open_table
from pentad.sources.times import Times

LONGEST_URL = 8000
_SHA256 = re.compile("[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class UrlRow:
    """One row that is whole in itself.

    Attributes:
        line: Where it stands in the table.
        url: The address, empty for a caption alone.
        modality: What lies there.
        caption: Its checked caption, or None.
        facts: Concept, source data set and licence.
        times: Which part is wanted, in seconds.
        sha256: What the content must be, in lower case, or None.
        id: The row's own id, if it has one.
    """

    line: int
    url: str
    modality: Modality
    caption: str | None
    facts: Facts
    times: Times
    sha256: str | None
    id: str | None

    @property
    def target(self) -> Path:
        """Where the content goes, relative to the media root: a function of the address alone."""
        digest = self.digest
        suffix = _suffix(self.url)
        ending = suffix if suffix in EXTENSIONS.get(self.modality, ()) else ""
        return Path(self.modality.value, digest[:2], f"{digest[:32]}{ending}")

    @property
    def digest(self) -> str:
        """SHA-256 of the address."""
        return fingerprint_bytes(self.url.encode())


def url_rows(collector: Collector, table: Path, modality: Modality | None) -> Iterator[UrlRow]:
    """Yield the rows of a table that are wanted; those that cannot be used are listed.

    Args:
        collector: Takes what is refused.
        table: CSV, JSON Lines or Parquet with a column ``url``.
        modality: What the rows are; in a table with a ``modality`` column it chooses rows.
    """
    try:
        opened = open_table(table)
        if opened.columns is not None and "url" not in opened.columns:
            raise missing_column("url", opened.columns)
        for row in opened.rows:
            kind = modality
            try:
                if isinstance(row, Refused):
                    raise row
                found = _row(row, modality)
                if found is not None:
                    kind = found.modality
                    yield found
            except Refused as refused:
                collector.refuse(table.name, refused, modality=kind, line=row.line)
    except OSError as error:
        collector.refuse(table.name, unreadable(error), modality=modality)
    except Refused as refused:
        collector.refuse(table.name, refused, modality=modality)


def _row(row: Row, modality: Modality | None) -> UrlRow | None:
    """Return what a row says; None if it is not of the modality asked for."""
    cells = Cells(row)
    named = cells.modality()
    if modality is not None and named not in (None, modality):
        return None
    caption = cells.optional("caption")
    if named is Modality.TEXT:
        facts = cells.facts()
        text = checked_caption(caption, "caption")
        return UrlRow(row.line, "", named, text, facts, cells.times(), None, cells.optional("id"))
    url = (cells.required("url") or "").strip()
    if not url or len(url) > LONGEST_URL:
        detail = "the address is empty" if not url else f"the address has {len(url):,} characters"
        raise Refused(Reason.BAD_ROW, detail, column="url")
    return UrlRow(
        row.line,
        url,
        named or modality or _told(url),
        None if caption is None else checked_caption(caption, cells.column("caption")),
        cells.facts(),
        cells.times(),
        _sha256(cells.optional("sha256")),
        cells.optional("id"),
    )


def _told(url: str) -> Modality:
    found = modality_of(f"x{_suffix(url)}")
    if found is None:
        detail = f"{url[:200]!r} does not tell its modality; give a modality, or a column for it"
        raise Refused(Reason.UNSUPPORTED, detail, column="url")
    return found


def _suffix(url: str) -> str:
    """Return the ending of what an address names, in lower case, if it has one."""
    try:
        return PurePosixPath(urlsplit(url).path).suffix.lower()
    except ValueError:  # the downloader says what is wrong with it
        return ""


def _sha256(text: str | None) -> str | None:
    if text is not None and not _SHA256.fullmatch(text):
        raise Refused(Reason.BAD_ROW, f"{text[:80]!r} is not 64 hex digits", column="sha256")
    return None if text is None else text.lower()

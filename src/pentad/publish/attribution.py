"""ATTRIBUTION.md: who made what was published, under which license, and what was left out.

Items are listed with where they come from. A section with very many items shows the first ones;
``attribution.csv`` has all of them. Captions are counted, not listed. Texts of the tables are
escaped: they are anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pentad.core.licenses import parse_license
from pentad.curation.license_policy import RULE, LicensePolicy, refusal
from pentad.publish.info_table import FILE, LICENSE, ORIGIN, SOURCE, InfoTable
from pentad.publish.markdown import escape, table
from pentad.publish.published import Published
from pentad.publish.select import Selection
from pentad.store.records import Commit

if TYPE_CHECKING:
    import polars as pl

SHOWN = 1000
NAME, LIST = "ATTRIBUTION.md", "attribution.csv"
_HEADER = (
    ",".join(("modality", "id", SOURCE, LICENSE, "license_url", *ORIGIN, FILE)) + "\n"
).encode()
_YOUTUBE = re.compile(r"[A-Za-z0-9_-]{11}")


def write_attribution(selection: Selection, policy: LicensePolicy, commit: Commit) -> None:
    """Write `NAME` and `LIST` for the items that are marked as published."""
    with (
        commit.path(NAME).open("w", encoding="utf-8", newline="\n") as page,
        commit.path(LIST).open("wb") as listing,
    ):
        page.writelines(_head(selection, policy))
        listing.write(_HEADER)
        for modality in selection.bundle.modalities:
            items = Published.of(selection.tables[modality], selection.bundle.infos(modality))
            page.writelines(_sections(items))
            for frame in items.frames(np.arange(len(items))):
                _listed(items, frame).write_csv(listing, include_header=False)


def flags(text: str) -> str:
    """Return in a few words what a license asks for."""
    found = parse_license(text)
    words = {
        "name the author": found.attribution,
        "share alike": found.share_alike,
        "NON-COMMERCIAL": found.non_commercial,
        "no derivatives": found.no_derivatives,
    }
    asked = ", ".join(word for word, applies in words.items() if applies)
    return asked or ("nothing" if found.redistributable else "see source")


def license_link(text: str) -> str:
    """Return a licence text, with a link where it is a known license."""
    found = parse_license(text)
    shown = escape(text) or "(none given)"
    return f"[{shown}]({found.url})" if found.url else shown


def _head(selection: Selection, policy: LicensePolicy) -> Iterator[str]:
    yield f"# Attribution: {escape(selection.bundle.title)}\n\n"
    yield (
        "This repeats what the tables of the data set say about each item; nobody has checked it. "
        "The license of the data set covers its tables, not the media that they name.\n\n"
    )
    yield f"Policy: `{policy.value}`. " + (
        RULE if policy is LicensePolicy.REDISTRIBUTABLE else "Nothing was left out for its license."
    )
    yield "\n\n## What is here\n\n"
    yield table(
        ("modality", "source", "license", "it asks", "items"),
        _counts(selection.tables.values()),
    )
    if policy is not LicensePolicy.ANY:
        yield "\n## What was left out\n\n"
        yield table(("modality", "source", "license", "why", "items"), _refused(selection, policy))


def _counts(tables: Iterable[InfoTable]) -> Iterator[list[str]]:
    for items in tables:
        for row in items.published():
            text = row[LICENSE]
            yield [
                str(items.modality),
                escape(row[SOURCE]) or "(none given)",
                license_link(text),
                flags(text),
                str(row["items"]),
            ]


def _refused(selection: Selection, policy: LicensePolicy) -> Iterator[list[str]]:
    for modality, items in selection.tables.items():
        for row in items.refused():
            text = row[LICENSE]
            why = refusal(policy, text) or ""
            source = escape(row[SOURCE]) or "(none given)"
            yield [modality.value, source, license_link(text), why, str(row["items"])]


def _sections(items: Published) -> Iterator[str]:
    for (source, text), places in items.by_origin():
        name = escape(source) or "(no source)"
        yield f"\n## {items.table.modality}: {name}, {license_link(text)}\n\n"
        for frame in items.frames(places[:SHOWN]):
            for item in frame.iter_rows(named=True):
                yield f"- {item[items.table.id_name]}: {_shown(item)}\n"
        if len(places) > SHOWN:
            yield f"- and {len(places) - SHOWN} more, all of them in {LIST}\n"


def _shown(item: Mapping[str, Any]) -> str:
    """Return the origin, with a link where the address is made here and not taken over."""
    clip = item.get("youtube_id") or ""
    text = origin(item)
    if not _YOUTUBE.fullmatch(clip):
        return escape(text)
    address, _, times = text.partition(" ")
    return f"<{address}> {times}".rstrip()


def origin(item: Mapping[str, Any]) -> str:
    """Return where an item comes from: a clip of YouTube, a file of its source, or a file name."""
    clip = item.get("youtube_id") or ""
    if clip:
        where = f"https://www.youtube.com/watch?v={clip}" if _YOUTUBE.fullmatch(clip) else clip
        start, end = item.get("start_time"), item.get("end_time")
        return where if start is None or end is None else f"{where} {start:g} to {end:g} s"
    return str(item.get("file_id") or item.get(FILE) or "")


def _listed(items: Published, frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    link = pl.col(LICENSE).fill_null("").replace_strict(items.links, return_dtype=pl.String)
    own = (pl.col(items.table.id_name).alias("id"), pl.col(SOURCE, LICENSE))
    rest = (cell.cast(pl.String).replace("", None) for cell in map(pl.col, (*ORIGIN, FILE)))
    modality = pl.lit(items.table.modality.value).alias("modality")
    return frame.select(modality, *own, link.alias("license_url"), *rest)

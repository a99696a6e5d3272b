"""ATTRIBUTION.md: who made what was published, under which license, and what was left out.

Items are listed with where they come from. A section with very many items shows the first ones;
``attribution.csv`` has all of them. Captions are counted, not listed. Texts of the tables are
escaped: they are anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pentad.core.licenses import parse_license
from pentad.curation.license_policy import RULE, LicensePolicy, refusal
from pentad.publish.info_table import FILE, LICENSE, ORIGIN, SOURCE, InfoTable, count_origins
from pentad.publish.markdown import escape, table
from pentad.publish.select import Selection
from pentad.store.records import Commit

if TYPE_CHECKING:
    import polars as pl

SHOWN = 1000
NAME, LIST = "ATTRIBUTION.md", "attribution.csv"
_YOUTUBE = re.compile(r"[A-Za-z0-9_-]{11}")


def write_attribution(selection: Selection, policy: LicensePolicy, commit: Commit) -> None:
    """Write `NAME` and `LIST` for the items that are marked as published."""
    with commit.path(NAME).open("w", encoding="utf-8", newline="\n") as out:
        for text in _page(selection, policy):
            out.write(text)
    with commit.path(LIST).open("wb") as listing:
        for number, modality in enumerate(selection.bundle.modalities):
            _listed(selection.tables[modality]).write_csv(listing, include_header=number == 0)


def published(items: InfoTable) -> pl.DataFrame:
    """Return the items of a modality that were published, in id order."""
    import polars as pl

    return items.frame.filter(pl.Series(items.used)).sort(items.id_name)


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


def _page(selection: Selection, policy: LicensePolicy) -> Iterator[str]:
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
        _counts({m: published(t) for m, t in selection.tables.items()}),
    )
    if policy is not LicensePolicy.ANY:
        yield "\n## What was left out\n\n"
        yield table(("modality", "source", "license", "why", "items"), _refused(selection, policy))
    for items in selection.tables.values():
        if items.modality != "text":
            yield from _sections(items)


def _counts(shown: Mapping[Any, pl.DataFrame]) -> Iterator[list[str]]:
    for modality, frame in shown.items():
        for row in count_origins(frame):
            text = row[LICENSE]
            yield [
                str(modality),
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


def _sections(items: InfoTable) -> Iterator[str]:
    import polars as pl

    texts = pl.col(SOURCE, LICENSE).cast(pl.String).fill_null("")
    frame = published(items).with_columns(texts)
    for row in count_origins(frame):
        source, text = row[SOURCE], row[LICENSE]
        found = frame.filter((pl.col(SOURCE) == source) & (pl.col(LICENSE) == text))
        name = escape(source) or "(no source)"
        yield f"\n## {items.modality}: {name}, {license_link(text)}\n\n"
        for item in found.head(SHOWN).iter_rows(named=True):
            yield f"- {item[items.id_name]}: {_shown(item)}\n"
        if len(found) > SHOWN:
            yield f"- and {len(found) - SHOWN} more, all of them in {LIST}\n"


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


def _listed(items: InfoTable) -> pl.DataFrame:
    import polars as pl

    frame = published(items)
    texts = frame[LICENSE].cast(pl.String).fill_null("")
    links = {text: parse_license(text).url for text in texts.unique().to_list()}
    link = texts.replace_strict(links, return_dtype=pl.String).alias("license_url")
    modality = pl.lit(items.modality.value).alias("modality")
    own = (pl.col(items.id_name).alias("id"), pl.col(SOURCE, LICENSE).cast(pl.String))
    rest = [
        pl.col(name) if name in frame.columns else pl.lit(None, pl.String).alias(name)
        for name in (*ORIGIN, FILE)
    ]
    texts_only = (cell.cast(pl.String).replace("", None) for cell in rest)
    return frame.select(modality, *own, link, *texts_only)

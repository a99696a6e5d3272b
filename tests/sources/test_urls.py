"""Tables of addresses against a site of the tests' own."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pentad.core.errors import MissingExtra
from pentad.core.modality import Modality
from pentad.sources.url_rows import UrlRow
from pentad.sources.urls import LEDGER, FetchOptions, fetch_table
from pentad.store.listing import Listing
from tests.sources.fetch.conftest import serving
from tests.sources.fetch.server import Site, content, status
from tests.sources.helpers import refusals, rows_of, write_csv, write_table

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40
WAV = b"RIFF\x10\0\0\0WAVEfmt " + b"x" * 40
MP4 = b"\0\0\0\x18ftypmp42" + b"x" * 40


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        for name, body in (("/a.png", PNG), ("/b.wav", WAV), ("/c.mp4", MP4), ("/d", PNG)):
            made.add(name, content(body))
        made.add("/page.png", content(b"<!doctype html><html></html>"))
        made.add("/gone.png", status(410))
        made.add("/shape.obj", content(b"v 0 0 0\n"))
        made.add("/page.obj", content(b"<html></html>"))
        yield made


def fetch(table: Path, site: Site, **options: object) -> Listing:
    modality = options.pop("modality", None)
    known = FetchOptions(workers=2, allow_private={site.place}, **options)  # type: ignore[arg-type]
    kind = None if modality is None else Modality(str(modality))
    return fetch_table(table, table.parent / "media", modality=kind, name="t", options=known)


def target(site: Site, path: str, modality: str) -> str:
    none = (None, None)
    row = UrlRow(1, site.url(path), Modality(modality), None, (None, None, None), none, None, None)
    return row.target.as_posix()


def test_files_are_fetched_and_listed(tmp_path: Path, site: Site) -> None:
    table = write_csv(
        tmp_path / "t.csv",
        "url,caption,license",
        f"{site.url('/a.png')},A cat,CC0",
        f"{site.url('/a.png')},A pet,",
        f"{site.url('/b.wav?x=1')},,MIT",
    )
    listing = fetch(table, site)
    assert listing.root == (tmp_path / "media").resolve()
    assert rows_of(listing) == [
        ("image", target(site, "/a.png", "image"), "A cat"),
        ("image", target(site, "/a.png", "image"), "A pet"),
        ("audio", target(site, "/b.wav?x=1", "audio"), None),
    ]
    assert listing.rows["dataset_license"].to_list() == ["CC0", None, "MIT"]
    assert not listing.rejections
    assert (listing.root / target(site, "/a.png", "image")).read_bytes() == PNG
    assert sorted(site.paths()) == ["/a.png", "/b.wav?x=1"]
    assert "/robots.txt" in [asked.path for asked in site.asked]


def test_what_cannot_be_fetched_is_listed_with_its_reason(tmp_path: Path, site: Site) -> None:
    table = write_csv(
        tmp_path / "t.csv",
        "url",
        site.url("/a.png"),
        site.url("/no.png"),
        site.url("/gone.png"),
        site.url("/page.png"),
        "ftp://example.org/a.png",
        "http://169.254.169.254/latest/a.png",
        "http:///a.png",
        '""',
        "x" * 9000,
        site.url("/unknown"),
        site.url("/page.obj"),
    )
    listing = fetch(table, site)
    assert [row[1] for row in rows_of(listing)] == [target(site, "/a.png", "image")]
    assert refusals(listing) == [
        ("t.csv", 9, "url", "bad-row"),
        ("t.csv", 10, "url", "bad-row"),
        ("t.csv", 11, "url", "unsupported-format"),
        *(("t.csv", line, "url", "not-fetched") for line in (3, 4, 5, 6, 7, 8, 12)),
    ]
    details = [r.detail.partition(":")[0] for r in listing.rejections[3:]]
    assert details == [
        "not-found",
        "gone",
        "wrong-content-type",
        "unsupported-scheme",
        "blocked-address",
        "bad-address",
        "wrong-content-type",
    ]


def test_running_it_again_fetches_what_is_missing(tmp_path: Path, site: Site) -> None:
    site.add("/late.png", status(404), content(PNG))
    site.add("/busy.png", *[status(503)] * 5, content(PNG))
    lines = [site.url(p) for p in ("/a.png", "/late.png")]
    table = write_csv(tmp_path / "t.csv", "url", *lines)
    assert fetch(table, site).rows.height == 1
    asked = len(site.asked)
    again = fetch(table, site)
    assert refusals(again) == [("t.csv", 3, "url", "not-fetched")]
    assert "not-found" in again.rejections[0].detail
    assert len(site.asked) == asked
    write_csv(table, "url", *reversed(lines), site.url("/d"))
    more = fetch(table, site, modality="image")
    assert [row[1] for row in rows_of(more)] == [target(site, p, "image") for p in ("/a.png", "/d")]
    assert site.paths().count("/a.png") == 1
    assert fetch(table, site, modality="image", retry_failed=True).rows.height == 3
    (tmp_path / "media" / target(site, "/a.png", "image")).unlink()
    assert fetch(table, site, modality="image").rows.height == 3
    assert site.paths().count("/a.png") == 2


def test_nothing_is_asked_when_all_is_there(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_csv(tmp_path / "t.csv", "url", site.url("/a.png"))
    fetch(table, site)
    (tmp_path / "media" / LEDGER).unlink()
    asked = len(site.asked)
    monkeypatch.setitem(sys.modules, "urllib3", None)
    assert fetch(table, site).rows.height == 1
    assert len(site.asked) == asked
    write_csv(table, "url", site.url("/d.png"))
    with pytest.raises(MissingExtra, match=r"pentad\[download\]"):
        fetch(table, site)


def test_a_hash_that_is_given_is_checked(tmp_path: Path, site: Site) -> None:
    right, wrong = hashlib.sha256(PNG).hexdigest(), "0" * 64
    rows = [
        {"url": site.url("/a.png"), "caption": "one", "sha256": right.upper()},
        {"url": site.url("/a.png"), "caption": "two", "sha256": None},
        {"url": site.url("/a.png"), "caption": "three", "sha256": wrong},
        {"url": site.url("/d"), "caption": "four", "sha256": wrong, "modality": "image"},
        {"url": site.url("/c.mp4"), "caption": "five", "sha256": "0x12"},
    ]
    listing = fetch(write_table(tmp_path / "t.jsonl", rows), site)
    assert [row[2] for row in rows_of(listing)] == ["one", "two"]
    assert refusals(listing) == [
        ("t.jsonl", 5, "sha256", "bad-row"),
        ("t.jsonl", 3, "sha256", "conflicting-values"),
        ("t.jsonl", 4, "url", "not-fetched"),
    ]
    assert "wrong-hash" in listing.rejections[2].detail
    later = write_table(tmp_path / "u.jsonl", [{**rows[0], "sha256": wrong}])
    assert "remove image/" in fetch(later, site).rejections[0].detail


def test_parts_of_one_file(tmp_path: Path, site: Site) -> None:
    table = write_csv(
        tmp_path / "t.csv",
        "url,start_time,end_time,caption",
        f"{site.url('/c.mp4')},1,2,A cat",
        f"{site.url('/c.mp4')},2,3,A dog",
        f"{site.url('/c.mp4')},3,2,A cow",
        f"{site.url('/a.png')},1,2,A picture",
    )
    listing = fetch(table, site)
    file = target(site, "/c.mp4", "video")
    assert [row[1] for row in rows_of(listing)] == [f"{file}#t=1,2", f"{file}#t=2,3"]
    assert [r[1:] for r in refusals(listing)] == [
        (4, "end_time", "bad-row"),
        (5, "start_time", "bad-row"),
    ]
    assert site.paths().count("/c.mp4") == 1


def test_the_modality_of_a_row(tmp_path: Path, site: Site) -> None:
    rows = [
        {"url": site.url("/d"), "modality": "image", "caption": "A cat"},
        {"url": site.url("/c.mp4"), "modality": "audio", "caption": "A dog"},
        {"url": site.url("/shape.obj"), "modality": None, "caption": "A cube"},
        {"url": None, "modality": "text", "caption": "A word"},
        {"url": site.url("/a.png"), "modality": "sound", "caption": "A pig"},
    ]
    table = write_table(tmp_path / "t.parquet", rows)
    listing = fetch(table, site)
    assert [row[::2] for row in rows_of(listing)] == [
        ("text", "A word"),
        ("image", "A cat"),
        ("audio", "A dog"),
        ("points", "A cube"),
    ]
    assert refusals(listing) == [("t.parquet", 5, "modality", "bad-row")]
    assert [row[2] for row in rows_of(fetch(table, site, modality="audio"))] == ["A dog"]


def test_tables_that_are_none(tmp_path: Path, site: Site) -> None:
    table = write_csv(tmp_path / "t.csv", "address,caption", "x,y")
    assert refusals(fetch(table, site)) == [("t.csv", None, "url", "missing-column")]
    rows = write_table(tmp_path / "t.jsonl", [{"caption": "x"}])
    assert refusals(fetch(rows, site)) == [("t.jsonl", 1, "url", "missing-column")]
    assert not (tmp_path / "media").exists()

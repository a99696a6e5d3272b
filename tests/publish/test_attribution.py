from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest

from pentad.publish import attribution
from pentad.publish.attribution import flags, license_link, origin
from pentad.publish.markdown import escape, plain
from pentad.publish.publish import publish_emm1
from pentad.sources.emm1.dataset import Emm1


def listed(out: Path) -> list[dict[str, str]]:
    with (out / "attribution.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_published_item_is_listed_with_its_origin(ds: Emm1, out: Path) -> None:
    publish_emm1(ds, out, to="huggingface", nn=[1], license_policy="redistributable")
    rows = pl.read_parquet(sorted((out / "data/nn_1").iterdir()))
    found = {(row["modality"], int(row["id"])): row for row in listed(out)}
    expected = {
        (m, number) for m in ("video", "audio", "image", "points")
        for number in rows[f"encord_{m}_id"]
    }  # fmt: skip
    assert set(found) == expected
    page = (out / "ATTRIBUTION.md").read_text()
    for (modality, number), row in found.items():
        assert row["license_url"].startswith("https://")
        assert f"- {number}: " in page
        infos = ds.infos(modality)
        item = infos.filter(pl.col(f"encord_{modality}_id") == number).row(0, named=True)
        assert row["file_name"] == item["file_name"]
        assert row["youtube_id"] == item.get("youtube_id", "")
        assert row["file_id"] == (item.get("file_id") or "")


def test_what_was_left_out_is_told_by_license_and_source(ds: Emm1, out: Path) -> None:
    summary = publish_emm1(ds, out, license_policy="redistributable")
    page = (out / "ATTRIBUTION.md").read_text()
    assert summary.refused
    for row in summary.refused:
        cells = [row["modality"], row["source_dataset"], row["dataset_license"], row["reason"]]
        assert f"| {' | '.join(cells)} | {row['items']} |" in page
    assert "NON-COMMERCIAL" in page
    assert "may not be sold" in page


def test_long_sections_are_cut_on_the_page_alone(
    ds: Emm1, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribution, "SHOWN", 2)
    publish_emm1(ds, out)
    assert "- and 3 more, all of them in attribution.csv" in (out / "ATTRIBUTION.md").read_text()
    assert len(listed(out)) == 40


def test_where_an_item_is_from() -> None:
    clip = {"youtube_id": "-abc_DEF123", "start_time": 14.0, "end_time": 24.5, "file_name": "x"}
    assert origin(clip) == "https://www.youtube.com/watch?v=-abc_DEF123 14 to 24.5 s"
    assert origin({**clip, "start_time": None}) == "https://www.youtube.com/watch?v=-abc_DEF123"
    assert origin({"youtube_id": "not an id", "start_time": None}) == "not an id"
    assert origin({"youtube_id": "", "file_id": "000549"}) == "000549"
    assert origin({"file_name": "a.npy"}) == "a.npy"


def test_what_a_license_asks_for() -> None:
    assert flags("CC BY-NC-SA 4.0") == "name the author, share alike, NON-COMMERCIAL"
    assert flags("CC0") == "nothing"
    assert flags("Academic use") == "NON-COMMERCIAL"
    assert flags("") == "see source"
    assert license_link("MIT") == "[MIT](https://spdx.org/licenses/MIT.html)"
    assert license_link("") == "(none given)"
    assert license_link("a|b") == "a\\|b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two words, 3.5-4/5", "two words, 3.5-4/5"),
        ("a\n# b\r\n| c", "a \\# b \\| c"),
        ("[x](y) <b> `c` *d* _e_ &amp;", "\\[x\\]\\(y\\) \\<b\\> \\`c\\` \\*d\\* \\_e\\_ \\&amp;"),
        ("http://a.org WWW.b.org me@c.org", "http:/\\/a.org WWW\\.b.org me\\@c.org"),
        ("\u202eright to left\u200b\x00", "right to left"),
        ("\\", "\\\\"),
    ],
)
def test_escaping(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_long_texts_are_cut() -> None:
    assert plain("a" * 1000) == "a" * 297 + "..."

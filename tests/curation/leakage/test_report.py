from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, StoreError
from pentad.core.modality import Modality
from pentad.curation.leakage.find import find_leaks
from pentad.curation.leakage.flags import flag, leaks_of
from pentad.curation.leakage.report import LeakageReport, match_schema
from pentad.curation.leakage.save import load_report, save_report, write_exclusions
from pentad.store.items import Catalog, empty_catalog
from pentad.store.listing import Listing, listing_frame
from pentad.store.registry import register

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

WORDS = st.lists(
    st.sampled_from(["red", "green", "blue", "bell", "drum", "horn"]), min_size=1, max_size=3
)


def catalog(rows: list[tuple[str, str]]) -> Catalog:
    """A catalog of files (name, content) that need not exist, and of captions named ``""``."""
    listed = [
        {"modality": "audio" if file else "text", "file": file, "caption": what}
        for file, what in rows
    ]
    listing = Listing("made", Path("nowhere"), listing_frame(listed))
    contents = {file: f"{what:0>64}" for file, what in rows}
    return register(empty_catalog(), listing, lambda path: (contents[path.name], 1))


def report_of(train, evaluation) -> LeakageReport:
    return find_leaks(catalog(train), catalog(evaluation), by=["id", "hash", "caption"])


ROWS = st.lists(
    st.one_of(
        st.tuples(st.just(""), WORDS.map(" ".join)),
        st.tuples(
            st.sampled_from(
                ["dQw4w9WgXcQ.wav", "dQw4w9WgXcQ_3.wav", "x1.wav", "recording_of_a.wav"]
            ),
            st.sampled_from("abc"),
        ),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda row: row,
).map(lambda rows: list({row[0] or f" {row[1]}": row for row in rows}.values()))


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS, st.sampled_from(["train", "eval"]))
def test_nothing_is_left_once_the_list_is_left_out(train, evaluation, side):
    report = report_of(train, evaluation)
    out = set(report.exclude(side, weak=True)["key"])
    rows = {"train": train, "eval": evaluation}
    rows[side] = [(f, c) for f, c in rows[side] if f not in out and c not in out]
    if rows[side]:
        assert report_of(rows["train"], rows["eval"]).matches.is_empty()


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_sides_are_alike(train, evaluation, random):
    def found(report, one, other):
        columns = ["kind", "what", f"{one}_key", f"{other}_key"]
        return sorted(report.matches.select(columns).rows())

    first = report_of(train, evaluation)
    back = report_of(evaluation, train)
    assert found(first, "eval", "train") == found(back, "train", "eval")
    random.shuffle(train)
    assert found(report_of(train, evaluation), "eval", "train") == found(first, "eval", "train")


@pytest.fixture
def report() -> LeakageReport:
    train = [("", "A red bell"), ("dQw4w9WgXcQ_0.wav", "a"), ("field-recording-one.wav", "b")]
    evaluation = [
        ("", "a red bell!"), ("", "rain"), ("dQw4w9WgXcQ_50.wav", "c"),
        ("field-recording-one.mp3", "d"), ("same.wav", "b"),
    ]  # fmt: skip
    return report_of(train, evaluation)


def test_counts_exclusions_and_flags(report: LeakageReport):
    counts = {(row["kind"], row["what"]): row["pairs"] for row in report.counts()}
    assert counts == {
        ("id", "same source"): 1,
        ("id", "same name"): 1,
        ("hash", "same file"): 1,
        ("caption", "same caption"): 2,
    }
    found = report.exclude()
    assert found.columns == ["modality", "source", "id", "key", "kinds"]
    keys = {"b", "a red bell!", "dQw4w9WgXcQ_50.wav", "same.wav"}
    assert set(found["key"]) == keys
    assert set(report.exclude(weak=True)["key"]) == keys | {"field-recording-one.mp3"}
    assert leaks_of(report)[Modality.AUDIO] == {"dQw4w9WgXcQ_50.wav", "same.wav"}
    assert flag(report, "audio", ["same.wav", "other.wav"]).tolist() == [True, False]
    assert flag(leaks_of(report), "text", ["rain"]).tolist() == [False]
    assert not flag(report, "points", ["a"]).any()
    with pytest.raises(InputError, match="side"):
        report.exclude("both")


def test_a_saved_report_is_the_same(report: LeakageReport, tmp_path: Path):
    save_report(report, tmp_path / "r")
    again = load_report(tmp_path / "r")
    assert again.matches.equals(report.matches)
    assert dict(again.matches.schema) == match_schema()
    assert again.to_json() == report.to_json()
    assert again.markdown() == report.markdown()
    (tmp_path / "r" / "leaks.parquet").write_bytes(b"x")
    with pytest.raises(StoreError, match="leakage report"):
        load_report(tmp_path / "r")
    with pytest.raises(StoreError, match="no complete"):
        load_report(tmp_path / "none")


def test_the_page_cannot_be_broken_by_names():
    page = report_of([("", "a | b\n<script>")], [("", "a | b\n<script>")]).markdown()
    assert "<script>" not in page
    assert r"a \| b" in page


def test_lists_of_what_to_leave_out(report: LeakageReport, tmp_path: Path):
    for ending in ("csv", "parquet", "txt"):
        assert write_exclusions(report, tmp_path / f"out.{ending}") == 4
    assert set((tmp_path / "out.txt").read_text().splitlines()) == set(report.exclude()["key"])
    assert pl.read_parquet(tmp_path / "out.parquet").equals(report.exclude())
    assert pl.read_csv(tmp_path / "out.csv")["key"].to_list() == report.exclude()["key"].to_list()
    assert write_exclusions(report, tmp_path / "train.csv", "train") == 4
    with pytest.raises(InputError, match=r"\.csv"):
        write_exclusions(report, tmp_path / "out.xlsx")

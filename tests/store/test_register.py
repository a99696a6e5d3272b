"""Ids: stable across every change of a source, never used again, captions shared."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import Reason
from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.store.items import Catalog, empty_catalog, item_schema, pair_schema
from pentad.store.listing import Listing, listing_frame
from pentad.store.registry import register
from tests.store.helpers import Row, captions, catalog_of, files, listing, native

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

ROWS: tuple[Row, ...] = (
    ("image", "a.png", "A cat"),
    ("image", "b.png", "A dog"),
    ("audio", "a.wav", "A cat"),
    ("text", "", "A word"),
)


def test_ids_are_given_in_row_order(tmp_path: Path) -> None:
    catalog = catalog_of(listing(tmp_path, *ROWS))
    assert files(catalog, "image") == {"a.png": 0, "b.png": 1}
    assert files(catalog, "audio") == {"a.wav": 0}
    assert captions(catalog) == {"A cat": 0, "A dog": 1, "A word": 2}
    assert native(catalog) == {
        ("image", "a.png", "A cat"),
        ("image", "b.png", "A dog"),
        ("audio", "a.wav", "A cat"),
    }


def test_tables_have_the_columns_they_promise(tmp_path: Path) -> None:
    catalog = catalog_of(listing(tmp_path, *ROWS))
    for modality, frame in catalog.frames.items():
        assert dict(frame.schema) == item_schema(modality)
    assert dict(catalog.pairs.frame.schema) == pair_schema()


def test_listing_again_changes_nothing(tmp_path: Path) -> None:
    once = catalog_of(listing(tmp_path, *ROWS))
    twice = register(once, listing(tmp_path, *ROWS))
    _same(once, twice)


def test_the_order_of_rows_does_not_change_known_ids(tmp_path: Path) -> None:
    once = catalog_of(listing(tmp_path, *ROWS))
    twice = register(once, listing(tmp_path, *(ROWS[i] for i in (3, 1, 0, 2))))
    _same(once, twice)


def test_new_files_get_new_ids(tmp_path: Path) -> None:
    first = ("image", "0.png", "A bird")
    catalog = catalog_of(listing(tmp_path, *ROWS), listing(tmp_path, first, *ROWS))
    assert files(catalog, "image") == {"a.png": 0, "b.png": 1, "0.png": 2}
    assert captions(catalog)["A bird"] == 3


def test_a_removed_id_is_not_used_again_and_comes_back_with_its_file(tmp_path: Path) -> None:
    catalog = catalog_of(listing(tmp_path, *ROWS), listing(tmp_path, ROWS[0]))
    assert files(catalog, "image") == {"a.png": 0}
    assert captions(catalog) == {"A cat": 0}
    assert Modality.AUDIO not in catalog.modalities
    catalog = register(catalog, listing(tmp_path, ROWS[0], ("image", "c.png", "A fish")))
    assert files(catalog, "image") == {"a.png": 0, "c.png": 2}
    assert captions(catalog) == {"A cat": 0, "A fish": 3}
    catalog = register(catalog, listing(tmp_path, *ROWS))
    assert files(catalog, "image") == {"a.png": 0, "b.png": 1}
    assert captions(catalog) == {"A cat": 0, "A dog": 1, "A word": 2}


def test_changed_content_keeps_the_id_with_a_new_fingerprint(tmp_path: Path) -> None:
    before = catalog_of(listing(tmp_path, *ROWS))
    (tmp_path / "a.png").write_bytes(b"another picture")
    after = register(before, listing(tmp_path, *ROWS))
    assert files(after, "image") == files(before, "image")
    old, new = before.items("image").fingerprints, after.items("image").fingerprints
    assert old[0] != new[0]
    assert old[1] == new[1]
    assert after.items("image").frame["bytes"][0] == len(b"another picture")
    assert before.fingerprint != after.fingerprint


def test_a_changed_caption_is_another_caption(tmp_path: Path) -> None:
    changed = listing(tmp_path, ("image", "a.png", "A tiger"), *ROWS[1:])
    catalog = catalog_of(listing(tmp_path, *ROWS), changed)
    assert captions(catalog) == {"A cat": 0, "A dog": 1, "A word": 2, "A tiger": 3}
    assert ("image", "a.png", "A tiger") in native(catalog)
    assert ("image", "a.png", "A cat") not in native(catalog)


def test_a_file_may_change_its_modality(tmp_path: Path) -> None:
    catalog = catalog_of(
        listing(tmp_path, ("image", "x.webp", "A cat")),
        listing(tmp_path, ("video", "x.webp", "A cat")),
    )
    assert catalog.modalities == (Modality.TEXT, Modality.VIDEO)
    assert native(catalog) == {("video", "x.webp", "A cat")}


def test_one_file_may_count_in_two_modalities(tmp_path: Path) -> None:
    both = listing(tmp_path, ("audio", "x.mp4", "A song"), ("video", "x.mp4", "A song"))
    assert native(catalog_of(both)) == {("audio", "x.mp4", "A song"), ("video", "x.mp4", "A song")}


def test_two_sources_do_not_touch_each_other(tmp_path: Path) -> None:
    one = listing(tmp_path / "1", *ROWS)
    two = listing(tmp_path / "2", *ROWS[:2], name="two")
    catalog = catalog_of(one, two)
    images = catalog.items("image")
    assert images.ids.tolist() == [0, 1, 2, 3]
    assert images.frame["source"].to_list() == ["one", "one", "two", "two"]
    assert images.paths()[2] == tmp_path / "2" / "a.png"
    assert catalog.items("text").ids.tolist() == [0, 1, 2]
    emptied = register(catalog, listing(tmp_path / "2", ("image", "c.png", None), name="two"))
    assert files(emptied, "audio") == {"a.wav": 0}
    assert captions(emptied) == captions(catalog)
    assert emptied.items("image").ids.tolist() == [0, 1, 4]


def test_a_caption_stays_while_any_source_lists_it(tmp_path: Path) -> None:
    one = listing(tmp_path, ("image", "a.png", "A cat"), ("image", "b.png", "A dog"))
    two = listing(tmp_path, ("text", "", "A cat"), ("text", "", "A dog"), name="two")
    less = listing(tmp_path, ("image", "a.png", "A bird"))
    catalog = register(catalog_of(one, two), less)
    assert captions(catalog) == {"A cat": 0, "A dog": 1, "A bird": 2}
    catalog = register(catalog, listing(tmp_path, ("text", "", "A dog"), name="two"))
    assert captions(catalog) == {"A dog": 1, "A bird": 2}
    catalog = register(catalog, listing(tmp_path, name="two"))
    assert captions(catalog) == {"A bird": 2}


def test_a_shared_caption_keeps_what_its_first_source_says(tmp_path: Path) -> None:
    one = listing(tmp_path, ("image", "a.png", "A cat"), dataset_license="CC0")
    two = listing(tmp_path, ("audio", "a.wav", "A cat"), name="two", dataset_license="MIT")

    def told(catalog: Catalog) -> tuple[object, ...]:
        frame = catalog.items("text").frame
        return frame.select("source", "dataset_license", "native_modality").row(0)

    catalog = catalog_of(one, two)
    assert told(catalog) == ("one", "CC0", "image")
    _same(catalog, register(register(catalog, two), one))
    relicensed = listing(tmp_path, ("image", "a.png", "A cat"), dataset_license="CC-BY-4.0")
    assert told(register(catalog, relicensed)) == ("one", "CC-BY-4.0", "image")
    gone = register(catalog, listing(tmp_path, ("image", "a.png", None)))
    assert told(register(gone, two)) == ("two", "MIT", "audio")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    rows = listing(tmp_path, *ROWS, ("image", "x.png", "A bird"), ("image", "folder", "A box"))
    (tmp_path / "x.png").unlink()
    (tmp_path / "folder").unlink()
    (tmp_path / "folder").mkdir()
    catalog = catalog_of(rows)
    assert files(catalog, "image") == {"a.png": 0, "b.png": 1}
    assert "A bird" not in captions(catalog)
    assert [(r.path, r.reason) for r in catalog.rejections] == [
        ("x.png", Reason.MISSING_FILE),
        ("folder", Reason.UNREADABLE),
    ]


def test_a_path_with_a_nul_is_refused(tmp_path: Path) -> None:
    frame = listing_frame([{"modality": "image", "file": "a\0.png", "caption": "A cat"}])
    catalog = catalog_of(Listing("one", tmp_path, frame))
    assert [r.reason for r in catalog.rejections] == [Reason.UNREADABLE]


def test_a_file_that_comes_back_is_no_longer_refused(tmp_path: Path) -> None:
    rows = listing(tmp_path, *ROWS)
    (tmp_path / "a.png").unlink()
    catalog = catalog_of(rows)
    assert len(catalog.rejections) == 1
    assert register(catalog, listing(tmp_path, *ROWS)).rejections == ()


def test_facts_of_a_file_are_the_first_that_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a")
    frame = listing_frame(
        [
            {"modality": "image", "file": "a.png", "caption": "A cat"},
            {"modality": "image", "file": "a.png", "caption": "A pet", "concept": "cat"},
        ]
    )
    catalog = catalog_of(Listing("one", tmp_path, frame))
    assert catalog.items("image").frame["concept"].to_list() == ["cat"]


def test_an_empty_listing_is_an_empty_catalog(tmp_path: Path) -> None:
    catalog = catalog_of(listing(tmp_path))
    assert catalog.modalities == ()
    assert catalog.pairs.of("image").shape == (0, 2)


def _same(left: Catalog, right: Catalog) -> None:
    assert left.frames.keys() == right.frames.keys()
    for modality, frame in left.frames.items():
        assert frame.equals(right.frames[modality])
    assert left.pairs.frame.equals(right.pairs.frame)
    assert left.fingerprint == right.fingerprint


ROW = st.tuples(
    st.sampled_from(["image", "audio", "text"]), st.sampled_from("abcd"), st.sampled_from("uvwxyz")
)
STEP = st.tuples(st.sampled_from(["one", "two"]), st.lists(ROW, max_size=6, unique=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEP, max_size=6))
def test_ids_never_move_whatever_is_listed(
    folder: Path, steps: list[tuple[str, list[tuple[str, str, str]]]]
) -> None:
    catalog = empty_catalog()
    ever: dict[tuple[str, ...], int] = {}
    present: dict[str, list[Row]] = {}
    for name, drawn in steps:
        rows = [(m, "" if m == "text" else file, caption) for m, file, caption in drawn]
        present[name] = list(rows)
        catalog = register(catalog, listing(folder, *rows, name=name))
        for modality in MEDIA_MODALITIES:
            frame = catalog.items(modality).frame
            keys = zip(frame["source"], frame["file"], frame[modality.id_column], strict=True)
            for source, file, number in keys:
                assert ever.setdefault((modality, source, file), number) == number
        for caption, number in captions(catalog).items():
            assert ever.setdefault(("text", caption), number) == number
        listed = {caption for rows in present.values() for _, _, caption in rows}
        assert set(captions(catalog)) == listed
        pairs = {(m, file, c) for rows in present.values() for m, file, c in rows if file}
        assert native(catalog) == pairs
    for kind in {key[0] for key in ever}:
        numbers = [number for key, number in ever.items() if key[0] == kind]
        assert len(numbers) == len(set(numbers))

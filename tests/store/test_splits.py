"""Nothing that could give an answer away is ever on both sides of a split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.modality import MEDIA_MODALITIES, Modality
from pentad.sources.read import read_source
from pentad.store.captions import caption_key
from pentad.store.items import Catalog, empty_catalog
from pentad.store.listing import Listing, listing_frame
from pentad.store.registry import register
from pentad.store.splits import fold_of_units, split_units

Row = tuple[str, str, str | None, str | None]


def _catalog(*rows: Row) -> Catalog:
    """Register (modality, file, caption, concept) without any file on disk."""
    columns = ("modality", "file", "caption", "concept")
    frame = listing_frame([dict(zip(columns, row, strict=True)) for row in rows])
    listing = Listing("one", Path("nowhere"), frame)
    return register(empty_catalog(), listing, lambda path: (path.name.rjust(64, "0"), 1))


def test_a_concept_is_one_unit_over_all_modalities() -> None:
    units = split_units(
        _catalog(
            ("image", "a", "A cat", "cat"),
            ("audio", "b", "Meow", "cat"),
            ("image", "c", "A dog", "dog"),
        )
    )
    assert units.of[Modality.IMAGE].tolist() == [0, 1]
    assert units.of[Modality.AUDIO].tolist() == [0]
    assert units.of[Modality.VIDEO].tolist() == []
    assert len(units.labels) == 2


def test_a_shared_caption_does_not_join_two_concepts() -> None:
    units = split_units(
        _catalog(("image", "a", "A bat", "cricket"), ("image", "b", "the BAT.", "animal"))
    )
    assert sorted(units.of[Modality.IMAGE].tolist()) == [0, 1]


def test_without_concepts_shared_captions_make_the_units() -> None:
    units = split_units(
        _catalog(
            ("image", "a", "A cat", None),
            ("image", "b", "a cat!", None),
            ("image", "b", "A pet", None),
            ("audio", "c", "the pet", None),
            ("audio", "d", None, None),
            ("image", "e", "A pet", "cat"),
            ("text", "", "A word", None),
        )
    )
    first, second, with_concept = units.of[Modality.IMAGE].tolist()
    with_caption, alone = units.of[Modality.AUDIO].tolist()
    assert first == second == with_caption
    assert len({first, with_concept, alone}) == len(units.labels) == 3


def test_a_concept_named_like_a_caption_is_another_unit() -> None:
    units = split_units(_catalog(("image", "a", None, "cat"), ("image", "b", "A cat", None)))
    assert len(set(units.labels)) == 2


def test_removed_items_make_no_unit() -> None:
    catalog = _catalog(("image", "a", "A bat", "cricket"), ("image", "b", "A bat", "animal"))
    rows = [{"modality": "image", "file": "a", "caption": "A bat", "concept": "cricket"}]
    listing = Listing("one", Path("nowhere"), listing_frame(rows))
    catalog = register(catalog, listing, lambda path: ("0" * 64, 1))
    assert len(split_units(catalog).labels) == 1


def test_an_empty_catalog_has_no_units() -> None:
    units = split_units(empty_catalog())
    assert units.labels == []
    assert units.of[Modality.IMAGE].tolist() == []
    assert fold_of_units([], 5, 0).tolist() == []


CAPTION = st.sampled_from(["A cat", "a cat.", "The dog", "A dog", "fish", "A fish!", "!", "bird"])
ROW = st.tuples(
    st.sampled_from(["image", "audio", "points"]),
    st.sampled_from("abcdefgh"),
    st.none() | CAPTION,
    st.none() | st.sampled_from(["cat", "dog", "pet", "thing"]),
) | st.tuples(st.just("text"), st.just(""), CAPTION, st.none())


Key = tuple[str, str]


def _ties(catalog: Catalog) -> dict[Key, set[Key]]:
    """Return what a unit may hang on -> (modality, file) of the items that hang on it."""
    ties: dict[Key, set[Key]] = {}
    captions = dict(
        zip(catalog.items("text").ids.tolist(), catalog.items("text").captions, strict=True)
    )
    for modality in MEDIA_MODALITIES:
        frame = catalog.items(modality).frame
        files = dict(zip(frame[modality.id_column], frame["file"], strict=True))
        loose = set()
        for number, concept in zip(frame[modality.id_column], frame["concept"], strict=True):
            key = ("concept", concept) if concept is not None else (modality, files[number])
            ties.setdefault(key, set()).add((modality, files[number]))
            loose |= {number} if concept is None else set()
        for text, item in catalog.pairs.of(modality).tolist():
            if item in loose:
                key = ("caption", caption_key(captions[text]))
                ties.setdefault(key, set()).add((modality, files[item]))
    return ties


def _groups(catalog: Catalog) -> list[set[Key]]:
    """Return the items of each unit, found by joining ties until nothing changes."""
    groups: list[set[Key]] = []
    for tied in _ties(catalog).values():
        touching = [group for group in groups if group & tied]
        groups = [group for group in groups if not group & tied]
        groups.append(tied.union(*touching))
    return groups


@settings(max_examples=80, deadline=None)
@given(st.lists(ROW, max_size=14))
def test_units_are_concepts_and_what_hangs_together_by_captions(rows: list[Row]) -> None:
    catalog = _catalog(*rows)
    units = split_units(catalog)
    found: dict[int, set[Key]] = {}
    for modality in MEDIA_MODALITIES:
        files = catalog.items(modality).frame["file"]
        for file, unit in zip(files, units.of[modality].tolist(), strict=True):
            found.setdefault(unit, set()).add((modality, file))
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, _groups(catalog)))
    assert set(found) == set(range(len(units.labels)))
    assert len(set(units.labels)) == len(units.labels)


@settings(max_examples=30, deadline=None)
@given(st.lists(ROW, max_size=10), st.data())
def test_units_do_not_depend_on_the_order_of_rows(rows: list[Row], data: st.DataObject) -> None:
    rows = [row for row in rows if row[3] is None]
    one = split_units(_catalog(*rows))
    two = split_units(_catalog(*data.draw(st.permutations(rows))))
    sizes = [Counter(np.concatenate(list(u.of.values())).tolist()) for u in (one, two)]
    assert sorted(sizes[0].values()) == sorted(sizes[1].values())


@given(
    st.lists(st.text(max_size=6), max_size=30, unique=True),
    st.integers(2, 7),
    st.integers(0, 9),
    st.data(),
)
def test_folds_depend_on_labels_and_seed_alone(
    labels: list[str], folds: int, seed: int, data: st.DataObject
) -> None:
    fold = dict(zip(labels, fold_of_units(labels, folds, seed).tolist(), strict=True))
    shuffled = data.draw(st.permutations(labels))
    assert dict(zip(shuffled, fold_of_units(shuffled, folds, seed).tolist(), strict=True)) == fold
    sizes = Counter(fold.values())
    assert all(len(labels) // folds <= sizes[f] <= -(-len(labels) // folds) for f in range(folds))


def test_folds_are_the_same_on_every_machine() -> None:
    labels = ["cat", "dog", "bird", "fish", "car", "bell", "door"]
    assert fold_of_units(labels, 3, 0).tolist() == [1, 2, 2, 1, 0, 0, 0]
    assert fold_of_units(labels, 3, 1).tolist() == [1, 1, 0, 2, 0, 2, 0]


@pytest.mark.external
def test_the_real_files_fall_into_many_small_units(real: Path) -> None:
    catalog = register(empty_catalog(), read_source(real), lambda path: (path.name, 1))
    units = split_units(catalog)
    sizes = Counter(np.concatenate([units.of[m] for m in MEDIA_MODALITIES]).tolist())
    assert sum(sizes.values()) == 2143
    assert len(units.labels) > 400
    assert max(sizes.values()) < 2143 / 10

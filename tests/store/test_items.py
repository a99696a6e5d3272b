from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.store.items import empty_catalog
from pentad.store.registry import register
from tests.store.helpers import catalog_of, listing


def test_items_come_in_id_order_without_removed_ones(tmp_path: Path) -> None:
    rows = [("image", f"{n}.png", f"Caption {n}") for n in range(4)]
    catalog = catalog_of(listing(tmp_path, *rows), listing(tmp_path, *rows[1:]))
    images = catalog.items("image")
    assert len(images) == 3
    assert images.ids.tolist() == [1, 2, 3]
    assert images.ids.dtype == np.uint32
    assert images.path(0) == images.paths()[0] == tmp_path / "1.png"
    assert catalog.items("text").captions == ["Caption 1", "Caption 2", "Caption 3"]


def test_take_keeps_id_order(tmp_path: Path) -> None:
    catalog = catalog_of(listing(tmp_path, *[("image", f"{n}.png", None) for n in range(4)]))
    assert catalog.items("image").take([3, 1]).ids.tolist() == [1, 3]
    assert catalog.items("image").take(np.array([], np.uint32)).ids.tolist() == []


def test_only_text_has_captions(tmp_path: Path) -> None:
    catalog = catalog_of(listing(tmp_path, ("image", "a.png", "A cat")))
    with pytest.raises(InputError, match="only text items are captions; got image"):
        catalog.items("image").captions  # noqa: B018


def test_the_fingerprint_covers_ids_contents_concepts_and_pairs(tmp_path: Path) -> None:
    rows = [("image", "a.png", "A cat"), ("image", "b.png", "A dog")]
    base = catalog_of(listing(tmp_path, *rows))
    swapped = [("image", "a.png", "A dog"), ("image", "b.png", "A cat")]
    others = [
        catalog_of(listing(tmp_path, *rows, ("text", "", "A word"))),
        catalog_of(listing(tmp_path, *rows, concept="cat")),
        catalog_of(listing(tmp_path, *rows), listing(tmp_path, *swapped)),
        catalog_of(listing(tmp_path, *rows[:1])),
        empty_catalog(),
    ]
    assert len({base.fingerprint, *(other.fingerprint for other in others)}) == 6
    assert catalog_of(listing(tmp_path, *rows)).fingerprint == base.fingerprint


def test_who_lists_a_caption_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    base = catalog_of(listing(tmp_path, ("image", "a.png", "A cat")))
    again = register(base, listing(tmp_path, ("text", "", "A cat"), name="two"))
    assert again.fingerprint == base.fingerprint
    assert again.pairs.native.equals(base.pairs.native)


def test_an_empty_catalog_has_empty_tables() -> None:
    catalog = empty_catalog()
    for modality in Modality:
        items = catalog.items(modality)
        assert len(items) == 0
        assert items.ids.tolist() == []
        assert items.fingerprints == []
    assert catalog.pairs.of("image").shape == (0, 2)
    assert catalog.pairs.of("image").dtype == np.uint32

"""Batches hold every group once, in an order that the seed alone decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.sources.emm1 import batches
from pentad.sources.emm1.convert import convert_emm1
from pentad.sources.emm1.dataset import Emm1, open_emm1
from tests.emm1_trees import make_emm1


@pytest.fixture(params=["csv", "converted"])
def ds(request, tmp_path: Path) -> Emm1:
    tree = make_emm1(tmp_path / "tree", captions=50, nn=2, items=20, triplets=0)
    if request.param == "csv":
        return open_emm1(tree.root, media_root="/m")
    convert_emm1(tree.root, tmp_path / "out")
    return open_emm1(tmp_path / "out", media_root="/m")


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(batches, "BLOCK", 8)


def rows(found):
    return [
        (int(text), int(rank), *(int(ids[i]) for ids in batch.items.values()))
        for batch in found
        for i, (text, rank) in enumerate(zip(batch.text, batch.ranks, strict=True))
    ]


def expected(ds: Emm1, nn):
    frame = ds.groups(nn, captions=False).collect()
    return [tuple(row) for row in frame.iter_rows()]


def test_without_shuffling_they_come_in_order(ds: Emm1):
    found = list(ds.iter_groups([2, 1], batch=7))
    assert rows(found) == expected(ds, [2, 1])
    assert [len(b) for b in found[:-1]] == [7] * (len(found) - 1)


@pytest.mark.parametrize("mixed", [1, 3, 100])
def test_shuffled_each_comes_once(ds: Emm1, mixed: int):
    found = rows(ds.iter_groups([1, 2], batch=7, shuffle_blocks=mixed, seed=3))
    assert found != expected(ds, [1, 2])
    assert sorted(found) == sorted(expected(ds, [1, 2]))


def test_the_seed_decides(ds: Emm1):
    first, again, other = (
        rows(ds.iter_groups(batch=7, shuffle_blocks=2, seed=seed)) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_a_short_last_batch_can_be_left_out(ds: Emm1):
    assert [len(b) for b in ds.iter_groups(batch=20, drop_last=True)] == [20, 20]
    assert [len(b) for b in ds.iter_groups(batch=20)] == [20, 20, 10]


def test_only_the_modalities_asked_for(ds: Emm1):
    batch = next(ds.iter_groups(modalities=["points", "image"], batch=3))
    assert set(batch.items) == {Modality.POINTS, Modality.IMAGE}


@pytest.mark.parametrize("options", [{"batch": 0}, {"shuffle_blocks": -1}])
def test_sizes_out_of_range(ds: Emm1, options):
    with pytest.raises(InputError):
        next(ds.iter_groups(**options))


def test_a_batch_is_resolved_to_captions_and_paths(ds: Emm1):
    batch = next(ds.iter_groups(2, batch=9, shuffle_blocks=5))
    found = ds.resolve(batch)
    whole = ds.groups(2, paths=True).collect()
    places = {text: row for row, text in enumerate(whole["encord_text_id"])}
    assert found.equals(whole[[places[int(text)] for text in batch.text]].select(found.columns))
    assert found.height == 9


def test_unknown_ids_resolve_to_nothing(ds: Emm1):
    batch = next(ds.iter_groups(batch=3))
    batch.items[Modality.IMAGE][1] = 4_000_000
    batch.text[2] = np.uint32(4_000_000)
    found = ds.resolve(batch)
    assert found["image_path"].is_null().to_list() == [False, True, False]
    assert found["caption"].is_null().to_list() == [False, False, True]

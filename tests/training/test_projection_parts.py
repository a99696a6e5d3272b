"""Frozen vectors by batches, the order of rows, settings."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError, UnknownName
from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.training.projection_features import FrozenVectors, by_modality
from pentad.training.projection_order import shuffled_batches, shuffled_runs
from pentad.training.projection_settings import FitSettings
from pentad.training.projection_towers import TowerHead, new_head


def part(ids, space="a", dim=3, modality="image"):
    rows = np.random.default_rng(dim).normal(size=(len(ids), dim)).astype(np.float16)
    return Embeddings.from_array(rows, modality=modality, space=space, ids=ids)


def test_ids_are_found_whatever_their_width():
    found = FrozenVectors.of("image", [part([3, 5, 9])])
    wide = np.array([9, 4, 3, 2**32 + 5, 0, 11], np.uint64)
    assert found.positions(wide).tolist() == [2, -1, 0, -1, -1, -1]
    assert found.positions(np.array([5], np.uint32)).tolist() == [1]
    assert found.positions(np.array([], np.uint32)).tolist() == []
    nothing = FrozenVectors.of("image", [part([])])
    assert nothing.positions(np.array([5], np.uint32)).tolist() == [-1]


def test_parts_are_unit_rows_side_by_side_of_the_items_that_all_have():
    one, two = part([1, 2, 3, 7], "a", 3), part([2, 5, 7], "b", 2)
    found = FrozenVectors.of("image", [one, two])
    assert found.ids.tolist() == [2, 7]
    assert found.width == 5
    rows = found.gather(np.array([1, 0, 1]))
    wanted = np.hstack([one.unit()[[3, 1, 3]], two.unit()[[2, 0, 2]]])
    np.testing.assert_allclose(rows, wanted, rtol=1e-6)
    assert rows.dtype == np.float32
    assert [(s.space, s.width) for s in found.sources] == [("a", 3), ("b", 2)]


def test_an_item_with_one_part_of_zeros_has_no_direction():
    one, two = part([1, 2], "a"), part([1, 2], "b")
    two.vectors[1] = 0
    rows = FrozenVectors.of("image", [one, two]).gather(np.array([0, 1]))
    assert rows.any(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_named(bad):
    one = part([4, 8])
    one.vectors[1, 2] = bad
    with pytest.raises(InputError, match="the vector of image 8 is not finite"):
        FrozenVectors.of("image", [one]).gather(np.array([1, 0]))


def test_wrong_features_are_refused():
    with pytest.raises(InputError, match="features of image are empty"):
        FrozenVectors.of("image", [])
    with pytest.raises(InputError, match="two features of image are of one space; got a"):
        FrozenVectors.of("image", [part([1]), part([2])])
    with pytest.raises(InputError, match="expected Embeddings of audio, got image"):
        FrozenVectors.of("audio", [part([1])])
    with pytest.raises(InputError, match="expected Embeddings of image, got ndarray"):
        FrozenVectors.of("image", [np.zeros((2, 3))])
    with pytest.raises(UnknownName, match="did you mean 'image'"):
        by_modality({"imag": part([1])})


@given(st.integers(0, 300), st.integers(2, 50), st.integers(1, 9), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_an_epoch_has_every_row_once_in_batches_of_like_size(rows, batch, block, seed):
    batches = list(shuffled_batches(rows, batch, block, np.random.default_rng(seed)))
    assert sorted(int(i) for each in batches for i in each) == list(range(rows))
    sizes = [len(each) for each in batches]
    assert len(sizes) == -(-rows // batch)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1
    assert max(sizes, default=0) <= batch


def test_rows_are_read_from_sixty_four_stretches_at_a_time():
    (first, *_) = shuffled_batches(1_000_000, 2000, 100, np.random.default_rng(0))
    assert len(np.unique(first // 100)) <= 64
    assert (np.diff(first) < 0).mean() > 0.4


def test_runs_are_not_cut_and_may_be_of_any_length():
    starts = np.array([0, 3, 4, 9, 11])
    batches = list(shuffled_runs(starts, 3, np.random.default_rng(0)))
    assert sorted(np.concatenate(batches)) == list(range(11))
    for first, last in pairwise(starts):
        assert sum(bool(np.isin(np.arange(first, last), each).any()) for each in batches) == 1


def test_a_head_is_applied_as_it_was_trained():
    module = new_head(Modality.IMAGE, 7, 5, 4, seed=3)
    torch.nn.init.normal_(module.inner_bias, generator=torch.Generator().manual_seed(1))
    torch.nn.init.normal_(module.outer_bias, generator=torch.Generator().manual_seed(2))
    rows = np.random.default_rng(0).normal(size=(6, 7)).astype(np.float32)
    moved = module(torch.from_numpy(rows)).detach().numpy()
    head = module.export()
    applied = head.apply(rows)
    np.testing.assert_allclose(
        applied / np.linalg.norm(applied, axis=1, keepdims=True), moved, atol=1e-6
    )
    again = TowerHead.of(head).export()
    for name, array in head.tensors("h").items():
        np.testing.assert_array_equal(array, again.tensors("h")[name])
        assert array.dtype == np.float32
    torch.nn.init.constant_(module.outer, float("nan"))
    with pytest.raises(InputError, match="learning rate"):
        module.export()


def test_a_new_head_depends_on_seed_and_modality_alone():
    made = [
        new_head(m, 3, 3, 3, seed).inner.detach()
        for m, seed in (
            (Modality.IMAGE, 0),
            (Modality.IMAGE, 0),
            (Modality.AUDIO, 0),
            (Modality.IMAGE, 1),
        )
    ]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    assert not torch.equal(made[0], made[3])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden", 0), ("hidden", 2.5), ("hidden", True), ("epochs", -1), ("batch", 1),
        ("lr", -1.0), ("lr", float("nan")), ("lr", "fast"), ("warmup", 1.5), ("temperature", 0.0),
        ("partial_weight", 1.5), ("max_rank", 0), ("max_rank", 1.5), ("threads", 0),
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(InputError, match=f"column '{name}'"):
        FitSettings(**{name: value})


def test_choices_are_known_by_name():
    with pytest.raises(UnknownName, match="setting of pairs 'al'; did you mean 'all'"):
        FitSettings(pairs="al")
    with pytest.raises(UnknownName, match="setting of negatives"):
        FitSettings(negatives="easy")
    with pytest.raises(UnknownName, match="setting of device"):
        FitSettings(device="gpu")

"""Groups as rows of positions, and the loss of a batch against a plain implementation."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.groups.groups import Groups
from pentad.training.groups_data import group_rows
from pentad.training.loss import info_nce
from pentad.training.projection_features import FrozenVectors
from pentad.training.projection_settings import FitSettings
from pentad.training.projection_towers import Towers, new_head

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO


def vectors(modality: Modality, ids: list[int]) -> FrozenVectors:
    rows = np.random.default_rng(len(modality)).normal(size=(len(ids), 6)).astype(np.float32)
    part = Embeddings.from_array(rows, modality=modality, space=modality.value, ids=ids)
    return FrozenVectors.of(modality, [part])


FEATURES = {
    TEXT: vectors(TEXT, [1, 2, 3, 4]),
    IMAGE: vectors(IMAGE, [10, 20, 30]),
    AUDIO: vectors(AUDIO, [100, 200]),
}
GROUPS = Groups.from_frame(
    pl.DataFrame(
        {
            "text_id": [1, 2, 3, 4, 5, 1],
            "rank": [1, 1, 1, 1, 1, 2],
            "image_id": [10, 20, 20, None, 30, 30],
            "audio_id": [100, 999, None, 200, 200, 100],
        }
    )
)


def test_positions_pairs_and_what_is_left_out():
    rows = group_rows(GROUPS, FEATURES, frozenset(), FitSettings())
    assert {m.value: p.tolist() for m, p in rows.columns.items()} == {
        "text": [0, 1, 2, 3, 0],
        "image": [0, 1, 1, -1, 2],
        "audio": [0, -1, -1, 1, 0],
    }
    assert rows.captions.tolist() == [1, 2, 3, 4, 1]
    assert rows.pairs == {"text-image": 4, "text-audio": 3}
    assert rows.left_out == {
        "text without a vector": 1,
        "image absent from its group": 1,
        "audio absent from its group": 1,
        "audio without a vector": 1,
        "groups with nothing to compare": 1,
    }
    every = group_rows(GROUPS, FEATURES, frozenset(), FitSettings(pairs="all"))
    assert every.pairs == {"text-image": 4, "text-audio": 3, "image-audio": 3}
    assert every.captions.tolist() == [1, 2, 3, 4, 5, 1]


def test_rows_are_as_narrow_as_the_ids():
    rows = group_rows(GROUPS, FEATURES, frozenset(), FitSettings())
    assert all(positions.dtype == np.int32 for positions in rows.columns.values())
    assert rows.captions.dtype == np.uint32


@pytest.mark.parametrize("chunk", [1, 3, 2048])
def test_equal_captions_and_equal_items_are_not_held_against_each_other(chunk):
    settings = FitSettings(pairs="all", chunk=chunk)
    rows = group_rows(GROUPS, FEATURES, frozenset([TEXT, AUDIO]), settings)
    head = new_head(IMAGE, 6, 5, 6, seed=0)
    towers = Towers(FEATURES, {IMAGE: head}, float(np.log(7.0)), torch.device("cpu"))
    found = rows.losses(np.array([4, 2, 0, 1, 3]), towers)
    assert list(found) == ["text-image", "image-audio"]

    text, image = (torch.from_numpy(FEATURES[m].gather(np.arange(3))) for m in (TEXT, IMAGE))
    moved = head(image)
    # Captions 1, 3, 1, 2 with images 30, 20, 10, 20; that of the last row, 5, has no vector.
    positives = torch.tensor(
        [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]], dtype=torch.bool
    )
    wanted = info_nce(text[[0, 2, 0, 1]], moved[[2, 1, 0, 1]], torch.tensor(7.0), positives)
    assert found["text-image"].item() == pytest.approx(wanted.item(), rel=1e-5)
    loss = found["text-image"]
    slopes = [torch.autograd.grad(x, head.inner)[0] for x in (loss, wanted)]
    torch.testing.assert_close(slopes[0], slopes[1], atol=1e-5, rtol=1e-4)


def test_a_batch_with_one_row_of_a_pair_compares_nothing():
    rows = group_rows(GROUPS, FEATURES, frozenset(), FitSettings())
    heads = {m: new_head(m, 6, 4, 3, seed=0) for m in FEATURES}
    towers = Towers(FEATURES, heads, 1.0, torch.device("cpu"))
    assert list(rows.losses(np.array([0, 1]), towers)) == ["text-image"]
    assert rows.losses(np.array([3]), towers) == {}

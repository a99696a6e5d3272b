"""Triplets as rated pairs: what becomes of each row, and the loss of a batch, by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import torch

from pentad.core.modality import Modality
from pentad.embeddings.embeddings import Embeddings
from pentad.ratings.triplets import Triplets
from pentad.training.projection_features import FrozenVectors
from pentad.training.projection_settings import FitSettings
from pentad.training.projection_towers import Towers
from pentad.training.rated_loss import Hard, levels, lonely_terms, rated_nce
from pentad.training.triplets_data import rated_pairs

TEXT, IMAGE, POINTS = Modality.TEXT, Modality.IMAGE, Modality.POINTS
SETTINGS = FitSettings(partial_weight=0.25)


def vectors(modality: Modality, ids: list[int]) -> FrozenVectors:
    rows = np.random.default_rng(len(modality)).normal(size=(len(ids), 6)).astype(np.float32)
    part = Embeddings.from_array(rows, modality=modality, space=modality.value, ids=ids)
    return FrozenVectors.of(modality, [part])


FEATURES = {
    TEXT: vectors(TEXT, [10, 20, 30, 40]),
    IMAGE: vectors(IMAGE, [1, 2, 3]),
    POINTS: vectors(POINTS, [5, 6, 7, 8]),
}


def triplets(*rows: tuple[int, int, int, int]) -> Triplets:
    """Rows of caption, image, points and grade."""
    table = pl.DataFrame(rows, schema=["text_id", "paired_id", "rated_id", "rating"], orient="row")
    return Triplets.from_frame(
        table.with_columns(paired_modality=pl.lit("image"), rated_modality=pl.lit("points"))
    )


def listed(rows):
    """Every pair as kind, id of the anchor, id of the item, weight; those of a caption together."""
    found = []
    for first, last in pairwise(rows.starts):
        part = []
        for i in range(first, last):
            anchor, item = rows.kinds[rows.kind[i]]
            part.append(
                (
                    f"{anchor}-{item}",
                    int(FEATURES[anchor].ids[rows.anchor[i]]),
                    int(FEATURES[item].ids[rows.item[i]]),
                    float(rows.weight[i]),
                )
            )
        found.append(sorted(part))
    return found


def test_every_triplet_is_two_pairs_side_by_side_by_caption():
    given = triplets((20, 2, 5, 2), (10, 1, 6, 1), (20, 2, 7, 0))
    rows = rated_pairs(given, FEATURES, frozenset(), SETTINGS)
    assert listed(rows) == [
        [("image-points", 1, 6, 0.25), ("text-points", 10, 6, 0.25)],
        [
            ("image-points", 2, 5, 1.0),
            ("image-points", 2, 7, 0.0),
            ("text-points", 20, 5, 1.0),
            ("text-points", 20, 7, 0.0),
        ],
    ]
    assert rows.pairs == {"image-points": 3, "text-points": 3}
    assert rows.modalities == (TEXT, IMAGE, POINTS)
    assert rows.left_out == {}


def test_a_pair_that_is_rated_twice_is_settled_on_each_side_by_itself():
    # Two captions of image 1 disagree on points 5: to the image that is one tie, so it is bad.
    given = triplets((10, 1, 5, 2), (20, 1, 5, 0), (20, 1, 5, 0), (20, 1, 5, 2))
    rows = rated_pairs(given, FEATURES, frozenset(), SETTINGS)
    assert listed(rows) == [
        [("image-points", 1, 5, 0.0), ("text-points", 10, 5, 1.0)],
        [("text-points", 20, 5, 0.0)],
    ]
    assert rows.left_out == {"ratings of a pair that has several": 2}


def test_what_is_left_out_is_counted():
    given = triplets((10, 1, 5, 2), (10, 9, 99, 2), (20, 2, 6, 1), (30, 3, 7, 0))
    settings = FitSettings(partial_weight=0, negatives="ignore")
    rows = rated_pairs(given, FEATURES, frozenset([IMAGE, POINTS]), settings)
    assert listed(rows) == [[("text-points", 10, 5, 1.0)]]
    assert rows.left_out == {
        "pairs rated BAD, by setting": 2,
        "pairs rated PARTIAL, by setting": 2,
        "pairs of image and points: no head": 2,
        "pairs with points without a vector": 1,
    }
    some = {m: FEATURES[m] for m in (TEXT, POINTS)}
    assert rated_pairs(given, some, frozenset(), SETTINGS).left_out == {
        "pairs with image: no features": 4,
        "pairs with points without a vector": 1,
    }


@pytest.mark.parametrize("batch", [2, 3, 100])
def test_an_epoch_has_every_pair_once_and_cuts_no_caption_in_two(batch):
    rng = np.random.default_rng(0)
    rows = []
    for caption in (10, 20, 30, 40):
        for item in rng.choice([5, 6, 7, 8], 2, replace=False).tolist():
            rows.append((caption, int(rng.integers(1, 4)), item, int(rng.integers(3))))
    found = rated_pairs(triplets(*rows), FEATURES, frozenset(), FitSettings(batch=batch))
    batches = list(found.epoch(np.random.default_rng(1)))
    assert len(batches) == found.steps_an_epoch
    assert sorted(np.concatenate(batches)) == list(range(len(found)))
    runs = np.searchsorted(found.starts, np.arange(len(found)), side="right")
    owners = [{int(run) for run in runs[each]} for each in batches]
    assert sum(map(len, owners)) == len(set.union(*owners))


def towers(scale: float = 9.0) -> Towers:
    return Towers(FEATURES, {}, float(np.log(scale)), torch.device("cpu"))


def test_the_loss_of_a_batch_is_the_mean_over_fitting_and_lonely_pairs():
    # Caption 10 has a good, a partial and a bad item; caption 20 a bad one alone.
    given = triplets((10, 1, 5, 2), (10, 1, 6, 1), (10, 1, 7, 0), (20, 2, 8, 0))
    rows = rated_pairs(given, FEATURES, frozenset([IMAGE, POINTS]), SETTINGS)
    placed = towers()
    found = rows.losses(np.arange(len(rows)), placed)
    text, points = (
        torch.from_numpy(FEATURES[m].gather(np.arange(4))).double() for m in (TEXT, POINTS)
    )
    a, r, scale = text[[0, 0]], points[[0, 1]], torch.tensor(9.0).double()
    weights = torch.tensor([1.0, 0.25]).double()
    both = torch.ones(2, 2, dtype=torch.bool)  # two items of one caption
    hard = Hard(points[[2]], torch.ones(2, 1, dtype=torch.bool))
    fitting = rated_nce(a, r, scale, both, weights, hard)
    level = levels(text[[1]], points[[0, 1, 2]], torch.ones(1, 3, dtype=torch.bool), scale)
    lonely = lonely_terms(text[[1]], points[[3]], scale, level)
    wanted = (1.25 * float(fitting) + float(lonely)) / 2.25
    assert list(found) == ["text-points"]
    assert found["text-points"].item() == pytest.approx(wanted, rel=1e-5)


def test_pairs_of_no_direction_are_passed_over():
    blank = Embeddings.from_array(np.zeros((4, 6)), modality="points", space="p", ids=[5, 6, 7, 8])
    features = {**FEATURES, POINTS: FrozenVectors.of(POINTS, [blank])}
    rows = rated_pairs(triplets((10, 1, 5, 2)), features, frozenset(), SETTINGS)
    assert rows.losses(np.arange(2), Towers(features, {}, 0.0, torch.device("cpu"))) == {}

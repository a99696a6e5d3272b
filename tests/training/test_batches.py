import numpy as np
import pytest

from pentad.core.modality import Modality
from pentad.training.batches import schedule
from pentad.training.data import TrainingData
from pentad.training.settings import TrainSettings

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO


def data(natives: int, groups: int) -> TrainingData:
    rows = np.tile(np.eye(1, 4, dtype=np.float32), (max(natives, groups), 1))
    numbers = np.arange(len(rows))
    return TrainingData(
        {TEXT: rows, IMAGE: rows, AUDIO: rows},
        np.column_stack([numbers] * 3)[:groups],
        {AUDIO: np.column_stack([numbers, numbers])[:natives]},
        numbers,
        np.arange(groups) % 4 + 1,
    )


def test_native_pairs_fill_one_column_beside_the_caption() -> None:
    plan = schedule(data(3, 0), TrainSettings(epochs=1), seed=0)
    (batch,) = plan
    assert sorted(batch.rows.tolist()) == [[0, -1, 0], [1, -1, 1], [2, -1, 2]]


@pytest.mark.parametrize(("natives", "groups", "share"), [(50, 0, 0.5), (0, 50, 1.0), (9, 50, 0.0)])
def test_one_kind_alone_is_gone_through_once_an_epoch(
    natives: int, groups: int, share: float
) -> None:
    plan = schedule(
        data(natives, groups),
        TrainSettings(epochs=2, batch=16, native_share=share, max_rank=4),
        seed=0,
    )
    batches = list(plan)
    assert plan.steps == len(batches) == 8
    assert {len(b.rows) for b in batches} == {12, 13}
    for epoch in (batches[:4], batches[4:]):
        assert sorted(b.max() for batch in epoch for b in batch.rows) == list(range(50))


def test_parts_are_mixed_by_their_share() -> None:
    settings = TrainSettings(epochs=3, batch=20, native_share=0.25, max_rank=4)
    batches = list(schedule(data(20, 100), settings, seed=0))
    assert len(batches) == 12
    for batch in batches:
        native = batch.rows[:, 1] == -1
        assert (native.sum(), (~native).sum()) == (5, 15)
    groups = np.concatenate([b.rows[b.rows[:, 1] != -1, 1] for b in batches])
    assert sorted(groups[:100]) == list(range(100))


def test_the_order_depends_on_the_seed_alone() -> None:
    settings = TrainSettings(epochs=2, batch=8, native_share=0.5)
    rows = [
        np.vstack([b.rows for b in schedule(data(20, 20), settings, seed)]) for seed in (3, 3, 4)
    ]
    assert np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])


def test_far_ranks_are_left_out_or_weigh_less() -> None:
    settings = TrainSettings(epochs=1, native_share=0.0, max_rank=3, rank_decay=0.5)
    (batch,) = schedule(data(0, 8), settings, seed=0)
    weight = dict(zip(batch.rows[:, 0].tolist(), batch.weights.tolist(), strict=True))
    assert weight == {0: 1.0, 1: 0.5, 2: 0.25, 4: 1.0, 5: 0.5, 6: 0.25}


def test_items_without_a_place_count_as_missing() -> None:
    rows = np.eye(3, dtype=np.float32)
    blank = rows.copy()
    blank[1] = 0
    whole = TrainingData(
        {TEXT: rows, IMAGE: blank, AUDIO: rows},
        np.array([[1, 1, 1], [1, 1, -1], [2, 2, 2]]),
        {IMAGE: np.array([[0, 1], [0, 0]])},
        np.arange(3),
    )
    plan = schedule(whole, TrainSettings(), seed=0)
    assert plan.groups.rows.tolist() == [[1, -1, 1], [2, 2, 2]]
    assert plan.native.rows.tolist() == [[0, 0, -1]]


def test_nothing_to_learn_from_has_no_steps() -> None:
    plan = schedule(data(0, 0), TrainSettings(), seed=0)
    assert plan.steps == 0
    assert list(plan) == []

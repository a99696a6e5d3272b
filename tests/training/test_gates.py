import numpy as np
import pytest

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.heads import Head
from pentad.training.data import TrainingData
from pentad.training.gates import HeldOut, choose_gate, with_gates
from pentad.training.settings import TrainSettings
from pentad.training.train import train_heads
from tests.training.toy import DIM, toy

TEXT, IMAGE, AUDIO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO
QUICK = TrainSettings(hidden=24, lr=1e-2, epochs=25, batch=128, dropout=0.0)


def held_out(data: TrainingData, held: TrainingData, units: int | None = None) -> HeldOut:
    captions = len(held.vectors[TEXT])
    unit_of = np.arange(captions) % (units or captions)
    return HeldOut(train_heads(data, QUICK).heads, held, unit_of)


def still(outer: float) -> Head:
    """A head that adds ``outer`` to every value of every vector."""
    return Head(np.zeros((DIM, 1)), np.ones(1), np.full((1, DIM), outer), 1.0)


def test_what_helps_on_held_out_items_is_kept() -> None:
    choice = choose_gate([held_out(toy(300), toy(seed=1))])
    assert choice.gates == {TEXT: 1.0, IMAGE: 1.0}
    assert choice.gain > choice.error > 0
    assert choice.quality[1.0] == pytest.approx(choice.quality[0.0] + choice.gain)
    assert choice.units == 120


def test_what_was_learned_from_shuffled_labels_is_not() -> None:
    choice = choose_gate([held_out(toy(300, shuffled=True), toy(seed=1))])
    assert set(choice.gates.values()) == {0.0}


def test_one_unit_proves_nothing() -> None:
    choice = choose_gate([held_out(toy(300), toy(seed=1), units=1)])
    assert set(choice.gates.values()) == {0.0}
    assert choice.units == 1


def test_ten_pairs_of_one_unit_train_and_keep_the_bridge() -> None:
    choice = choose_gate([held_out(toy(10), toy(10, seed=1), units=1)])
    assert set(choice.gates.values()) == {0.0}
    assert all(np.isfinite(list(choice.quality.values())))


def test_nothing_held_out_keeps_the_bridge() -> None:
    empty = toy(groups=True)
    assert choose_gate([]).gates == {}
    choice = choose_gate([held_out(toy(40), empty)])
    assert choice.gates == {TEXT: 0.0, IMAGE: 0.0}
    assert choice.units == 0
    none = TrainingData(
        empty.vectors, empty.groups, {IMAGE: np.empty((0, 2), np.int64)}, empty.caption_keys
    )
    assert choose_gate([HeldOut({}, none, empty.caption_keys)]).units == 0


def test_a_gate_is_chosen_for_each_modality_if_wanted() -> None:
    data, held = toy(300, media=(IMAGE, AUDIO)), toy(seed=1, media=(IMAGE, AUDIO))
    good = train_heads(data, QUICK).heads
    folds = [HeldOut({**good, AUDIO: still(5.0)}, held, np.arange(120))]
    shared = choose_gate(folds, gates=(0.0, 1.0))
    assert len(set(shared.gates.values())) == 1
    folds = [HeldOut({**good, AUDIO: still(0.3)}, held, np.arange(120))]
    apart = choose_gate(folds, per_modality=True)
    assert apart.gates[IMAGE] > apart.gates[AUDIO]


def test_the_measure_is_that_of_a_hand_worked_ranking() -> None:
    captions = np.eye(3, DIM, dtype=np.float32)
    items = captions[[0, 2, 1]]  # item 1 is nearest to caption 2 and the other way round
    pairs = {IMAGE: np.array([[0, 0], [1, 1], [2, 2]])}
    data = TrainingData(
        {TEXT: captions, IMAGE: items}, np.empty((0, 2), np.int64), pairs, np.arange(3)
    )
    choice = choose_gate([HeldOut({}, data, np.arange(3))])
    # caption 0 finds its item first; 1 and 2 find theirs behind one other, tied with one
    expected = (1 + 2 / np.log2(2 + 1 + 0.5)) / 3
    assert choice.quality[0.0] == pytest.approx(expected)


def test_equal_captions_are_one_query_with_several_answers() -> None:
    captions = np.eye(2, DIM, dtype=np.float32)[[0, 0, 1]]
    pairs = {IMAGE: np.array([[0, 0], [1, 1], [2, 2]])}
    keys = np.array([4, 4, 9])
    data = TrainingData({TEXT: captions, IMAGE: captions}, np.empty((0, 2), np.int64), pairs, keys)
    choice = choose_gate([HeldOut({}, data, np.zeros(3, np.int64))])
    forth = (1 / np.log2(2.5) + 1) / 2  # the two items of the first caption tie
    assert choice.quality[0.0] == pytest.approx((forth + 1) / 2)


def test_only_so_many_pairs_take_part() -> None:
    folds = [held_out(toy(40), toy(100, seed=1))]
    first, again = (choose_gate(folds, max_pairs=30, seed=2) for _ in range(2))
    assert first == again
    assert first.units == 30


def test_heads_take_the_gates_that_are_named() -> None:
    heads = with_gates({TEXT: still(1.0), IMAGE: still(1.0)}, {IMAGE: 0.5})
    assert (heads[TEXT].gate, heads[IMAGE].gate) == (0.0, 0.5)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="0 to 1"):
        choose_gate([], gates=(2.0,))
    with pytest.raises(InputError, match="unit"):
        HeldOut({}, toy(5), np.arange(4))

import numpy as np
import pytest
import torch

from pentad.core.errors import InputError
from pentad.core.modality import Modality
from pentad.encoders.heads import Head
from pentad.training.data import TrainingData
from pentad.training.heads import ResidualHead, disturb
from pentad.training.settings import TrainSettings
from pentad.training.step import warmed_cosine
from pentad.training.train import Trained, train_heads
from tests.training.toy import hit_rate, toy, unit

TEXT, IMAGE, AUDIO, VIDEO = Modality.TEXT, Modality.IMAGE, Modality.AUDIO, Modality.VIDEO
QUICK = TrainSettings(hidden=24, lr=1e-2, epochs=25, batch=128, dropout=0.0)


def arrays(trained: Trained) -> list[bytes]:
    return [a.tobytes() for h in trained.heads.values() for a in h.tensors("").values()]


def test_untrained_heads_leave_every_vector_as_it_is() -> None:
    data = toy()
    trained = train_heads(data, TrainSettings(epochs=0))
    assert trained.metrics == []
    assert set(trained.heads) == {TEXT, IMAGE}
    for modality, head in trained.heads.items():
        np.testing.assert_allclose(
            head.correct(data.vectors[modality]), data.vectors[modality], atol=1e-6
        )


def test_a_head_is_applied_as_it_was_trained() -> None:
    generator = torch.Generator().manual_seed(0)
    module = ResidualHead(12, 8, generator)
    torch.nn.init.normal_(module.outer, generator=generator)
    torch.nn.init.normal_(module.inner_bias, generator=generator)
    rows = unit(np.random.default_rng(0).normal(size=(5, 12)))
    moved = module(torch.from_numpy(rows)).detach().numpy()
    np.testing.assert_allclose(module.export().correct(rows), moved, atol=1e-5)
    assert not np.allclose(module.export(0.5).correct(rows), moved, atol=1e-3)


@pytest.mark.parametrize("groups", [False, True])
def test_a_planted_rotation_is_learned_and_holds_for_others(groups: bool) -> None:
    held = toy(seed=1)
    before = hit_rate(held.vectors[TEXT], held.vectors[IMAGE])
    trained = train_heads(toy(300, groups=groups), QUICK)
    after = hit_rate(
        trained.heads[TEXT].correct(held.vectors[TEXT]),
        trained.heads[IMAGE].correct(held.vectors[IMAGE]),
    )
    assert before < 0.75
    assert after > before + 0.15
    losses = [m["loss"] for m in trained.metrics]
    assert losses[-1] < 0.5 * losses[0]


def test_same_seed_same_bytes_and_other_seed_other_bytes() -> None:
    settings = TrainSettings(hidden=8, epochs=2, batch=32, dropout=0.2, noise=0.1)
    data = toy(media=(IMAGE, AUDIO), groups=False)
    first, again, other = (train_heads(data, settings, seed=s) for s in (5, 5, 6))
    assert arrays(first) == arrays(again)
    assert first.metrics == again.metrics
    assert arrays(first) != arrays(other)


def test_training_leaves_torch_as_it_found_it() -> None:
    state = torch.random.get_rng_state()
    threads = torch.get_num_threads()
    train_heads(toy(20), TrainSettings(hidden=4, epochs=1, threads=1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_first_loss_of_equal_vectors_is_the_logarithm_of_the_batch() -> None:
    rows = np.tile(np.eye(1, 4, dtype=np.float32), (16, 1))
    numbers = np.arange(16)
    pairs = {IMAGE: np.column_stack([numbers, numbers])}
    data = TrainingData({TEXT: rows, IMAGE: rows}, np.empty((0, 2), np.int64), pairs, numbers)
    trained = train_heads(data, TrainSettings(hidden=4, epochs=1))
    assert trained.metrics[0]["loss"] == pytest.approx(np.log(16), rel=1e-5)


def test_metrics_tell_each_step() -> None:
    metrics = train_heads(toy(40), TrainSettings(hidden=4, epochs=3, batch=20)).metrics
    assert [m["step"] for m in metrics] == [1, 2, 3, 4, 5, 6]
    assert [m["epoch"] for m in metrics] == [1, 1, 2, 2, 3, 3]
    assert set(metrics[0]) == {"step", "epoch", "loss", "scale", "lr"}
    assert metrics[0]["scale"] == pytest.approx(1 / 0.07, rel=1e-6)


def test_the_rate_rises_in_a_line_and_falls_as_a_cosine() -> None:
    rates = [warmed_cosine(step, 100, 0.05) for step in range(100)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[5] == pytest.approx(1.0)
    assert rates[52] == pytest.approx(0.5, abs=0.02)
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert 0 < rates[-1] < 0.01


def test_the_scale_never_exceeds_its_limit() -> None:
    trained = train_heads(toy(), TrainSettings(hidden=4, epochs=2, temperature=0.01, max_scale=20))
    assert max(m["scale"] for m in trained.metrics) <= 20 * (1 + 1e-6)
    assert np.exp(trained.log_scale) <= 20 * (1 + 1e-6)


def test_missing_items_are_passed_over() -> None:
    data = toy(60, media=(IMAGE, AUDIO, VIDEO), groups=True)
    holes = data.groups.copy()
    holes[::2, 1], holes[1::3, 2], holes[:, 3] = -1, -1, -1
    data = TrainingData(data.vectors, holes, {}, data.caption_keys)
    trained = train_heads(data, TrainSettings(hidden=4, epochs=2, batch=16))
    assert set(trained.heads) == {TEXT, IMAGE, AUDIO}
    assert all(np.isfinite(m["loss"]) for m in trained.metrics)


def test_a_batch_with_one_row_of_a_pair_compares_nothing() -> None:
    data = toy(4, media=(IMAGE, AUDIO))
    few = {IMAGE: data.pairs[IMAGE][:2], AUDIO: data.pairs[AUDIO][:2]}
    data = TrainingData(data.vectors, data.groups, few, data.caption_keys)
    settings = TrainSettings(hidden=4, epochs=8, batch=2)
    metrics = train_heads(data, settings).metrics
    mixed = [m["loss"] for m in metrics if m["loss"] == 0.0]
    assert 0 < len(mixed) < len(metrics) == 16


def test_modalities_can_be_compared_without_captions() -> None:
    data = toy(30, media=(IMAGE, AUDIO), groups=True)
    groups = data.groups.copy()
    groups[:, 0] = -1
    data = TrainingData(data.vectors, groups, {}, data.caption_keys)
    assert train_heads(data, TrainSettings(epochs=1)).heads == {}
    settings = TrainSettings(hidden=4, epochs=1, pairs="all", native_share=0.0)
    assert set(train_heads(data, settings).heads) == {IMAGE, AUDIO}


def test_a_pair_of_weight_zero_is_left_alone() -> None:
    settings = TrainSettings(hidden=4, epochs=1, pair_weights={"audio-text": 0.0})
    assert set(train_heads(toy(20, media=(IMAGE, AUDIO)), settings).heads) == {TEXT, IMAGE}


def test_nothing_to_learn_from_gives_no_heads() -> None:
    empty = TrainingData(
        {TEXT: np.empty((0, 4), np.float32), IMAGE: np.empty((0, 4), np.float32)},
        np.empty((0, 2), np.int64),
        {IMAGE: np.empty((0, 2), np.int64)},
        np.empty(0, np.int64),
    )
    trained = train_heads(empty)
    assert trained.heads == {}
    assert trained.metrics == []


def test_one_pair_teaches_nothing_and_harms_nothing() -> None:
    trained = train_heads(toy(1), TrainSettings(epochs=2))
    assert trained.heads == {}


def test_a_vector_of_zeros_spoils_nothing() -> None:
    data = toy(20)
    data.vectors[IMAGE][3] = 0
    trained = train_heads(data, QUICK)
    assert all(np.isfinite(h.outer).all() for h in trained.heads.values())


def test_divergence_is_said() -> None:
    head = ResidualHead(3, 2, torch.Generator())
    torch.nn.init.constant_(head.outer, float("nan"))
    with pytest.raises(InputError, match="learning rate"):
        head.export()


def test_any_rate_that_is_allowed_gives_finite_heads() -> None:
    trained = train_heads(toy(20), TrainSettings(hidden=4, epochs=20, lr=10.0, batch=4))
    assert all(np.isfinite(m["loss"]) for m in trained.metrics)


def test_read_only_and_mapped_vectors_will_do() -> None:
    data = toy(20)
    for vectors in data.vectors.values():
        vectors.flags.writeable = False
    assert isinstance(train_heads(data, TrainSettings(epochs=1)).heads[IMAGE], Head)


def test_dropping_keeps_the_mean_and_noise_has_its_length() -> None:
    generator = torch.Generator().manual_seed(0)
    ones = torch.ones(50, 400)
    dropped = disturb(ones, 0.25, 0.0, generator)
    assert sorted(set(dropped.unique().tolist())) == pytest.approx([0.0, 4 / 3])
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.02)
    lengths = (disturb(ones, 0.0, 0.5, generator) - ones).norm(dim=1)
    assert float(lengths.mean()) == pytest.approx(0.5, abs=0.02)
    assert disturb(ones, 0.0, 0.0, generator) is ones

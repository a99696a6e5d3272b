from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.curation.leakage.threshold import calibrate, fit_weibull
from pentad.curation.leakage.within import all_within
from pentad.embeddings.embeddings import Embeddings


def wrap(rows) -> Embeddings:
    return Embeddings.from_array(rows, modality="image", space="s")


def unrelated(seed: int, count: int, dim: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


@pytest.mark.parametrize("rate", [0.01, 0.002])
@pytest.mark.parametrize("dim", [6, 24])
def test_unrelated_items_exceed_it_about_as_often_as_asked(rate, dim):
    train, others = unrelated(1, 3000, dim), unrelated(2, 3000, dim)
    found = calibrate(wrap(train), rate=rate)
    above = len({q for q, _, _ in all_within(wrap(others), wrap(train), found.value)})
    assert above / 3000 <= 2.5 * rate
    assert found.method == "calibrated"
    assert found.train_above < 5 * rate


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_copies_that_nobody_knew_of_do_not_raise_it(share):
    train = unrelated(3, 2000)
    clean = calibrate(wrap(train), rate=0.002)
    copied = train.copy()
    count = int(share * 2000)
    copied[:count] = copied[count : 2 * count] + 0.01 * unrelated(4, count)
    found = calibrate(wrap(copied), rate=0.002)
    assert found.value == pytest.approx(clean.value, abs=0.02)
    assert found.train_above >= 1.9 * share
    planted = wrap(train[500:520] + 0.02 * unrelated(5, 20))
    assert len({q for q, _, _ in all_within(planted, wrap(copied), found.value)}) == 20


def test_known_duplicates_do_not_count():
    train = unrelated(6, 600)
    doubled = np.concatenate([train, train])
    same = np.concatenate([np.arange(600), np.arange(600)])
    found = calibrate(wrap(doubled), rate=0.01, same=same)
    assert found.value == pytest.approx(calibrate(wrap(train), rate=0.01).value, abs=0.02)
    assert found.train_above < 0.05


@pytest.mark.parametrize(
    ("rows", "rate", "match"),
    [
        (unrelated(0, 49), 0.01, "too few"),
        (unrelated(0, 60), 0.0, "rate"),
        (unrelated(0, 60), 1.0, "rate"),
        (np.ones((80, 3)), 0.01, "too few different"),
    ],
)
def test_what_cannot_be_calibrated(rows, rate, match):
    with pytest.raises(InputError, match=match):
        calibrate(wrap(rows), rate=rate)


def test_the_law_is_found_again():
    drawn = np.random.default_rng(0).weibull(3.0, 20000) * 0.4
    shape, scale = fit_weibull(drawn)
    assert shape == pytest.approx(3.0, rel=0.05)
    assert scale == pytest.approx(0.4, rel=0.02)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 0.99))
def test_all_pairs_within_a_threshold_are_found(seed, threshold):
    ours, theirs = unrelated(seed, 90, 3), unrelated(seed + 1, 7, 3)
    ours[:70] = ours[0] + 1e-3 * ours[:70]
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (theirs, ours)]
    cosines = unit[0].astype(np.float64) @ unit[1].astype(np.float64).T
    sure = set(zip(*map(np.ndarray.tolist, np.nonzero(cosines > threshold + 1e-5)), strict=True))
    maybe = set(zip(*map(np.ndarray.tolist, np.nonzero(cosines > threshold - 1e-5)), strict=True))
    found = {(q, c) for q, c, _ in all_within(wrap(theirs), wrap(ours), threshold)}
    assert sure <= found <= maybe

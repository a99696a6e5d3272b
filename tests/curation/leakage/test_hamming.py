from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentad.core.errors import InputError
from pentad.curation.leakage.hamming import near_hashes


def _by_hand(queries, corpus, radius):
    bits = np.bitwise_count(queries[:, None] ^ corpus[None, :])
    left, right = np.nonzero(bits <= radius)
    return left, right, bits[left, right]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0, 3, 7, 10, 15]), st.integers(0, 20))
def test_finds_what_comparing_all_finds(seed, radius, count):
    random = np.random.default_rng(seed)
    corpus = random.integers(0, 2**64, 60, dtype=np.uint64)
    flips = np.bitwise_or.reduce(
        np.uint64(1) << random.integers(0, 64, (count, 8)).astype(np.uint64), axis=1
    )
    queries = corpus[:count] ^ flips.astype(np.uint64)
    found = near_hashes(queries, corpus, radius)
    for mine, theirs in zip(found, _by_hand(queries, corpus, radius), strict=True):
        assert mine.tolist() == theirs.tolist()
    back = near_hashes(corpus, queries, radius)
    assert sorted(zip(*found[:2], strict=True)) == sorted(zip(*back[1::-1], strict=True))


def test_equal_hashes_are_many_pairs():
    same = np.full(50, 7, np.uint64)
    left, right, bits = near_hashes(same, same, 10)
    assert len(left) == 2500
    assert not bits.any()
    assert len(set(zip(left.tolist(), right.tolist(), strict=True))) == 2500


@pytest.mark.parametrize("radius", [-1, 16])
def test_a_radius_out_of_range(radius):
    with pytest.raises(InputError, match="radius"):
        near_hashes(np.zeros(1, np.uint64), np.zeros(1, np.uint64), radius)


@pytest.mark.slow
def test_a_million_hashes():
    random = np.random.default_rng(0)
    corpus = random.integers(0, 2**64, 1_000_000, dtype=np.uint64)
    queries = corpus[:10_000] ^ np.uint64(0b1011)
    left, right, _ = near_hashes(queries, corpus, 10)
    assert set(range(10_000)) <= set(left[left == right].tolist())
    assert (left != right).sum() < 1000

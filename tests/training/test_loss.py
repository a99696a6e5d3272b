import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pentad.training.loss import Relations, chunked_info_nce, info_nce


def unit_rows(rows: int, dim: int, seed: int) -> Tensor:
    drawn = torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn, dim=1)


def some_keys(rows: int, seed: int) -> Tensor:
    """Captions and items of which some occur twice."""
    drawn = np.random.default_rng(seed).integers(0, 2 * rows, size=(2, rows))
    return torch.from_numpy(drawn)


def reference(
    a: np.ndarray, b: np.ndarray, scale: float, positives: np.ndarray, weights: np.ndarray
) -> float:
    """The formula, a row at a time, in float64."""
    total = 0.0
    for left, right in ((a, b), (b, a)):
        for i in range(len(left)):
            logits = [scale * float(left[i] @ right[j]) for j in range(len(right))]
            wanted = [logits[j] for j in range(len(right)) if positives[i, j]]
            normalizer = math.log(sum(math.exp(x) for x in logits))
            total += weights[i] * (normalizer - sum(wanted) / len(wanted))
    return total / (2 * float(weights.sum()))


@pytest.mark.parametrize("rows", [2, 3, 17])
def test_constant_vectors_give_the_logarithm_of_the_batch(rows: int) -> None:
    same = torch.ones(rows, 4) / 2
    eye = torch.eye(rows, dtype=torch.bool)
    loss = info_nce(same, same, torch.tensor(14.3), eye)
    assert float(loss) == pytest.approx(math.log(rows), rel=1e-5)


def test_two_rows_worked_by_hand() -> None:
    a = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    loss = info_nce(a, a, torch.tensor(2.0), torch.eye(2, dtype=torch.bool))
    # each row: ln(e^2 + e^0) - 2
    assert float(loss) == pytest.approx(math.log(math.exp(2) + 1) - 2)


def test_equal_items_are_all_positives() -> None:
    items = torch.tensor([[0, 1, 2], [7, 7, 8]])  # captions differ, rows 0 and 1 hold one item
    positives = Relations(items).positives(slice(0, 3))
    assert positives.tolist() == [[True, True, False], [True, True, False], [False, False, True]]


def test_one_item_twice_worked_by_hand() -> None:
    a = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    b = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    both = torch.ones(2, 2, dtype=torch.bool)
    # One item twice: rows end at ln 2, which no caption could beat; columns ask for their mean.
    assert float(info_nce(a, b, torch.tensor(1.0), both)) == pytest.approx(
        0.5 * (math.log(2) + math.log(math.e + 1) - 0.5)
    )


@given(st.integers(2, 12), st.integers(0, 10_000), st.floats(0.5, 30.0))
@settings(deadline=None, max_examples=30)
def test_equals_the_formula(rows: int, seed: int, scale: float) -> None:
    a, b = unit_rows(rows, 5, seed), unit_rows(rows, 5, seed + 1)
    positives = Relations(some_keys(rows, seed)).positives(slice(0, rows))
    weights = torch.rand(rows, generator=torch.Generator().manual_seed(seed)) + 0.1
    loss = info_nce(a, b, torch.tensor(scale), positives, weights=weights)
    wanted = reference(
        a.double().numpy(), b.double().numpy(), scale, positives.numpy(), weights.numpy()
    )
    assert float(loss) == pytest.approx(wanted, rel=1e-4, abs=1e-5)


@given(st.integers(2, 12), st.integers(0, 10_000))
@settings(deadline=None, max_examples=20)
def test_does_not_depend_on_the_order_of_rows_or_of_arguments(rows: int, seed: int) -> None:
    a, b, keys = unit_rows(rows, 4, seed), unit_rows(rows, 4, seed + 1), some_keys(rows, seed)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(rows))
    scale = torch.tensor(9.0)
    loss = chunked_info_nce(a, b, scale, Relations(keys))
    shuffled = chunked_info_nce(a[order], b[order], scale, Relations(keys[:, order]))
    assert float(shuffled) == pytest.approx(float(loss), rel=1e-4, abs=1e-5)
    turned = chunked_info_nce(b, a, scale, Relations(keys))
    assert float(turned) == pytest.approx(float(loss), rel=1e-4, abs=1e-5)


@given(
    st.integers(2, 14),
    st.integers(1, 16),
    st.integers(0, 10_000),
    st.sampled_from([0.2, float("inf")]),
)
@settings(deadline=None, max_examples=40)
def test_in_chunks_values_and_gradients_are_those_of_autograd(
    rows: int, chunk: int, seed: int, threshold: float
) -> None:
    a, b = unit_rows(rows, 6, seed).double(), unit_rows(rows, 6, seed + 1).double()
    weights = torch.rand(rows, generator=torch.Generator().manual_seed(seed)).double() + 0.1
    frozen = (unit_rows(rows, 3, seed + 2), unit_rows(rows, 3, seed + 3))
    relations = Relations(some_keys(rows, seed), frozen, threshold)
    positives = relations.positives(slice(0, rows))
    ignored = relations.ignored(slice(0, rows), positives)
    results = []
    for chunked in (False, True):
        inputs = [a.clone(), b.clone(), torch.tensor(7.0, dtype=torch.float64)]
        for value in inputs:
            value.requires_grad_()
        if chunked:
            loss = chunked_info_nce(*inputs, relations, weights=weights, chunk=chunk)
        else:
            loss = info_nce(*inputs, positives, ignored=ignored, weights=weights)
        (3 * loss).backward()
        results.append([loss.detach(), *(value.grad for value in inputs)])
    for plain, in_chunks in zip(*results, strict=True):
        torch.testing.assert_close(in_chunks, plain, rtol=1e-6, atol=1e-8)


def test_too_similar_rows_are_not_held_against_each_other() -> None:
    frozen = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    relations = Relations(torch.arange(3)[None], (frozen,), 0.9)
    positives = relations.positives(slice(0, 3))
    ignored = relations.ignored(slice(0, 3), positives)
    assert ignored is not None
    assert ignored.tolist() == [[False, True, False], [True, False, False], [False] * 3]
    same = torch.ones(3, 1)
    loss = chunked_info_nce(same, same, torch.tensor(1.0), relations, chunk=2)
    assert float(loss) == pytest.approx((2 * math.log(2) + math.log(3)) / 3, rel=1e-5)

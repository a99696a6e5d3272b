"""The loss of rated pairs against its formula, a row at a time, and against finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pentad.training.loss import info_nce
from pentad.training.rated_loss import Hard, levels, lonely_terms, rated_nce


def unit_rows(rows: int, dim: int, seed: int) -> Tensor:
    drawn = torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed)).double()
    return torch.nn.functional.normalize(drawn, dim=1)


def a_case(rows: int, bad: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, rows, rows), rng.integers(0, 2 * rows, rows)
    positives = (left[:, None] == left) | (right[:, None] == right)
    return {
        "a": unit_rows(rows, 5, seed).numpy(),
        "r": unit_rows(rows, 5, seed + 1).numpy(),
        "bad": unit_rows(bad, 5, seed + 2).numpy(),
        "owners": left[:, None] == rng.integers(0, rows, bad),
        "positives": positives,
        "weights": rng.choice([1.0, 0.5], rows),
    }


def loss_of(case: dict[str, np.ndarray], scale: float) -> float:
    tensors = {name: torch.from_numpy(array) for name, array in case.items()}
    hard = Hard(tensors["bad"], tensors["owners"])
    given = (tensors[n] for n in ("positives", "weights"))
    number = torch.tensor(scale, dtype=torch.float64)
    return float(rated_nce(tensors["a"], tensors["r"], number, *given, hard))


def reference(case: dict[str, np.ndarray], scale: float) -> float:
    """The formula at the top of the module, in float64."""
    a, r, bad, weights = (case[n] for n in ("a", "r", "bad", "weights"))
    total = 0.0
    for i in range(len(a)):
        by_row = [scale * float(a[i] @ r[j]) for j in range(len(r))]
        by_column = [scale * float(a[j] @ r[i]) for j in range(len(r))]
        against = [scale * float(a[i] @ bad[b]) for b in np.flatnonzero(case["owners"][i])]
        fitting = np.flatnonzero(case["positives"][i])
        total += weights[i] * math.log(sum(math.exp(x) for x in by_row + against))
        total += weights[i] * math.log(sum(math.exp(x) for x in by_column))
        total -= weights[i] * float(np.mean([by_row[j] + by_column[j] for j in fitting]))
    return total / (2 * float(weights.sum()))


@given(st.integers(1, 9), st.integers(0, 7), st.integers(0, 9999), st.floats(0.5, 30.0))
@settings(deadline=None, max_examples=50)
def test_equals_the_formula(rows: int, bad: int, seed: int, scale: float) -> None:
    case = a_case(rows, bad, seed)
    assert loss_of(case, scale) == pytest.approx(reference(case, scale), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("hard", [None, "empty", "of nobody"])
def test_without_bad_items_it_is_plain_info_nce(hard: str | None) -> None:
    case = {name: torch.from_numpy(array) for name, array in a_case(8, 4, 3).items()}
    scale = torch.tensor(7.0).double()
    against = {
        None: None,
        "empty": Hard(case["bad"][:0], case["owners"][:, :0]),
        "of nobody": Hard(case["bad"], torch.zeros_like(case["owners"])),
    }[hard]
    given = (case["a"], case["r"], scale, case["positives"])
    plain = info_nce(*given, weights=case["weights"])
    assert float(rated_nce(*given, case["weights"], against)) == pytest.approx(float(plain))


def test_one_pair_with_one_bad_item_worked_by_hand() -> None:
    a = torch.tensor([[1.0, 0.0]])
    bad = Hard(torch.tensor([[0.0, 1.0]]), torch.ones(1, 1, dtype=torch.bool))
    one = torch.ones(1)
    loss = rated_nce(a, a, torch.tensor(2.0), torch.ones(1, 1, dtype=torch.bool), one, bad)
    # The anchor's row: ln(e^2 + e^0) - 2; the item's column has the one row alone: 0.
    assert float(loss) == pytest.approx(0.5 * (math.log(math.e**2 + 1) - 2))


def test_slopes_are_those_of_finite_differences() -> None:
    case, scale, step = a_case(5, 4, 11), 6.0, 1e-6
    tensors = {n: torch.from_numpy(v.copy()) for n, v in case.items()}
    for name in ("a", "r", "bad"):
        tensors[name].requires_grad_()
    number = torch.tensor(scale, dtype=torch.float64, requires_grad=True)
    hard = Hard(tensors["bad"], tensors["owners"])
    rated_nce(
        tensors["a"], tensors["r"], number, tensors["positives"], tensors["weights"], hard
    ).backward()
    for name in ("a", "r", "bad"):
        slopes = np.zeros_like(case[name])
        for place in np.ndindex(slopes.shape):
            moved = [{**case, name: case[name].copy()} for _ in range(2)]
            moved[0][name][place] += step
            moved[1][name][place] -= step
            slopes[place] = (reference(moved[0], scale) - reference(moved[1], scale)) / (2 * step)
        np.testing.assert_allclose(tensors[name].grad.numpy(), slopes, atol=1e-7)
    slope = (reference(case, scale + step) - reference(case, scale - step)) / (2 * step)
    assert float(number.grad) == pytest.approx(slope, abs=1e-7)


def test_a_bad_item_counts_against_its_own_anchor_alone() -> None:
    a, r = unit_rows(3, 4, 0).requires_grad_(), unit_rows(3, 4, 1)
    bad = unit_rows(1, 4, 2)
    owners = torch.tensor([[False], [True], [False]])
    eye, ones = torch.eye(3, dtype=torch.bool), torch.ones(3).double()
    slopes = []
    for hard in (None, Hard(bad, owners)):
        loss = rated_nce(a, r, torch.tensor(5.0).double(), eye, ones, hard)
        slopes.append(torch.autograd.grad(loss, a)[0])
    differs = (slopes[0] - slopes[1]).abs().sum(1) > 1e-9
    assert differs.tolist() == [False, True, False]


def test_a_lonely_bad_pair_falls_to_the_level_of_the_others() -> None:
    a, bad, others = unit_rows(2, 4, 0), unit_rows(2, 4, 1), unit_rows(5, 4, 2)
    foreign = torch.tensor([[True, True, False, True, False], [False] * 5])
    scale = torch.tensor(8.0).double()
    level = levels(a, others, foreign, scale)
    wanted = np.log(np.mean(np.exp(8 * (a[0] @ others[foreign[0]].T).numpy())))
    assert level.tolist() == pytest.approx([wanted, 0.0])
    terms = lonely_terms(a, bad, scale, level)
    for term, cosine, own in zip(terms, (a * bad).sum(1), level, strict=True):
        assert float(term) == pytest.approx(math.log1p(math.exp(8 * float(cosine) - float(own))))


def test_no_slope_goes_through_the_level_and_the_others_do_not_move() -> None:
    a, bad, others = (unit_rows(3, 4, seed).requires_grad_() for seed in (0, 1, 2))
    scale = torch.tensor(8.0).double()
    level = levels(a, others, torch.ones(3, 3, dtype=torch.bool), scale)
    assert not level.requires_grad
    torch.autograd.gradcheck(lambda x, y: lonely_terms(x, y, scale, level), (a, bad))
    lonely_terms(a, bad, scale, level).sum().backward()
    assert others.grad is None

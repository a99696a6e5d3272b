import numpy as np
import pytest

from pentad.groups.uses import use_figures


def test_even_use_has_no_gini_and_no_skew():
    assert use_figures(np.array([1, 2, 3, 1, 2, 3]), 3) == {
        "items": 3,
        "max": 2,
        "mean": 2.0,
        "never_used": 0.0,
        "gini": 0.0,
        "skew": 0.0,
    }


def test_one_hub_of_four_items_by_hand():
    """Uses 0, 0, 0, 8: mean 2, deviations -2 -2 -2 6, so skew = 48 / 12^1.5; Gini = 3/4."""
    figures = use_figures(np.full(8, 5), 4)
    assert (figures["max"], figures["mean"], figures["never_used"]) == (8, 2.0, 0.75)
    assert figures["gini"] == 0.75
    assert figures["skew"] == pytest.approx(48 / 12**1.5, abs=1e-6)


def test_figures_match_their_definitions_on_random_uses():
    from scipy.stats import skew

    rng = np.random.default_rng(0)
    ids = rng.zipf(1.5, 500) % 90
    uses = np.bincount(ids, minlength=120).astype(float)
    figures = use_figures(ids, 120)
    gaps = np.abs(uses[:, None] - uses[None]).mean()
    assert figures["gini"] == pytest.approx(gaps / (2 * uses.mean()), abs=1e-6)
    assert figures["skew"] == pytest.approx(skew(uses), abs=1e-6)
    assert figures["never_used"] == pytest.approx((uses == 0).mean(), abs=1e-6)


def test_nothing_used_and_unknown_size_are_no_errors():
    assert use_figures(np.array([], dtype=int), 0) == {
        "items": 0,
        "max": 0,
        "mean": 0.0,
        "never_used": None,
        "gini": 0.0,
        "skew": 0.0,
    }
    assert use_figures(np.array([], dtype=int), 3)["never_used"] == 1.0

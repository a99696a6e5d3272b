"""First answers, ranks and margins, from results that fit a hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pentad.pipeline.report.outcomes import outcomes


def test_by_hand() -> None:
    rows = [
        ("a", 1, "x", 0.9, 1), ("a", 2, "y", 0.7, 0),
        ("b", 1, "y", 0.8, 0), ("b", 2, "x", 0.5, 2),
        ("c", 1, "y", 0.6, 0), ("c", 2, "z", 0.4, 0),
        ("d", 1, "x", 0.6, 1), ("d", 2, "z", 0.4, 1),
    ]  # fmt: skip
    top = pl.DataFrame(rows, schema=["query", "rank", "item", "score", "grade"], orient="row")
    found = outcomes(top, np.array(["b", "a", "missing", "d", "c"], dtype=object))
    assert found.answer.tolist() == ["y", "x", None, "x", "y"]
    np.testing.assert_array_equal(found.rank, [2, 1, np.nan, 1, np.inf])
    assert found.margin[:2] == pytest.approx([-0.3, 0.2])
    assert np.isnan(found.margin[2])
    assert found.margin[3] == np.inf
    assert found.margin[4] == pytest.approx(-0.2)
    assert found.bound.tolist() == [False, False, False, False, True]
    assert outcomes(top, np.array(["a"]), level=2).rank.tolist() == [np.inf]

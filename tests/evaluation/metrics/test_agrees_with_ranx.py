"""An independent program computes the same hit rates where no scores are tied.

Slow because that program compiles itself when it is first used.
"""

import warnings

import numpy as np
import pytest

from pentad.evaluation.metrics.hit import hit_values
from pentad.evaluation.metrics.relevance import Relevance


@pytest.mark.slow
def test_hit_agrees_with_ranx() -> None:
    rng = np.random.default_rng(7)
    scores = rng.permuted(np.tile(np.linspace(0.01, 1, 30), (20, 1)), axis=1)
    relevant = [rng.choice(30, rng.integers(1, 5), replace=False) for _ in range(20)]
    indptr = np.cumsum([0, *map(len, relevant)])
    found = hit_values(scores, Relevance.from_rows(indptr, np.concatenate(relevant), 30), [1, 5])

    qrels = {f"q{q}": {f"d{d}": 1 for d in rows} for q, rows in enumerate(relevant)}
    run = {
        f"q{q}": {f"d{d}": s for d, s in enumerate(row)} for q, row in enumerate(scores.tolist())
    }
    with warnings.catch_warnings():  # its own imports warn, and so does its compiler
        warnings.simplefilter("ignore")
        import ranx

        for k, mine in zip([1, 5], found, strict=True):
            theirs = ranx.evaluate(
                ranx.Qrels(qrels), ranx.Run(run), f"hit_rate@{k}", return_mean=False
            )
            # ranx sorts the queries by name
            order = np.argsort([f"q{q}" for q in range(20)])
            np.testing.assert_array_equal(mine[order], theirs)

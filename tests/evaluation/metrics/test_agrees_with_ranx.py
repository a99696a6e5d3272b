"""An independent program computes the same numbers where no scores are tied.

Slow because that program compiles itself when it is first used.
"""

import warnings

import numpy as np
import pytest

from pentad.evaluation.metrics.values import metric_values
from tests.evaluation.metrics.judged import GRADES, RELEVANCE, SCORES

SAME = {
    "hit@5": "hit_rate@5",
    "recall@10": "recall@10",
    "precision@10": "precision@10",
    "map-r@15": "map@15",
    "map-r": "map",
    "mrr": "mrr",
    "mrr@3": "mrr@3",
    "ndcg@10": "ndcg@10",
    "hit@5-l2": "hit_rate@5-l2",
    "map-r@15-l3": "map@15-l3",
}


@pytest.mark.slow
def test_metrics_agree_with_ranx() -> None:
    qrels = {
        f"q{q:02}": {f"d{i:02}": int(g) for i, g in enumerate(row) if g}
        for q, row in enumerate(GRADES)
    }
    run = {
        f"q{q:02}": {f"d{i:02}": float(s) for i, s in enumerate(row)}
        for q, row in enumerate(SCORES)
    }
    found = metric_values(SCORES, RELEVANCE, list(SAME))
    with warnings.catch_warnings():  # its own imports warn, and so does its compiler
        warnings.simplefilter("ignore")
        import ranx

        judged, ranked = ranx.Qrels(qrels), ranx.Run(run)
        theirs = ranx.evaluate(judged, ranked, list(SAME.values()), return_mean=False)
    for (name, other), mine in zip(SAME.items(), found, strict=True):
        np.testing.assert_allclose(mine, theirs[other], atol=1e-9, err_msg=name)

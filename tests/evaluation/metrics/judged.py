"""Forty queries with graded relevance in sixty items, no two of equal score."""

import numpy as np

from pentad.evaluation.metrics.relevance import Relevance

RNG = np.random.default_rng(3)
QUERIES, ITEMS = 40, 60
SCORES = RNG.permuted(np.tile(np.arange(ITEMS), (QUERIES, 1)), axis=1).astype(np.float64)
GRADES = RNG.choice([0, 1, 2, 3], (QUERIES, ITEMS), p=[0.85, 0.05, 0.05, 0.05])
GRADES[np.arange(QUERIES), RNG.integers(0, ITEMS, QUERIES)] = 1
_ROWS, _COLUMNS = np.nonzero(GRADES)
RELEVANCE = Relevance.from_pairs(
    _ROWS, _COLUMNS, queries=QUERIES, corpus_size=ITEMS, grades=GRADES[_ROWS, _COLUMNS]
)

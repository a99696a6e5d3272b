"""All metrics as parameters of a test; all but cosine run with the slow tests."""

import pytest

from pentad.neighbors.metrics import METRICS

COSINE_AND_SLOW_OTHERS = [
    pytest.param(name, marks=[] if name == "cosine" else pytest.mark.slow)
    for name in sorted(METRICS)
]

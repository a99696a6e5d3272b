"""Fixtures for k-means: either way to find candidates, and clustered vectors."""

import numpy as np
import pytest

from pentad.neighbors.int8.probe import has_fast_int8
from pentad.neighbors.kmeans import lloyd


@pytest.fixture(params=["float32", "int8"])
def path(request, monkeypatch):
    """Find candidates in either way."""
    if request.param == "int8" and not has_fast_int8():
        pytest.skip("this processor has no AVX-512 VNNI")
    monkeypatch.setattr(lloyd, "has_fast_int8", lambda: request.param == "int8")
    return request.param


def clustered(count, dim, clusters=30, seed=0, dtype=np.float16):
    """Return vectors around some centers, of lengths near 1."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((clusters, dim)) / np.sqrt(dim)
    noise = rng.standard_normal((count, dim)) / np.sqrt(dim)
    return (centers[rng.integers(0, clusters, count)] + 0.7 * noise).astype(dtype)

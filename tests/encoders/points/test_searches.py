"""Farthest and nearest points: the compiled searches and those in torch against plain ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pentad.core.errors import InputError
from pentad.encoders.points import on_device
from pentad.encoders.points.farthest import farthest_points
from pentad.encoders.points.nearest import nearest_points
from tests.encoders.points.clouds import CLOUDS, squared

pytestmark = pytest.mark.slow  # a long battery; neighbouring tests run every time

Array = np.ndarray[Any, Any]


def plain_farthest(xyz: Array, count: int, skip_norm2: float = 0.0) -> Array:
    near = np.full(len(xyz), np.inf, dtype=np.float32)
    if skip_norm2 > 0:
        x, y, z = xyz.T
        near[((x * x + y * y) + z * z) <= np.float64(skip_norm2)] = -1
    found = [0]
    while len(found) < count:
        near = np.minimum(near, squared(xyz, found[-1]))
        found.append(int(near.argmax()))
    return np.array(found)


def plain_nearest(xyz: Array, centers: Array, count: int) -> Array:
    return np.stack([np.argsort(squared(xyz, c), kind="stable")[:count] for c in centers])


def in_torch(xyz: Array) -> torch.Tensor:
    return torch.from_numpy(xyz)[None]


@pytest.mark.parametrize("skip_norm2", [0.0, 0.001, 0.5])
@pytest.mark.parametrize("name", CLOUDS)
def test_farthest_points(name: str, skip_norm2: float) -> None:
    xyz = CLOUDS[name]
    for count in {1, min(2, len(xyz)), min(64, len(xyz)), len(xyz)}:
        expected = plain_farthest(xyz, count, skip_norm2)
        found = farthest_points(xyz, count, skip_norm2=skip_norm2)
        assert np.array_equal(found, expected)
        same = on_device.farthest_points(in_torch(xyz), count, skip_norm2=skip_norm2)
        assert np.array_equal(same[0].numpy(), expected)


@pytest.mark.parametrize("name", CLOUDS)
def test_nearest_points(name: str) -> None:
    xyz = CLOUDS[name]
    centers = farthest_points(xyz, min(20, len(xyz)))
    for count in {1, min(7, len(xyz)), min(64, len(xyz)), min(200, len(xyz)), len(xyz)}:
        expected = plain_nearest(xyz, centers, count)
        assert np.array_equal(nearest_points(xyz, centers, count), expected)
        same = on_device.nearest_points(in_torch(xyz), torch.from_numpy(centers)[None], count)
        assert np.array_equal(same[0].numpy(), expected)


def test_several_clouds_at_once_are_as_each_alone() -> None:
    names = ("ball", "sphere", "far apart")
    together = torch.stack([torch.from_numpy(CLOUDS[name]) for name in names])
    centers = on_device.farthest_points(together, 50, skip_norm2=0.01)
    nearest = on_device.nearest_points(together, centers, 9)
    for row, name in enumerate(names):
        alone = farthest_points(CLOUDS[name], 50, skip_norm2=0.01)
        assert np.array_equal(centers[row].numpy(), alone)
        assert np.array_equal(nearest[row].numpy(), nearest_points(CLOUDS[name], alone, 9))


@settings(max_examples=60, deadline=None)
@given(
    xyz=arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 300), st.just(3)),
        elements=st.integers(-3, 3).map(lambda value: np.float32(value / 4)),
    ),
    data=st.data(),
)
def test_ties_of_any_kind(xyz: Array, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(xyz)))
    centers = farthest_points(xyz, count)
    assert np.array_equal(centers, plain_farthest(xyz, count))
    assert np.array_equal(nearest_points(xyz, centers, count), plain_nearest(xyz, centers, count))


def test_columns_of_an_array_in_another_order_are_read_rightly() -> None:
    xyz = CLOUDS["ball"]
    other = np.asfortranarray(xyz)
    assert np.array_equal(farthest_points(other, 9), farthest_points(xyz, 9))
    assert np.array_equal(farthest_points(xyz[::2], 9), farthest_points(xyz[::2].copy(), 9))


@pytest.mark.parametrize("count", [0, 6])
def test_more_than_there_are(count: int) -> None:
    with pytest.raises(InputError, match=r"1\.\.5"):
        farthest_points(CLOUDS["few"], count)
    with pytest.raises(InputError, match=r"1\.\.5"):
        nearest_points(CLOUDS["few"], np.array([0]), count)


def test_coordinates_of_a_wrong_shape() -> None:
    with pytest.raises(InputError, match="wrong shape"):
        farthest_points(np.zeros((4, 2), dtype=np.float32), 1)
